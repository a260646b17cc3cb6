"""The one ordered list of what surrounds every call, and the single gRPC interceptor that applies it.

grpc's own interceptors cost a pipeline walk each; here all concerns of a method are composed once, when it
is first called, into nested functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import grpc

from server.api.calls import CallState, Method, Send, bind_state
from server.api.interceptors.access_log import AccessLog
from server.api.interceptors.authentication import Authentication
from server.api.interceptors.concern import Concern, Handler, compose
from server.api.interceptors.deadline import Deadline
from server.api.interceptors.decoding import Decoding
from server.api.interceptors.error_mapping import ErrorMapping
from server.api.interceptors.exempt import Exempt, RpcHandler, is_exempt, served_by
from server.api.interceptors.metrics import Metrics
from server.api.interceptors.peer_address import PeerAddress
from server.api.interceptors.presence import Presence
from server.api.interceptors.rate_limit import RateLimit
from server.api.interceptors.request_id import RequestId
from server.api.interceptors.tracing import Tracing
from server.api.pools import HandlerPool, HeldThreads
from server.api.streams import close
from server.domain.errors import ResourceExhausted, TicketsError, Unimplemented

_OVERLOAD_PAUSE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Concerns:
    """What the chain is made of. None leaves a concern out, and costs nothing."""

    authentication: Authentication
    request_id: RequestId = field(default_factory=RequestId)
    peer_address: PeerAddress = field(default_factory=PeerAddress)
    tracing: Tracing | None = None
    access_log: AccessLog | None = None
    metrics: Metrics | None = None
    error_mapping: ErrorMapping = field(default_factory=ErrorMapping)
    rate_limit: RateLimit | None = None
    deadline: Deadline = field(default_factory=lambda: Deadline(30.0))

    def observers(self) -> list[Concern | None]:
        """The outer half, outermost first; they see how the call ended, and know no caller yet."""
        return [
            self.request_id,
            self.peer_address,
            self.tracing,
            self.access_log,
            self.metrics,
            self.error_mapping,
        ]

    def gates(self, decoding: Decoding) -> list[Concern | None]:
        """The inner half: each may refuse the call. Identity comes before any look at the request."""
        return [Presence(), self.authentication, self.rate_limit, self.deadline, decoding]


class ChainInterceptor(grpc.ServerInterceptor):
    """Wraps every handler in the chain, answers unknown methods, and refuses calls while the pool is swamped.

    ``held`` are the threads that calls hold while they wait for their request message. Refusals are served by
    ``control_pool``, as they must come even while all other threads are busy.
    """

    def __init__(
        self,
        concerns: Concerns,
        *,
        held: HeldThreads,
        exempt: Exempt,
        control_pool: HandlerPool,
        overloaded: Callable[[], bool],
    ) -> None:
        self._concerns = concerns
        self._held = held
        self._exempt = exempt
        self._control_pool = control_pool
        self._overloaded = overloaded
        self._composed: dict[str, RpcHandler] = {}
        # Paths that a client made up must not become labels, log fields or cache entries.
        self._unknown = self._refusal(Method("unknown", "unknown"), lambda: Unimplemented("No such method."))
        self._busy: dict[str, RpcHandler] = {}

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], RpcHandler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> RpcHandler:
        """Runs in grpc's polling thread for every call: two look-ups, no more."""
        path = handler_call_details.method
        composed = self._composed.get(path)
        if composed is None:
            found = continuation(handler_call_details)
            if found is None:
                return self._unknown
            composed = self._composed[path] = self._compose(path, found)
        if self._overloaded() and path in self._busy:
            return self._busy[path]
        return composed

    def _compose(self, path: str, handler: RpcHandler) -> RpcHandler:
        if is_exempt(path):
            return self._exempt.handler(path, handler)
        method = Method.at(path, streaming=handler.response_streaming)
        self._busy[path] = self._refusal(
            method,
            lambda: ResourceExhausted("The server has more calls than it can serve.", retry_after=_OVERLOAD_PAUSE),
        )
        if handler.unary_unary is not None:
            return self._unary(method, handler)
        if handler.unary_stream is not None:
            return self._stream(method, handler)
        raise TypeError(f"{path}: the contract has no client streams, so the chain knows none")

    def _unary(self, method: Method, handler: RpcHandler) -> RpcHandler:
        serve = _behaviour(handler)
        decoding = Decoding(self._held, handler.request_deserializer, handler.response_serializer)
        chain = compose(
            [*self._concerns.observers(), *self._concerns.gates(decoding)],
            method,
            lambda state, request: serve(request, state.context),
        )

        def behave(request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ANN401 - any message
            state = CallState(method, context)
            bind_state(context, state)
            try:
                return chain(state, request)
            finally:
                state.finish()

        return grpc.stream_unary_rpc_method_handler(behave)

    def _stream(self, method: Method, handler: RpcHandler) -> RpcHandler:
        serve = _behaviour(handler)
        concerns = [
            *self._concerns.observers(),
            *self._concerns.gates(Decoding(self._held, handler.request_deserializer, None)),
        ]
        chain = compose(concerns, method, lambda state, request: serve(request, state.context))
        if getattr(serve, "experimental_non_blocking", False):
            return grpc.stream_stream_rpc_method_handler(_threadless(method, chain), None, _bytes_of)
        error_mapping = self._concerns.error_mapping

        def behave(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # noqa: ANN401 - any message
            state = CallState(method, context)
            bind_state(context, state)
            try:
                responses = chain(state, request)
                try:
                    yield from responses
                except Exception as error:  # noqa: BLE001 - mapped like those before the first message
                    error_mapping.abort(state, error)
                state.code = grpc.StatusCode.OK
            finally:
                state.finish()

        return grpc.stream_stream_rpc_method_handler(behave, None, _bytes_of)

    def _refusal(self, method: Method, error: Callable[[], TicketsError]) -> RpcHandler:
        """A handler that fails at once: as a stream of streams it does not wait for a request message."""

        def refuse(state: CallState, request: Any) -> Any:  # noqa: ANN401, ARG001 - never looked at
            raise error()

        chain = compose(self._concerns.observers(), method, refuse)

        def behave(requests: Any, context: grpc.ServicerContext) -> Any:  # noqa: ANN401 - any messages
            state = CallState(method, context)
            try:
                return chain(state, requests)
            finally:
                state.finish()

        return grpc.stream_stream_rpc_method_handler(served_by(self._control_pool, behave))


def _threadless(method: Method, chain: Handler) -> Callable[[Any, grpc.ServicerContext, Send], None]:
    """A stream that gives its thread back at once and is over when grpc says so, whoever ended it."""

    def behave(request: Any, context: grpc.ServicerContext, send: Send) -> None:  # noqa: ANN401 - any message
        state = CallState(method, context, send)
        bind_state(context, state)
        try:
            chain(state, request)
        except Exception:
            if state.code is None:
                raise
            # The status stands in the context. grpc would send it even after one that an outlet has sent.
            close(state)
        finally:
            # Not before: an observer that failed to register must not be told of the end.
            if not context.add_callback(state.finish):
                state.finish()

    behave.experimental_non_blocking = True  # type: ignore[attr-defined]  # how grpcio recognises such a handler
    return behave


def _behaviour(handler: RpcHandler) -> Callable[..., Any]:
    """The function of a handler, whatever its arity."""
    behaviour = handler.unary_unary or handler.unary_stream or handler.stream_stream
    if behaviour is None:
        raise TypeError("the contract has no client streams that end in one answer")
    return behaviour


def _bytes_of(message: Any) -> bytes:  # noqa: ANN401 - any message
    """An event that goes to many readers is serialised once by its sender."""
    return message if isinstance(message, bytes) else message.SerializeToString()
