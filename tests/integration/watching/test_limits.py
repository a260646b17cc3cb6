"""How many streams there may be, what they cost, and which cursors are taken."""

import base64
import random
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from rodistaa.tickets.v1.ticket_reads_pb2 import ListTicketsRequest
from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsRequest
from rodistaa.tickets.v1.timeline_reads_pb2 import WatchTimelineRequest
from server.domain.roles import Role
from tests.database import Database
from tests.integration.postgres.rows import insert_message, insert_ticket
from tests.integration.watching.crowd import crowd
from tests.integration.watching.followers import ListFollower, Stream, TimelineFollower, ended_with
from tests.running import Running, StartServer, running, token_for
from tests.waiting import eventually

TOO_MANY = (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS")
CURSOR_INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "CURSOR_INVALID")
CURSOR_EXPIRED = (grpc.StatusCode.OUT_OF_RANGE, "CURSOR_EXPIRED")
MANAGER = token_for(Role.OPS_MANAGER)


@pytest.fixture
def narrow(database: Database) -> Iterator[Running]:
    with running(database, max_watches_per_principal=3, max_watches=5) as served:
        yield served


def opened(client: TicketsClient) -> ListFollower:
    """One that has been let in."""
    follower = ListFollower()
    stream = follower.open(client)
    eventually(lambda: stream.events or stream.is_over, what="a first event")
    return follower


def let_in(client: TicketsClient) -> bool:
    follower = opened(client)
    was = not follower.stream.is_over
    follower.close()
    return was


def test_streams_of_one_caller_and_of_one_process(narrow: Running) -> None:
    one, other = narrow.client(Role.OPS_MANAGER, "one"), narrow.client(Role.OPS_MANAGER, "other")
    of_one = [opened(one) for _ in range(3)]
    assert ended_with(ListFollower().open(one).end()) == TOO_MANY
    of_other = [opened(other) for _ in range(2)]
    error = ListFollower().open(other).end()
    assert ended_with(error) == TOO_MANY
    assert error.retry_after is not None
    assert ended_with(ListFollower().open(narrow.client(Role.SHIPPER)).end()) == TOO_MANY
    of_one.pop().close()
    eventually(lambda: let_in(other), what="room again")
    for follower in (*of_one, *of_other):
        assert not follower.stream.is_over
        follower.close()


def test_refused_streams_take_no_place(narrow: Running) -> None:
    client = narrow.client(Role.OPS_MANAGER)
    for _ in range(10):
        assert TimelineFollower("TKT-404").open(client).end().code is grpc.StatusCode.NOT_FOUND
        refused = ListFollower()
        refused.cursor = "garbage"
        assert ended_with(refused.open(client).end()) == CURSOR_INVALID
    followers = [opened(client) for _ in range(3)]
    for follower in followers:
        assert not follower.stream.is_over
        follower.close()


def test_clients_that_leave_before_they_are_let_in_leave_no_trace(narrow: Running) -> None:
    with narrow.database.connect() as connection:
        ticket = insert_ticket(connection)
    client = narrow.client(Role.OPS_MANAGER)
    by = random.Random(1)
    for _ in range(300):
        calls: list[Any] = [
            client.tickets.WatchTickets(WatchTicketsRequest(snapshot_size=1)),
            client.tickets.WatchTimeline(WatchTimelineRequest(ticket_id=ticket)),
        ]
        # Some are cancelled before they reach the server, some while it opens them, some just after.
        if by.random() < 0.7:
            client.tickets.ListTickets(ListTicketsRequest(page_size=by.randrange(1, 3)))
        for call in calls:
            call.cancel()

    def all_places_are_free() -> bool:
        followers = [opened(client) for _ in range(3)]
        free = not any(follower.stream.is_over for follower in followers)
        for follower in followers:
            follower.close()
        return free

    eventually(all_places_are_free, what="room for as many as before")


_CLIENT = """
import sys
from rodistaa.tickets.client import connect
from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsRequest
client = connect(sys.argv[1], token=sys.argv[2], tls=False)
streams = [client.tickets.WatchTickets(WatchTicketsRequest()) for _ in range(3)]
for stream in streams:
    next(iter(stream))
print("open", flush=True)
sys.stdin.read()
"""


def test_a_client_that_died_leaves_its_places(narrow: Running) -> None:
    command = [sys.executable, "-c", _CLIENT, narrow.target, MANAGER]
    client = narrow.client(Role.OPS_MANAGER)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        assert ended_with(ListFollower().open(client).end()) == TOO_MANY
        child.kill()
    eventually(lambda: let_in(client), what="room again")


def threads_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


@pytest.mark.slow
def test_three_hundred_streams_take_no_threads_and_end_together(
    database: Database, server_processes: StartServer
) -> None:
    environment = {"TICKETS_MAX_WATCHES_PER_PRINCIPAL": "1000", "TICKETS_THREADS": "8", "TICKETS_ACCESS_LOG": "false"}
    first, second = server_processes(**environment), server_processes(**environment)
    first.wait_ready()
    second.wait_ready()
    with database.connect() as connection:
        ticket = insert_ticket(connection)
        with (
            crowd(first.target, MANAGER, "WatchTickets", WatchTicketsRequest(), 10) as few,
            crowd(first.target, MANAGER, "WatchTimeline", WatchTimelineRequest(ticket_id=ticket), 20) as fewer,
        ):
            eventually(lambda: few.is_open and fewer.is_open, what="a few streams")
            threads = threads_of(first.process.pid)
        with (
            crowd(first.target, MANAGER, "WatchTickets", WatchTicketsRequest(), 150) as lists,
            crowd(first.target, MANAGER, "WatchTimeline", WatchTimelineRequest(ticket_id=ticket), 150) as timelines,
        ):
            eventually(lambda: lists.is_open and timelines.is_open, within=60, what="all streams")
            insert_message(connection, ticket)
            everybody = (*lists.members, *timelines.members)
            eventually(
                lambda: (
                    all(any(event.HasField("changed") for event in member.events) for member in lists.members)
                    and all(any(event.entry.seq == 2 for event in member.events) for member in timelines.members)
                ),
                within=30,
                what="the message",
            )
            assert threads_of(first.process.pid) <= threads + 10
            first.process.terminate()
            eventually(lambda: lists.is_over and timelines.is_over, within=30, what="the end of all streams")
        assert first.process.wait(30) == 0
        for member in everybody:
            assert member.error is not None
            assert ended_with(member.error) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
            assert member.events[-1].HasField("progress")
        insert_message(connection, ticket)
        cursors = {member.events[-1].cursor for member in lists.members}
        assert {member.events[-1].progress.seq for member in timelines.members} == {2}
        for cursor in cursors:
            again = WatchTicketsRequest(cursor=cursor)
            with crowd(second.target, MANAGER, "WatchTickets", again, 1) as resumed:
                (member,) = resumed.members
                eventually(lambda: member.events, what="what came in between")  # noqa: B023
                assert member.events[0].changed.seq == 3


_LAST_LOOK = """
    SELECT max(query_start) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'rodistaa-tickets' AND query LIKE '%outbox%'
"""
_QUIET_SECONDS = 1.5


def test_without_streams_nobody_looks(fresh_server: Running) -> None:
    client = fresh_server.client(Role.OPS_MANAGER)
    with fresh_server.database.connect() as connection:
        seen: list[object] = []

        def look() -> object:
            row = connection.execute(_LAST_LOOK.encode()).fetchone()
            assert row is not None
            return row[0]

        def looks_on() -> bool:
            if look() not in seen:
                seen.append(look())
            return len(seen) > 5

        quiet: dict[object, float] = {}

        def is_quiet() -> bool:
            return time.monotonic() - quiet.setdefault(look(), time.monotonic()) > _QUIET_SECONDS

        follower = opened(client)
        eventually(looks_on, what="looks at the feed")
        follower.close()
        eventually(is_quiet, what="no look any more")
        ticket = insert_ticket(connection)
        follower.open(client)
        eventually(lambda: ticket in follower.held, what="what came in between")
        follower.close()


# --- cursors


def refusal(client: TicketsClient, cursor: str, where: TicketFilter | None = None) -> tuple[grpc.StatusCode, str]:
    request = WatchTicketsRequest(filter=where, cursor=cursor)
    return ended_with(Stream(client.tickets.WatchTickets(request)).end())


def moved(cursor: str, *, xid: int) -> str:
    """The same cursor, elsewhere in the feed."""
    packed = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    struct.pack_into(">Q", packed, 12, xid)
    return base64.urlsafe_b64encode(bytes(packed)).decode().rstrip("=")


def test_cursors_that_are_not_the_callers(server: Running) -> None:
    manager, agent = server.client(Role.OPS_MANAGER), server.client(Role.OPS_AGENT, "asha")
    cursor = opened_and_closed(manager).cursor
    own = opened_and_closed(agent).cursor
    assert refusal(manager, cursor, TicketFilter(unassigned=True)) == CURSOR_INVALID
    assert refusal(manager, cursor, TicketFilter(archived=True)) == CURSOR_INVALID
    for client in (agent, server.client(Role.SHIPPER), server.client(Role.FRANCHISE_AGENT, "f", ("FR-001",))):
        assert refusal(client, cursor) == CURSOR_INVALID
    assert refusal(manager, own) == CURSOR_INVALID
    assert refusal(server.client(Role.OPS_AGENT, "bela"), own) == CURSOR_INVALID
    assert refusal(server.client(Role.FINANCE, "asha"), own) == CURSOR_INVALID


def test_a_cursor_of_a_franchise_ends_with_the_franchise(server: Running) -> None:
    cursor = opened_and_closed(server.client(Role.FRANCHISE_AGENT, "chand", ("FR-001", "FR-002"))).cursor
    assert refusal(server.client(Role.FRANCHISE_AGENT, "chand", ("FR-001",)), cursor) == CURSOR_INVALID


@pytest.mark.parametrize("garbage", ["x", "garbage", "AAAA", "é" * 20, "=" * 40, "A" * 37, "A" * 39, " ", "A" * 10_000])
def test_garbage(server: Running, garbage: str) -> None:
    assert refusal(server.client(Role.OPS_MANAGER), garbage) == CURSOR_INVALID


@pytest.mark.parametrize("xid", [2**63, 2**64 - 1])
def test_numbers_that_no_transaction_has(server: Running, xid: int) -> None:
    client = server.client(Role.OPS_MANAGER)
    assert refusal(client, moved(opened_and_closed(client).cursor, xid=xid)) == CURSOR_INVALID


def test_damaged_cursors(server: Running) -> None:
    client = server.client(Role.OPS_MANAGER)
    cursor = opened_and_closed(client).cursor
    for cut in range(1, len(cursor)):
        assert refusal(client, cursor[:cut]) == CURSOR_INVALID


def test_cursors_of_the_future(server: Running) -> None:
    client = server.client(Role.OPS_MANAGER)
    cursor = opened_and_closed(client).cursor
    for xid in (2**63 - 1, 2**40):
        assert refusal(client, moved(cursor, xid=xid)) == CURSOR_EXPIRED


def test_cursors_below_the_horizon(fresh_server: Running) -> None:
    client = fresh_server.client(Role.OPS_MANAGER)
    with fresh_server.database.connect() as connection:
        cursor = opened_and_closed(client).cursor
        ticket = insert_ticket(connection)
        follower = ListFollower()
        follower.open(client)
        eventually(lambda: ticket in follower.held, what="the snapshot")
        insert_ticket(connection)
        eventually(lambda: len(follower.held) == 2, what="an event")
        follower.close()
        connection.execute(
            "UPDATE outbox_horizon SET (xid, id) = (SELECT xid, id FROM outbox ORDER BY xid, id LIMIT 1)"
        )
        assert refusal(client, cursor) == CURSOR_EXPIRED
        assert refusal(client, moved(cursor, xid=0)) == CURSOR_EXPIRED
        follower.open(client)
        last = insert_ticket(connection)
        eventually(lambda: last in follower.held, what="what comes after the horizon")
        assert follower.faults == []
        follower.close()


def opened_and_closed(client: TicketsClient) -> ListFollower:
    """It has a cursor."""
    follower = ListFollower()
    follower.open(client)
    eventually(lambda: follower.cursor, what="a cursor")
    follower.close()
    return follower
