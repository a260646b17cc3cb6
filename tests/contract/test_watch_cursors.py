"""The cursors of WatchTickets: they go on exactly, on any server, for the same filter and the same sight alone."""

import base64
from dataclasses import dataclass

import grpc
import pytest

from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.contract.expectations import refused
from tests.contract.follower_desk import Desk, desk
from tests.contract.requests import ticket
from tests.contract.streams import ListEvents, first_of, list_of
from tests.database import Database
from tests.running import running

__all__ = ["desk"]


@dataclass(frozen=True)
class Told:
    """An event without the ticket as it was then."""

    kind: str
    ticket_id: str
    seq: int
    action: str
    cursor: str


def next_told(stream: ListEvents) -> Told:
    event = stream.next()
    if event.HasField("changed"):
        changed = event.changed
        return Told("changed", changed.ticket.id, changed.seq, changed.action, event.cursor)
    return Told("left", event.left.ticket_id, 0, "", event.cursor)


def test_a_cursor_goes_on_exactly_where_it_stands_on_any_server(desk: Desk) -> None:
    ids = [desk.new().id for _ in range(3)]
    events: list[Told] = []
    with desk.follow() as stream:
        stream.snapshot()
        begin = stream.cursor
        for number in range(9):
            ticket_id = ids[number % 3]
            if number == 7:
                desk.archive(ticket_id, archived=True)
            else:
                desk.update(ticket_id, severity=1 + number // 3)
            events.append(next_told(stream))
    assert [event.kind for event in events] == ["changed"] * 7 + ["left", "changed"]
    # What a ticket that has left by now was told of then is told as its leaving, once; the rest is told again.
    again = [event for event in events if event.ticket_id != ids[1]] + [events[7]]
    again.sort(key=events.index)
    with running(desk.running.database) as another:
        stubs = [desk.admin.tickets, another.client(Role.CEO_ONCALL, "somebody-else").tickets]
        for number, cursor in enumerate([begin, *(event.cursor for event in events)]):
            rest = [event for event in again if event not in events[:number]]
            with list_of(stubs[number % 2], watch.WatchTicketsRequest(filter=desk.where(), cursor=cursor)) as stream:
                assert [next_told(stream) for _ in rest] == rest
                spoken = ids[number % 2 * 2]  # never twice in turn: that would be one event for those who come later
                desk.say(spoken)
                live = next_told(stream)
                assert (live.ticket_id, live.action) == (spoken, "MESSAGE_ADDED")
            again.append(live)


def test_a_stream_with_a_cursor_is_open_at_once_and_has_no_snapshot(desk: Desk) -> None:
    with desk.follow() as stream:
        stream.snapshot()
        cursor = stream.cursor
    with desk.follow(cursor=cursor) as stream:
        assert stream.call.initial_metadata() is not None
        made = desk.new()
        assert stream.changed().ticket.id == made.id


@pytest.mark.slow
def test_silence_is_broken_by_marks_whose_cursor_goes_on(desk: Desk) -> None:
    with desk.follow() as stream:
        stream.snapshot()
        first = stream.cursor
        other = desk.running.client(Role.ADMIN).tickets.CreateTicket(writes.CreateTicketRequest(ticket=ticket()))
        cursor = stream.mark()
    assert other.ticket.id
    assert len({first, cursor}) == 2, "it moves on while nothing matches"
    with desk.follow(cursor=cursor) as stream:
        made = desk.new()
        assert stream.changed().ticket.id == made.id


def a_cursor(desk: Desk) -> str:
    with desk.follow() as stream:
        stream.snapshot()
        return stream.cursor


def test_a_cursor_is_for_its_filter_and_for_those_who_see_the_same(desk: Desk) -> None:
    cursor = a_cursor(desk)
    request = watch.WatchTicketsRequest(filter=desk.where(archived=True), cursor=cursor)
    refused(first_of(desk.admin.tickets.WatchTickets), request, reason="CURSOR_INVALID", field="cursor")
    agent = desk.running.client(Role.OPS_AGENT).tickets
    request = watch.WatchTicketsRequest(filter=desk.where(), cursor=cursor)
    refused(first_of(agent.WatchTickets), request, reason="CURSOR_INVALID", field="cursor")


def test_a_damaged_cursor_is_refused(desk: Desk) -> None:
    cursor = a_cursor(desk)
    for damaged in ("x", cursor[:-1], cursor + "A", cursor[1:], "A" * len(cursor), "é" + cursor, "\0"):
        request = watch.WatchTicketsRequest(filter=desk.where(), cursor=damaged)
        refused(first_of(desk.admin.tickets.WatchTickets), request, reason="CURSOR_INVALID", field="cursor")


def moved(cursor: str, xid: int, number: int) -> str:
    """The cursor, with another position in it: transaction and row."""
    packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    changed = packed[:-16] + xid.to_bytes(8, "big") + number.to_bytes(8, "big")
    text: str = base64.urlsafe_b64encode(changed).decode()
    return text.rstrip("=")


@pytest.mark.parametrize("xid", [0, 3, 2**62, 2**63 - 1])
def test_a_cursor_from_before_what_is_kept_or_from_nowhere_has_expired(desk: Desk, xid: int) -> None:
    for number in (0, 2**63 - 1):
        request = watch.WatchTicketsRequest(filter=desk.where(), cursor=moved(a_cursor(desk), xid, number))
        code = grpc.StatusCode.OUT_OF_RANGE
        refused(first_of(desk.admin.tickets.WatchTickets), request, code=code, reason="CURSOR_EXPIRED")


@pytest.mark.parametrize("size", [1, 200])
def test_a_snapshot_is_for_those_without_a_cursor(desk: Desk, size: int) -> None:
    """Browsers resume by sending their first request again, with the cursor beside it."""
    request = watch.WatchTicketsRequest(filter=desk.where(), cursor=a_cursor(desk), snapshot_size=size)
    with list_of(desk.admin.tickets, request) as stream:
        made = desk.new()
        assert stream.changed().ticket.id == made.id


def test_lists_count_as_streams_too(database: Database) -> None:
    with running(database, max_watches_per_principal=1) as served:
        stub = served.client(Role.ADMIN).tickets
        request = watch.WatchTicketsRequest()
        for _ in range(3):  # what is refused does not count
            refused(first_of(stub.WatchTickets), watch.WatchTicketsRequest(cursor="x"), reason="CURSOR_INVALID")
        with list_of(stub, request) as stream:
            stream.snapshot()
            code = grpc.StatusCode.RESOURCE_EXHAUSTED
            refused(first_of(stub.WatchTickets), request, code=code, reason="TOO_MANY_STREAMS")
