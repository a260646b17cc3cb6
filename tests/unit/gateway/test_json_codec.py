import json
import math
from contextlib import suppress
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.bad_request import BadRequest
from gateway.json_codec import field_to_json, from_json, to_json
from rodistaa.tickets.v1 import sla_pb2, ticket_pb2, ticket_reads_pb2, ticket_writes_pb2
from tests.unit.gateway.everything import Everything
from tests.unit.gateway.messages import JSON_VALUES, draw_message, types_of_the_contract

TYPES = [*types_of_the_contract(), Everything.DESCRIPTOR]
EACH_TYPE = pytest.mark.parametrize("descriptor", TYPES, ids=lambda descriptor: descriptor.name)


def profile(examples: int) -> settings:
    return settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )


def _bytes(message: Message) -> bytes:
    """What tells messages apart: a NaN is not equal to itself."""
    return message.SerializeToString(deterministic=True)


def _read(kind: Any, text: str | bytes, field: str | None = None) -> Any:
    message = kind()
    from_json(message, text.encode() if isinstance(text, str) else text, field)
    return message


def _violations(kind: Any, text: str | bytes, field: str | None = None) -> list[tuple[str, str]]:
    with pytest.raises(BadRequest) as error:
        _read(kind, text, field)
    return error.value.violations


@EACH_TYPE
def test_json_is_that_of_json_format_and_reads_back_as_the_same(descriptor: Any) -> None:
    kind = GetMessageClass(descriptor)

    @profile(500 if kind is Everything else 12)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        message = draw_message(data.draw, descriptor)
        written = to_json(message)
        assert json.loads(written) == json_format.MessageToDict(message)
        assert b"\n" not in written
        assert _bytes(_read(kind, written)) == _bytes(message)
        if descriptor.file.package == "google.protobuf":
            return
        for field, _ in message.ListFields():
            alone = field_to_json(message, field.name)
            assert json.loads(alone) == json.loads(written)[field.json_name]
            assert field_to_json(_read(kind, alone, field.name), field.name) == alone

    check()


@EACH_TYPE
def test_any_json_is_read_as_json_format_does_or_refused_with_violations(descriptor: Any) -> None:
    kind = GetMessageClass(descriptor)
    leaves: st.SearchStrategy[Any] = st.sampled_from(
        [None, True, 0, 1, 1.0, -1, 1e300, "1", "a", "", "1.5", [], {}, [None], "NaN", 2**63]
    ) | (JSON_VALUES)

    @profile(500 if kind is Everything else 12)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        document = json.loads(to_json(draw_message(data.draw, descriptor)))
        parent, key = _some_place(data.draw, document)
        if parent is None:
            document = data.draw(leaves)
        else:
            parent[key] = data.draw(leaves)
        text = json.dumps(document)
        if key == "someValue" or "3.4028235e+38" in text:
            return  # json_format fails by accident for a null, and refuses the largest float, which it writes so
        try:
            message = _read(kind, text)
        except BadRequest:
            return
        assert _bytes(message) == _bytes(json_format.Parse(text, kind()))

    check()


def _some_place(draw: Any, document: Any) -> tuple[Any, Any]:
    """Something in it, to be exchanged for something else; nothing for all of it."""
    places: list[tuple[Any, Any]] = [(None, None)]
    left = [document]
    while left:
        parent = left.pop()
        if isinstance(parent, dict | list):
            inner = list(parent.items()) if isinstance(parent, dict) else list(enumerate(parent))
            places += [(parent, key) for key, _ in inner]
            left += [value for _, value in inner]
    return draw(st.sampled_from(places))  # type: ignore[no-any-return]


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_a_bad_request(data: bytes) -> None:
    with suppress(BadRequest):
        _read(Struct, data)


def test_equal_messages_make_equal_text_whatever_the_order_of_their_maps() -> None:
    keys = [f"k{number}" for number in range(50)]
    one, other = Everything(), Everything()
    for key in keys:
        one.to_text[key] = "x"
        one.one_struct[key] = 1
    for key in reversed(keys):
        other.to_text[key] = "x"
        other.one_struct[key] = 1
    assert to_json(one) == to_json(other)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-7.0, "-7"),
        (0.0, "0"),
        (-0.0, "-0.0"),
        (2.5, "2.5"),
        (2.0**53, "9007199254740992"),
        (1e16, "1e+16"),
    ],
)
def test_whole_numbers_of_a_struct_are_written_without_a_fraction(number: float, text: str) -> None:
    assert to_json(Value(number_value=number)) == text.encode()


def test_a_field_that_is_not_set_is_written_as_its_default() -> None:
    response = ticket_reads_pb2.ListTicketsResponse()
    assert field_to_json(response, "tickets") == b"[]"
    assert field_to_json(response, "next_page_token") == b'""'
    assert field_to_json(response, "total_size") == b'"0"'
    assert field_to_json(ticket_reads_pb2.GetTicketResponse(), "ticket") == b"{}"
    assert field_to_json(Everything(), "by_int32") == b"{}"


@pytest.mark.parametrize(
    "message",
    [
        Timestamp(seconds=253_402_300_800),
        Timestamp(seconds=-62_135_596_801),
        Timestamp(seconds=2**63 - 1),
        Timestamp(seconds=-(2**63)),
        Timestamp(nanos=-1),
        Timestamp(nanos=1_000_000_000),
        Value(number_value=math.nan),
        Value(number_value=-math.inf),
        Everything(one_duration={"seconds": 2**62}),
        Everything(one_fieldmask={"paths": ["Upper"]}),
        Everything(one_any={"type_url": "type.googleapis.com/no.Such"}),
        Everything(one_any={"type_url": "type.googleapis.com/google.protobuf.StringValue", "value": b"\xff"}),
    ],
    ids=repr,
)
def test_what_has_no_json(message: Message) -> None:
    with pytest.raises(ValueError, match=r".+"):
        to_json(message)


@pytest.mark.parametrize(
    ("text", "field", "description"),
    [
        ('{"title": 1}', "title", "must be text"),
        ('{"title": "\\ud800"}', "title", "has half a surrogate pair in it"),
        ('{"nothing": 1}', "nothing", "there is no such field"),
        ('{"\\ud800": 1}', "?", "there is no such field"),
        ('{"version": 1.5}', "version", "must be a whole number"),
        ('{"version": true}', "version", "must be a whole number"),
        ('{"version": "9223372036854775808"}', "version", f"must be from {-(2**63)} to {2**63 - 1}"),
        ('{"version": 1e400}', "version", "must be a whole number"),
        ('{"version": "1_0"}', "version", "must be a whole number"),
        ('{"version": "\\u0661"}', "version", "must be a whole number"),
        ('{"version": " 1"}', "version", "must be a whole number"),
        ('{"slaEscalationLevel": 2147483648}', "sla_escalation_level", f"must be from {-(2**31)} to {2**31 - 1}"),
        ('{"slaPercentLeft": 1e400}', "sla_percent_left", "is too large"),
        ('{"slaPercentLeft": "1e400"}', "sla_percent_left", "is too large"),
        ('{"slaPercentLeft": "nan"}', "sla_percent_left", "must be a number"),
        ('{"slaPercentLeft": "0x1"}', "sla_percent_left", "must be a number"),
        ('{"slaPercentLeft": 1' + "0" * 399 + "}", "sla_percent_left", "is too large"),
        ('{"archived": "true"}', "archived", "must be true or false"),
        ('{"archived": 1}', "archived", "must be true or false"),
        ('{"status": "OPEN"}', "status", "must be the name or the number of a TicketStatus"),
        ('{"status": true}', "status", "must be the name or the number of a TicketStatus"),
        ('{"status": 1e10}', "status", "must be the name or the number of a TicketStatus"),
        ('{"createdAt": "2026-02-30T00:00:00Z"}', "created_at", "must be a time such as 2026-11-23T10:00:00Z"),
        ('{"createdAt": "2026-01-01T00:00:00"}', "created_at", "must be a time such as 2026-11-23T10:00:00Z"),
        ('{"createdAt": "\\u0662026-01-01T00:00:00Z"}', "created_at", "must be a time such as 2026-11-23T10:00:00Z"),
        ('{"createdAt": "0001-01-01T00:00:00+01:00"}', "created_at", "must be a time such as 2026-11-23T10:00:00Z"),
        ('{"createdAt": 5}', "created_at", "must be a time such as 2026-11-23T10:00:00Z"),
        ('{"tags": "a"}', "tags", "must be a list"),
        ('{"tags": ["a", null]}', "tags[1]", "must be text"),
        ('{"tags": ["a", "b", 5]}', "tags[2]", "must be text"),
        ('{"metadata": []}', "metadata", "must be an object"),
        ('{"metadata": {"a": {"b": [1, 1e400]}}}', "metadata.a.b[1]", "is too large"),
        ('{"metadata": {"a": "\\udc00"}}', "metadata.a", "has half a surrogate pair in it"),
        ('{"metadata": {"\\udc00": 1}}', "metadata.?", "its key has half a surrogate pair in it"),
        ('{"createdAt": null, "created_at": "2026-01-01T00:00:00Z"}', "created_at", "is given twice"),
        ("[]", "", "must be an object"),
        ("null", "", "must be an object"),
        ('"x"', "", "must be an object"),
    ],
)
def test_a_wrong_field_is_named_as_the_contract_names_it(text: str, field: str, description: str) -> None:
    assert _violations(ticket_pb2.Ticket, text) == [(field, description)]


@pytest.mark.parametrize(
    ("text", "field", "description"),
    [
        ('{"byInt32": {"1": {}, "x": {}}}', "by_int32[x]", "its key must be a whole number"),
        ('{"byBool": {"True": {}}}', "by_bool[True]", "its key must be true or false"),
        ('{"byString": {"a": {"inner": {"shapes": ["x"]}}}}', "by_string[a].inner.shapes[0]", "must be the name or"),
        ('{"toText": {"a": null}}', "to_text[a]", "must be text"),
        ('{"toText": []}', "to_text", "must be an object"),
        ('{"left": "a", "right": 1}', "right", "excludes left"),
        ('{"oneBytes": "a"}', "one_bytes", "must be base64"),
        ('{"oneBytes": "a*bc"}', "one_bytes", "must be base64"),
        ('{"oneFloat": 3.5e38}', "one_float", "is too large"),
        ('{"oneUint32": -1}', "one_uint32", "must be from 0 to 4294967295"),
        ('{"oneInt32value": "x"}', "one_int32value", "must be a whole number"),
        ('{"oneDuration": "5"}', "one_duration", "must be a duration"),
        ('{"oneDuration": "1_0s"}', "one_duration", "must be a duration"),
        ('{"oneFieldmask": "a,,b"}', "one_fieldmask", "must be names of fields"),
        ('{"oneAny": {"value": 1}}', "one_any", "must be an object with the type"),
        ('{"oneAny": {"@type": "type.googleapis.com/no.Such"}}', "one_any", "must be an object with the type"),
        ('{"oneAny": 5}', "one_any", "must be an object with the type"),
        ('{"oneListvalue": {}}', "one_listvalue", "must be a list"),
        ('{"inners": [{}, null]}', "inners[1]", "must be an object"),
        ('{"[tests.extension]": 1}', "[tests.extension]", "there is no such field"),
    ],
)
def test_a_wrong_field_of_any_kind_is_named(text: str, field: str, description: str) -> None:
    [(found, said)] = _violations(Everything, text)
    assert found == field
    assert said.startswith(description)


@pytest.mark.parametrize(
    ("data", "description"),
    [
        (b"", "is not JSON: Expecting value, line 1 column 1"),
        (b"{", "is not JSON: Expecting property name enclosed in double quotes, line 1 column 2"),
        (b"\xff", "is not UTF-8"),
        (b'{"title": "\xed\xa0\x80"}', "is not UTF-8"),
        (b'\xef\xbb\xbf{"title": "x"}', "is not JSON: Unexpected UTF-8 BOM"),
        ('{"title": "x"}'.encode("utf-16"), "is not UTF-8"),
        (b'{"title": "a\0b"}', "is not JSON: Invalid control character"),
        (b"{}\0", "is not JSON: Extra data"),
        (b'{"a": NaN}', "is not JSON: NaN is no number"),
        (b'{"a": -Infinity}', "is not JSON: -Infinity is no number"),
        (b'{"a": 1, "a": 1}', "is not JSON: an object has the key a twice"),
        (b'{"a": 1, "b": 2, "c": 3, "b": 4}', "is not JSON: an object has the key b twice"),
        (b'{"metadata": {"x": {"\\ud800": 1, "\\ud800": 1}}}', "is not JSON: an object has the key ? twice"),
        (b"9" * 5_000, "is not JSON: a number has more than 400 digits"),
        (b'{"metadata": {"x": ' + b"[" * 200 + b"]" * 200 + b"}}", "is nested deeper than 32 levels"),
        (b"[" * 20_000, "is nested deeper than 32 levels"),
        (b'{"a":' * 20_000, "is nested deeper than 32 levels"),
        (b'{"metadata": {"x": [' + b"{}," * 50_000 + b"{}]}}", "has more than 50000 commas and opening brackets"),
    ],
)
@pytest.mark.parametrize("field", [None, "ticket"])
def test_what_is_no_json_at_all(data: bytes, description: str, field: str | None) -> None:
    [(found, said)] = _violations(ticket_writes_pb2.CreateTicketRequest, data, field)
    assert found == (field or "")
    assert said.startswith(description)


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a": ', "}")])
def test_what_is_nested_as_deep_as_may_be_goes_over_the_wire(before: str, after: str) -> None:
    text = '{"ticket": {"metadata": {"x": ' + before * 29 + "1" + after * 29 + "}}}"
    kind = ticket_writes_pb2.CreateTicketRequest
    message = _read(kind, text)
    assert kind.FromString(message.SerializeToString()) == message
    assert json.loads(to_json(message)) == json.loads(text)
    [(_, said)] = _violations(kind, text.replace("1", before + "1" + after))
    assert said == "is nested deeper than 32 levels"


def test_all_that_is_wrong_is_told_up_to_fifty() -> None:
    assert _violations(ticket_pb2.Ticket, '{"title": 1, "x": 2, "tags": [3, "a", 4]}') == [
        ("title", "must be text"),
        ("x", "there is no such field"),
        ("tags[0]", "must be text"),
        ("tags[2]", "must be text"),
    ]
    assert len(_violations(ticket_pb2.Ticket, json.dumps({"tags": [1] * 10_000}))) == 50
    [(name, _)] = _violations(ticket_pb2.Ticket, json.dumps({"x" * 10_000: 1}))
    assert len(name) < 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"slaEscalationLevel": "7", "sla_percent_left": "1.5"}',
            {"sla_escalation_level": 7, "sla_percent_left": 1.5},
        ),
        ('{"slaEscalationLevel": 1e1, "version": "1e3"}', {"sla_escalation_level": 10, "version": 1000}),
        ('{"version": 9223372036854775807}', {"version": 2**63 - 1}),
        ('{"status": "TICKET_STATUS_OPEN"}', {"status": ticket_pb2.TICKET_STATUS_OPEN}),
        ('{"status": 999}', {"status": 999}),
        ('{"status": "999"}', {"status": 999}),
        ('{"title": null, "tags": null, "createdAt": null, "metadata": null, "status": null}', {}),
        ('{"createdAt": "1970-01-01T05:30:00+05:30"}', {"created_at": Timestamp()}),
        ('{"createdAt": "1970-01-01T00:00:00.000000001Z"}', {"created_at": Timestamp(nanos=1)}),
        ('{"title": "\\ud83d\\ude00\\u0000"}', {"title": "😀\0"}),
        (' \n{ "title" : "x" }\r\n', {"title": "x"}),
    ],
)
def test_what_proto3_json_lets_a_client_write(text: str, expected: dict[str, Any]) -> None:
    assert _read(ticket_pb2.Ticket, text) == ticket_pb2.Ticket(**expected)


@pytest.mark.parametrize("text", ['"ownerId,a.bC"', '"owner_id,a.b_c"'])
def test_masks_go_by_either_name(text: str) -> None:
    message = _read(ticket_writes_pb2.UpdateTicketRequest, text, "update_mask")
    assert list(message.update_mask.paths) == ["owner_id", "a.b_c"]


@pytest.mark.parametrize("text", ['"+/8="', '"-_8="', '"-_8"', '"+/8"'])
def test_bytes_go_in_either_alphabet_with_and_without_padding(text: str) -> None:
    assert _read(Everything, text, "one_bytes").one_bytes == b"\xfb\xff"


def test_null_is_no_body_for_a_field_but_is_a_value_where_that_is_one() -> None:
    assert _read(ticket_writes_pb2.CreateTicketRequest, "null", "ticket") == ticket_writes_pb2.CreateTicketRequest()
    assert _read(Everything, "null", "one_value") == Everything(one_value=Value(null_value=NULL_VALUE))
    assert _read(Everything, '{"oneValue": null, "nothing": null}').HasField("one_value")


def test_an_object_without_fields_is_set_all_the_same() -> None:
    assert _read(ticket_writes_pb2.CreateTicketRequest, "{}", "ticket").HasField("ticket")
    assert _read(Everything, '{"oneInt32value": 0}').HasField("one_int32value")
    assert _read(sla_pb2.Calendar, '{"windows": [{}]}').windows[0] == sla_pb2.BusinessWindow()


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("one_double", math.inf, '"Infinity"'),
        ("one_double", -math.inf, '"-Infinity"'),
        ("one_double", math.nan, '"NaN"'),
        ("one_float", -math.inf, '"-Infinity"'),
        ("one_float", 0.1, "0.1"),
        ("one_uint64", 2**64 - 1, '"18446744073709551615"'),
        ("one_int64", -(2**63), '"-9223372036854775808"'),
        ("shape", -1, "-1"),
    ],
)
def test_the_ends_of_each_range(field: str, value: Any, text: str) -> None:
    written = field_to_json(Everything(**{field: value}), field).decode()
    assert written == text
    assert _bytes(_read(Everything, written, field)) == _bytes(Everything(**{field: value}))


def test_beyond_the_range() -> None:
    assert _violations(Everything, '"18446744073709551616"', "one_uint64") == [
        ("one_uint64", f"must be from 0 to {2**64 - 1}")
    ]
