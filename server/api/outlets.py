"""The sending end of an open stream: nothing that its users call ever waits for the client (ADR 0015)."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import grpc
import structlog

from server.api.calls import CallState, state_of
from server.api.errors import Failure
from server.api.interceptors.error_mapping import failed
from server.api.streams import Stream
from server.domain.errors import Reason, ResourceExhausted

_log = structlog.get_logger("server.api")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a client may fall behind before its stream is ended."""

    max_messages: int = 1000
    """Waiting behind the one that is being sent."""
    max_bytes: int = 2 * 1024 * 1024
    """Of the same."""
    stall_seconds: float = 10.0
    """For one message to leave."""
    cut_seconds: float = 2.0
    """For everything from the end of the stream on, its status included."""


class Outlet:
    """One open stream. Safe for use by many threads; messages go out in the order in which they were put.

    Who makes it must ``tick`` it about once a second until it ``is_over``, also after it was ended.
    """

    __slots__ = (
        "__weakref__",
        "_backlog",
        "_bounds",
        "_bytes",
        "_call",
        "_ended_at",
        "_failure",
        "_over",
        "_sending_since",
        "_status_given",
        "_stream",
        "_taken_callbacks",
        "last_put_at",
    )

    def __init__(self, call: CallState, bounds: Bounds) -> None:
        self._call = call
        self._bounds = bounds
        self._stream = Stream(call)
        self._backlog: deque[bytes] = deque()
        self._bytes = 0
        self._sending_since: float | None = None
        self._failure: Failure | None = None
        self._ended_at = 0.0
        self._status_given = False
        self._over = False
        self._taken_callbacks: list[Callable[[], None]] = []
        self.last_put_at = time.monotonic()
        """When a message was last put, or the stream was opened; ``time.monotonic()``."""
        self._stream.announce()
        self._stream.when_over(self._finish)

    @property
    def is_open(self) -> bool:
        """Whether it takes messages: it was not ended, and the client is there as far as known."""
        return self._failure is None and self._stream.is_open

    @property
    def is_over(self) -> bool:
        """Whether all is done: the client has the status, or is gone."""
        return self._over

    @property
    def has_room(self) -> bool:
        """Whether no more than a quarter of the bounds waits; who has much to send goes on only then."""
        return len(self._backlog) <= self._bounds.max_messages // 4 and self._bytes <= self._bounds.max_bytes // 4

    @property
    def waiting(self) -> int:
        """Messages that have not left yet, the one that is being sent included."""
        return len(self._backlog) + (self._sending_since is not None)

    def put(self, message: bytes) -> bool:
        """Send it after all before it; False when the stream is over, or ended now because too much waits.

        Where there is room a message of any size is taken.
        """
        with self._stream.lock:
            if not self.is_open:
                return False
            if not (self.has_room or self._fits(message)):
                self._end(_too_slow())
                return False
            self._backlog.append(message)
            self._bytes += len(message)
            self.last_put_at = time.monotonic()
            self._pump()
            return self._failure is None

    def when_taken(self, callback: Callable[[], None]) -> None:
        """Call back once, when there is room, or the stream is over.

        At once if that is so, else from grpc's polling thread, which serves all calls: it must be quick and
        wait for nothing, such as for another lock that is held while something is put.
        """
        with self._stream.lock:
            if not (self.has_room or self._over):
                self._taken_callbacks.append(callback)
                return
        callback()

    def end(self, error: Exception, *, flush: bool = False) -> None:
        """End the stream with the status that ``error`` has everywhere else; only the first end counts.

        What waits goes out before the status with ``flush``, and not at all without it. A message that is
        being sent is not called back.
        """
        with self._stream.lock:
            if self.is_open:
                self._end(error, flush=flush)

    def tick(self, now: float) -> None:
        """End it when a message does not leave, cut it when the status does not; ``now`` is ``time.monotonic()``."""
        with self._stream.lock:
            if self._over:
                return
            if self._failure is None:
                since = self._sending_since
                if since is not None and now - since >= self._bounds.stall_seconds and self._stream.is_open:
                    self._end(_too_slow())
            elif now - self._ended_at >= self._bounds.cut_seconds:
                self._drop()
                self._status_given = True
                self._stream.cut(self._failure)

    def _fits(self, message: bytes) -> bool:
        return len(self._backlog) < self._bounds.max_messages and self._bytes + len(message) <= self._bounds.max_bytes

    def _end(self, error: Exception, *, flush: bool = False) -> None:
        self._failure = failed(self._call, error)
        self._ended_at = time.monotonic()
        if not flush:
            self._drop()
        self._pump()

    def _drop(self) -> None:
        self._backlog.clear()
        self._bytes = 0

    def _pump(self) -> None:
        """Start what comes next. A status may be started behind a message, a message may not."""
        if not self._stream.is_open:
            return
        if not self._backlog:
            if self._failure is not None:
                self._status_given = True
                self._stream.close(self._failure)
        elif self._sending_since is None:
            message = self._backlog.popleft()
            self._bytes -= len(message)
            self._sending_since = time.monotonic()
            try:
                self._stream.start(message, self._sent)
            except Exception as error:  # noqa: BLE001 - one stream's trouble must not be that of all who are put to
                self._sending_since = None
                self._drop()
                if self._failure is None:
                    self._end(error)
                else:
                    self._pump()

    def _sent(self) -> None:
        """In grpc's polling thread: as little as possible."""
        with self._stream.lock:
            self._sending_since = None
            self._pump()
            callbacks = self._taken() if self._taken_callbacks and self.has_room else ()
        _call_each(callbacks)

    def _finish(self) -> None:
        """In grpc's polling thread: nothing more will be sent."""
        with self._stream.lock:
            self._over = True
            self._drop()
            if self._failure is not None and not self._status_given:
                # The client left before the end that was meant for it.
                self._call.code, self._call.reason = None, ""
            callbacks = self._taken()
        _call_each(callbacks)

    def _taken(self) -> list[Callable[[], None]]:
        callbacks, self._taken_callbacks = self._taken_callbacks, []
        return callbacks


def outlet_of(context: grpc.ServicerContext, bounds: Bounds) -> Outlet:
    """Open the stream of a ``threadless`` method: the client hears at once that it is open.

    Call it once for each call, when nothing can be refused any more, and return soon after.
    """
    return Outlet(state_of(context), bounds)


def _too_slow() -> ResourceExhausted:
    return ResourceExhausted(
        "Events are not read as fast as they come. Resume from the last one read.",
        retry_after=timedelta(seconds=1),
        reason=Reason.SLOW_CONSUMER,
    )


def _call_each(callbacks: Iterable[Callable[[], None]]) -> None:
    for callback in callbacks:
        try:
            callback()
        except Exception:  # noqa: BLE001 - out of here it would keep the others from being called
            _log.exception("a callback of a stream failed")
