"""JSON into messages: every field that is wrong is named, by the names of the contract.

``json_format`` stops at the first one and names it in prose. Like there, fields go by their JSON name or by that of the
contract, null is what is not set, and 64-bit numbers and enums may be text or numbers. Stricter: numbers and times are
ASCII as the specification writes them, base64 has nothing else in it, a bool is no number. More lenient: paths of
a field mask may be in snake_case too.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, TypeAlias

from google.protobuf import any_pb2, json_format
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import ListValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.bad_request import Violations
from gateway.json_scalars import Wrong, from_text, number, scalar, text

Reader: TypeAlias = Callable[[Any, object, str, Violations], None]
"""Reads a JSON value into the message, or into a field of it; the path is for the violations it adds."""
_Descriptor: TypeAlias = Any
"""Of a message or field: the stubs have two unrelated classes for each."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DURATION = re.compile(r"-?\d{1,12}(\.\d{1,9})?s", re.ASCII)
_MASK = re.compile(r"([A-Za-z0-9_.*]+(,[A-Za-z0-9_.*]+)*)?")
_LONGEST_NAME = 100


@cache
def fields_of(descriptor: _Descriptor) -> Mapping[str, Any]:
    """Descriptors of the fields, by JSON name and by the name in the contract."""
    return {field.name: field for field in descriptor.fields} | {field.json_name: field for field in descriptor.fields}


@cache
def message_reader(descriptor: _Descriptor) -> Reader:
    """For messages of that type."""
    if is_wrapper(descriptor):
        return field_reader(descriptor.fields_by_name["value"])
    return _WELL_KNOWN.get(descriptor.full_name, _read_fields)


@cache
def field_reader(field: _Descriptor) -> Reader:
    """For the field of a message. It takes null for Values alone."""
    if is_map(field):
        return _map_reader(field)
    if field.is_repeated:
        return _list_reader(field)
    name = field.name
    if field.message_type is not None:

        def read_message(message: Message, value: object, path: str, wrong: Violations) -> None:
            inner = getattr(message, name)
            inner.SetInParent()
            message_reader(field.message_type)(inner, value, path, wrong)

        return read_message
    convert = scalar(field)

    def read_scalar(message: Message, value: object, path: str, wrong: Violations) -> None:
        try:
            setattr(message, name, convert(value))
        except Wrong as error:
            wrong.append((path, error.description))

    return read_scalar


def is_map(field: _Descriptor) -> bool:
    return bool(field.message_type is not None and field.message_type.GetOptions().map_entry)


def is_wrapper(descriptor: _Descriptor) -> bool:
    return bool(descriptor.file.name == "google/protobuf/wrappers.proto")


def takes_null(field: _Descriptor) -> bool:
    """Whether null is a value of the field, not the lack of one."""
    if field.is_repeated:
        return False
    if field.enum_type is not None:
        return bool(field.enum_type.full_name == "google.protobuf.NullValue")
    return field.message_type is not None and field.message_type.full_name == "google.protobuf.Value"


def shown(name: str) -> str:
    """A name that a client made up, as it may stand in an answer."""
    name = name.encode(errors="replace").decode()
    return name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "…"


def _read_fields(message: Message, value: object, path: str, wrong: Violations) -> None:
    if not isinstance(value, dict):
        wrong.append((path, "must be an object"))
        return
    fields = fields_of(message.DESCRIPTOR)
    prefix = f"{path}." if path else ""
    taken: dict[str, str] = {}
    for name, item in value.items():
        field = fields.get(name)
        if field is None:
            wrong.append((prefix + shown(name), "there is no such field"))
            continue
        here = prefix + field.name
        if taken.setdefault(field.name, name) != name:
            wrong.append((here, "is given twice"))
            continue
        if item is None and not takes_null(field):
            continue
        oneof = field.containing_oneof
        if oneof is not None and (other := taken.setdefault(f"oneof {oneof.name}", field.name)) != field.name:
            wrong.append((here, f"excludes {other}"))
            continue
        field_reader(field)(message, item, here, wrong)


def _list_reader(field: _Descriptor) -> Reader:
    name = field.name

    def read_list(message: Message, value: object, path: str, wrong: Violations) -> None:
        if not isinstance(value, list):
            wrong.append((path, "must be a list"))
            return
        into = getattr(message, name)
        for index, item in enumerate(value):
            here = f"{path}[{index}]"
            if field.message_type is not None:
                message_reader(field.message_type)(into.add(), item, here, wrong)
            else:
                _converted(field, item, here, wrong, into.append)

    return read_list


def _map_reader(field: _Descriptor) -> Reader:
    of_key = field.message_type.fields_by_name["key"]
    of_value = field.message_type.fields_by_name["value"]
    name = field.name

    def read_map(message: Message, value: object, path: str, wrong: Violations) -> None:
        if not isinstance(value, dict):
            wrong.append((path, "must be an object"))
            return
        into = getattr(message, name)
        for name_of_key, item in value.items():
            here = f"{path}[{shown(name_of_key)}]"
            try:
                key = from_text(of_key, name_of_key)
            except Wrong as error:
                wrong.append((here, f"its key {error.description}"))
                continue
            if of_value.message_type is not None:
                message_reader(of_value.message_type)(into[key], item, here, wrong)
            else:
                _converted(of_value, item, here, wrong, partial(into.__setitem__, key))

    return read_map


def _converted(field: _Descriptor, value: object, path: str, wrong: Violations, store: Callable[[Any], None]) -> None:
    try:
        store(scalar(field)(value))
    except Wrong as error:
        wrong.append((path, error.description))


def _read_time(message: Timestamp, value: object, path: str, wrong: Violations) -> None:
    if not _from_json_string(message, value, _TIME):
        wrong.append((path, "must be a time such as 2026-11-23T10:00:00Z"))


def _read_duration(message: Duration, value: object, path: str, wrong: Violations) -> None:
    if not _from_json_string(message, value, _DURATION):
        wrong.append((path, "must be a duration in seconds such as 1.5s"))


def _from_json_string(message: Timestamp | Duration, value: object, form: re.Pattern[str]) -> bool:
    if not isinstance(value, str) or not form.fullmatch(value):
        return False
    try:
        message.FromJsonString(value)
    except (ValueError, OverflowError):
        return False
    return True


def _read_mask(message: FieldMask, value: object, path: str, wrong: Violations) -> None:
    if not isinstance(value, str) or not _MASK.fullmatch(value):
        wrong.append((path, "must be names of fields with commas between them"))
        return
    message.paths[:] = [
        re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name) for name in value.split(",") if name
    ]


def _read_any(message: any_pb2.Any, value: object, path: str, wrong: Violations) -> None:
    """As ``json_format`` does: what it holds may be of any type that this process knows."""
    try:
        json_format.ParseDict(value if isinstance(value, dict) else {"": value}, message)
    except (json_format.ParseError, ValueError, TypeError, KeyError, AttributeError):
        wrong.append((path, "must be an object with the type of a message in @type, and its fields"))


def _read_struct(message: Struct, value: object, path: str, wrong: Violations) -> None:
    if not isinstance(value, dict):
        wrong.append((path, "must be an object"))
        return
    for key, item in value.items():
        here = f"{path}.{shown(key)}"
        try:
            into = message.fields[text(key)]
        except Wrong as error:
            wrong.append((here, f"its key {error.description}"))
        else:
            _read_value(into, item, here, wrong)


def _read_list(message: ListValue, value: object, path: str, wrong: Violations) -> None:
    if not isinstance(value, list):
        wrong.append((path, "must be a list"))
        return
    for index, item in enumerate(value):
        _read_value(message.values.add(), item, f"{path}[{index}]", wrong)


def _read_value(message: Value, value: object, path: str, wrong: Violations) -> None:
    if isinstance(value, dict):
        message.struct_value.SetInParent()
        _read_struct(message.struct_value, value, path, wrong)
    elif isinstance(value, list):
        message.list_value.SetInParent()
        _read_list(message.list_value, value, path, wrong)
    elif value is None:
        message.null_value = 0  # type: ignore[assignment]  # the stubs want the enum's own type
    elif isinstance(value, bool):
        message.bool_value = value
    else:
        try:
            if isinstance(value, str):
                message.string_value = text(value)
            else:
                message.number_value = number(value)
        except Wrong as error:
            wrong.append((path, error.description))


_WELL_KNOWN: Mapping[str, Reader] = {
    "google.protobuf.Any": _read_any,
    "google.protobuf.Duration": _read_duration,
    "google.protobuf.FieldMask": _read_mask,
    "google.protobuf.ListValue": _read_list,
    "google.protobuf.Struct": _read_struct,
    "google.protobuf.Timestamp": _read_time,
    "google.protobuf.Value": _read_value,
}

TEXT_MESSAGES = frozenset({"google.protobuf.Duration", "google.protobuf.FieldMask", "google.protobuf.Timestamp"})
"""Messages whose JSON is text."""
