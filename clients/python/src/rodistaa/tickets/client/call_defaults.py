"""What every call carries unless its caller says otherwise: a request id, a deadline, a token."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import grpc
from google.protobuf.message import Message

_Request = TypeVar("_Request")
_Call = TypeVar("_Call")
_Continuation = Callable[[grpc.ClientCallDetails, _Request], _Call]


@dataclass(frozen=True)
class _Details(grpc.ClientCallDetails):
    method: str
    timeout: float | None
    metadata: tuple[tuple[str, str | bytes], ...] | None
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None

    @classmethod
    def of(cls, details: grpc.ClientCallDetails) -> "_Details":
        return cls(
            method=details.method,
            timeout=details.timeout,
            metadata=details.metadata,
            credentials=details.credentials,
            wait_for_ready=details.wait_for_ready,
            compression=details.compression,
        )


class RequestIds(grpc.UnaryUnaryClientInterceptor):
    """Gives each mutation a request_id, so that the channel's retries cannot make it happen twice.

    The caller's message is left as it is: sending the same object again is a new request. Who
    repeats a call after an error and means the same one sets `request_id`.
    """

    def intercept_unary_unary(
        self,
        continuation: _Continuation[_Request, _Call],
        client_call_details: grpc.ClientCallDetails,
        request: _Request,
    ) -> _Call:
        return continuation(client_call_details, _with_request_id(request))


def _with_request_id(request: _Request) -> _Request:
    if not isinstance(request, Message):
        return request
    if "request_id" not in request.DESCRIPTOR.fields_by_name or getattr(request, "request_id"):  # noqa: B009 - not every message has it
        return request
    identified = type(request)()
    identified.CopyFrom(request)
    setattr(identified, "request_id", str(uuid.uuid4()))  # noqa: B010 - see above
    return identified


class Deadline(grpc.UnaryUnaryClientInterceptor):
    """Ends unary calls that were made without a timeout."""

    def __init__(self, deadline: timedelta) -> None:
        self._seconds = deadline.total_seconds()

    def intercept_unary_unary(
        self,
        continuation: _Continuation[_Request, _Call],
        client_call_details: grpc.ClientCallDetails,
        request: _Request,
    ) -> _Call:
        if client_call_details.timeout is None:
            client_call_details = replace(_Details.of(client_call_details), timeout=self._seconds)
        return continuation(client_call_details, request)


class Authenticating(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Sends the caller's token.

    As metadata, not as gRPC call credentials: those refuse channels without TLS, and local
    development and service meshes that encrypt underneath have such channels.
    """

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def intercept_unary_unary(
        self,
        continuation: _Continuation[_Request, _Call],
        client_call_details: grpc.ClientCallDetails,
        request: _Request,
    ) -> _Call:
        return continuation(self._authenticated(client_call_details), request)

    def intercept_unary_stream(
        self,
        continuation: _Continuation[_Request, _Call],
        client_call_details: grpc.ClientCallDetails,
        request: _Request,
    ) -> _Call:
        return continuation(self._authenticated(client_call_details), request)

    def _authenticated(self, details: grpc.ClientCallDetails) -> grpc.ClientCallDetails:
        header = ("authorization", f"Bearer {self._token()}")
        return replace(_Details.of(details), metadata=(*(details.metadata or ()), header))
