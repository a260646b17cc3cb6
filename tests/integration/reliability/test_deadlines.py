"""Callers in a hurry, callers that go away, and a pool with nothing left: none of it outlasts its cause."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import grpc
import psycopg
import pytest

from rodistaa.tickets.client import TicketsClient, TicketsError, connect
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.database import Database
from tests.integration.reliability.connections import blocked_statements, server_connections
from tests.running import Running, running, token_for
from tests.ticket_requests import new_ticket, retitle
from tests.waiting import eventually

POOL_SIZE = 2
NO_RETRIES = (("grpc.enable_retries", 0),)


@pytest.fixture
def served(database: Database) -> Iterator[Running]:
    """With so few connections that two blocked calls take them all."""
    with running(database, database_pool_size=POOL_SIZE, database_pool_timeout_seconds=2.0) as server:
        yield server


@pytest.fixture
def client(served: Running) -> Iterator[TicketsClient]:
    with connect(
        served.target, token=token_for(Role.OPS_MANAGER), tls=False, channel_options=NO_RETRIES
    ) as without_retries:
        yield without_retries


@pytest.fixture
def ticket(client: TicketsClient) -> t.Ticket:
    created: t.Ticket = client.tickets.CreateTicket(new_ticket()).ticket
    return created


@contextmanager
def locked(database: Database, ticket_id: str) -> Iterator[psycopg.Connection]:
    """Somebody in psql holds the ticket, until they commit or the block ends."""
    with database.connect(autocommit=False) as holder:
        holder.execute("SELECT 1 FROM tickets WHERE id = %s FOR UPDATE", [ticket_id])
        yield holder
        holder.rollback()


def code_of(call: Any, *arguments: Any, **options: Any) -> grpc.StatusCode:
    """How the call ends."""
    try:
        call(*arguments, **options)
    except TicketsError as error:
        return error.code
    return grpc.StatusCode.OK


def stored(client: TicketsClient, ticket_id: str) -> t.Ticket:
    ticket: t.Ticket = client.tickets.GetTicket(reads.GetTicketRequest(id=ticket_id)).ticket
    return ticket


def assert_pool_is_whole(database: Database) -> None:
    eventually(lambda: set(server_connections(database)) == {"idle"}, what="idle connections only")


def test_a_blocked_update_ends_with_the_callers_deadline_and_leaves_nothing(
    database: Database, client: TicketsClient, ticket: t.Ticket
) -> None:
    request = retitle(ticket.id, "Payment is late", request_id=str(uuid4()))
    with ThreadPoolExecutor(1) as pool, locked(database, ticket.id):
        began = time.monotonic()
        ended = pool.submit(code_of, client.tickets.UpdateTicket, request, timeout=0.9)
        eventually(lambda: blocked_statements(database) == 1, what="the update waiting in the database")
        assert ended.result() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert time.monotonic() - began < 5
        # The statement does not wait on for a caller that is gone, though the lock is still held.
        eventually(lambda: blocked_statements(database) == 0, within=3, what="the statement's end")
        with database.connect() as connection:
            keys = "SELECT count(*) FROM idempotency_keys WHERE request_id = %s"
            assert connection.execute(keys.encode(), [request.request_id]).fetchone() == (0,)
    assert_pool_is_whole(database)
    after = stored(client, ticket.id)
    assert (after.title, after.etag) == (ticket.title, ticket.etag)
    # The same request, sent again without the lock, is not mistaken for one that was answered.
    assert client.tickets.UpdateTicket(request).ticket.title == "Payment is late"


def test_without_a_deadline_of_the_callers_the_servers_own_holds(database: Database) -> None:
    with running(database) as patient:
        ticket = patient.client(Role.OPS_MANAGER).tickets.CreateTicket(new_ticket()).ticket
    with running(database, call_timeout_seconds=0.5) as served:
        manager = served.client(Role.OPS_MANAGER).tickets
        with locked(database, ticket.id), pytest.raises(TicketsError) as refused:
            manager.UpdateTicket(retitle(ticket.id, "Payment is late"), timeout=30)
    assert refused.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert refused.value.reason == "DEADLINE_EXCEEDED"


def test_when_all_connections_are_taken_callers_are_told_so_in_time(
    database: Database, client: TicketsClient, ticket: t.Ticket
) -> None:
    get = reads.GetTicketRequest(id=ticket.id)
    with ThreadPoolExecutor(POOL_SIZE) as pool, locked(database, ticket.id) as holder:
        blocked = [
            pool.submit(code_of, client.tickets.UpdateTicket, retitle(ticket.id, f"Payment is late {number}"))
            for number in range(POOL_SIZE)
        ]
        eventually(lambda: blocked_statements(database) == POOL_SIZE, what="every connection blocked")

        began = time.monotonic()
        with pytest.raises(TicketsError) as refused:
            client.tickets.GetTicket(get, timeout=10)
        assert time.monotonic() - began < 8, "the pool's patience is shorter than the caller's"
        assert (refused.value.code, refused.value.reason) == (grpc.StatusCode.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE")
        assert refused.value.retry_after is not None

        began = time.monotonic()
        assert code_of(client.tickets.GetTicket, get, timeout=0.3) in {
            grpc.StatusCode.DEADLINE_EXCEEDED,
            grpc.StatusCode.UNAVAILABLE,
        }
        assert time.monotonic() - began < 2, "the caller's patience is shorter than the pool's"

        # More than may wait: refused at once, and nobody is forgotten in the queue.
        crowd = ThreadPoolExecutor(POOL_SIZE * 8 + 8)
        codes = list(crowd.map(lambda _: code_of(client.tickets.GetTicket, get, timeout=10), range(POOL_SIZE * 8 + 8)))
        crowd.shutdown()
        assert set(codes) == {grpc.StatusCode.UNAVAILABLE}
        assert blocked_statements(database) == POOL_SIZE
        holder.rollback()
        assert [each.result() for each in blocked] == [grpc.StatusCode.OK] * POOL_SIZE
    assert_pool_is_whole(database)
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda _: code_of(client.tickets.GetTicket, get), range(64))) == {grpc.StatusCode.OK}
    assert server_connections(database) == ["idle"] * POOL_SIZE


def test_a_caller_that_goes_away_takes_nothing_with_it(
    database: Database, client: TicketsClient, ticket: t.Ticket
) -> None:
    """The change may be made or not, but whole; and what it held is free again."""
    with locked(database, ticket.id):
        calls = [
            client.tickets.UpdateTicket.future(retitle(ticket.id, f"Payment is late {number}"))
            for number in range(POOL_SIZE)
        ]
        eventually(lambda: blocked_statements(database) == POOL_SIZE, what="every connection blocked")
        for call in calls:
            call.cancel()
            assert call.cancelled()
        # Nobody waits for the statements any more: they end although the lock is still held.
        eventually(lambda: blocked_statements(database) == 0, what="the statements' end")
    assert_pool_is_whole(database)
    after = stored(client, ticket.id)
    with database.connect() as connection:
        audit = "SELECT count(*) FROM ticket_audit WHERE ticket_id = %s"
        assert connection.execute(audit.encode(), [ticket.id]).fetchone() == (after.version,)
    assert (
        client.tickets.UpdateTicket(retitle(ticket.id, "Payment is late at last")).ticket.version == after.version + 1
    )


def test_a_caller_that_vanishes_with_its_connection_takes_nothing_with_it(
    database: Database, served: Running, client: TicketsClient, ticket: t.Ticket
) -> None:
    vanishing = connect(served.target, token=token_for(Role.OPS_MANAGER), tls=False)
    with locked(database, ticket.id):
        calls = [vanishing.tickets.UpdateTicket.future(retitle(ticket.id, "Payment is late")) for _ in range(POOL_SIZE)]
        eventually(lambda: blocked_statements(database) == POOL_SIZE, what="every connection blocked")
        vanishing.close()
        assert all(call.done() for call in calls)
        eventually(lambda: blocked_statements(database) == 0, what="the statements' end")
    assert_pool_is_whole(database)
    assert stored(client, ticket.id).id == ticket.id


def test_a_deadline_that_has_passed_reaches_no_database(
    database: Database, client: TicketsClient, ticket: t.Ticket
) -> None:
    message = writes.AddMessageRequest(ticket_id=ticket.id, message="Too late for anything")
    assert code_of(client.tickets.AddMessage, message, timeout=0.0) is grpc.StatusCode.DEADLINE_EXCEEDED
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM ticket_messages").fetchone() == (0,)
