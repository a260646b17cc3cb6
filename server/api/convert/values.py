"""Well-known types: timestamps, structs."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf import struct_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from server.domain.json_numbers import as_double_holds
from server.domain.validation import EARLIEST, LATEST, MAX_METADATA_BYTES, Checker

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_SECONDS = int(EARLIEST.timestamp())
_LATEST_SECONDS = int(LATEST.timestamp())
_MICROSECOND = timedelta(microseconds=1)
_EXACT = 2**53


def to_datetime(check: Checker, field: str, value: Timestamp) -> datetime:
    """An instant between the years 2000 and 2200, cut to microseconds; else a violation, and 2000 stands in."""
    if not (_EARLIEST_SECONDS <= value.seconds <= _LATEST_SECONDS and 0 <= value.nanos < 1_000_000_000):
        check.fail(field, "must be a time between the years 2000 and 2200")
        return EARLIEST
    return _EPOCH + timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)


def set_timestamp(target: Timestamp, value: datetime) -> None:
    """Fill a timestamp field from an aware datetime."""
    microseconds = (value - _EPOCH) // _MICROSECOND
    target.seconds, rest = divmod(microseconds, 1_000_000)
    target.nanos = rest * 1000


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """JSON values; whole numbers that a double holds exactly become int."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:  # noqa: ANN401 - any JSON value
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number = value.number_value
        return int(number) if abs(number) < _EXACT and number == int(number) else number
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind in ("string_value", "bool_value"):
        return getattr(value, kind)
    return None


def to_metadata(check: Checker, field: str, struct: struct_pb2.Struct) -> dict[str, Any]:
    """A ticket's checked metadata. What is far too large is refused without a look at its millions of values."""
    if struct.ByteSize() > 6 * MAX_METADATA_BYTES:  # "0," takes 2 bytes as JSON and 11 here
        check.fail(field, f"at most {MAX_METADATA_BYTES} bytes as JSON")
        return {}
    return check.metadata(field, from_struct(struct))


def set_struct(target: struct_pb2.Struct, values: Mapping[str, Any]) -> None:
    """Fill a struct field from JSON values; a number that a double does not hold exactly becomes text."""
    target.update(as_double_holds(values))
