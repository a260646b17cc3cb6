import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from google.protobuf import json_format, wrappers_pb2
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.bad_request import BadRequest, UnsupportedMediaType
from gateway.contract import Binding, Rpc, rpcs
from gateway.json_codec import to_json
from gateway.path_templates import PathTemplate
from gateway.requests import to_request
from gateway.routes import Route, Router
from rodistaa.tickets.v1 import ticket_pb2, ticket_reads_pb2, ticket_writes_pb2
from tests.unit.gateway.everything import Everything
from tests.unit.gateway.messages import draw_message, draw_value

JSON = "application/json"
ROUTER = Router(rpcs())
REQUESTS = {rpc.request.DESCRIPTOR.full_name: rpc.request for rpc in rpcs()}
KINDS = [*REQUESTS.values(), Everything]
TEXT_MESSAGES = ["google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask"]


def _request(method: str, url: str, body: str | bytes = b"", content_type: str | None = None) -> Any:
    path, _, query = url.partition("?")
    data = body.encode() if isinstance(body, str) else body
    return to_request(ROUTER.find(method, path), query, data, content_type or (JSON if body else None))


def _violations(method: str, url: str, body: str | bytes = b"") -> list[tuple[str, str]]:
    with pytest.raises(BadRequest) as error:
        _request(method, url, body)
    return error.value.violations


def _route(kind: Any, variables: dict[str, str] | None = None, body: str = "") -> Route:
    """As if the contract bound that message so."""
    binding = Binding("GET", "/x", body, "")
    return Route(Rpc("s", "m", kind, kind, False, True, (binding,)), binding, variables or {})


def _query(kind: Any, query: str, variables: dict[str, str] | None = None) -> Any:
    return to_request(_route(kind, variables), query, b"", None)


# --- the contract ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rpc", rpcs(), ids=lambda rpc: rpc.name)
def test_paths_and_bodies_of_the_contract_name_fields_that_they_can(rpc: Rpc) -> None:
    for binding in rpc.bindings:
        for variable in PathTemplate.parse(binding.template).variables:
            descriptor: Any = rpc.request.DESCRIPTOR
            *owners, last = variable.field.split(".")
            for owner in owners:
                descriptor = descriptor.fields_by_name[owner].message_type
            assert descriptor.fields_by_name[last].message_type is None
            assert not descriptor.fields_by_name[last].is_repeated
        assert binding.body in ("", "*") or binding.body in rpc.request.DESCRIPTOR.fields_by_name
        assert not binding.response_body or binding.response_body in rpc.response.DESCRIPTOR.fields_by_name


# --- queries --------------------------------------------------------------------------------------


def _parameters(descriptor: Any, depth: int = 0) -> Iterator[list[Any]]:
    """All that can be said in a query: the fields on the way to a value."""
    for field in descriptor.fields:
        kind = field.message_type
        if kind is None or (not field.is_repeated and _is_text(kind)):
            yield [field]
        elif not field.is_repeated and kind.file.package != "google.protobuf" and depth < 2:
            yield from ([field, *inner] for inner in _parameters(kind, depth + 1))


def _is_text(kind: Any) -> bool:
    return kind.full_name in TEXT_MESSAGES or kind.file is wrappers_pb2.DESCRIPTOR


def _all_escaped(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


ESCAPES: st.SearchStrategy[Callable[[str], str]] = st.sampled_from([quote, quote_plus, _all_escaped])


def _as_text(field: Any, value: Any) -> str:
    """As JSON has it, without quotes."""
    if field.message_type is not None and field.message_type.full_name in TEXT_MESSAGES:
        return str(json_format.MessageToDict(value))
    if field.message_type is not None:
        return _as_text(field.message_type.fields_by_name["value"], value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(value), repr(value))
    if field.enum_type is not None and value in field.enum_type.values_by_number:
        return str(field.enum_type.values_by_number[value].name)
    return str(value)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.DESCRIPTOR.name)
def test_a_query_says_all_that_its_parameters_can(kind: Any) -> None:
    parameters = list(_parameters(kind.DESCRIPTOR))
    if not parameters:
        assert _query(kind, "") == kind()
        return

    @settings(
        max_examples=400 if kind is Everything else 25,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        draw = data.draw
        expected, query = kind(), []
        oneofs: set[str] = set()
        for fields in draw(st.lists(st.sampled_from(parameters), max_size=6, unique_by=id)):
            declared = [field.containing_oneof for field in fields if field.containing_oneof]
            names = {f"{fields[:-1]} {oneof.full_name}" for oneof in declared if len(oneof.fields) > 1}
            if names & oneofs or (names and len(fields) > 1):
                continue
            oneofs |= names
            owner: Any = expected
            for field in fields[:-1]:
                owner = getattr(owner, field.name)
                owner.SetInParent()
            last = fields[-1]
            values = [draw_value(draw, last) for _ in range(draw(st.integers(1, 2)) if last.is_repeated else 1)]
            if last.is_repeated:
                getattr(owner, last.name).extend(values)
            elif last.message_type is not None:
                getattr(owner, last.name).CopyFrom(values[0])
            else:
                setattr(owner, last.name, values[0])
            escape = draw(ESCAPES)
            name = ".".join(draw(st.sampled_from([field.name, field.json_name])) for field in fields)
            query += [f"{escape(name)}={escape(_as_text(last, value))}" for value in values]
        found = _query(kind, "&".join(query))
        assert found.SerializeToString(deterministic=True) == expected.SerializeToString(deterministic=True)

    check()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("&&", {}),
        ("order_by=a+b%2Bc%20d", {"order_by": "a+b+c d".replace("+", " ", 1)}),
        ("order_by=a=b;c", {"order_by": "a=b;c"}),
        ("order_by", {"order_by": ""}),
        ("order_by=%F0%9F%98%80%00", {"order_by": "😀\0"}),
        ("page%5Fsize=5", {"page_size": 5}),
        ("includeTotal=true", {"include_total": True}),
        (
            "filter.statuses=TICKET_STATUS_OPEN&filter.statuses=999",
            {"filter": {"statuses": [ticket_pb2.TICKET_STATUS_OPEN, 999]}},
        ),
        ("filter.tagsAny=a&filter.tags_any=a", {"filter": {"tags_any": ["a", "a"]}}),
        ("filter.tagsAny=a,b", {"filter": {"tags_any": ["a,b"]}}),
        ("filter.archived=false", {"filter": {"archived": False}}),
        ("filter.text=", {"filter": {"text": ""}}),
        ("filter.created.start=1970-01-01T00:00:01Z", {"filter": {"created": {"start": {"seconds": 1}}}}),
    ],
)
def test_what_a_query_says(query: str, expected: dict[str, Any]) -> None:
    assert _request("GET", f"/admin/tickets?{query}") == ticket_reads_pb2.ListTicketsRequest(**expected)


@pytest.mark.parametrize(
    ("query", "field", "description"),
    [
        ("nothing=1", "nothing", "there is no such parameter"),
        ("=1", "", "there is no such parameter"),
        ("filter.=1", "filter.", "there is no such parameter"),
        ("filter..text=1", "filter..text", "there is no such parameter"),
        ("page_size.x=1", "page_size.x", "there is no such parameter"),
        ("filter.created.start.seconds=1", "filter.created.start.seconds", "there is no such parameter"),
        ("filter.statuses%5B0%5D=1", "filter.statuses[0]", "there is no such parameter"),
        ("filter" + ".x" * 20_000 + "=1", "filter" + ".x" * 47 + "…", "there is no such parameter"),
        ("filter=x", "filter", "is an object: its fields are parameters"),
        ("page_size=1&page_size=1", "page_size", "is given twice"),
        ("page_size=1&pageSize=1", "page_size", "is given twice"),
        ("filter.text=a&filter.text=b", "filter.text", "is given twice"),
        ("page_size=", "page_size", "must be a whole number"),
        ("page_size=5%20", "page_size", "must be a whole number"),
        ("page_size=2147483648", "page_size", f"must be from {-(2**31)} to {2**31 - 1}"),
        ("include_total=1", "include_total", "must be true or false"),
        ("include_total", "include_total", "must be true or false"),
        ("filter.statuses=open", "filter.statuses", "must be the name or the number of a TicketStatus"),
        ("filter.created.start=now", "filter.created.start", "must be a time such as 2026-11-23T10:00:00Z"),
        (
            "filter.created.start=2026-01-01T00:00:00+05:30",
            "filter.created.start",
            "must be a time such as 2026-11-23T10:00:00Z",
        ),
        ("order_by=%FF", "order_by", "is not UTF-8 in the query"),
        ("order_by=%ED%A0%80", "order_by", "is not UTF-8 in the query"),
        ("order_by=%zz", "order_by", "is not percent-encoded in the query"),
        ("order_by=é", "order_by", "is not percent-encoded in the query"),
        ("%FF=1", "", "is not UTF-8 in the query"),
    ],
)
def test_what_a_query_cannot_say(query: str, field: str, description: str) -> None:
    assert _violations("GET", f"/admin/tickets?{query}") == [(field, description)]


def test_all_that_is_wrong_with_a_query_is_told_up_to_fifty() -> None:
    assert _violations("GET", "/admin/tickets?page_size=x&nothing=1&filter.archived=2") == [
        ("page_size", "must be a whole number"),
        ("nothing", "there is no such parameter"),
        ("filter.archived", "must be true or false"),
    ]
    assert len(_violations("GET", "/admin/tickets?" + "x=1&" * 1_000)) == 50


@pytest.mark.parametrize(
    ("query", "field", "description"),
    [
        ("left=a&right=1", "right", "excludes left"),
        ("left=a&middle.shape=1", "middle.shape", "excludes left"),
        ("middle.left=a&middle.right=1", "middle.right", "excludes left"),
        ("to_text=a", "to_text", "cannot be a parameter"),
        ("to_text.a=b", "to_text.a", "there is no such parameter"),
        ("inners=a", "inners", "cannot be a parameter"),
        ("inners.shape=1", "inners.shape", "there is no such parameter"),
        ("some_timestamp=2026-01-01T00:00:00Z", "some_timestamp", "cannot be a parameter"),
        ("one_struct=%7B%7D", "one_struct", "is an object: its fields are parameters"),
        ("one_struct.a=1", "one_struct.a", "there is no such parameter"),
        ("one_value=1", "one_value", "is an object: its fields are parameters"),
        ("one_any=1", "one_any", "is an object: its fields are parameters"),
        ("one_int32value.value=1", "one_int32value.value", "there is no such parameter"),
        ("one_boolvalue=1", "one_boolvalue", "must be true or false"),
        (".".join(["inner"] * 40) + ".shape=1", ("inner." * 17)[:100] + "…", "there is no such parameter"),
    ],
)
def test_what_no_query_can_say(query: str, field: str, description: str) -> None:
    with pytest.raises(BadRequest) as error:
        _query(Everything, query)
    assert error.value.violations == [(field, description)]


def test_the_same_member_of_two_objects_is_not_given_twice() -> None:
    message = _query(Everything, "inner.left=a&middle.right=1&inner.shape=1")
    assert message == Everything(inner={"left": "a", "shape": 1}, middle={"right": 1})


# --- paths ----------------------------------------------------------------------------------------


def test_values_of_the_path_are_converted_as_the_field_wants_them() -> None:
    variables = {"one_int64": "-5", "shape": "SHAPE_ROUND", "inner.one_bool": "true", "maybe_string": ""}
    message = _query(Everything, "", variables)
    assert message == Everything(one_int64=-5, shape=1, inner={"one_bool": True}, maybe_string="")


def test_a_value_of_the_path_that_the_field_cannot_hold_is_named() -> None:
    with pytest.raises(BadRequest) as error:
        _query(Everything, "", {"one_int64": "x", "inner.shape": "y"})
    assert error.value.violations == [
        ("one_int64", "must be a whole number"),
        ("inner.shape", "must be the name or the number of a Shape"),
    ]


def test_path_query_and_body_make_one_request() -> None:
    message = _request(
        "PATCH", "/admin/tickets/a%2Fb?updateMask=title,ownerId&reason=because+of", '{"title": "x"}', JSON
    )
    expected = ticket_writes_pb2.UpdateTicketRequest(reason="because of")
    expected.ticket.id, expected.ticket.title = "a/b", "x"
    expected.update_mask.paths.extend(["title", "owner_id"])
    assert message == expected


@pytest.mark.parametrize("query", ["id=x", "id=TKT-1"])
def test_what_the_path_says_is_no_parameter(query: str) -> None:
    assert _violations("GET", f"/admin/tickets/TKT-1?{query}") == [("id", "is in the path of the URL")]


# --- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ['{"id": "TKT-1", "title": "x"}', '{"id": "", "title": "x"}', '{"title": "x"}'])
def test_the_body_may_repeat_what_the_path_says(body: str) -> None:
    message = _request("PATCH", "/admin/tickets/TKT-1", body)
    assert message.ticket == ticket_pb2.Ticket(id="TKT-1", title="x")


def test_the_body_must_not_contradict_the_path() -> None:
    wrong = [("ticket.id", "is not what the path of the URL says")]
    assert _violations("PATCH", "/admin/tickets/TKT-1", '{"id": "TKT-2"}') == wrong
    assert _violations("POST", "/admin/tickets/TKT-1:view", '{"id": "TKT-2"}') == [
        ("id", "is not what the path of the URL says")
    ]


def test_what_goes_into_the_body_is_no_parameter() -> None:
    assert _violations("PATCH", "/admin/tickets/TKT-1?ticket.title=x", "{}") == [("ticket.title", "goes into the body")]
    assert _violations("POST", "/admin/tickets:search?query=x", "{}") == [("query", "goes into the body")]
    assert _violations("POST", "/admin/tickets:search?query=x") == [("query", "goes into the body")]
    assert _violations("POST", "/admin/tickets:search?nothing=x", "{}") == [("nothing", "there is no such parameter")]


def test_fields_beside_the_body_are_parameters() -> None:
    message = _request("POST", "/admin/tickets?requestId=r", '{"title": "x"}')
    assert message == ticket_writes_pb2.CreateTicketRequest(ticket=ticket_pb2.Ticket(title="x"), request_id="r")
    assert _violations("POST", "/admin/tickets", '{"ticket": {"title": "x"}}') == [
        ("ticket.ticket", "there is no such field")
    ]


def test_violations_of_a_body_are_named_from_the_request() -> None:
    assert _violations("POST", "/admin/tickets", '{"title": 5}') == [("ticket.title", "must be text")]
    assert _violations("POST", "/admin/tickets:search", '{"filter": {"tagsAny": [1]}}') == [
        ("filter.tags_any[0]", "must be text")
    ]


@pytest.mark.parametrize("content_type", [None, "text/plain", JSON])
def test_no_body_is_one_with_nothing_in_it(content_type: str | None) -> None:
    assert _request("POST", "/admin/tickets", b"", content_type) == ticket_writes_pb2.CreateTicketRequest()
    assert _request("POST", "/admin/tickets/a:view", b"", content_type).id == "a"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_body_where_none_is_read_is_refused(method: str) -> None:
    assert _violations(method, "/admin/tickets", "{}") == [("", "no body is taken here: fields go into the query")]


@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "Application/JSON",
        "application/json;charset=utf-8",
        'application/json; charset="UTF-8"',
        "application/json; profile=x",
    ],
)
def test_bodies_are_json(content_type: str) -> None:
    assert _request("POST", "/admin/tickets:search", '{"query": "x"}', content_type).query == "x"


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/json-patch+json",
        "application/jsonx",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
    ],
)
def test_bodies_that_say_they_are_something_else_are_refused(content_type: str | None) -> None:
    route = ROUTER.find("POST", "/admin/tickets:search")
    with pytest.raises(UnsupportedMediaType, match="must be application/json"):
        to_request(route, "", b'{"query": "x"}', content_type)


BODIES = [(rpc, binding) for rpc in rpcs() for binding in rpc.bindings if binding.body]


@pytest.mark.parametrize(("rpc", "binding"), BODIES, ids=[f"{b.http_method} {b.template}" for _, b in BODIES])
def test_every_body_of_the_contract_is_read(rpc: Rpc, binding: Binding) -> None:
    @settings(max_examples=10, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        descriptor: Any = rpc.request.DESCRIPTOR
        whole = binding.body == "*"
        inner = descriptor if whole else descriptor.fields_by_name[binding.body].message_type
        content = draw_message(data.draw, inner)
        expected: Message = GetMessageClass(descriptor)()
        (expected if whole else getattr(expected, binding.body)).CopyFrom(content)
        found = to_request(Route(rpc, binding, {}), "", to_json(content), JSON)
        assert found.SerializeToString(deterministic=True) == expected.SerializeToString(deterministic=True)
        assert json.loads(to_json(found)) == json_format.MessageToDict(expected)

    check()
