"""Opaque page tokens: a position, bound to the arguments and the caller it was made for.

A token says where to go on, never what may be seen: every page is filtered anew.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from typing import TypeVar

from google.protobuf.message import Message

from server.application.call import Call
from server.domain.errors import InvalidArgument, Reason

M = TypeVar("M", bound=Message)

_NOT_ARGUMENTS = ("page_size", "page_token", "access_reason")
PAGE_BYTES = 3_500_000
"""Bytes of a page's items, well below the 4 MiB that a gRPC message may have."""


class PageToken:
    """Reads and writes the tokens of one list request."""

    def __init__(self, call: Call, request: Message) -> None:
        arguments = type(request)()
        arguments.CopyFrom(request)
        for name in _NOT_ARGUMENTS:
            if name in request.DESCRIPTOR.fields_by_name:
                arguments.ClearField(name)
        digest = hashlib.blake2b(digest_size=12)
        for part in (
            request.DESCRIPTOR.full_name.encode(),
            call.principal.user_id.encode(),
            arguments.SerializeToString(deterministic=True),
        ):
            digest.update(len(part).to_bytes(4, "big") + part)
        self._fingerprint = digest.hexdigest()
        self._token: str = request.page_token  # type: ignore[attr-defined] # every list request has it

    def write(self, position: tuple[str, ...] | None) -> str:
        """The token of a position; empty after the last page."""
        if position is None:
            return ""
        text = json.dumps([self._fingerprint, *position], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def read(self, length: int) -> tuple[str, ...] | None:
        """The position of the request's token, ``length`` texts; None on the first page.

        Raises InvalidArgument (PAGE_TOKEN_INVALID) when it is damaged or was made for something else.
        """
        if not self._token:
            return None
        try:
            padded = self._token + "=" * (-len(self._token) % 4)
            parts = json.loads(base64.b64decode(padded.encode(), altchars=b"-_", validate=True))
        except (binascii.Error, UnicodeError, ValueError, RecursionError):
            raise invalid_token() from None
        if (
            not isinstance(parts, list)
            or len(parts) != length + 1
            or not all(isinstance(part, str) and _is_storable(part) for part in parts)
            or parts[0] != self._fingerprint
        ):
            raise invalid_token()
        return tuple(parts[1:])


def _is_storable(text: str) -> bool:
    """Whether PostgreSQL could take it as a text: JSON can spell lone surrogates and NUL, in forged tokens."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def invalid_token() -> InvalidArgument:
    """The one answer to every bad token."""
    error = InvalidArgument.field("page_token", "is damaged, or was made for other arguments or another caller")
    error.reason = Reason.PAGE_TOKEN_INVALID
    return error


def fitting(items: Iterable[M], *, most: int = PAGE_BYTES) -> list[M]:
    """The first items that fit into one message; at least one."""
    taken: list[M] = []
    size = 0
    for item in items:
        size += item.ByteSize() + 8
        if taken and size > most:
            break
        taken.append(item)
    return taken
