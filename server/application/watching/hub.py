"""The live streams of a process: one reader of the feed for all of them, and one keeper of their order.

Threads: the follower reads the feed and tells the streams; the keeper looks once a second who is slow, silent or no
longer who he was, and never waits for the database; the comparer asks it who may still see what he follows; a small
pool reads for streams that catch up, another helps to tell. No number of streams makes more threads.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from server.application.call import Call
from server.application.watching.change_feed import ChangeFeed, FeedPage, Position
from server.application.watching.list_streams import PAGE, ListCatchUp, ListStream, ListStreams, Snapshot
from server.application.watching.openings import SECONDS as OPENING_SECONDS
from server.application.watching.openings import Openings
from server.application.watching.outlets import Outlet
from server.application.watching.replay import ReplayPool
from server.application.watching.stream_limits import OpenStreams, StreamLimits
from server.application.watching.telling import Tellers
from server.application.watching.timeline_streams import TimelineStream, TimelineStreams
from server.domain.errors import OutOfRange, Reason, TicketsError, Unauthenticated, Unavailable
from server.domain.ids import TicketId
from server.domain.principal import SYSTEM, Principal

_BUSY_SECONDS = 0.01
"""Shortest pause between two looks at the feed: what comes in between is read together."""
_IDLE_SECONDS = 0.25
_AFTER_FAILURE_SECONDS = 0.5
_TICK_SECONDS = 1.0
_SILENCE_SECONDS = 8.0
_SILENCE_SPREAD_SECONDS = 4.0
"""A mark is sent after 8 to 12 seconds, a different number for each stream, so that they do not all speak at once."""
_QUERY_SECONDS = 10.0
_STOP_SECONDS = 5.0
"""For all threads together: a database that hangs must not keep a process from ending."""
_dice = random.Random()  # noqa: S311 - keeps no secret


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the rights of open streams are checked, in seconds. A reader has to be cut off within five."""

    credentials: float = 2.0
    access: float = 3.0


@dataclass(eq=False, slots=True)
class _Open:
    """A stream, and what the keeper needs to know of it."""

    call: Call
    outlet: Outlet
    mark: Callable[[], None]
    still_valid: Callable[[], object]
    catch_up: Callable[[], None]
    patience: float = field(default_factory=lambda: _SILENCE_SECONDS + _dice.uniform(0, _SILENCE_SPREAD_SECONDS))
    """Seconds of silence until a mark."""


class Hub:
    """``start`` once, ``drain`` when the process has to end, then ``stop``."""

    def __init__(
        self,
        feed: ChangeFeed,
        *,
        limits: StreamLimits,
        openings: int,
        now: Callable[[], datetime],
        report: Callable[[str, Exception | None], None],
        pulse: Callable[[int, float], None] | None = None,
        pace: Pace | None = None,
    ) -> None:
        """``openings``: how many streams may be opening at a time. ``report`` is told of failures of the feed, by name,
        and with None when they are over; ``pulse`` about once a second of the number of streams, and of the seconds
        since the feed was last read for them."""
        self.open_streams = OpenStreams(limits)
        self._openings = Openings(openings)
        self._feed = feed
        self._now = now
        self._report = report
        self._pulse = pulse
        self._pace = pace or Pace()
        self._tellers = Tellers()
        self._timelines = TimelineStreams(feed, self._tellers)
        self._lists = ListStreams(feed, now)
        self._lock = threading.Lock()
        self._open: dict[TimelineStream | ListStream, _Open] = {}
        self._listening = threading.Lock()
        self._here: Position | None = None
        """Up to where the feed has been told; None while nobody listens."""
        self._read_at = time.monotonic()
        self._untold: set[TicketId] = set()
        self._early: set[Position] = set()
        """What timelines have been told of already, before the order of the feed was settled."""
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._draining = False
        self._replays = ReplayPool()
        self._threads = [
            threading.Thread(target=self._follow, name="watch-feed", daemon=True),
            threading.Thread(target=self._keep, name="watch-keeper", daemon=True),
            threading.Thread(target=self._compare, name="watch-access", daemon=True),
        ]

    def start(self) -> None:
        """Once."""
        self._replays.start()
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something may have been committed. By any thread, as often as one likes."""
        self._woken.set()

    # --- opening and closing

    @contextmanager
    def opening(self, call: Call) -> Iterator[Call]:
        """A stream comes about: count it until ``close``, or until this is left by an error. What it asks the database
        meanwhile is to be asked by the call given, which does not wait for long. Everything that happens from now on
        will be told. Raises ResourceExhausted, Unavailable."""
        if self._draining:
            raise _shutting_down()
        user_id = call.principal.user_id
        self.open_streams.admit(user_id)
        try:
            with self._openings.one():
                until = time.monotonic() + OPENING_SECONDS
                hasty = replace(call, deadline=until if call.deadline is None else min(until, call.deadline))
                self._listen(hasty)
                yield hasty
        except BaseException:
            self.open_streams.release(user_id)
            raise

    def _listen(self, call: Call) -> None:
        if self._here is None:
            head = self._feed.head(call)
            with self._listening:
                if self._here is None:
                    self._here = head
                    self._read_at = time.monotonic()
                    self._woken.set()

    def open_timeline(self, stream: TimelineStream, still_valid: Callable[[], object]) -> None:
        """Serve an admitted stream from here on."""
        self._register(stream, _Open(stream.reader.call, stream.outlet, stream.mark, still_valid, stream.catch_up))
        self._timelines.add(stream)
        stream.catch_up()

    def open_list(
        self, stream: ListStream, call: Call, still_valid: Callable[[], object], snapshot: Snapshot | None
    ) -> None:
        """The same. With a ``snapshot`` that goes first, and nothing lies between it and the feed's present."""
        catch_up = ListCatchUp(
            stream,
            snapshot,
            feed=self._feed,
            call=self.own_call(),
            now=self._now,
            replay=self.replay_for(call, first=False),
            replay_first=self.replay_for(call, first=True),
            join=self._join,
        )
        self._register(stream, _Open(call, stream.outlet, stream.mark, still_valid, catch_up.begin))
        catch_up.begin()

    def close(self, stream: TimelineStream | ListStream) -> None:
        """It is over, whoever ended it. Also called twice."""
        with self._lock:
            entry = self._open.pop(stream, None)
        if entry is None:
            return
        if isinstance(stream, TimelineStream):
            self._timelines.remove(stream)
        else:
            self._lists.remove(stream)
        self.open_streams.release(entry.call.principal.user_id)

    def drain(self) -> None:
        """End every stream with its last position, and open none any more."""
        self._draining = True
        with self._lock:
            entries = list(self._open.values())
        for entry in entries:
            self._end_with_mark(entry)

    def stop(self) -> None:
        """After ``drain``; also where it was never started."""
        self._stopping.set()
        self._woken.set()
        give_up = time.monotonic() + _STOP_SECONDS
        self._replays.stop(give_up)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, give_up - time.monotonic()))
        self._tellers.stop()

    def replay_for(self, call: Call, *, first: bool) -> Callable[[Callable[[], None]], None]:
        """What runs something soon in another thread, on the caller's account; not when the process is ending."""
        return lambda work: self._replays.submit(call.principal.user_id, work, first=first)

    def own_call(self) -> Call:
        """For reading on behalf of all."""
        return Call(SYSTEM, trace_id="watch", deadline=None)

    def _register(self, stream: TimelineStream | ListStream, entry: _Open) -> None:
        with self._lock:
            self._open[stream] = entry
        if self._draining:  # it began while we were opening
            self._end_with_mark(entry)

    def _join(self, stream: ListStream) -> None:
        self._lists.join(stream)
        self._woken.set()

    def _end_with_mark(self, entry: _Open) -> None:
        entry.mark()
        entry.outlet.end(_shutting_down(), flush=True)

    # --- the follower

    def _follow(self) -> None:
        pause = _IDLE_SECONDS
        while not self._stopping.is_set():
            if self._woken.wait(None if self._here is None else pause):
                pause = _BUSY_SECONDS
            self._woken.clear()
            if self._stopping.is_set():
                return
            try:
                found = self._read_on()
            except Exception as error:  # noqa: BLE001 - a thread must outlive whatever a database may do
                self._report("feed", error)
                self._stopping.wait(_AFTER_FAILURE_SECONDS)
                continue
            self._report("feed", None)
            self._read_at = time.monotonic()
            pause = _BUSY_SECONDS if found else min(pause * 2, _IDLE_SECONDS)
            # Those who commit at the same time as this was read are read together the next time.
            self._stopping.wait(_BUSY_SECONDS)

    def _read_on(self) -> bool:
        """Tell all there is; whether there was anything."""
        found, full = False, True
        while full and not self._stopping.is_set():
            call, here = self._query_call(), self._here
            if here is None:
                return False
            try:
                page = self._feed.read(call, here, limit=PAGE)
            except OutOfRange as error:  # nothing could be read for as long as the feed is kept
                self._lists.give_up(error)
                page = FeedPage((), self._feed.head(call))
            full = len(page.events) >= PAGE
            found = found or bool(page.events)
            try:
                self._lists.tell(call, page)
            except TicketsError:
                raise  # the database went away in between: nobody has been told
            except Exception as error:  # noqa: BLE001 - one bad event must not hold up all that follow it
                self._report("events", error)
                self._lists.give_up(Unavailable())
            # Timelines have an order of their own, and need not wait until that of the feed is settled.
            seen = ((event.position, event.ticket_id) for event in page.events)
            self._untold.update(
                ticket_id for position, ticket_id in (*seen, *page.early) if position not in self._early
            )
            found = found or bool(self._untold)
            with self._listening:
                if self._here is not None:
                    self._here = page.end
            self._timelines.follow(call, self._untold)
            self._untold.clear()
            self._early = {position for position, _ in page.early}
        here = self._here
        return found if here is None else self._lists.take_in(self._query_call(), here) or found

    def _query_call(self) -> Call:
        return Call(SYSTEM, trace_id="watch", deadline=time.monotonic() + _QUERY_SECONDS)

    # --- the keeper

    def _keep(self) -> None:
        credentials_at = time.monotonic()
        while not self._stopping.wait(_TICK_SECONDS):
            now = time.monotonic()
            check_credentials = now - credentials_at >= self._pace.credentials - _TICK_SECONDS / 2
            if check_credentials:
                credentials_at = now
            with self._lock:
                entries = list(self._open.items())
            for stream, entry in entries:
                try:
                    self._look_after(stream, entry, now, check_credentials=check_credentials)
                except Exception as error:  # noqa: BLE001 - nor must one stream keep the others from being looked after
                    entry.outlet.end(error)
            self._rest_if_alone()
            if self._pulse is not None:
                self._pulse(len(self.open_streams), 0.0 if self._here is None else now - self._read_at)

    def _look_after(
        self, stream: TimelineStream | ListStream, entry: _Open, now: float, *, check_credentials: bool
    ) -> None:
        entry.outlet.tick(now)
        if entry.outlet.is_over:
            return
        if check_credentials:
            self._check_expiry(entry.call.principal)
            with suppress(Unavailable):  # whoever knows the keys is away: what was believed still is
                entry.still_valid()
        if stream.is_stuck:
            entry.catch_up()
        if now - entry.outlet.last_put_at >= entry.patience:
            entry.mark()

    def _check_expiry(self, principal: Principal) -> None:
        """To the second: the leeway that a new call has for clocks that differ would keep a stream for too long."""
        if principal.expires_at is not None and principal.expires_at <= self._now():
            raise Unauthenticated("The token has expired.", reason=Reason.TOKEN_EXPIRED)

    def _rest_if_alone(self) -> None:
        """Without streams the feed is not read."""
        if self._listening.acquire(blocking=False):  # else somebody just comes, and may wait for the database
            try:
                if not len(self.open_streams):
                    self._here = None
            finally:
                self._listening.release()

    # --- the comparer

    def _compare(self) -> None:
        """In a thread of its own: while the database hangs, tokens expire and slow readers are found all the same."""
        while not self._stopping.wait(self._pace.access):
            try:
                self._timelines.check(self._query_call())
            except Exception as error:  # noqa: BLE001 - a thread must outlive whatever a database may do
                self._report("access", error)
            else:
                self._report("access", None)


def _shutting_down() -> Unavailable:
    return Unavailable(
        "This server is shutting down. Go on at another.",
        retry_after=timedelta(milliseconds=100),
        reason=Reason.SHUTTING_DOWN,
    )
