"""Lists that are shown and then followed."""

from collections.abc import Iterator
from itertools import islice

import grpc
import pytest

from rodistaa.tickets.client import TicketList, TicketsClient, TicketsError, follow_tickets
from rodistaa.tickets.v1.ticket_pb2 import Ticket
from rodistaa.tickets.v1.ticket_watch_pb2 import (
    TicketChanged,
    TicketLeft,
    TicketProgress,
    TicketSnapshot,
    WatchTicketsRequest,
    WatchTicketsResponse,
)
from tests.unit.client.conftest import ScriptedTickets, abort
from tests.unit.client.test_watching import AT_ONCE

Events = Iterator[WatchTicketsResponse]


def snapshot(*tickets: Ticket, cursor: str = "") -> WatchTicketsResponse:
    """A part of one; the last has a cursor."""
    return WatchTicketsResponse(snapshot=TicketSnapshot(tickets=tickets, complete=bool(cursor)), cursor=cursor)


def changed(ticket_id: str, version: int = 1, cursor: str = "c") -> WatchTicketsResponse:
    return WatchTicketsResponse(changed=TicketChanged(ticket=Ticket(id=ticket_id, version=version)), cursor=cursor)


def left(ticket_id: str) -> WatchTicketsResponse:
    return WatchTicketsResponse(left=TicketLeft(ticket_id=ticket_id), cursor="c")


def asked(service: ScriptedTickets) -> list[tuple[str, int]]:
    return [(each.cursor, each.snapshot_size) for each in service.requests]


def test_tickets_are_resumed_from_the_last_cursor_without_a_second_snapshot(
    client: TicketsClient, service: ScriptedTickets
) -> None:
    def changes(request: WatchTicketsRequest, context: grpc.ServicerContext) -> Events:
        if not request.cursor:
            yield snapshot(cursor="c1")
            yield WatchTicketsResponse(progress=TicketProgress(), cursor="c2")
            context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        yield changed("TKT-1", cursor="c3")

    service.answer = changes
    with follow_tickets(client, WatchTicketsRequest(snapshot_size=10), backoff=AT_ONCE) as events:
        assert [event.cursor for event in islice(events, 3)] == ["c1", "c2", "c3"]
    assert asked(service) == [("", 10), ("c2", 0)]


def test_a_snapshot_is_one_event_and_begins_anew_when_it_breaks_in_the_middle(
    client: TicketsClient, service: ScriptedTickets
) -> None:
    def parts(request: WatchTicketsRequest, context: grpc.ServicerContext) -> Events:
        if len(service.requests) == 1:
            yield snapshot(Ticket(id="TKT-gone"))
            context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        yield snapshot(Ticket(id="TKT-3"), Ticket(id="TKT-2"))
        yield snapshot(Ticket(id="TKT-1"), cursor="c1")
        yield changed("TKT-4")

    service.answer = parts
    with follow_tickets(client, WatchTicketsRequest(snapshot_size=10), backoff=AT_ONCE) as events:
        whole, _ = islice(events, 2)
    assert [each.id for each in whole.snapshot.tickets] == ["TKT-3", "TKT-2", "TKT-1"]
    assert (whole.snapshot.complete, whole.cursor) == (True, "c1")
    assert asked(service) == [("", 10), ("", 10)]


def lose_cursor(reason: str, service: ScriptedTickets) -> None:
    """A server that takes no cursor any longer."""

    def answer(request: WatchTicketsRequest, context: grpc.ServicerContext) -> Events:
        if request.cursor:
            abort(context, grpc.StatusCode.OUT_OF_RANGE, "List again.", reason=reason)
        yield snapshot(Ticket(id=f"TKT-{len(service.requests)}"), cursor="c1")
        context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")

    service.answer = answer


@pytest.mark.parametrize("reason", ["CURSOR_EXPIRED", "CURSOR_INVALID"])
def test_a_watch_that_began_with_a_snapshot_begins_anew_when_its_cursor_is_lost(
    client: TicketsClient, service: ScriptedTickets, reason: str
) -> None:
    lose_cursor(reason, service)
    held = TicketList()
    with follow_tickets(client, WatchTicketsRequest(snapshot_size=10), backoff=AT_ONCE) as events:
        for event in islice(events, 2):
            held.apply(event)
    assert asked(service) == [("", 10), ("c1", 0), ("", 10)]
    assert set(held.tickets) == {"TKT-3"}


@pytest.mark.parametrize("request_", [WatchTicketsRequest(), WatchTicketsRequest(cursor="c0")])
def test_any_other_watch_ends_when_its_cursor_is_lost(
    client: TicketsClient, service: ScriptedTickets, request_: WatchTicketsRequest
) -> None:
    lose_cursor("CURSOR_EXPIRED", service)
    with pytest.raises(TicketsError) as failure:
        list(follow_tickets(client, request_, backoff=AT_ONCE))
    assert failure.value.reason == "CURSOR_EXPIRED"


# --- the list ---------------------------------------------------------------------------------------


def versions(held: TicketList) -> dict[str, int]:
    return {ticket_id: ticket.version for ticket_id, ticket in held.tickets.items()}


def test_a_list_takes_changes_unless_it_has_newer_ones() -> None:
    held = TicketList()
    assert held.apply(snapshot(Ticket(id="TKT-1", version=5), cursor="c"))
    assert not held.apply(changed("TKT-1", version=4))
    assert versions(held) == {"TKT-1": 5}
    assert held.apply(changed("TKT-1", version=7))
    assert held.apply(changed("TKT-2", version=1))
    assert versions(held) == {"TKT-1": 7, "TKT-2": 1}
    assert not held.apply(WatchTicketsResponse(progress=TicketProgress(), cursor="c"))
    assert not held.apply(WatchTicketsResponse(cursor="c"))


def test_a_ticket_that_left_is_off_the_list_and_may_come_back() -> None:
    held = TicketList()
    held.apply(changed("TKT-1", version=5))
    assert held.apply(left("TKT-1"))
    assert not held.apply(left("TKT-1"))
    assert versions(held) == {}
    held.apply(changed("TKT-1", version=6))
    assert versions(held) == {"TKT-1": 6}


def test_a_snapshot_replaces_the_list_with_its_last_part() -> None:
    held = TicketList()
    held.apply(changed("TKT-9"))
    assert not held.apply(snapshot(Ticket(id="TKT-2")))
    assert set(held.tickets) == {"TKT-9"}
    held.reconnected()
    held.apply(snapshot(Ticket(id="TKT-3")))
    assert held.apply(snapshot(Ticket(id="TKT-1"), cursor="c"))
    assert set(held.tickets) == {"TKT-3", "TKT-1"}
