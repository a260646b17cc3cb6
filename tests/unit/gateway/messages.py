"""Messages that have a JSON form, for hypothesis, of any type."""

import struct
from collections.abc import Callable, Iterable
from typing import Any

from google.protobuf import timestamp_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import ListValue
from google.protobuf.wrappers_pb2 import StringValue
from hypothesis import strategies as st

from gateway.contract import rpcs

Draw = Callable[[st.SearchStrategy[Any]], Any]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["", "\0", "\x1f\x7f\x85", '"\\/', "\u2028\u2029", "\ufeff", "😀", "null", "</script>", "NaN", "1", "\r\n\t"]
)
_SECONDS = st.integers(-62_135_596_800, 253_402_300_799) | st.sampled_from([-62_135_596_800, -1, 0, 253_402_300_799])
_NANOS = st.integers(0, 999_999_999) | st.sampled_from([0, 1, 1_000, 123_000_000, 999_999_999, 120_000])
_NAMES = st.from_regex(r"[a-z]{1,4}(_[a-z]{1,3}){0,2}(\.[a-z]{1,3})?", fullmatch=True)
_FINITE = st.floats(allow_nan=False, allow_infinity=False)


def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high) | st.sampled_from([low, high, 0, 1])


_INT32, _UINT32 = _integers(-(2**31), 2**31 - 1), _integers(0, 2**32 - 1)
_INT64, _UINT64 = _integers(-(2**63), 2**63 - 1), _integers(0, 2**64 - 1)
_LARGEST_FLOAT = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_STRING: TEXTS,
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=6),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_DOUBLE: st.floats(allow_nan=False) | st.just(float("nan")),
    FieldDescriptor.TYPE_FLOAT: st.floats(width=32, allow_nan=False)
    | st.sampled_from([float("nan"), 0.1, 16_777_216.0, _LARGEST_FLOAT, -_LARGEST_FLOAT, 1e-45]),
    FieldDescriptor.TYPE_INT32: _INT32,
    FieldDescriptor.TYPE_SINT32: _INT32,
    FieldDescriptor.TYPE_SFIXED32: _INT32,
    FieldDescriptor.TYPE_UINT32: _UINT32,
    FieldDescriptor.TYPE_FIXED32: _UINT32,
    FieldDescriptor.TYPE_INT64: _INT64,
    FieldDescriptor.TYPE_SINT64: _INT64,
    FieldDescriptor.TYPE_SFIXED64: _INT64,
    FieldDescriptor.TYPE_UINT64: _UINT64,
    FieldDescriptor.TYPE_FIXED64: _UINT64,
}
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | _FINITE | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def types_of_the_contract() -> list[Any]:
    """Descriptors of all messages that its RPCs take and give, at any depth, but for entries of maps."""
    found: dict[str, Any] = {}

    def visit(descriptors: Iterable[Any]) -> None:
        for descriptor in descriptors:
            if descriptor.full_name not in found:
                found[descriptor.full_name] = descriptor
                visit(field.message_type for field in descriptor.fields if field.message_type)

    visit(kind.DESCRIPTOR for rpc in rpcs() for kind in (rpc.request, rpc.response))
    return [descriptor for descriptor in found.values() if not descriptor.GetOptions().map_entry]


def draw_message(draw: Draw, descriptor: Any, *, depth: int = 0) -> Message:
    """With a few of its fields, deeper down with fewer."""
    message: Any = GetMessageClass(descriptor)()
    if descriptor.full_name in _WELL_KNOWN:
        _WELL_KNOWN[descriptor.full_name](draw, message)
        return message  # type: ignore[no-any-return]
    names = draw(
        st.lists(st.sampled_from(list(descriptor.fields)), max_size=8 - 3 * depth) if descriptor.fields else st.just([])
    )
    for field in names:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            _fill_map(draw, getattr(message, field.name), field.message_type, depth)
        elif field.is_repeated:
            into = getattr(message, field.name)
            into.extend([draw_value(draw, field, depth=depth + 1) for _ in range(draw(st.integers(0, 2)))])
        elif field.message_type is not None:
            if depth < 2 or field.message_type.full_name in _WELL_KNOWN:  # a Value that is none has no JSON of its own
                getattr(message, field.name).CopyFrom(draw_message(draw, field.message_type, depth=depth + 1))
            getattr(message, field.name).SetInParent()
        else:
            setattr(message, field.name, draw_value(draw, field, depth=depth))
    return message  # type: ignore[no-any-return]


def draw_value(draw: Draw, field: Any, *, depth: int = 0) -> Any:
    """One value of a field."""
    if field.message_type is not None:
        return draw_message(draw, field.message_type, depth=min(depth + 1, 2))
    if field.enum_type is not None:
        if field.enum_type.full_name == "google.protobuf.NullValue":
            return 0
        known = list(field.enum_type.values_by_number)
        return draw(st.sampled_from([*known, -1, 999, 2**31 - 1, -(2**31)]))
    return draw(_SCALARS[field.type])


def _fill_map(draw: Draw, into: Any, entry: Any, depth: int) -> None:
    of_value = entry.fields_by_name["value"]
    for key in draw(st.lists(_SCALARS[entry.fields_by_name["key"].type], max_size=2)):
        value = draw_value(draw, of_value, depth=depth + 1)
        if of_value.message_type is not None:
            into[key].CopyFrom(value)
        else:
            into[key] = value


def _timestamp(draw: Draw, message: Any) -> None:
    message.seconds, message.nanos = draw(_SECONDS), draw(_NANOS)


def _duration(draw: Draw, message: Any) -> None:
    sign = draw(st.sampled_from([1, -1]))
    message.seconds = sign * draw(st.integers(0, 315_575_999_999))
    message.nanos = sign * draw(_NANOS)


def _mask(draw: Draw, message: Any) -> None:
    message.paths.extend(draw(st.lists(_NAMES, max_size=3)))


def _struct(draw: Draw, message: Any) -> None:
    message.update(draw(st.dictionaries(TEXTS, JSON_VALUES, max_size=3)))


def _list(draw: Draw, message: Any) -> None:
    message.extend(draw(st.lists(JSON_VALUES, max_size=3)))


def _value(draw: Draw, message: Any) -> None:
    message.CopyFrom(_a_value(draw(JSON_VALUES)))


def _a_value(value: Any) -> Any:
    holder = ListValue()
    holder.extend([value])
    return holder.values[0]


def _any(draw: Draw, message: Any) -> None:
    packed = draw(
        st.none()
        | st.builds(StringValue, value=TEXTS)
        | st.builds(timestamp_pb2.Timestamp, seconds=_SECONDS)
        | st.sampled_from([kind() for kind in (rpcs()[0].request, rpcs()[0].response)])
    )
    if packed is not None:
        message.Pack(packed)


_WELL_KNOWN: dict[str, Callable[[Draw, Any], None]] = {
    "google.protobuf.Any": _any,
    "google.protobuf.Duration": _duration,
    "google.protobuf.FieldMask": _mask,
    "google.protobuf.ListValue": _list,
    "google.protobuf.Struct": _struct,
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Value": _value,
}
