"""Which field is an event's id, and which of the request takes it: by the names of the contract."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from gateway.bad_request import BadRequest
from gateway.contract import Rpc, rpcs
from gateway.resuming import EventKinds
from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import timeline_reads_pb2 as reads
from rodistaa.tickets.v1.timeline_pb2 import TimelineEntry

STREAMS = {rpc.name: rpc for rpc in rpcs() if rpc.streams}
TEXT, NUMBER, FLAG = (
    descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
)


def rpc_of(request: dict[str, Any], response: dict[str, Any]) -> Rpc:
    """An RPC whose messages have these fields."""
    file = descriptor_pb2.FileDescriptorProto(name="made.proto", package="made", syntax="proto3")
    for name, fields in (("Request", request), ("Response", response)):
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields.items(), 1):
            message.field.add(name=field, number=number, type=kind, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)

    def made(name: str) -> Any:
        return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"made.{name}"))

    return cast("Rpc", SimpleNamespace(path="/made.Service/Made", request=made("Request"), response=made("Response")))


def test_every_stream_of_the_contract_can_be_resumed() -> None:
    assert {name: EventKinds.of(rpc).resume_field for name, rpc in STREAMS.items()} == {
        "WatchTimeline": "after_seq",
        "WatchTickets": "cursor",
    }


def test_the_number_of_an_entry_or_of_a_mark() -> None:
    kinds = EventKinds.of(STREAMS["WatchTimeline"])
    entry = reads.WatchTimelineResponse(entry=TimelineEntry(seq=7))
    mark = reads.WatchTimelineResponse(progress=reads.TimelineProgress(seq=9))
    assert [(kinds.name_of(each), kinds.id_of(each)) for each in (entry, mark)] == [("entry", "7"), ("progress", "9")]
    empty = reads.WatchTimelineResponse()
    assert (kinds.name_of(empty), kinds.id_of(empty)) == ("", "")
    request = reads.WatchTimelineRequest(after_seq=3)
    kinds.resume(request, "9")
    assert request.after_seq == 9


def test_the_cursor_of_whatever_event_has_one() -> None:
    kinds = EventKinds.of(STREAMS["WatchTickets"])
    part = watch.WatchTicketsResponse(snapshot=watch.TicketSnapshot())
    left = watch.WatchTicketsResponse(left=watch.TicketLeft(ticket_id="TKT-1"), cursor="abc-_=")
    assert [(kinds.name_of(each), kinds.id_of(each)) for each in (part, left)] == [("snapshot", ""), ("left", "abc-_=")]


@pytest.mark.parametrize("cursor", ["a\nb", "a\rb", "a\0b", "é"])
def test_an_id_never_breaks_the_stream(cursor: str) -> None:
    event = watch.WatchTicketsResponse(left=watch.TicketLeft(), cursor=cursor)
    assert EventKinds.of(STREAMS["WatchTickets"]).id_of(event) == ""


@pytest.mark.parametrize("text", ["", "x", "-1", "+1", " 1", "1_0", "٣", "9" * 19])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(BadRequest):
        EventKinds.of(STREAMS["WatchTimeline"]).resume(reads.WatchTimelineRequest(), text)


def test_a_stream_without_a_place_is_not_resumed() -> None:
    rpc = rpc_of({"name": TEXT, "after_seq": TEXT, "done": FLAG}, {"seq": NUMBER, "done": FLAG})
    kinds = EventKinds.of(rpc)
    assert kinds.resume_field is None
    request = rpc.request()
    kinds.resume(request, "7")
    assert request == rpc.request()
    assert kinds.id_of(rpc.response(seq=7)) == ""


def test_a_contract_that_leaves_it_open_is_a_defect() -> None:
    with pytest.raises(ValueError, match="cursor"):
        EventKinds.of(rpc_of({"cursor": TEXT, "after_seq": NUMBER}, {"cursor": TEXT, "seq": NUMBER}))
