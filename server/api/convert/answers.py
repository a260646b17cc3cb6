"""What the unit of work needs to give a mutation's answer once."""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from google.protobuf.message import Message

from server.application.answers import Answer, RequestKey
from server.domain.validation import Checker

R = TypeVar("R")
M = TypeVar("M", bound=Message)


def answer_for(request: Message, response_type: type[M], present: Callable[[R], M]) -> Answer[R, M]:
    """How to answer this request. Raises InvalidArgument for a ``request_id`` that is no UUID."""
    return Answer(
        key=_key_of(request),
        present=present,
        dump=lambda message: message.SerializeToString(),
        load=response_type.FromString,
    )


def _key_of(request: Message) -> RequestKey | None:
    text: str = request.request_id  # type: ignore[attr-defined] # every mutation's request has it
    if not text:
        return None
    check = Checker()
    request_id = check.uuid("request_id", text)
    check.done()
    body = type(request)()
    body.CopyFrom(request)
    body.ClearField("request_id")
    return RequestKey(
        request_id,
        request.DESCRIPTOR.full_name,
        hashlib.sha256(body.SerializeToString(deterministic=True)).digest(),
    )
