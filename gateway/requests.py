"""From an HTTP request to the message of its RPC.

The rules are those of google/api/http.proto. What would be dropped in silence is refused instead: a parameter that no
field takes or that is given twice, a body where none is read, a body that contradicts the path.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from google.protobuf.message import Message

from gateway.bad_request import BadRequest, UnsupportedMediaType, Violations
from gateway.json_codec import from_json
from gateway.json_decoder import TEXT_MESSAGES, field_reader, fields_of, is_wrapper, shown
from gateway.json_scalars import Wrong, from_text
from gateway.path_templates import NOT_AN_ESCAPE
from gateway.routes import Route

__all__ = ["BadRequest", "UnsupportedMediaType", "to_request"]

_Field: TypeAlias = Any
"""Descriptor of a field: the stubs have two unrelated classes for it."""

_DEEPEST = 32


def to_request(route: Route, query: str, body: bytes, content_type: str | None) -> Message:
    """The request message.

    ``query`` is as it came over the wire, without ``?``; ``body`` is whole: whoever reads it from the socket keeps
    it within ``settings.max_message_bytes``. No body at all is one with nothing in it, of whatever type. A field that
    the path says may be in the body too, if it says the same.

    Raises BadRequest with the body's violations, else with those of path and query; UnsupportedMediaType.
    """
    message = route.rpc.request()
    if body:
        _read_body(message, route.binding.body, body, content_type)
    request = _Request(message, route.binding.body)
    for path, value in route.variables.items():
        request.take_from_path(path, value)
    for name, value in _parameters(query):
        request.take_parameter(name, value)
    if request.wrong:
        raise BadRequest(request.wrong)
    return message


def _read_body(message: Message, covers: str, body: bytes, content_type: str | None) -> None:
    if not covers:
        raise BadRequest([("", "no body is taken here: fields go into the query")])
    kind, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    if kind != "application/json" or any(
        part.startswith("charset=") and part not in ("charset=utf-8", 'charset="utf-8"') for part in parameters
    ):
        raise UnsupportedMediaType("The body must be application/json in UTF-8.")
    from_json(message, body, None if covers == "*" else covers)


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    """Names and values in order. Raises BadRequest."""
    for parameter in query.split("&"):
        if parameter:
            name, _, value = parameter.partition("=")
            yield _decoded(name, ""), _decoded(value, name)


def _decoded(raw: str, name: str) -> str:
    """Without escapes; a plus is a space. Raises BadRequest."""
    if "%" not in raw and raw.isascii():
        return raw.replace("+", " ")
    if not raw.isascii() or NOT_AN_ESCAPE.search(raw):
        raise BadRequest([(shown(name), "is not percent-encoded in the query")])
    try:
        return unquote_to_bytes(raw.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise BadRequest([(shown(name), "is not UTF-8 in the query")]) from None


class _Request:
    """The message while path and query are read into it."""

    def __init__(self, message: Message, body: str) -> None:
        self.wrong = Violations()
        self._message = message
        self._body = body
        self._in_path: set[str] = set()
        self._given: dict[str, str] = {}
        """Path of a field, or of a oneof: the field that was given."""

    def take_from_path(self, path: str, value: str) -> None:
        """The template names a field with one value (http.proto)."""
        self._in_path.add(path)
        message, field = self._message, None
        for name in path.split("."):
            if field is not None:
                message = getattr(message, field.name)
            field = message.DESCRIPTOR.fields_by_name[name]
        assert field is not None  # noqa: S101 - a path has at least one name
        before = getattr(message, field.name)
        in_body = before != field.default_value
        try:
            setattr(message, field.name, from_text(field, value))
        except Wrong as error:
            self.wrong.append((path, error.description))
            return
        if in_body and getattr(message, field.name) != before:
            self.wrong.append((path, "is not what the path of the URL says"))

    def take_parameter(self, name: str, value: str) -> None:
        """One of the query: ``filter.owner_id``, ``filter.ownerId``."""
        fields = _fields(self._message, name)
        if not fields:
            self.wrong.append((shown(name), "there is no such parameter"))
            return
        path = ".".join(field.name for field in fields)
        refusal = self._refusal(fields, path)
        if refusal:
            self.wrong.append((path, refusal))
            return
        message = self._message
        for owner in fields[:-1]:
            message = getattr(message, owner.name)
        _store(message, fields[-1], value, path, self.wrong)

    def _refusal(self, fields: list[_Field], path: str) -> str | None:
        """Why a field cannot be a parameter of this request, or not once more."""
        if path in self._in_path:
            return "is in the path of the URL"
        if self._body in ("*", fields[0].name):
            return "goes into the body"
        return _unfit(fields[-1]) or self._repeats(fields, path)

    def _repeats(self, fields: list[_Field], path: str) -> str | None:
        """Whether a field with one value was given before, or another one of a oneof it is in."""
        if not fields[-1].is_repeated:
            if path in self._given:
                return "is given twice"
            self._given[path] = path
        owner = ""
        for field in fields:
            if field.containing_oneof is not None:
                other = self._given.setdefault(f"{owner}:{field.containing_oneof.name}", field.name)
                if other != field.name:
                    return f"excludes {other}"
            owner += "." + field.name
        return None


def _unfit(field: _Field) -> str | None:
    """Why no field of that kind is ever a parameter."""
    kind = field.message_type
    if kind is None:
        return None
    if field.is_repeated:
        return "cannot be a parameter"
    if kind.full_name in TEXT_MESSAGES or is_wrapper(kind):
        return None
    return "is an object: its fields are parameters"


def _fields(message: Message, name: str) -> list[_Field]:
    """From the request to the field that a parameter names; none where there is no such."""
    fields: list[_Field] = []
    known = fields_of(message.DESCRIPTOR)
    for part in name.split(".", _DEEPEST):
        field = known.get(part)
        if field is None:
            return []
        fields.append(field)
        inner = field.message_type
        walks_in = inner is not None and not field.is_repeated and inner.file.package != "google.protobuf"
        known = fields_of(inner) if walks_in else {}
    return fields


def _store(message: Message, field: _Field, value: str, path: str, wrong: Violations) -> None:
    if field.message_type is not None and is_wrapper(field.message_type):
        message = getattr(message, field.name)
        message.SetInParent()
        field = message.DESCRIPTOR.fields_by_name["value"]
    if field.message_type is not None:
        field_reader(field)(message, value, path, wrong)
        return
    try:
        converted = from_text(field, value)
    except Wrong as error:
        wrong.append((path, error.description))
        return
    if field.is_repeated:
        getattr(message, field.name).append(converted)
    else:
        setattr(message, field.name, converted)
