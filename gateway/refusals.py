"""Which answer each failure becomes, and how a request is refused whose body may still be on its way."""

from collections.abc import Mapping

import google.rpc.error_details_pb2 as error_details
import google.rpc.status_pb2 as rpc_status
import grpc
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from gateway.bad_request import BadRequest, UnsupportedMediaType
from gateway.call_context import headers_of, request_id_of
from gateway.errors import REQUEST_ID_HEADER, HttpError, error_of, internal_status, make_status, status_json
from gateway.request_bodies import BodyStalled, RequestBody
from gateway.routes import NoRoute, WrongMethod
from gateway.upstream import Metadata, UpstreamError

_log = structlog.get_logger("gateway")

EXPECTED = (
    HttpError,
    UpstreamError,
    BadRequest,
    UnsupportedMediaType,
    NoRoute,
    WrongMethod,
    BodyStalled,
    HTTPException,
)
"""Failures that are somebody's, and no defect of the gateway."""
_METADATA_BYTES = 7 * 1024
"""gRPC servers take 8 KiB, of which some is for gRPC's own."""


def bad_request(http_status: int, message: str, headers: Mapping[str, str] | None = None) -> HttpError:
    """A refusal of what is no request in its form, whatever it asks for."""
    return HttpError(http_status, make_status(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", message), headers)


def require_short(metadata: Metadata) -> None:
    """Raises HttpError for more than any server would take: gRPC's own answer would be that of a limit of calls."""
    if sum(len(name) + len(value) for name, value in metadata) > _METADATA_BYTES:
        raise bad_request(431, f"Token and trace are longer than {_METADATA_BYTES} bytes together.")


def error_for(error: Exception, request_id: str) -> HttpError:  # noqa: PLR0911 - a table
    """Of whatever was raised; what nobody foresaw is logged, and INTERNAL with a fixed text."""
    match error:
        case HttpError():
            return error
        case UpstreamError():
            return error_of(error.status)
        case BadRequest():
            return error_of(_violated(error))
        case UnsupportedMediaType():
            return bad_request(415, str(error), {"Accept": "application/json"})
        case NoRoute() | HTTPException(status_code=404):
            return HttpError(404, make_status(grpc.StatusCode.NOT_FOUND, "UNIMPLEMENTED", "Nothing is served here."))
        case WrongMethod():
            return _wrong_method(", ".join((*error.allowed, "OPTIONS")))
        case HTTPException(status_code=405):
            return _wrong_method((error.headers or {}).get("Allow", ""))
        case BodyStalled():
            status = make_status(
                grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "The body did not come in time."
            )
            return HttpError(408, status)
        case _:
            _log.error("a request failed", request_id=request_id, exc_info=error)
            return error_of(internal_status(request_id))


def reason_of(error: UpstreamError) -> str:
    """The server's own name of what went wrong."""
    info = error_details.ErrorInfo()
    for detail in error.status.details:
        if detail.Unpack(info):
            return info.reason
    return ""


async def refuse(error: HttpError, request_id: str, send: Send, body: RequestBody) -> None:
    """Answer. What is left of the body is read and thrown away, within bounds, and the connection ends then."""
    response = _response(error, request_id)
    if body.is_whole:
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await send({"type": "http.response.body", "body": response.body})
        return
    response.headers["Connection"] = "close"
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": True})
    await body.discard()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def answer_error(request: Request, error: Exception) -> Response:
    """For Starlette: what other endpoints raise."""
    request_id = request_id_of(headers_of(request.scope))
    return _response(error_for(error, request_id), request_id)


def _response(error: HttpError, request_id: str) -> Response:
    return Response(
        status_json(error.status),
        error.http_status,
        {**error.headers, REQUEST_ID_HEADER: request_id},
        media_type="application/json",
    )


def _violated(error: BadRequest) -> rpc_status.Status:
    field, description = error.violations[0]
    more = f" (and {len(error.violations) - 1} more)" if len(error.violations) > 1 else ""
    first = f"{field}: {description}" if field else description
    return make_status(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", first + more, violations=error.violations)


def _wrong_method(allowed: str) -> HttpError:
    return HttpError(
        405,
        make_status(grpc.StatusCode.UNIMPLEMENTED, "UNIMPLEMENTED", f"Here only {allowed} can be asked for."),
        {"Allow": allowed},
    )
