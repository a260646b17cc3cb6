"""What each call carries without being told to."""

import itertools
import uuid
from datetime import timedelta

import grpc
import pytest

from rodistaa.tickets.client import TicketsClient, TicketsError, connect
from rodistaa.tickets.v1.ticket_pb2 import Ticket
from rodistaa.tickets.v1.ticket_reads_pb2 import GetTicketRequest
from rodistaa.tickets.v1.ticket_writes_pb2 import CreateTicketRequest
from rodistaa.tickets.v1.timeline_reads_pb2 import WatchTimelineRequest
from tests.unit.client.conftest import ScriptedTickets


def test_the_token_is_sent_with_every_call(client: TicketsClient, service: ScriptedTickets) -> None:
    service.answer = lambda request, context: ()
    client.tickets.GetTicket(GetTicketRequest(id="TKT-1"))
    list(client.tickets.WatchTimeline(WatchTimelineRequest(ticket_id="TKT-1")))
    assert [each["authorization"] for each in service.metadata] == ["Bearer a-token"] * 2


def test_a_token_callable_is_asked_before_each_call(target: str, service: ScriptedTickets) -> None:
    numbers = itertools.count(1)
    with connect(target, token=lambda: f"token-{next(numbers)}", tls=False) as client:
        client.tickets.GetTicket(GetTicketRequest(id="TKT-1"))
        client.tickets.GetTicket(GetTicketRequest(id="TKT-1"), metadata=(("x-trace", "t"),))
    assert [each["authorization"] for each in service.metadata] == [
        "Bearer token-1",
        "Bearer token-2",
    ]
    assert service.metadata[1]["x-trace"] == "t"


def test_an_error_of_the_token_callable_reaches_the_caller(target: str) -> None:
    def no_token() -> str:
        raise LookupError("the vault is sealed")

    with (
        connect(target, token=no_token, tls=False) as client,
        pytest.raises(LookupError, match="sealed"),
    ):
        client.tickets.GetTicket(GetTicketRequest(id="TKT-1"))


def test_unary_calls_have_a_deadline_and_streams_have_none(target: str, service: ScriptedTickets) -> None:
    service.answer = lambda request, context: ()
    with connect(target, token="t", tls=False, deadline=timedelta(seconds=5)) as client:
        client.tickets.GetTicket(GetTicketRequest(id="TKT-1"))
        client.tickets.GetTicket(GetTicketRequest(id="TKT-1"), timeout=60)
        list(client.tickets.WatchTimeline(WatchTimelineRequest(ticket_id="TKT-1")))
    default, own, stream = service.time_remaining
    assert default is not None
    assert default < 6  # gRPC rounds the deadline up
    assert own is not None
    assert 6 < own < 61
    # grpcio reports "no deadline" as None, or as the far future.
    assert stream is None or stream > timedelta(days=365).total_seconds()


def test_a_mutation_gets_a_fresh_request_id_and_the_request_stays_as_it_is(
    client: TicketsClient, service: ScriptedTickets
) -> None:
    request = CreateTicketRequest(ticket=Ticket(title="Payment not received"))
    client.tickets.CreateTicket(request)
    client.tickets.CreateTicket(request)
    first, second = service.requests
    assert uuid.UUID(first.request_id) != uuid.UUID(second.request_id)
    assert first.ticket == request.ticket
    assert request.request_id == ""


def test_a_request_id_of_the_caller_is_kept(client: TicketsClient, service: ScriptedTickets) -> None:
    own = str(uuid.uuid4())
    client.tickets.CreateTicket(CreateTicketRequest(request_id=own))
    assert service.requests[0].request_id == own


def test_unavailable_is_retried_with_the_same_request_id(client: TicketsClient, service: ScriptedTickets) -> None:
    def fail_twice(request: CreateTicketRequest, context: grpc.ServicerContext) -> None:
        if len(service.requests) < 3:
            context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")

    service.answer = fail_twice
    client.tickets.CreateTicket(CreateTicketRequest())
    assert len(service.requests) == 3
    assert len({each.request_id for each in service.requests}) == 1


def test_other_errors_are_not_retried(client: TicketsClient, service: ScriptedTickets) -> None:
    service.answer = lambda request, context: context.abort(grpc.StatusCode.ABORTED, "changed")
    with pytest.raises(TicketsError) as failure:
        client.tickets.CreateTicket(CreateTicketRequest())
    assert failure.value.code is grpc.StatusCode.ABORTED
    assert len(service.requests) == 1
