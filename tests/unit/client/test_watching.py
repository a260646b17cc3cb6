"""Streams that break and go on."""

from collections.abc import Iterator
from itertools import islice

import grpc
import pytest

from rodistaa.tickets.client import (
    TicketsClient,
    TicketsError,
    follow_tickets,
    follow_timeline,
)
from rodistaa.tickets.v1.ticket_pb2 import Ticket
from rodistaa.tickets.v1.ticket_watch_pb2 import (
    TicketChanged,
    TicketSnapshot,
    WatchTicketsRequest,
    WatchTicketsResponse,
)
from rodistaa.tickets.v1.timeline_pb2 import TimelineEntry
from rodistaa.tickets.v1.timeline_reads_pb2 import (
    TimelineProgress,
    WatchTimelineRequest,
    WatchTimelineResponse,
)
from tests.unit.client.conftest import ScriptedTickets


def no_pause(seconds: float) -> None:
    assert 0 < seconds <= 15


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_a_timeline_is_resumed_after_the_last_number(
    client: TicketsClient, service: ScriptedTickets, code: grpc.StatusCode
) -> None:
    def two_at_a_time(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Iterator[WatchTimelineResponse]:
        for seq in (request.after_seq + 1, request.after_seq + 2):
            yield WatchTimelineResponse(entry=TimelineEntry(seq=seq))
        context.abort(code, "come back")

    service.answer = two_at_a_time
    request = WatchTimelineRequest(ticket_id="TKT-1", after_seq=3)
    entries = follow_timeline(client, request, pause=no_pause)
    assert [entry.seq for entry in islice(entries, 5)] == [4, 5, 6, 7, 8]
    assert request.after_seq == 3


def test_a_progress_mark_moves_the_point_to_resume_from(client: TicketsClient, service: ScriptedTickets) -> None:
    def hidden_rows_first(
        request: WatchTimelineRequest, context: grpc.ServicerContext
    ) -> Iterator[WatchTimelineResponse]:
        if request.after_seq == 0:
            yield WatchTimelineResponse(progress=TimelineProgress(seq=41))
            context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        yield WatchTimelineResponse(entry=TimelineEntry(seq=request.after_seq + 1))

    service.answer = hidden_rows_first
    entries = follow_timeline(client, WatchTimelineRequest(ticket_id="TKT-1"), pause=no_pause)
    assert next(entries).seq == 42


def test_lost_access_ends_it(client: TicketsClient, service: ScriptedTickets) -> None:
    def cut_off(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Iterator[None]:
        context.abort(grpc.StatusCode.NOT_FOUND, "no such ticket")

    service.answer = cut_off
    with pytest.raises(TicketsError):
        next(follow_timeline(client, WatchTimelineRequest(ticket_id="TKT-1"), pause=no_pause))
    assert len(service.requests) == 1


def test_tickets_are_resumed_from_the_last_cursor_without_a_second_snapshot(
    client: TicketsClient, service: ScriptedTickets
) -> None:
    def changes(request: WatchTicketsRequest, context: grpc.ServicerContext) -> Iterator[WatchTicketsResponse]:
        if not request.cursor:
            yield WatchTicketsResponse(snapshot=TicketSnapshot(complete=True), cursor="c1")
            context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        yield WatchTicketsResponse(changed=TicketChanged(ticket=Ticket(id="TKT-1")), cursor="c2")

    service.answer = changes
    events = follow_tickets(client, WatchTicketsRequest(snapshot_size=10), pause=no_pause)
    assert [event.cursor for event in islice(events, 2)] == ["c1", "c2"]
    assert [(each.cursor, each.snapshot_size) for each in service.requests] == [("", 10), ("c1", 0)]
