"""What went wrong, as HTTP answers: every one of them has a ``google.rpc.Status`` in JSON as its body.

The statuses of the server pass as they are. Those that the gateway makes itself look like the server's: an ErrorInfo
with a reason of the contract's ErrorReason, a BadRequest for bad fields, a RetryInfo where waiting helps.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import ceil

import google.rpc.error_details_pb2 as error_details
import google.rpc.status_pb2 as rpc_status
import grpc
from google.protobuf import json_format
from google.protobuf.message import DecodeError

ERROR_DOMAIN = "tickets.rodistaa.com"
REQUEST_ID_HEADER = "x-request-id"
INTERNAL_TEXT = "Internal error. Quote the request id when you report it."

_HTTP_STATUS = {
    grpc.StatusCode.OK: 200,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.UNKNOWN: 500,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.INTERNAL: 500,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DATA_LOSS: 500,
}
"""As google/rpc/code.proto says."""
_NO_JSON = (TypeError, ValueError, DecodeError, json_format.SerializeToJsonError)
_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}


class HttpError(Exception):
    """An answer that is an error: HTTP status, the Status that is its body, and headers beside those of every error."""

    def __init__(self, http_status: int, status: rpc_status.Status, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(http_status, status.message)
        self.http_status = http_status
        self.status = status
        self.headers = dict(headers or {})


def http_status_of(code: int) -> int:
    """For a code of google/rpc/code.proto; 500 for one that is none."""
    return _HTTP_STATUS[_BY_NUMBER.get(code, grpc.StatusCode.UNKNOWN)]


def make_status(
    code: grpc.StatusCode,
    reason: str,
    message: str,
    *,
    violations: Sequence[tuple[str, str]] = (),
    metadata: Mapping[str, str] | None = None,
    retry_after: timedelta | None = None,
) -> rpc_status.Status:
    """A status as the server makes it. ``reason`` is a name of ErrorReason without its prefix."""
    status = rpc_status.Status(code=code.value[0], message=message)
    info = error_details.ErrorInfo(reason=reason, domain=ERROR_DOMAIN, metadata=metadata or {})
    status.details.add().Pack(info)
    if violations:
        bad_request = error_details.BadRequest()
        for field, description in violations:
            bad_request.field_violations.add(field=field, description=description)
        status.details.add().Pack(bad_request)
    if retry_after is not None:
        retry_info = error_details.RetryInfo()
        retry_info.retry_delay.FromTimedelta(retry_after)
        status.details.add().Pack(retry_info)
    return status


def internal_status(request_id: str) -> rpc_status.Status:
    """Of what nobody foresaw: the cause is for the log alone."""
    return make_status(grpc.StatusCode.INTERNAL, "INTERNAL", INTERNAL_TEXT, metadata={"request_id": request_id})


def error_of(status: rpc_status.Status) -> HttpError:
    """The answer for a status, with the headers that follow from it."""
    http_status = http_status_of(status.code)
    headers: dict[str, str] = {}
    if http_status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    seconds = _retry_seconds(status)
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    return HttpError(http_status, status, headers)


def status_json(status: rpc_status.Status) -> bytes:
    """One line of UTF-8. Details of unknown types are left out: they cannot be written as JSON."""
    try:
        made = json_format.MessageToDict(status)
    except _NO_JSON:
        made = json_format.MessageToDict(_without_unknown_details(status))
    made.setdefault("code", 0)
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _without_unknown_details(status: rpc_status.Status) -> rpc_status.Status:
    known = rpc_status.Status(code=status.code, message=status.message)
    for detail in status.details:
        try:
            json_format.MessageToDict(detail)
        except _NO_JSON:
            continue
        known.details.append(detail)
    return known


def _retry_seconds(status: rpc_status.Status) -> int | None:
    """Whole seconds, rounded up, at least one."""
    retry_info = error_details.RetryInfo()
    for detail in status.details:
        if detail.Unpack(retry_info):
            return max(1, ceil(retry_info.retry_delay.ToTimedelta().total_seconds()))
    return None
