"""One client that does not read, beside hundreds that do."""

import time
import urllib.request
from collections.abc import Sequence
from typing import Any

import grpc
import psycopg
import pytest

from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsRequest
from server.domain.roles import Role
from tests.database import Database
from tests.integration.postgres.rows import insert_ticket
from tests.integration.watching.crowd import crowd
from tests.integration.watching.followers import ListFollower, client_of, listed, rest_of, unread_stub
from tests.running import Running, ServerProcess, StartServer, free_port, token_for
from tests.waiting import eventually

MANAGER = token_for(Role.OPS_MANAGER)
READERS = 500
TICKETS = 15
TAGGED = TicketFilter(tags_any=["for-all"])


@pytest.fixture
def metrics_port() -> int:
    return free_port()


@pytest.fixture
def server(server_processes: StartServer, metrics_port: int) -> ServerProcess:
    process = server_processes(
        TICKETS_METRICS_PORT=str(metrics_port), TICKETS_MAX_WATCHES_PER_PRINCIPAL="1000", TICKETS_ACCESS_LOG="false"
    )
    process.wait_ready()
    return process


def write(connection: psycopg.Connection) -> set[str]:
    """Tickets for all, and between them so much for the one that follows everything that nobody keeps it for long."""
    tagged = set()
    for _ in range(TICKETS):
        tagged.add(insert_ticket(connection, tags=["for-all"]))
        for _ in range(20):
            insert_ticket(connection, description="x" * 19_000)
    return tagged


def everybody_is_told(server: ServerProcess, connection: psycopg.Connection) -> float:
    """How many seconds it takes."""

    def told(events: Sequence[Any]) -> list[str]:
        return [event.changed.ticket.id for event in events if event.HasField("changed")]

    with crowd(server.target, MANAGER, "WatchTickets", WatchTicketsRequest(filter=TAGGED), READERS) as readers:
        eventually(lambda: readers.is_open, within=60, what="streams for all")
        begun = time.monotonic()
        tagged = write(connection)

        def all_are_told() -> bool:
            return all(len(told(reader.events)) >= TICKETS for reader in readers.members)

        eventually(all_are_told, within=60, what="everything for all")
        taken = time.monotonic() - begun
        for reader in readers.members:
            assert reader.error is None
            assert len(told(reader.events)) == TICKETS
            assert set(told(reader.events)) == tagged
    return taken


def open_streams(metrics_port: int) -> float:
    """What the server says."""
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("tickets_watches ")))


@pytest.mark.slow
def test_the_others_are_told_everything(database: Database, server: ServerProcess, metrics_port: int) -> None:
    with database.connect() as connection:
        alone = everybody_is_told(server, connection)
        with unread_stub(server.target, MANAGER) as stub:
            unread = stub.WatchTickets(WatchTicketsRequest())
            unread.initial_metadata()
            beside = everybody_is_told(server, connection)
            print(f"{alone:.1f} s without, {beside:.1f} s with a client that does not read")  # noqa: T201
            # It learns of its end only when it reads.
            eventually(lambda: open_streams(metrics_port) == 0, within=30, what="the end of the stream nobody reads")
            events, error = rest_of(unread)
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.reason in {"SLOW_CONSUMER", ""}, "cut off, it has no room for details"
    assert len(events) < 300
    with client_of(server.target, MANAGER) as client:
        follower = ListFollower()
        for event in events:
            follower.told(event)
        assert follower.cursor
        # What it has missed is more than what may wait for a reader; it reads, so it gets that.
        follower.open(client)
        newest = f"TKT-{1000 + 2 * TICKETS * 21}"
        eventually(lambda: newest in follower.held, what="the newest ticket")
        now = listed(client, follower.where)
        assert set(follower.held.items()) <= set(now.items())
        assert len(follower.held) >= TICKETS * 21, "all that came since it had opened"
        assert follower.faults == []
        follower.close()


def test_a_burst_ends_nobody_who_reads(fresh_server: Running) -> None:
    """It is several times what may wait for a reader, and comes at once."""
    readers = {
        client: ListFollower(where)
        for client, where in (
            (fresh_server.client(Role.OPS_MANAGER), TicketFilter()),
            (fresh_server.client(Role.ADMIN), TicketFilter(statuses=[t.TICKET_STATUS_NEW])),
            (fresh_server.client(Role.SHIPPER), TicketFilter()),
        )
    }
    with fresh_server.database.connect() as connection:
        for client, follower in readers.items():
            follower.open(client)
        eventually(lambda: all(follower.cursor for follower in readers.values()), what="the beginning")
        for _ in range(2):
            with connection.transaction():
                for _ in range(400):
                    insert_ticket(connection, description="x" * 19_000)
            connection.execute("UPDATE tickets SET status = 'OPEN' WHERE id = (SELECT min(id) FROM tickets)")
        last = insert_ticket(connection)
        for client, follower in readers.items():
            eventually(lambda: last in follower.held, within=30, what="the last ticket")  # noqa: B023
            assert follower.held == listed(client, follower.where)
            assert follower.faults == []
            assert not follower.stream.is_over
            follower.close()
