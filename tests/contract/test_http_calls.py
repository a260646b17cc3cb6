"""Every RPC with an HTTP rule, by every binding of it: over HTTP as over gRPC."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from gateway.contract import Binding
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.contract.over_http import BINDINGS, UNARY, Answer, Http, body_of, over_grpc, over_http
from tests.contract.requests import ADMIN, OFFERED, World, full_ticket
from tests.contract.streams import STREAMING
from tests.gateway_process import serving_gateway
from tests.running import Running, shared_data_dir, token_for

TOKEN = token_for(Role.ADMIN, ADMIN)
MOVING = frozenset(
    {
        "rodistaa.tickets.v1.Ticket.sla_percent_left",
        "rodistaa.tickets.v1.SlaExplanation.as_of",
        "rodistaa.tickets.v1.SlaExplanation.counted",
        "rodistaa.tickets.v1.SlaExplanation.paused",
        "rodistaa.tickets.v1.SlaExplanation.remaining",
        "rodistaa.tickets.v1.SlaInterval.end",
        "rodistaa.tickets.v1.GetTicketStatsResponse.as_of",
        "rodistaa.tickets.v1.CreateAttachmentResponse.upload",
        "rodistaa.tickets.v1.ExportJob.download",
        "rodistaa.tickets.v1.GetAttachmentDownloadResponse.download",
    }
)
"""Fields that are other ones from one moment to the next, or made anew for each call, whoever asks."""


@dataclass(frozen=True)
class Ways:
    """To one server: through a gateway, and straight."""

    server: Running
    http: Http
    channel: grpc.Channel

    def both(self, name: str, number: int, request: Message, token: str | None) -> tuple[Answer, Answer]:
        """The answers over HTTP, by that binding, and over gRPC, asked for in this order."""
        rpc = UNARY[name]
        return over_http(self.http, rpc, number, request, token), over_grpc(self.channel, rpc, request, token)

    def valid(self, name: str) -> Message:
        """A request of its own."""
        return World(self.server).valid_requests()[name]


@pytest.fixture(scope="module")
def ways(server: Running) -> Iterator[Ways]:
    """A gateway before the tests' server, and that server."""
    with (
        serving_gateway(shared_data_dir(), gateway_target=server.target) as running,
        grpc.insecure_channel(server.target) as channel,
    ):
        http = Http(running.url)
        yield Ways(server, http, channel)
        http.pool.clear()


def test_every_rpc_is_called() -> None:
    assert UNARY.keys() == {name for name in OFFERED if name.partition("/")[2] not in STREAMING}


@pytest.mark.parametrize(("name", "number"), BINDINGS)
def test_the_answer_is_the_same(ways: Ways, name: str, number: int) -> None:
    """A change is made over HTTP; gRPC then repeats it with the same request_id: the server gives the first answer
    to the same request alone, so that both the request and the answer were the same to the last field."""
    found, expected = ways.both(name, number, ways.valid(name), TOKEN)
    assert found.code == expected.code == "OK", (found.status, expected.status)
    assert_same(found, expected, name, number)


@pytest.mark.parametrize("name", ["TicketService/ListTickets", "TicketService/SearchTickets"])
@pytest.mark.parametrize("number", [0, 1])
def test_pages_of_tickets_are_the_same(ways: Ways, name: str, number: int) -> None:
    mark = f"mark{uuid4().hex}"
    for priority in (t.TICKET_PRIORITY_LOW, t.TICKET_PRIORITY_CRITICAL, t.TICKET_PRIORITY_MEDIUM):
        made = full_ticket(title=f"{mark} पैसे \u2028 <b>&", priority=priority)
        World(ways.server).admin.tickets.CreateTicket(writes.CreateTicketRequest(ticket=made))
    request: Any = UNARY[name].request(page_size=2, include_total=True)
    if name == "TicketService/SearchTickets":
        request.query = mark
    else:
        request.filter.text = mark
        request.order_by = "priority desc"
    sizes = []
    while True:
        found, expected = ways.both(name, number, request, TOKEN)
        assert_same(found, expected, name, number)
        page: Any = expected.message
        sizes.append(len(page.tickets if name == "TicketService/ListTickets" else page.results))
        request.page_token = page.next_page_token
        if not request.page_token:
            break
    assert sizes == [2, 1]


def _texts(message: Any) -> Iterator[tuple[Any, FieldDescriptor]]:
    """Every text of the message that is set, but for those that JSON has other forms of."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            if field.message_type.full_name.startswith("google.protobuf.") or _is_map(field):
                continue
            for each in value if field.is_repeated else [value]:
                yield from _texts(each)
        elif field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            yield message, field


def _change_texts(request: Message, change: Callable[[str], str]) -> None:
    for holder, field in list(_texts(request)):
        value = getattr(holder, field.name)
        if field.is_repeated:
            value[:] = [change(each) for each in value]
        else:
            setattr(holder, field.name, change(value))


def _id_of_nothing(text: str) -> str:
    if re.fullmatch(r"TKT-\d+", text):
        return "TKT-999999999"
    return str(uuid4()) if re.fullmatch(r"[0-9a-f-]{36}", text) else text


def _negate_numbers(request: Any) -> None:
    for field, value in list(request.ListFields()):
        if field.message_type is None and not field.is_repeated and field.cpp_type == FieldDescriptor.CPPTYPE_INT32:
            setattr(request, field.name, -value)


def _clear_all_but_path(request: Any, binding: Binding) -> None:
    whole = type(request)()
    whole.CopyFrom(request)
    request.Clear()
    kept = re.findall(r"\{([\w.]+)\}", binding.template)
    if "request_id" in request.DESCRIPTOR.fields_by_name:
        kept.append("request_id")
    FieldMask(paths=kept).MergeMessage(whole, request)


WRONG: dict[str, Callable[[Message, Binding], None]] = {
    "text with characters that are none": lambda request, _: _change_texts(request, lambda text: f"{text}\x07"),
    "ids of nothing": lambda request, _: _change_texts(request, _id_of_nothing),
    "numbers below all bounds": lambda request, _: _negate_numbers(request),
    "nothing but the path": _clear_all_but_path,
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize(("name", "number"), BINDINGS)
def test_a_refusal_is_the_same(ways: Ways, name: str, number: int, wrong: str) -> None:
    """Some of these are no refusal for some calls; then the answers are the same."""
    request = ways.valid(name)
    WRONG[wrong](request, UNARY[name].bindings[number])
    assert_same(*ways.both(name, number, request, TOKEN), name, number)


@pytest.mark.parametrize(("name", "number"), BINDINGS)
def test_who_is_not_known_is_told_the_same(ways: Ways, name: str, number: int) -> None:
    request = ways.valid(name)
    for token in (None, "", "x.y.z", token_for("nobody", "x")):
        found, expected = ways.both(name, number, request, token)
        assert found.code == "UNAUTHENTICATED"
        assert_same(found, expected, name, number)


@pytest.mark.parametrize("role", [Role.DRIVER, Role.FRANCHISE_AGENT])
@pytest.mark.parametrize(("name", "number"), BINDINGS)
def test_who_may_not_is_told_the_same(ways: Ways, name: str, number: int, role: Role) -> None:
    """Some calls they may make; then the answers are the same."""
    token = token_for(role, f"somebody-{uuid4().hex[:8]}")
    assert_same(*ways.both(name, number, ways.valid(name), token), name, number)


def assert_same(found: Answer, expected: Answer, name: str, number: int) -> None:
    """Code, message and every detail; or the answers."""
    assert found.code == expected.code, (found.status, expected.status)
    if expected.status is not None:
        assert found.status == expected.status
    else:
        assert settled(found.message) == settled(body_of(UNARY[name].bindings[number], required(expected.message)))


def required(message: Message | None) -> Message:
    assert message is not None
    return message


def settled(message: Message | None) -> Any:
    """The message without what moves; whether a field is there counts all the same."""
    seen = required(message)
    found: dict[str, Any] = {}
    for field, value in seen.ListFields():
        if field.full_name in MOVING:
            found[field.name] = "something"
        elif field.message_type is None or _is_map(field):
            found[field.name] = value
        elif field.is_repeated:
            found[field.name] = [settled(each) for each in value]
        else:
            found[field.name] = settled(value)
    return found


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry
