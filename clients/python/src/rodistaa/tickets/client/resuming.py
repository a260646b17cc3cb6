"""Streams without an end: what breaks is opened again, what is silent counts as broken, and one call ends it all."""

import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

import grpc

from rodistaa.tickets.client.errors import TicketsError

_Event = TypeVar("_Event")
_Item = TypeVar("_Item")
_Item_co = TypeVar("_Item_co", covariant=True)

# A server restarts, a connection dies, we were slow, or have too many watches: all of them pass. CANCELLED, when we did
# not ask for it, is a stream that crossed a server's goodbye, or was reset by something in between.
_PASSING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.ABORTED,
    }
)
# Cut connections and proxies cause these, but so do defects that last.
_DOUBTFUL = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED})
_DOUBTFUL_LIMIT = 5
_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a watch pauses before it is resumed: `first`, doubled with each failure up to `longest`.

    Each pause is shortened by chance, to a quarter at most, so that the watchers of a restarted server do not all come
    back at once. A pause that the server asks for is kept in full. A stream that held as long as `longest` makes the
    next failure the first again; that it delivered something is not enough. A token that has expired is no failure: the
    stream is resumed with a new one after a pause of `first`.
    """

    first: timedelta = timedelta(milliseconds=250)
    longest: timedelta = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Interruption:
    """A watch has lost its stream, for `error`, and will be resumed after `pause`."""

    error: TicketsError
    pause: timedelta


class Stream(Protocol[_Item_co]):
    """What a stub returns for a server stream."""

    def __iter__(self) -> Iterator[_Item_co]: ...
    def cancel(self) -> bool: ...


class Line:
    """The one stream of a watch that is open now, and the two who may cut it: `close`, and silence.

    It does not know its `Following`: the thread that listens for silence must not keep that alive.
    """

    def __init__(self, silence: timedelta) -> None:
        self._silence = silence.total_seconds()
        self._closed = threading.Event()
        self._listener: threading.Thread | None = None
        self._stream: Stream[object] | None = None
        self._waiting_since: float | None = None
        self._silent: Stream[object] | None = None

    def is_closed(self) -> bool:
        """Whether somebody has called `close`."""
        return self._closed.is_set()

    def close(self) -> None:
        """Cuts the stream and ends pauses, from any thread, for good."""
        self._closed.set()
        if self._stream is not None:
            self._stream.cancel()

    def pause(self, length: timedelta) -> None:
        """Lets so much time pass, unless it is closed."""
        self._closed.wait(length.total_seconds())

    def read(self, stream: Stream[_Event]) -> Iterator[_Event]:
        """Yields what comes until the stream ends; that of an error is raised as TicketsError."""
        # First stored, then asked whether it is closed; `close` goes the other way round. One of the two cancels.
        self._stream = stream
        if self.is_closed():
            stream.cancel()
        if self._listener is None:
            self._listener = threading.Thread(target=self._listen, name="tickets-watch-silence", daemon=True)
            self._listener.start()
        try:
            self._waiting_since = time.monotonic()
            for event in stream:
                # A reader that takes its time is not a silent server.
                self._waiting_since = None
                yield event
                self._waiting_since = time.monotonic()
        except TicketsError as error:
            if self._silent is stream:
                raise TicketsError(
                    grpc.StatusCode.UNAVAILABLE, f"Nothing was heard for {self._silence:g} s."
                ) from error
            raise
        finally:
            self._waiting_since = None
            stream.cancel()

    def _listen(self) -> None:
        while not self._closed.wait(self._silence / 4):
            # The stream first: a moment that belongs to a later one is younger, and cuts nothing.
            stream, since = self._stream, self._waiting_since
            if stream is not None and since is not None and time.monotonic() - since > self._silence:
                self._silent = stream
                stream.cancel()


class Lines:
    """The watches of a client, to be closed with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[Line] = weakref.WeakSet()
        self._closed = False

    def open(self, silence: timedelta) -> Line:
        """A line that is closed with all others; at once, if they have been."""
        line = Line(silence)
        with self._lock:
            self._open.add(line)
            closed = self._closed
        if closed:
            line.close()
        return line

    def close(self) -> None:
        """Ends every watch, and those that are still to come."""
        with self._lock:
            self._closed = True
            lines = list(self._open)
        for line in lines:
            line.close()


class Following(Generic[_Item]):
    """What a watch yields, for ever. It is an iterator, for one thread at a time, and a context manager.

    The iteration ends when `close` was called, here or for the client, and no other way. It raises TicketsError for
    what no new attempt can mend, and whatever the token callable raises. A watch that nobody refers to any longer is
    closed too.
    """

    def __init__(self, items: Iterator[_Item], line: Line) -> None:
        self._items = items
        self._line = line
        weakref.finalize(self, line.close).atexit = False

    def close(self) -> None:
        """Ends the iteration, from any thread, also while another one waits in it: it gets no further item."""
        self._line.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _Item:
        item = next(self._items)
        if self._line.is_closed():
            raise StopIteration
        return item

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def resumed(
    open_stream: Callable[[], Stream[_Event]],
    line: Line,
    *,
    backoff: Backoff,
    renews_token: bool,
    on_interruption: Callable[[Interruption], None] | None,
    on_resumption: Callable[[], None] | None,
    mends: Callable[[TicketsError], bool] | None = None,
) -> Iterator[_Event]:
    """Yields the events of one stream after the other until the line is closed.

    `mends` is asked about errors that are final otherwise, and may change what `open_stream` asks for.
    """
    attempts = _Attempts(backoff, mends, renews_token=renews_token)
    interrupted = False
    try:
        while not line.is_closed():
            attempts.begin()
            failure = TicketsError(grpc.StatusCode.UNAVAILABLE, "The stream has ended.")
            try:
                for event in line.read(open_stream()):
                    attempts.delivered()
                    if interrupted:
                        interrupted = False
                        if on_resumption is not None:
                            on_resumption()
                    yield event
            except TicketsError as error:
                failure = error
            except Exception:
                # Nothing can be opened on the channel of a client that is closed.
                if line.is_closed():
                    return
                raise
            if line.is_closed():
                return
            interrupted = True
            interruption = Interruption(failure, attempts.pause_after(failure))
            if on_interruption is not None:
                on_interruption(interruption)
            line.pause(interruption.pause)
    finally:
        line.close()


class _Attempts:
    """Decides after each failure whether there is a next attempt, and when."""

    def __init__(self, backoff: Backoff, mends: Callable[[TicketsError], bool] | None, *, renews_token: bool) -> None:
        self._backoff = backoff
        self._mends = mends
        self._renews_token = renews_token
        self._begun = 0.0
        self._failures = 0
        self._doubtful = 0
        self._renewed = False

    def begin(self) -> None:
        self._begun = time.monotonic()

    def delivered(self) -> None:
        self._doubtful = 0
        self._renewed = False

    def pause_after(self, error: TicketsError) -> timedelta:
        """Raises `error` when trying again is no use."""
        if not self._worth_another(error):
            raise error
        is_renewal = error.code is grpc.StatusCode.UNAUTHENTICATED
        pause = (self._backoff.first if is_renewal else self._grown_pause()) * _by_chance(0.25, 1.0)
        if error.retry_after is None:
            return pause
        return max(pause, error.retry_after * _by_chance(1.0, 1.5))

    def _grown_pause(self) -> timedelta:
        # That a stream delivered something is not enough: one that breaks after each event must not be opened in a
        # tight loop.
        if time.monotonic() - self._begun >= self._backoff.longest.total_seconds():
            self._failures = 0
        pause = min(self._backoff.first * (1 << self._failures), self._backoff.longest)
        self._failures = min(self._failures + 1, _DOUBLINGS)
        return pause

    def _worth_another(self, error: TicketsError) -> bool:
        if error.code in _PASSING:
            return True
        if error.code in _DOUBTFUL:
            self._doubtful += 1
            return self._doubtful <= _DOUBTFUL_LIMIT
        if error.code is grpc.StatusCode.UNAUTHENTICATED and self._renews_token and not self._renewed:
            self._renewed = True
            return True
        return self._mends is not None and self._mends(error)


def _by_chance(least: float, most: float) -> float:
    return random.uniform(least, most)  # noqa: S311 - no secret
