"""Headers that stand for fields: If-Match for an etag, or, being ``*``, for update_only, If-None-Match for create_only,
Idempotency-Key for a request_id; and the ETag of an answer.

Where those fields are follows from the descriptors. The etag that a change depends on is the request's own field
``etag``, or else that of the resource which a variable of the path goes into (``{ticket.id}``: ``ticket.etag``). An
answer's ETag is the field ``etag`` of what its body is. A change without ``update_only`` never creates what the path
names, so that ``If-Match: *`` adds nothing to it: where there is nothing it is 404 with the header and without.

Etags name the version of a resource, not bytes: compression leaves them as they are, and a ``W/`` that a proxy put
before one is ignored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import grpc
from google.protobuf.message import Message

from gateway.bad_request import BadRequest
from gateway.contract import Binding, Rpc

_NAMESPACE = uuid5(NAMESPACE_URL, "https://tickets.rodistaa.com/idempotency-key")
_KEY = re.compile(r"[!#-~]([ !#-~]{0,253}[!#-~])?")
"""Visible ASCII, with spaces inside; no quotation mark, which a structured field would escape."""
_ONE_ETAG = re.compile(r'(?:W/)?("[!#-~]*")')


@dataclass(frozen=True, slots=True)
class Conditions:
    """Where one binding of an RPC has what the headers stand for."""

    is_read: bool
    has_request_id: bool
    etag_of: str | None
    """The field of the request that holds the etag: empty for the request itself, None where it has none."""
    has_create_only: bool
    has_update_only: bool
    answer: str
    """The field that the answer's body is; empty for all of it."""
    answer_has_etag: bool

    def identify(self, request: Message, idempotency_key: str | None) -> None:
        """Gives a change its ``request_id``: the caller's, that of the header, or a new one, so that repeating the call
        on the way to the server cannot make it happen twice. A UUID is taken as it is, any other key stands for a UUID
        that is always the same. Raises BadRequest."""
        if not self.has_request_id:
            return
        changed: Any = request
        if idempotency_key is None:
            if not changed.request_id:
                changed.request_id = str(uuid4())
            return
        request_id = _request_id(idempotency_key)
        if changed.request_id and changed.request_id != request_id:
            raise BadRequest([("request_id", "differs from the header Idempotency-Key")])
        changed.request_id = request_id

    def require(self, request: Message, if_match: str | None, if_none_match: str | None) -> None:
        """Takes the version that a change depends on into the request. Raises BadRequest: a condition that cannot be
        kept is never ignored."""
        if if_none_match is not None and not self.is_read:
            self._require_none(request, if_none_match)
        if if_match is None:
            return
        if self.etag_of is None:
            raise BadRequest([("", "the header If-Match is not for this call, which depends on no version")])
        changed: Any = request
        holder = getattr(changed, self.etag_of) if self.etag_of else changed
        path = f"{self.etag_of}.etag" if self.etag_of else "etag"
        if if_match.strip() == "*":
            if self.has_update_only:
                changed.update_only = True
            return
        found = _ONE_ETAG.fullmatch(if_match.strip())
        if found is None:
            raise BadRequest([(path, 'the header If-Match must be one etag as the server gave it, such as "1a"')])
        if holder.etag and holder.etag != found[1]:
            raise BadRequest([(path, "differs from the header If-Match")])
        holder.etag = found[1]

    def _require_none(self, request: Message, if_none_match: str) -> None:
        if not self.has_create_only:
            raise BadRequest([("", "the header If-None-Match is only for reads, and for calls that may create")])
        if if_none_match.strip() != "*":
            raise BadRequest([("create_only", "the header If-None-Match of a change must be *")])
        changed: Any = request
        changed.create_only = True

    def is_failed(self, code: grpc.StatusCode, reason: str, headers: Mapping[str, str]) -> bool:
        """Whether a status says that a condition among the headers does not hold, which HTTP calls 412."""
        if code is grpc.StatusCode.ALREADY_EXISTS:
            return "if-none-match" in headers and reason != "REQUEST_ID_REUSED"
        if code is grpc.StatusCode.NOT_FOUND:
            return "if-match" in headers and self.has_update_only
        return "if-match" in headers and reason == "ETAG_MISMATCH"

    def etag(self, answer: Message) -> str:
        """For the header ETag; empty where there is none."""
        if not self.answer_has_etag:
            return ""
        body: Any = getattr(answer, self.answer) if self.answer else answer
        etag: str = body.etag
        return etag


@cache
def conditions_of(rpc: Rpc, binding: Binding) -> Conditions:
    """Found once for each binding."""
    request, response = rpc.request.DESCRIPTOR, rpc.response.DESCRIPTOR
    body = response.fields_by_name[binding.response_body].message_type if binding.response_body else response
    return Conditions(
        is_read=rpc.is_read,
        has_request_id="request_id" in request.fields_by_name and not rpc.is_read,
        etag_of=_etag_of(request, binding),
        has_create_only="create_only" in request.fields_by_name,
        has_update_only="update_only" in request.fields_by_name,
        answer=binding.response_body,
        answer_has_etag=body is not None and "etag" in body.fields_by_name,
    )


def is_known(request: Message, etag: str, if_none_match: str) -> bool:
    """Whether the client has already what the answer to a read would show: of that version, and where no access reason
    was given, since the copy that it has may lack what the reason discloses."""
    if getattr(request, "access_reason", ""):
        return False
    return if_none_match.strip() == "*" or etag in _ONE_ETAG.findall(if_none_match)


def _etag_of(request: Any, binding: Binding) -> str | None:  # noqa: ANN401 - a Descriptor, of either kind
    if "etag" in request.fields_by_name:
        return ""
    for resource in re.findall(r"\{(\w+)\.", binding.template):
        if "etag" in request.fields_by_name[resource].message_type.fields_by_name:
            return str(resource)
    return None


def _request_id(key: str) -> str:
    text = key.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]  # as the IETF's draft has it: a structured field
    if not _KEY.fullmatch(text):
        raise BadRequest([("request_id", "the header Idempotency-Key must be 1 to 255 visible ASCII characters")])
    try:
        if str(UUID(text)) == text.lower():
            return text
    except ValueError:
        pass
    return str(uuid5(_NAMESPACE, text))
