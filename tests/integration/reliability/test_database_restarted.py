"""PostgreSQL goes away and comes back: callers are told to try again, and the server recovers by itself."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from rodistaa.tickets.client import TicketsClient, TicketsError, connect
from rodistaa.tickets.v1 import directory_service_pb2 as directory
from rodistaa.tickets.v1 import saved_view_service_pb2 as views
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.unit_of_work import PostgresUnitOfWork
from server.application.call import Call
from server.domain.errors import Unavailable
from server.domain.ids import UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from tests.database import Database
from tests.integration.reliability.conftest import OwnPostgres
from tests.integration.reliability.connections import server_connections
from tests.integration.reliability.writers import writing
from tests.running import Running, running, token_for
from tests.ticket_requests import REASON, new_ticket, retitle
from tests.waiting import eventually

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
IMPATIENT = {"database_pool_timeout_seconds": 0.5, "readiness_interval_seconds": 0.1, "database_pool_size": 4}


@pytest.fixture
def served(own_postgres: OwnPostgres) -> Iterator[Running]:
    with running(own_postgres.database, **IMPATIENT) as server:
        yield server


@pytest.fixture
def client(served: Running) -> Iterator[TicketsClient]:
    """Of an admin, without the retries that would hide the failures."""
    no_retries = [("grpc.enable_retries", 0)]
    with connect(served.target, token=token_for(Role.ADMIN), tls=False, channel_options=no_retries) as impatient:
        yield impatient


def health(served: Running) -> Callable[[], int]:
    """What the health service says now."""

    def ask() -> int:
        with grpc.insecure_channel(served.target) as channel:
            request = health_pb2.HealthCheckRequest(service="rodistaa.tickets.v1.TicketService")
            check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined] # not in the stubs
            return int(check(request, timeout=5, wait_for_ready=True).status)

    return ask


def every_call(client: TicketsClient, ticket_id: str) -> dict[str, Callable[[], Any]]:
    """One of each kind, reads and writes, each of which needs the database."""
    rpc = client.tickets
    member = directory.Member(user_id="asha", role=t.ROLE_OPS_AGENT, display_name="Asha")
    request_id = str(uuid4())
    return {
        "GetTicket": lambda: rpc.GetTicket(reads.GetTicketRequest(id=ticket_id)),
        "ListTickets": lambda: rpc.ListTickets(reads.ListTicketsRequest()),
        "SearchTickets": lambda: rpc.SearchTickets(reads.SearchTicketsRequest(query="payment")),
        "GetTicketStats": lambda: rpc.GetTicketStats(reads.GetTicketStatsRequest()),
        "ListTimeline": lambda: rpc.ListTimeline(timeline.ListTimelineRequest(ticket_id=ticket_id)),
        "VerifyAudit": lambda: rpc.VerifyAudit(timeline.VerifyAuditRequest(ticket_id=ticket_id)),
        "ListMembers": lambda: client.directory.ListMembers(directory.ListMembersRequest()),
        "ListSavedViews": lambda: client.saved_views.ListSavedViews(views.ListSavedViewsRequest()),
        "CreateTicket": lambda: rpc.CreateTicket(new_ticket(request_id)),
        "UpdateTicket": lambda: rpc.UpdateTicket(retitle(ticket_id, "Payment is late")),
        "AddMessage": lambda: rpc.AddMessage(writes.AddMessageRequest(ticket_id=ticket_id, message="We look into it")),
        "SetWatch": lambda: rpc.SetWatch(writes.SetWatchRequest(ticket_id=ticket_id)),
        "BulkUpdateTickets": lambda: rpc.BulkUpdateTickets(
            bulk.BulkUpdateTicketsRequest(ids=[ticket_id], tags=bulk.BulkTags(add=["late"]), reason=REASON)
        ),
        "UpsertMember": lambda: client.directory.UpsertMember(directory.UpsertMemberRequest(member=member)),
    }


def outcomes(calls: dict[str, Callable[[], Any]]) -> dict[str, TicketsError | None]:
    """How each of them ends, all made at once; None is success."""

    def outcome(call: Callable[[], Any]) -> TicketsError | None:
        try:
            call()
        except TicketsError as error:
            return error
        return None

    with ThreadPoolExecutor(len(calls)) as pool:
        return dict(zip(calls, pool.map(outcome, calls.values()), strict=True))


def assert_come_again(error: TicketsError | None, name: str) -> None:
    assert error is not None, name
    assert (name, error.code, error.reason) == (name, grpc.StatusCode.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE")
    assert error.retry_after is not None, name
    assert error.retry_after.total_seconds() > 0


def test_every_call_is_told_to_come_again_and_then_works(
    own_postgres: OwnPostgres, served: Running, client: TicketsClient
) -> None:
    ask = health(served)
    eventually(lambda: ask() == SERVING, what="SERVING")
    calls = every_call(client, client.tickets.CreateTicket(new_ticket()).ticket.id)

    own_postgres.cluster.stop()
    # At first over connections that are broken but not yet known to be, then without any.
    for name, error in outcomes(calls).items():
        assert_come_again(error, name)
    eventually(lambda: ask() == NOT_SERVING, what="NOT_SERVING")
    for name, error in outcomes(calls).items():
        assert_come_again(error, name)

    own_postgres.cluster.start()
    eventually(lambda: ask() == SERVING, what="SERVING again")
    eventually(lambda: outcomes(calls) == dict.fromkeys(calls), what="success of all calls")
    with own_postgres.database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM tickets").fetchone() == (2,)


def test_writers_get_through_a_restart(own_postgres: OwnPostgres, served: Running) -> None:
    ask = health(served)
    with writing(served.target, own_postgres.database) as work:
        work.go_on(5)
        own_postgres.cluster.stop()
        eventually(lambda: ask() == NOT_SERVING, what="NOT_SERVING")
        own_postgres.cluster.start()
        work.go_on(5)
        work.stop()
        work.reckon()
        for error in work.failures:
            if error.code is not grpc.StatusCode.DEADLINE_EXCEEDED:  # the client's own
                assert_come_again(error, "a write")
    eventually(lambda: ask() == SERVING, what="SERVING again")
    pool_is_whole(own_postgres.database)


def test_writers_get_through_a_crash(own_postgres: OwnPostgres, served: Running) -> None:
    """When one of its processes is killed, PostgreSQL ends all others and recovers from its log."""
    with writing(served.target, own_postgres.database) as work:
        work.go_on(5)
        with own_postgres.database.connect() as connection:
            row = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'rodistaa-tickets' LIMIT 1"
            ).fetchone()
            assert row is not None
            os.kill(row[0], signal.SIGKILL)
        work.go_on(5)
        work.stop()
        work.reckon()
        for error in work.failures:
            if error.code is not grpc.StatusCode.DEADLINE_EXCEEDED:  # the client's own
                assert_come_again(error, "a write")
    pool_is_whole(own_postgres.database)


def pool_is_whole(database: Database) -> None:
    size = int(IMPATIENT["database_pool_size"])
    eventually(lambda: server_connections(database) == ["idle"] * size, what="all connections of the pool")


def test_the_pool_comes_back_after_it_gave_up_and_many_have_waited(own_postgres: OwnPostgres) -> None:
    """Those who waited in vain must not stand in the way of those who come when the database is there again."""
    dsn = own_postgres.database.dsn
    pool = open_pool(dsn, min_size=1, max_size=1, wait_seconds=0.05, prepare_statements=True)
    uow = PostgresUnitOfWork(Sessions(pool, session_settings=True, default_timeout_ms=30_000))
    call = Call(Principal(UserId("u-7"), Role.OPS_MANAGER, frozenset()))

    def works() -> bool:
        try:
            uow.read(call, lambda repositories: repositories.members.get(UserId("u-7")))
        except Unavailable:
            return False
        return True

    try:
        eventually(works, what="a first read")
        own_postgres.cluster.stop()
        for _ in range(3 * pool.max_waiting):
            assert not works()
        eventually(lambda: pool.get_stats()["pool_size"] == 0, what="the pool to give up")
        own_postgres.cluster.start()
        eventually(works, what="a read")
    finally:
        pool.close()


def test_a_server_that_starts_without_its_database_serves_when_it_comes(own_postgres: OwnPostgres) -> None:
    own_postgres.cluster.stop()
    with running(own_postgres.database, **IMPATIENT) as served:
        ask = health(served)
        assert ask() == NOT_SERVING
        own_postgres.cluster.start()
        eventually(lambda: ask() == SERVING, what="SERVING")
        assert served.client(Role.ADMIN).tickets.CreateTicket(new_ticket()).ticket.id
