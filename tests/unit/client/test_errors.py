"""How errors of the server reach callers."""

from collections.abc import Iterator
from datetime import timedelta

import google.rpc.error_details_pb2 as error_details
import grpc
import pytest

from rodistaa.tickets.client import FieldViolation, TicketsClient, TicketsError, connect
from rodistaa.tickets.v1.ticket_reads_pb2 import GetTicketRequest
from rodistaa.tickets.v1.timeline_pb2 import TimelineEntry
from rodistaa.tickets.v1.timeline_reads_pb2 import WatchTimelineRequest, WatchTimelineResponse
from tests.unit.client.conftest import ScriptedTickets, abort


def test_a_rich_status_is_decoded(client: TicketsClient, service: ScriptedTickets) -> None:
    violation = error_details.BadRequest.FieldViolation(
        field="ticket.title", description="must have 10 to 500 characters"
    )
    service.answer = lambda request, context: abort(
        context,
        grpc.StatusCode.INVALID_ARGUMENT,
        "The request is not valid.",
        error_details.BadRequest(field_violations=[violation]),
        reason="INVALID_REQUEST",
        metadata={"k": "v"},
        retry_after=timedelta(milliseconds=1500),
    )
    with pytest.raises(TicketsError) as failure:
        client.tickets.GetTicket(GetTicketRequest())
    error = failure.value
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.reason == "INVALID_REQUEST"
    assert error.message == "The request is not valid."
    assert error.metadata == {"k": "v"}
    assert error.field_violations == (FieldViolation("ticket.title", "must have 10 to 500 characters"),)
    assert error.retry_after == timedelta(milliseconds=1500)
    assert str(error) == (
        "INVALID_ARGUMENT INVALID_REQUEST: The request is not valid.; ticket.title: must have 10 to 500 characters"
    )
    assert repr(error) == (
        "TicketsError(INVALID_ARGUMENT, reason='INVALID_REQUEST', message='The request is not valid.')"
    )


def test_a_violation_that_the_message_tells_is_not_told_twice() -> None:
    error = TicketsError(
        grpc.StatusCode.INVALID_ARGUMENT,
        "after_seq: is beyond the newest entry, 8 (and 1 more)",
        reason="INVALID_REQUEST",
        field_violations=[
            FieldViolation("after_seq", "is beyond the newest entry, 8"),
            FieldViolation("ticket_id", "must be set"),
        ],
    )
    assert str(error) == (
        "INVALID_ARGUMENT INVALID_REQUEST: after_seq: is beyond the newest entry, 8 (and 1 more); "
        "ticket_id: must be set"
    )


def test_a_plain_status_has_no_reason(client: TicketsClient, service: ScriptedTickets) -> None:
    service.answer = lambda request, context: context.abort(grpc.StatusCode.NOT_FOUND, "no such")
    with pytest.raises(TicketsError) as failure:
        client.tickets.GetTicket(GetTicketRequest(id="TKT-1"))
    assert (failure.value.code, failure.value.reason) == (grpc.StatusCode.NOT_FOUND, "")
    assert failure.value.retry_after is None


def test_errors_of_with_call_and_of_futures_are_decoded_too(client: TicketsClient, service: ScriptedTickets) -> None:
    service.answer = lambda request, context: context.abort(grpc.StatusCode.NOT_FOUND, "no such")
    with pytest.raises(TicketsError):
        client.tickets.GetTicket.with_call(GetTicketRequest(id="TKT-1"))
    with pytest.raises(TicketsError):
        client.tickets.GetTicket.future(GetTicketRequest(id="TKT-1")).result()


def test_errors_in_the_middle_of_a_stream_are_decoded(client: TicketsClient, service: ScriptedTickets) -> None:
    def break_off(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Iterator[WatchTimelineResponse]:
        yield WatchTimelineResponse(entry=TimelineEntry(seq=1))
        abort(context, grpc.StatusCode.NOT_FOUND, "No such ticket.", reason="TICKET_NOT_FOUND")

    service.answer = break_off
    stream = client.tickets.WatchTimeline(WatchTimelineRequest(ticket_id="TKT-1"))
    assert next(stream).entry.seq == 1
    with pytest.raises(TicketsError) as failure:
        next(stream)
    assert failure.value.reason == "TICKET_NOT_FOUND"


def test_a_server_that_cannot_be_reached_is_unavailable() -> None:
    with (
        connect("127.0.0.1:1", token="t", tls=False, deadline=timedelta(seconds=20)) as client,
        pytest.raises(TicketsError) as failure,
    ):
        client.tickets.GetTicket(GetTicketRequest(id="TKT-1"))
    assert failure.value.code is grpc.StatusCode.UNAVAILABLE
