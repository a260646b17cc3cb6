"""Turns what gRPC raises into `TicketsError`, wherever in a call it is raised."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

import grpc

from rodistaa.tickets.client.errors import TicketsError

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")
_Call = TypeVar("_Call")


class ErrorDecoding(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Must be the outermost interceptor: the ones inside would not understand its errors."""

    def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, _Request], _Call],
        client_call_details: grpc.ClientCallDetails,
        request: _Request,
    ) -> _Call:
        return cast("_Call", _Decoded(continuation(client_call_details, request)))

    def intercept_unary_stream(
        self,
        continuation: Callable[[grpc.ClientCallDetails, _Request], _Call],
        client_call_details: grpc.ClientCallDetails,
        request: _Request,
    ) -> _Call:
        return cast("_Call", _Decoded(continuation(client_call_details, request)))


class _Decoded(Generic[_Response]):
    """A call that is the one given, but for the errors that it raises."""

    def __init__(self, call: Any) -> None:  # noqa: ANN401 - gRPC has no public type for both kinds
        self._call = call

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as above
        return getattr(self._call, name)

    def result(self, timeout: float | None = None) -> _Response:
        try:
            return cast("_Response", self._call.result(timeout))
        except grpc.RpcError as error:
            raise TicketsError.from_rpc_error(error) from error

    def __iter__(self) -> "_Decoded[_Response]":
        return self

    def __next__(self) -> _Response:
        try:
            return cast("_Response", next(self._call))
        except grpc.RpcError as error:
            raise TicketsError.from_rpc_error(error) from error
