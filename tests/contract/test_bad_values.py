"""Every field of every request, with what it must not hold: refused by its path, and nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from tests.contract.expectations import INVALID, check_form, refused, rows
from tests.contract.requests import OFFERED, World, is_input, path_of, raw_rpc
from tests.running import Running

NOT_A_CHARACTER = {
    "NUL": "\0",
    "C0 control": "\x01",
    "information separator": "\x1f",
    "DEL": "\x7f",
    "C1 control": "\x85",
}
LARGEST = {"page_size": 200, "snapshot_size": 200, "limit": 50, "trend_days": 90}
ANY_TEXT = {"etag"}
"""A strange etag only fails to match."""


@dataclass(frozen=True)
class Place:
    """Where a value stands in a request."""

    path: str
    owner: Message
    field: FieldDescriptor
    index: int | None

    def put(self, value: Any) -> None:
        """Overwrite the value."""
        if self.index is None:
            setattr(self.owner, self.field.name, value)
        else:
            getattr(self.owner, self.field.name)[self.index] = value


def places(message: Message, prefix: str = "") -> Iterator[Place]:
    """Every value that is set, save in JSON data."""
    for field, value in message.ListFields():
        path = f"{prefix}{field.name}"
        if not is_input(field):
            continue
        if field.message_type is not None:
            if field.message_type.full_name == "google.protobuf.Struct":
                continue
            for index, child in enumerate(value if field.is_repeated else [value]):
                yield from places(child, f"{path}[{index}]." if field.is_repeated else f"{path}.")
        elif field.is_repeated:
            yield from (Place(f"{path}[{index}]", message, field, index) for index in range(len(value)))
        else:
            yield Place(path, message, field, None)


def broken(world: World, name: str, kind: int, value: Any) -> Iterator[tuple[str, Message]]:
    """The valid request, with the value in one place of the kind after the other."""
    valid = world.valid_requests()[name]
    for number in range(len(list(places(valid)))):
        request = type(valid)()
        request.CopyFrom(valid)
        place = list(places(request))[number]
        if place.field.type == kind and place.field.name not in ANY_TEXT:
            place.put(value)
            yield place.path, request


def test_each_method_has_a_valid_request(server: Running) -> None:
    world = World(server)
    requests = world.valid_requests()
    assert tuple(requests) == OFFERED
    for name, request in requests.items():
        world.rpc(name)(request)


@pytest.mark.parametrize("name", OFFERED)
@pytest.mark.parametrize("character", NOT_A_CHARACTER.values(), ids=NOT_A_CHARACTER.keys())
def test_a_text_with_a_character_that_is_none_is_refused_wherever_it_stands(
    server: Running, name: str, character: str
) -> None:
    world = World(server)
    for shape in ("ab{}cdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz{}"):
        requests = list(broken(world, name, FieldDescriptor.TYPE_STRING, shape.format(character)))
        before = rows(server.database)
        for path, request in requests:
            refused(world.rpc(name), request, field=path)
        assert rows(server.database) == before


@pytest.mark.parametrize("name", OFFERED)
def test_a_text_of_a_million_characters_is_refused_wherever_it_stands(server: Running, name: str) -> None:
    world = World(server)
    requests = list(broken(world, name, FieldDescriptor.TYPE_STRING, "x" * 1_000_000))
    before = rows(server.database)
    for path, request in requests:
        refused(world.rpc(name), request, field=path)
    assert rows(server.database) == before


@pytest.mark.parametrize("name", OFFERED)
def test_text_that_is_not_utf_8_is_refused_wherever_it_stands(server: Running, name: str) -> None:
    world = World(server)
    mark = "qqqqqqqqqq"
    raw = raw_rpc(world.admin, path_of(name))
    requests = list(broken(world, name, FieldDescriptor.TYPE_STRING, mark))
    before = rows(server.database)
    for _, request in requests:
        for spoilt in (b"\xed\xa0\x80aaaaaaa", b"\xffaaaaaaaaa", b"\xc0\x80aaaaaaaa", b"aaaaaa\xf4\x90\x80\x80"):
            payload = request.SerializeToString().replace(mark.encode(), spoilt)
            with pytest.raises(TicketsError) as caught:
                raw(payload)
            assert caught.value.code is INVALID
            check_form(caught.value)
    assert rows(server.database) == before


@pytest.mark.parametrize("name", OFFERED)
def test_a_number_that_is_no_member_of_an_enum_is_refused_wherever_it_stands(server: Running, name: str) -> None:
    world = World(server)
    for number in (9_999, -1, 2**31 - 1):
        requests = list(broken(world, name, FieldDescriptor.TYPE_ENUM, number))
        before = rows(server.database)
        for path, request in requests:
            refused(world.rpc(name), request, field=path)
        assert rows(server.database) == before


@pytest.mark.parametrize("name", OFFERED)
def test_unspecified_is_refused_in_lists(server: Running, name: str) -> None:
    world = World(server)
    for path, request in broken(world, name, FieldDescriptor.TYPE_ENUM, 0):
        if path.endswith("]"):
            refused(world.rpc(name), request, field=path)


def test_a_request_without_its_resource_is_told_only_that(server: Running) -> None:
    """Not also what each field of the resource that is not there would have to be."""
    error = refused(World(server).admin.tickets.CreateTicket, writes.CreateTicketRequest(), field="ticket")
    assert [(each.field, each.description) for each in error.field_violations] == [("ticket", "is required")]


@pytest.mark.parametrize("name", OFFERED)
def test_numbers_out_of_range_are_refused(server: Running, name: str) -> None:
    world = World(server)
    largest = LARGEST | ({"limit": 200} if name == "DirectoryService/LookupMembers" else {})
    for kind in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64):
        for path, request in broken(world, name, kind, -1):
            if path in largest or path == "after_seq":
                refused(world.rpc(name), request, field=path)
        for path, request in broken(world, name, kind, 1):
            if path in largest:
                for size, good in ((largest[path], True), (largest[path] + 1, False), (2**31 - 1, False), (0, True)):
                    setattr(request, path, size)
                    if good:
                        world.rpc(name)(request)
                    else:
                        refused(world.rpc(name), request, field=path)


TIMED = (
    "TicketService/ListTickets",
    "TicketService/SearchTickets",
    "TicketService/GetTicketStats",
    "TicketService/WatchTickets",
    "SavedViewService/CreateSavedView",
    "SavedViewService/UpdateSavedView",
    "NotificationService/CreateWebhook",
    "NotificationService/UpdateWebhook",
)
"""The methods whose requests hold times: those of a filter, two ends of three ranges."""
BAD_SECONDS = (-62_135_596_801, -62_135_596_800, 946_684_799, 7_258_118_401, 253_402_300_800, 2**63 - 1, -(2**63))
BAD_NANOS = (-1, 1_000_000_000, 2**31 - 1)


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("number", range(6))
def test_absurd_times_are_refused_wherever_they_stand(server: Running, name: str, number: int) -> None:
    world = World(server)
    valid = world.valid_requests()[name]
    seconds = [place for place in places(valid) if place.path.endswith(".seconds")]
    assert len(seconds) == 6
    place = seconds[number]
    stamp = cast("Timestamp", place.owner)
    good = stamp.seconds
    before = rows(server.database)
    for part, values in (("seconds", BAD_SECONDS), ("nanos", BAD_NANOS)):
        for value in values:
            stamp.seconds, stamp.nanos = good, 0
            setattr(stamp, part, value)
            refused(world.rpc(name), valid, field=place.path.removesuffix(".seconds"))
    assert rows(server.database) == before


def test_the_server_still_answers_after_a_message_over_four_mebibytes(server: Running) -> None:
    world = World(server)
    request = writes.AddMessageRequest(ticket_id=world.new_ticket().id, message="x" * (4 * 1024 * 1024 + 1))
    before = rows(server.database)
    with pytest.raises(TicketsError) as caught:
        world.admin.tickets.AddMessage(request)
    assert caught.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert rows(server.database) == before
    world.new_ticket()
