"""Single values of JSON, of URL paths and of queries as fields hold them."""

import math
import re
import struct
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, TypeAlias

from google.protobuf.descriptor import FieldDescriptor

Converter: TypeAlias = Callable[[object], object]
_Field: TypeAlias = Any
"""Descriptor of a field: the stubs have two unrelated classes for it."""

_INTEGER = re.compile(r"-?[0-9]{1,30}")
_NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,9})?")
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Wrong(Exception):
    """The value is none of the field's. The description goes to the client, and never has the value in it."""

    def __init__(self, description: str) -> None:
        self.description = description
        super().__init__(description)


@cache
def scalar(field: _Field) -> Converter:
    """From JSON to what the field holds, or one element of it. What it returns raises Wrong."""
    if field.enum_type is not None:
        return _enum(field.enum_type)
    if field.type in _RANGES:
        low, high = _RANGES[field.type]
        return lambda value: _integer(value, low, high)
    return _CONVERTERS[field.type]


def from_text(field: _Field, given: str) -> object:
    """The same from text alone, as URLs and keys of maps have it. Raises Wrong."""
    if field.type == FieldDescriptor.TYPE_BOOL:
        if given not in ("true", "false"):
            raise Wrong("must be true or false")
        return given == "true"
    return scalar(field)(given)


def text(value: object) -> str:
    """Raises Wrong for what is not text, or has half a surrogate pair in it, which UTF-8 cannot carry."""
    if not isinstance(value, str):
        raise Wrong("must be text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Wrong("has half a surrogate pair in it") from None
    return value


def number(value: object) -> float:
    """A JSON number. Raises Wrong where a double cannot hold it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong("must be a number")
    try:
        converted = float(value)
    except OverflowError:
        converted = math.inf
    if not math.isfinite(converted):
        raise Wrong("is too large")
    return converted


def _double(value: object) -> float:
    if isinstance(value, str):
        if value in _NOT_FINITE:
            return _NOT_FINITE[value]
        if not _NUMBER.fullmatch(value):
            raise Wrong("must be a number")
        value = float(value)
    return number(value)


def _float(value: object) -> float:
    converted = _double(value)
    try:
        struct.pack("<f", converted)  # rounds: the largest one, written short, is a little above itself
    except OverflowError:
        raise Wrong("is too large") from None
    return converted


def _integer(value: object, low: int, high: int) -> int:
    if isinstance(value, str):
        if _INTEGER.fullmatch(value):
            value = int(value)
        elif _NUMBER.fullmatch(value):
            value = float(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong("must be a whole number")
    if not low <= value <= high:
        raise Wrong(f"must be from {low} to {high}")
    return value


def _enum(enum: Any) -> Converter:  # noqa: ANN401 - the stubs have two unrelated classes for descriptors
    numbers: dict[str, int] = {name: value.number for name, value in enum.values_by_name.items()}
    is_null = enum.full_name == "google.protobuf.NullValue"

    def convert(value: object) -> int:
        if isinstance(value, str) and value in numbers:
            return numbers[value]
        if value is None and is_null:
            return 0
        if not isinstance(value, str) or _INTEGER.fullmatch(value):
            with suppress(Wrong):
                return _integer(value, *_INT32)
        raise Wrong(f"must be the name or the number of a {enum.name}")

    return convert


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong("must be true or false")
    return value


def _bytes(value: object) -> bytes:
    given = text(value).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return b64decode(given + "=" * (-len(given) % 4), validate=True)
    except (NotBase64, ValueError):
        raise Wrong("must be base64") from None


_INT32 = (-(2**31), 2**31 - 1)
_INT64 = (-(2**63), 2**63 - 1)
_RANGES: Mapping[int, tuple[int, int]] = {
    FieldDescriptor.TYPE_INT32: _INT32,
    FieldDescriptor.TYPE_SINT32: _INT32,
    FieldDescriptor.TYPE_SFIXED32: _INT32,
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: _INT64,
    FieldDescriptor.TYPE_SINT64: _INT64,
    FieldDescriptor.TYPE_SFIXED64: _INT64,
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64 - 1),
}
_CONVERTERS: Mapping[int, Converter] = {
    FieldDescriptor.TYPE_STRING: text,
    FieldDescriptor.TYPE_BYTES: _bytes,
    FieldDescriptor.TYPE_BOOL: _bool,
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_FLOAT: _float,
}
