"""The only place where a failure of the domain becomes a gRPC status.

A status carries a ``google.rpc.Status`` in its trailing metadata: always an ErrorInfo, a BadRequest for
bad fields, a RetryInfo where waiting helps. Whatever is not a TicketsError becomes INTERNAL with a fixed
text; what went wrong is for the log alone.
"""

from collections.abc import Iterable, Mapping

import google.rpc.error_details_pb2 as error_details
import google.rpc.status_pb2 as rpc_status
import grpc
from google.protobuf.message import Message

from server.domain.errors import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    Reason,
    ResourceExhausted,
    TicketsError,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)

ERROR_DOMAIN = "tickets.rodistaa.com"
REQUEST_ID_KEY = "x-request-id"
INTERNAL_TEXT = "Internal error. Quote the request id when you report it."

STATUS_OF: Mapping[type[TicketsError], grpc.StatusCode] = {
    InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    NotFound: grpc.StatusCode.NOT_FOUND,
    FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    Aborted: grpc.StatusCode.ABORTED,
    AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    OutOfRange: grpc.StatusCode.OUT_OF_RANGE,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    Unimplemented: grpc.StatusCode.UNIMPLEMENTED,
}

_DETAILS_KEY = "grpc-status-details-bin"

# gRPC libraries refuse trailing metadata above 8 KiB in all, and the message travels twice: once in
# the details (base64) and once beside them (percent-encoded). What does not fit is left out, and counted.
_MESSAGE_LIMIT = 500
_FIELD_LIMIT = 200
_DESCRIPTION_LIMIT = 300
_METADATA_VALUE_LIMIT = 500
_VIOLATIONS_BUDGET = 2_500


class Failure(grpc.Status):
    """A status as grpc's ``abort_with_status`` takes it, with the reason beside it for log and metrics."""

    def __init__(self, status: rpc_status.Status, code: grpc.StatusCode, reason: Reason, request_id: str) -> None:
        self.code = code
        self.details = status.message
        self.trailing_metadata = ((REQUEST_ID_KEY, request_id), (_DETAILS_KEY, status.SerializeToString()))
        self.reason = reason.value


def failure_of(error: Exception, request_id: str) -> Failure:
    """The status for ``error``: as the table says for a TicketsError, INTERNAL for all else."""
    if not isinstance(error, TicketsError):
        info = _error_info(Reason.INTERNAL, {"request_id": request_id})
        return Failure(
            _status(grpc.StatusCode.INTERNAL, INTERNAL_TEXT, [info]),
            grpc.StatusCode.INTERNAL,
            Reason.INTERNAL,
            request_id,
        )
    metadata = dict(error.metadata)
    details: list[Message] = []
    if isinstance(error, InvalidArgument) and error.violations:
        bad_request, omitted = _bad_request(error.violations)
        details.append(bad_request)
        if omitted:
            metadata["violations_omitted"] = str(omitted)
    if isinstance(error, ResourceExhausted | Unavailable):
        retry_info = error_details.RetryInfo()
        retry_info.retry_delay.FromTimedelta(error.retry_after)
        details.append(retry_info)
    code = code_of(error)
    return Failure(
        _status(code, error.message, [_error_info(error.reason, metadata), *details]), code, error.reason, request_id
    )


def code_of(error: TicketsError) -> grpc.StatusCode:
    """By the class of the error, or the nearest base of it that the table names."""
    return next((STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF), grpc.StatusCode.UNKNOWN)


def _status(code: grpc.StatusCode, message: str, details: Iterable[Message]) -> rpc_status.Status:
    status = rpc_status.Status(code=code.value[0], message=_clipped(message, _MESSAGE_LIMIT))
    for detail in details:
        status.details.add().Pack(detail)
    return status


def _error_info(reason: Reason, metadata: Mapping[str, str]) -> error_details.ErrorInfo:
    clipped = {key: _clipped(value, _METADATA_VALUE_LIMIT) for key, value in metadata.items()}
    return error_details.ErrorInfo(reason=reason.value, domain=ERROR_DOMAIN, metadata=clipped)


def _bad_request(violations: Iterable[FieldViolation]) -> tuple[error_details.BadRequest, int]:
    """The violations that fit, and how many do not."""
    bad_request = error_details.BadRequest()
    used = omitted = 0
    for violation in violations:
        field = _clipped(violation.field, _FIELD_LIMIT)
        description = _clipped(violation.description, _DESCRIPTION_LIMIT)
        used += len(field.encode()) + len(description.encode()) + 8
        if used > _VIOLATIONS_BUDGET:
            omitted += 1
        else:
            bad_request.field_violations.add(field=field, description=description)
    return bad_request, omitted


def _clipped(text: str, limit: int) -> str:
    """At most ``limit`` bytes of UTF-8; lone surrogates, which the wire cannot carry, become '?'."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode()
    return encoded[: limit - 3].decode("utf-8", "ignore") + "…"
