"""Server streams that hold no thread: how grpcio is asked for one, and what of its insides that takes (ADR 0015).

grpcio lets a handler return while its stream stays open, but offers only a sending that waits for the client.
The completion queue beneath it does not wait; ``Stream`` uses that, with grpcio's own book-keeping. Every name
that grpcio keeps to itself stands in this module, and those of its modules are looked up when it is imported:
a grpcio that has changed fails at the start of the server, and in ``tests/unit/api/test_streams.py``.
"""

# ruff: noqa: SLF001 - the one place for grpcio's private names

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import grpc
import structlog
from grpc import _server
from grpc._cython import cygrpc  # type: ignore[attr-defined]  # compiled; the stubs leave it out

from server.api.calls import CallState, Send
from server.api.errors import Failure

_log = structlog.get_logger("server.api")

_is_active: Callable[[Any], bool] = _server._is_rpc_state_active
_possibly_finish: Callable[[Any, str], Any] = _server._possibly_finish_call
_SENDING: str = _server._SEND_MESSAGE_TOKEN
_message_operation: Callable[[bytes, int], Any] = cygrpc.SendMessageOperation
_OK: int = cygrpc.CallError.ok
_NO_FLAGS = 0

Servicer = TypeVar("Servicer")
Request = TypeVar("Request")


def threadless(
    handler: Callable[[Servicer, Request, grpc.ServicerContext], None],
) -> Callable[[Servicer, Request, grpc.ServicerContext], Iterator[Any]]:
    """Marks a servicer's method whose stream goes on after it has returned; ``outlet_of(context)`` is its end.

    The type is that of a method of the generated servicer, which knows generators alone.
    """
    handler.experimental_non_blocking = True  # type: ignore[attr-defined]  # how grpcio recognises such a handler
    return cast("Callable[[Servicer, Request, grpc.ServicerContext], Iterator[Any]]", handler)


def close(state: CallState) -> None:
    """End a threadless stream with the status that its context has been given; nothing if it has ended before.

    grpcio itself does not look whether there was a status already, and waits for the second one to complete.
    Where the first has completed that is for ever: a server with such a call never stops.
    """
    send, rpc = _send_of(state), cast("Any", state.context)._state
    with rpc.condition:
        if _is_active(rpc):
            send(None)


class Stream:
    """One open server stream, below what grpcio offers. Its caller sends one message at a time, under ``lock``."""

    __slots__ = ("_call", "_rpc", "_state", "lock")

    def __init__(self, state: CallState) -> None:
        _send_of(state)
        context = cast("Any", state.context)
        self._state = state
        self._rpc = context._state
        self._call = context._rpc_event.call
        self.lock = self._rpc.condition
        """grpcio's own for this call, re-entrant: what is decided under it is decided against grpcio, too."""

    @property
    def is_open(self) -> bool:
        """No status has been sent, and the client is there as far as known."""
        return _is_active(self._rpc)

    def announce(self) -> None:
        """Tell the client that the stream is open, which else it learns by the first message alone."""
        with self.lock:
            if self.is_open and self._rpc.initial_metadata_allowed:
                self._state.context.send_initial_metadata(())

    def when_over(self, callback: Callable[[], None]) -> None:
        """Called once, when all is sent or the client is gone; at once where that is so already.

        It runs in grpc's polling thread, before the access log and the metrics look at the call.
        """
        if not self._state.context.add_callback(callback):
            callback()

    def start(self, message: bytes, done: Callable[[], None]) -> None:
        """Begin to send, ``lock`` held and the message before ``done``. Raises what grpc has against the message.

        ``done`` is called in grpc's polling thread, which serves all calls, without the lock: as soon as
        the message has left this process or never will.
        """

        def sent(_event: object) -> Any:  # noqa: ANN401 - grpc's own
            with self.lock:
                over = _possibly_finish(self._rpc, _SENDING)
            try:
                done()
            except Exception:  # noqa: BLE001 - out of here it would end the thread, and with it the whole server
                _log.exception("a stream's next message was not sent", method=self._state.method.name)
                self._call.cancel()
            return over

        error = self._call.start_server_batch((_message_operation(message, _NO_FLAGS),), sent)
        if error != _OK:
            raise RuntimeError(f"grpc does not take a message: error {error}")
        self._rpc.due.add(_SENDING)

    def close(self, failure: Failure) -> None:
        """The status; it goes out behind a message that is being sent."""
        context = self._state.context
        with self.lock:
            context.set_code(failure.code)
            context.set_details(failure.details)
            context.set_trailing_metadata(failure.trailing_metadata)
            close(self._state)

    def cut(self, failure: Failure) -> None:
        """The status past everything that waits for the client, without its details; then the call is over."""
        self._call.cancel(failure.code.value[0], failure.details.encode())


def _send_of(state: CallState) -> Send:
    if state.send is None:
        raise LookupError("this call is no stream without a thread")
    return state.send
