"""Services that are open to everyone: load balancers and grpcurl have no token.

So nothing is known about who calls, and the only defence is that nobody holds a thread for long: pools of
their own, a bound on the wait for the request message, on the sending to a slow reader, and on the length of
a reflection stream. grpcio's own handlers have none of these.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import grpc

from server.api.calls import CallState, Method, Send
from server.api.interceptors.concern import Concern, Handler, compose
from server.api.interceptors.decoding import Decoding
from server.api.pools import HandlerPool

RpcHandler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

EXEMPT_SERVICES = frozenset(
    {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection", "grpc.reflection.v1.ServerReflection"}
)


def is_exempt(path: str) -> bool:
    """Whether the method is outside the chain."""
    return path.lstrip("/").partition("/")[0] in EXEMPT_SERVICES


class Exempt:
    """Makes the handlers of these services, with the few ``concerns`` that they share with all others.

    ``control_pool`` answers, ``notice_pool`` tells watchers of changes (one thread, to keep their order), and
    each stream of reflection holds a thread of ``reflection_pool`` until it ends.
    """

    def __init__(
        self,
        concerns: Sequence[Concern | None],
        *,
        control_pool: HandlerPool,
        notice_pool: HandlerPool,
        reflection_pool: HandlerPool,
    ) -> None:
        self._concerns = concerns
        self._control_pool = control_pool
        self._notice_pool = notice_pool
        self._reflection_pool = reflection_pool

    def handler(self, path: str, handler: RpcHandler) -> RpcHandler:
        """``handler`` with bounds. Raises TypeError for a kind that none of the services has."""
        method = Method.at(path, streaming=handler.response_streaming)
        if handler.unary_unary is not None:
            return self._unary(method, handler, handler.unary_unary)
        if handler.unary_stream is not None:
            return self._notices(method, handler, handler.unary_stream)
        if handler.stream_stream is not None:
            return self._conversation(method, handler, handler.stream_stream)
        raise TypeError(f"{path}: no exempt service has a client stream that ends in one answer")

    def _unary(self, method: Method, handler: RpcHandler, serve: Callable[..., Any]) -> RpcHandler:
        decoding = Decoding(self._control_pool.held, handler.request_deserializer, handler.response_serializer)
        chain = self._chain(method, decoding, lambda state, request: serve(request, state.context))

        def behave(requests: Any, context: grpc.ServicerContext) -> Any:  # noqa: ANN401 - any messages
            return chain(CallState(method, context), requests)

        return grpc.stream_unary_rpc_method_handler(served_by(self._control_pool, behave))

    def _notices(self, method: Method, handler: RpcHandler, serve: Callable[..., Any]) -> RpcHandler:
        """A stream that needs no thread; but each sending takes one until the client has room for the message."""
        pool, held = self._notice_pool, self._notice_pool.held

        def deliver(state: CallState, send: Send, message: object) -> None:
            held.hold(state)
            try:
                send(message)
            finally:
                held.release(state)

        def answer(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            send = state.send
            if send is None:
                raise LookupError("this call is no stream without a thread")

            def queue(message: object) -> None:
                if message is None:
                    send(None)
                else:
                    pool.submit(deliver, state, send, message)

            return serve(request, state.context, queue)

        chain = self._chain(method, Decoding(self._control_pool.held, handler.request_deserializer, None), answer)

        def behave(requests: Any, context: grpc.ServicerContext, send: Send) -> None:  # noqa: ANN401 - any messages
            chain(CallState(method, context, send), requests)

        behave.experimental_non_blocking = True  # type: ignore[attr-defined]  # how grpcio recognises such a handler
        return grpc.stream_stream_rpc_method_handler(
            served_by(self._control_pool, behave), None, handler.response_serializer
        )

    def _conversation(self, method: Method, handler: RpcHandler, serve: Callable[..., Any]) -> RpcHandler:
        pool = self._reflection_pool

        def behave(requests: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # noqa: ANN401 - any messages
            state = CallState(method, context)
            pool.held.hold(state)
            try:
                yield from serve(requests, context)
            finally:
                pool.held.release(state)

        return grpc.stream_stream_rpc_method_handler(
            served_by(pool, behave), handler.request_deserializer, handler.response_serializer
        )

    def _chain(self, method: Method, decoding: Decoding, answer: Handler) -> Handler:
        return compose([*self._concerns, decoding], method, answer)


def served_by(pool: HandlerPool, behave: Callable[..., Any]) -> Callable[..., Any]:
    """``behave`` in threads of another pool than the server's."""
    behave.experimental_thread_pool = pool  # type: ignore[attr-defined]  # how grpcio finds another pool
    return behave
