"""Canonical JSON of messages (https://protobuf.dev/programming-guides/json), both ways."""

import json
from collections import Counter
from typing import Any, NoReturn

from google.protobuf.message import Message

from gateway.bad_request import BadRequest, Violations
from gateway.json_decoder import field_reader, message_reader, shown, takes_null
from gateway.json_encoder import field_encoder, message_encoder

_DEEPEST = 32  # of a google.protobuf.Struct each level is three of the message, of which the wire takes a hundred
_MOST_DIGITS = 400  # the largest double has 309
_MOST_VALUES = 50_000
"""Commas and opening brackets, wherever they stand. No request that the contract takes has a fifth of them, and four
megabytes of empty objects would be seconds of work."""


def to_json(message: Message) -> bytes:
    """One line of UTF-8; as JSON values equal to what ``google.protobuf.json_format`` writes.

    Raises ValueError for what has no JSON: times outside the years 1 to 9999, a NaN in a ``google.protobuf.Value``, a
    field mask of names that are not in snake_case, an Any of a type unknown here.
    """
    return message_encoder(message.DESCRIPTOR)(message).encode()


def field_to_json(message: Message, field_name: str) -> bytes:
    """The value of one field, for ``response_body``; its default where it is not set, ``{}`` for a message."""
    return field_encoder(message.DESCRIPTOR.fields_by_name[field_name])(getattr(message, field_name)).encode()


def from_json(message: Message, data: bytes, field: str | None = None) -> None:
    """Reads ``data`` into ``message``, which is empty, or into one field of it, for ``body``.

    Raises BadRequest with all fields that are wrong, the first 50 of them; JSON that is none, with a key twice in one
    object, nested deeper than 32, or of more than 50 000 values is one violation without a field.
    """
    value = _parsed(data, field or "")
    wrong = Violations()
    if field is None:
        message_reader(message.DESCRIPTOR)(message, value, "", wrong)
    else:
        descriptor = message.DESCRIPTOR.fields_by_name[field]
        if value is not None or takes_null(descriptor):
            field_reader(descriptor)(message, value, field, wrong)
    if wrong:
        raise BadRequest(wrong)


def _parsed(data: bytes, path: str) -> object:
    if data.count(b",") + data.count(b"[") + data.count(b"{") > _MOST_VALUES:
        raise BadRequest([(path, f"has more than {_MOST_VALUES} commas and opening brackets")])
    try:
        value: object = json.loads(
            data.decode(), object_pairs_hook=_object, parse_constant=_no_number, parse_int=_integer
        )
    except UnicodeDecodeError:
        raise BadRequest([(path, "is not UTF-8")]) from None
    except RecursionError:
        raise _too_deep(path) from None
    except json.JSONDecodeError as error:
        raise BadRequest([(path, f"is not JSON: {error.msg}, line {error.lineno} column {error.colno}")]) from None
    except ValueError as error:
        raise BadRequest([(path, f"is not JSON: {error}")]) from None
    level = [value]
    for _ in range(_DEEPEST + 1):
        level = [child for parent in level if isinstance(parent, dict | list) for child in _children(parent)]
        if not level:
            return value
    raise _too_deep(path)


def _children(parent: dict[str, Any] | list[Any]) -> list[Any]:
    return list(parent.values()) if isinstance(parent, dict) else parent


def _too_deep(path: str) -> BadRequest:
    return BadRequest([(path, f"is nested deeper than {_DEEPEST} levels")])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        [(twice, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"an object has the key {shown(twice)} twice")
    return members


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number; as text it is one")


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number has more than {_MOST_DIGITS} digits")
    return int(digits)
