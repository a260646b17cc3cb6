"""Metadata: JSON of any shape within bounds of bytes and depth, and readable wherever it is shown."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from google.protobuf.field_mask_pb2 import FieldMask

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.validation import MAX_METADATA_BYTES, MAX_METADATA_DEPTH
from tests.contract.expectations import INVALID, check_form, refused, rows
from tests.contract.requests import World, ticket
from tests.contract.streams import list_of, pages_of_timeline, settle, timeline_of
from tests.running import Running

DEEPEST_OF_PROTOBUF = 33


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(values)
    return made


def create(world: World, metadata: struct_pb2.Struct) -> t.Ticket:
    return world.admin.tickets.CreateTicket(writes.CreateTicketRequest(ticket=ticket(metadata=metadata))).ticket


def refused_at_create(world: World, metadata: struct_pb2.Struct) -> None:
    before = rows(world.running.database)
    request = writes.CreateTicketRequest(ticket=ticket(metadata=metadata))
    refused(world.admin.tickets.CreateTicket, request, field="ticket.metadata")
    assert rows(world.running.database) == before


def in_objects(depth: int) -> struct_pb2.Struct:
    values: dict[str, Any] = {}
    for _ in range(depth):
        values = {"a": values}
    return struct(values)


def in_lists(depth: int) -> struct_pb2.Struct:
    values: list[Any] = []
    for _ in range(depth - 1):
        values = [values]
    return struct({"a": values})


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


def test_metadata_comes_back_as_it_was_sent(world: World) -> None:
    sent = struct(
        {
            "": "an empty key",
            "null": None,
            "yes": True,
            "whole": 3,
            "half": 0.5,
            "least": 1e-15,
            "most": -1e21,
            "digits": 0.1234567890123456,
            "beyond": 2.0**53 + 2,
            "twenty digits": 1.2345678901234567e20,
            "list": [1, "two", [None, {}], []],
            "object": {"ticket": {"id": "TKT-1"}},
            "भुगतान": "👨‍👩‍👧\n\t",
            "quote": "\"'\\%s$1",
        }
    )
    made = create(world, sent)
    assert made.metadata == sent
    assert world.admin.tickets.GetTicket(reads.GetTicketRequest(id=made.id)).ticket.metadata == sent
    rows_of = timeline.ListAuditEntriesRequest(ticket_id=made.id)
    (row,) = world.admin.tickets.ListAuditEntries(rows_of).audit_entries
    assert row.new_values["metadata"] == sent
    again = t.Ticket(id=made.id, metadata=sent)
    request = writes.UpdateTicketRequest(ticket=again, update_mask=FieldMask(paths=["metadata"]))
    assert world.admin.tickets.UpdateTicket(request).ticket.etag == made.etag, "the same values are no change"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 1e308, -1.1e21, 5e-324, 9e-16])
@pytest.mark.parametrize("shape", [lambda n: {"a": n}, lambda n: {"a": [[n]]}, lambda n: {"a": {"b": n}}])
def test_numbers_that_json_lacks_or_beyond_measure_are_refused(
    world: World, number: float, shape: Callable[[float], Any]
) -> None:
    refused_at_create(world, struct(shape(number)))


@pytest.mark.parametrize("character", ["\0", "\x01", "\x1b", "\x7f", "\x85", "\x9f"])
@pytest.mark.parametrize("shape", [lambda c: {c: 1}, lambda c: {"a": [c]}, lambda c: {"a": {f"b{c}": 1}}])
def test_texts_without_control_characters(world: World, character: str, shape: Callable[[str], Any]) -> None:
    refused_at_create(world, struct(shape(character)))


@pytest.mark.parametrize("filler", ["x", "é", "क", "😀", '"', "\n"])
def test_sixteen_kibibytes_as_compact_json_in_utf_8(world: World, filler: str) -> None:
    def values_of(size: int) -> struct_pb2.Struct:
        frame = len(json.dumps({"k": ""}, separators=(",", ":")))
        one = len(json.dumps(filler, ensure_ascii=False).encode()) - 2
        text = filler * ((size - frame) // one)
        text += "x" * (size - frame - one * len(text))
        return struct({"k": text})

    exact = values_of(MAX_METADATA_BYTES)
    compact = json.dumps(json_format.MessageToDict(exact), ensure_ascii=False, separators=(",", ":"))
    assert len(compact.encode()) == MAX_METADATA_BYTES
    assert create(world, exact).metadata == exact
    refused_at_create(world, values_of(MAX_METADATA_BYTES + 1))


@pytest.mark.parametrize("nested", [in_objects, in_lists])
def test_the_deepest_that_is_accepted_can_be_read_wherever_it_is_shown(
    world: World, nested: Callable[[int], struct_pb2.Struct]
) -> None:
    """Clients parse at most 100 messages in one another; what they could not read must not get in."""
    made = create(world, nested(MAX_METADATA_DEPTH))
    tickets = world.admin.tickets
    assert tickets.GetTicket(reads.GetTicketRequest(id=made.id)).ticket.metadata == made.metadata
    assert tickets.ListTickets(reads.ListTicketsRequest()).tickets[0].metadata == made.metadata
    assert tickets.SearchTickets(reads.SearchTicketsRequest(query="payment")).results
    settle(world.running.database)
    followed = watch.WatchTicketsRequest(snapshot_size=1)
    with list_of(tickets, followed) as listed, timeline_of(tickets, made.id) as told:
        assert listed.snapshot()[0].metadata == made.metadata
        assert told.entry().audit_entry.new_values["metadata"] == made.metadata
        tickets.AddMessage(writes.AddMessageRequest(ticket_id=made.id, message="How deep is it?"))
        assert listed.changed().ticket.metadata == made.metadata
    cleared = writes.UpdateTicketRequest(ticket=t.Ticket(id=made.id), update_mask=FieldMask(paths=["metadata"]))
    tickets.UpdateTicket(cleared)
    rows_of = timeline.ListAuditEntriesRequest(ticket_id=made.id)
    created, _, changed = tickets.ListAuditEntries(rows_of).audit_entries
    assert created.new_values["metadata"] == made.metadata == changed.old_values["metadata"]
    with timeline_of(tickets, made.id) as told:
        assert told.replayed()[0] == pages_of_timeline(tickets, made.id)
    assert len(tickets.ListTimeline(timeline.ListTimelineRequest(ticket_id=made.id)).entries) == 3


@pytest.mark.parametrize("nested", [in_objects, in_lists])
def test_deeper_is_refused(world: World, nested: Callable[[int], struct_pb2.Struct]) -> None:
    refused_at_create(world, nested(MAX_METADATA_DEPTH + 1))
    before = rows(world.running.database)
    for depth in (DEEPEST_OF_PROTOBUF - 1, DEEPEST_OF_PROTOBUF + 10):
        request = writes.CreateTicketRequest(ticket=ticket())
        try:
            request.ticket.metadata.CopyFrom(nested(depth))
        except ValueError:
            continue
        with pytest.raises(TicketsError) as caught:
            world.admin.tickets.CreateTicket(request)
        assert caught.value.code is INVALID
        check_form(caught.value, request)
    assert rows(world.running.database) == before


def test_a_message_nested_deeper_than_protobuf_allows_is_refused(world: World) -> None:
    """Made by hand, since the library would not write it: lists in lists, two thousand deep."""
    value = b""
    for _ in range(2_000):
        value = _field(6, _field(1, value))  # Value.list_value, ListValue.values
    entry = _field(1, _field(1, b"k") + _field(2, value))  # Struct.fields: key, value
    payload = _field(1, _field(26, entry))  # CreateTicketRequest.ticket, Ticket.metadata
    before = rows(world.running.database)
    with pytest.raises(TicketsError) as caught:
        world.admin.channel.unary_unary("/rodistaa.tickets.v1.TicketService/CreateTicket")(payload)  # type: ignore[arg-type]
    assert caught.value.code is INVALID
    check_form(caught.value)
    assert rows(world.running.database) == before


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field on the wire."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(octets) + bytes([number])


def test_sixteen_kibibytes_of_the_shortest_values_are_served_everywhere(world: World) -> None:
    """Each takes two bytes as JSON and far more as a message."""
    made = create(world, struct({"k": [0] * 8_000}))
    for number in range(20):
        changed = t.Ticket(id=made.id, metadata=struct({"k": [number % 10] * 8_000}))
        request = writes.UpdateTicketRequest(ticket=changed, update_mask=FieldMask(paths=["metadata"]))
        world.admin.tickets.UpdateTicket(request)
    seen = 0
    asked = timeline.ListAuditEntriesRequest(ticket_id=made.id, page_size=200)
    while True:
        page = world.admin.tickets.ListAuditEntries(asked)
        seen += len(page.audit_entries)
        asked.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert seen >= 20
    with timeline_of(world.admin.tickets, made.id) as told:
        assert len(told.replayed()[0]) == seen
    more = [create(world, struct({"k": [number % 10] * 8_000})).id for number in range(25)]
    with list_of(world.admin.tickets, watch.WatchTicketsRequest(snapshot_size=26)) as listed:
        assert [each.id for each in listed.snapshot()] == [*more[::-1], made.id]
