"""Canonical JSON of messages (https://protobuf.dev/programming-guides/json), both ways."""

from google.protobuf import json_format
from google.protobuf.message import Message


def to_json(message: Message) -> bytes:
    """One line of UTF-8; as JSON values equal to what ``google.protobuf.json_format`` writes."""
    return json_format.MessageToJson(message, indent=None).encode()


def field_to_json(message: Message, field_name: str) -> bytes:
    """The value of one field, for ``response_body``; its default where it is not set."""
    raise NotImplementedError


def from_json(message: Message, data: bytes, field: str | None = None) -> None:
    """Reads ``data`` into ``message``, or into one field of it, for ``body``. Raises BadRequest."""
    raise NotImplementedError
