"""JSON of exports is the JSON of the API."""

from datetime import datetime

from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given, settings

from rodistaa.tickets.v1 import ticket_pb2
from server.api.convert.tickets_out import from_ticket, from_view
from server.api.convert.timeline_out import from_message
from server.application.exports.ticket_json import message_json, ticket_json
from server.domain.tickets import Ticket, withheld_view
from server.domain.timeline import Message, message_view
from tests.unit.domain.clocked_tickets import START, clocked
from tests.unit.exported_tickets import instants, messages, tickets

_MANY = settings(max_examples=max(500, settings().max_examples), deadline=None)


@_MANY
@given(tickets(), instants)
def test_a_ticket_is_what_the_api_makes_of_it(ticket: Ticket, now: datetime) -> None:
    wire = from_view(withheld_view(ticket), now=now)
    shown = ticket_json(ticket, now=now)
    assert shown == MessageToDict(wire)
    assert ParseDict(shown, ticket_pb2.Ticket()) == wire


def test_an_answer_of_lists_shows_the_same_view() -> None:
    for ticket in (clocked(sla_due_at=None), clocked(sla_due_at=None, is_sensitive=True)):
        assert MessageToDict(from_ticket(ticket)) == MessageToDict(from_view(withheld_view(ticket)))


@_MANY
@given(tickets(), messages())
def test_a_message_is_what_the_api_makes_of_it(ticket: Ticket, message: Message) -> None:
    view = message_view(message, ticket_is_sensitive=ticket.is_sensitive, disclosed=False)
    assert message_json(ticket, message) == MessageToDict(from_message(view))


def test_a_sensitive_ticket_says_what_is_withheld() -> None:
    shown = ticket_json(clocked(is_sensitive=True, metadata={"pan": "ABCDE1234F"}), now=START)
    assert shown["redactedFields"] == ["description", "metadata", "resolution_summary"]
    assert shown.keys().isdisjoint({"description", "metadata", "resolutionSummary"})
