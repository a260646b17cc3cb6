"""Where a stream goes on, as server-sent events say it: ids of events, and Last-Event-ID.

Which field of an event is its id, and which field of the request takes it, follows from the names of the contract: a
field of the request and a field of the event that are called the same, or ``after_NAME`` and ``NAME``, and have the
same type. The event's field stands in the streamed message itself, or in every message of its oneof.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.bad_request import BadRequest
from gateway.contract import Rpc

_TYPES = {
    FieldDescriptor.CPPTYPE_STRING: str,
    FieldDescriptor.CPPTYPE_INT64: int,
    FieldDescriptor.CPPTYPE_INT32: int,
}
_NUMBER = re.compile(r"[0-9]{1,18}")
_TEXT = re.compile(r"[ -~]*")
"""What neither breaks a line of the stream nor a header, and is the same in every encoding."""


@dataclass(frozen=True, slots=True)
class EventKinds:
    """What the events of a stream are called, and where they are in it."""

    oneof: str | None
    resume_field: str | None
    """Of the request; None where the stream cannot be resumed."""
    _resume_type: type | None
    _place: Callable[[Message], Any]

    @classmethod
    def of(cls, rpc: Rpc) -> "EventKinds":
        """Raises ValueError where more than one pair of fields would do."""
        event: Any = rpc.response.DESCRIPTOR  # the types of the stubs do not fit together
        fields: Any = rpc.request.DESCRIPTOR.fields
        oneof = next((each for each in event.oneofs if not _is_optional(each)), None)
        cases: list[FieldDescriptor] = list(oneof.fields) if oneof is not None else []
        found = []
        for field in fields:
            if field.is_repeated or field.cpp_type not in _TYPES:
                continue
            name = field.name.removeprefix("after_")
            if _has(event, name, field):
                found.append((field, _of_event(name)))
            elif oneof is not None and all(
                case.message_type is not None and _has(case.message_type, name, field) for case in cases
            ):
                found.append((field, _of_case(oneof.name, name)))
        if len(found) > 1:
            raise ValueError(f"{rpc.path} could be resumed by any of {[field.name for field, _ in found]}")
        kind = oneof.name if oneof is not None else None
        if not found:
            return cls(kind, None, None, lambda _: "")
        ((field, place),) = found
        return cls(kind, field.name, _TYPES[field.cpp_type], place)

    def name_of(self, event: Message) -> str:
        """Which case of its oneof it is; empty for one that is unknown here."""
        return event.WhichOneof(self.oneof) or "" if self.oneof is not None else ""

    def id_of(self, event: Message) -> str:
        """Where a stream that comes after this event begins; empty where none can."""
        place = self._place(event)
        text = str(place) if place else ""
        return text if _TEXT.fullmatch(text) else ""

    def resume(self, request: Message, last_event_id: str) -> None:
        """Has the stream begin after that event. Raises BadRequest for what is no id of such an event."""
        if self.resume_field is None:
            return
        value: str | int = last_event_id
        if self._resume_type is int:
            if not _NUMBER.fullmatch(last_event_id):
                raise BadRequest([(self.resume_field, "the header Last-Event-ID must be the id of an event")])
            value = int(last_event_id)
        try:
            setattr(request, self.resume_field, value)
        except ValueError:  # beyond the type
            raise BadRequest([(self.resume_field, "the header Last-Event-ID must be the id of an event")]) from None


def _is_optional(oneof: Any) -> bool:  # noqa: ANN401 - OneofDescriptor has no public type in the stubs
    """Whether it is only how ``optional`` is written down."""
    return len(oneof.fields) == 1 and oneof.name == f"_{oneof.fields[0].name}"


def _has(message: Descriptor, name: str, like: FieldDescriptor) -> bool:
    field = message.fields_by_name.get(name)
    return field is not None and not field.is_repeated and field.cpp_type == like.cpp_type


def _of_event(name: str) -> Callable[[Message], Any]:
    return lambda event: getattr(event, name)


def _of_case(oneof: str, name: str) -> Callable[[Message], Any]:
    def place(event: Message) -> Any:  # noqa: ANN401 - a string or a number
        case = event.WhichOneof(oneof)
        return getattr(getattr(event, case), name) if case is not None else None

    return place
