"""Thread pools of the server, and who may hold a thread without letting it work.

A handler's thread that waits for its client (for the request message, or for a reflection stream to end) is
held by that client: nothing else bounds such a wait in grpcio, and a few dozen silent clients would be all
that a process serves. ``HeldThreads`` knows these calls, and ``Watchdog`` ends those that hold on too long.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

import structlog

from server.api.calls import CallState
from server.domain.errors import ResourceExhausted
from server.domain.ids import UserId

_log = structlog.get_logger("server.api")

_GREED_REMEMBERED_SECONDS = 60.0
_TICK_SECONDS = 0.1
_GRACE_SECONDS = 0.5
"""grpc itself ends a call when the client's deadline passes; this is for the server's own."""


@dataclass(frozen=True, slots=True)
class Holding:
    """How long a client may hold a thread of a pool."""

    limit_seconds: float
    """Never longer than this."""
    patience_seconds: float
    """Longer than this only while no other call waits for a thread."""
    share: int
    """How many threads one caller may hold beyond the patience. Calls without a caller are not counted."""


class HeldThreads:
    """The calls of one pool whose client has a thread and gives it nothing to do.

    ``hold`` and ``release`` are called by the threads of the pool, in every call, and take no lock: each is
    one operation of a dict. ``cut`` is called by one other thread. A call is cut only when two rounds of
    ``cut`` saw it, so that clients are not blamed for a process that stood still.
    """

    def __init__(self, holding: Holding, wanted: Callable[[], bool]) -> None:
        self._holding = holding
        self._wanted = wanted
        self._since: dict[CallState, float] = {}
        self._seen: dict[CallState, float] = {}
        self._greedy: dict[UserId, float] = {}

    def hold(self, state: CallState) -> None:
        """From here on the client has the thread. Raises ResourceExhausted for a caller that has taken too many."""
        self._since[state] = perf_counter()
        if self._greedy:
            self._refuse_the_greedy(state)

    def release(self, state: CallState) -> bool:
        """The client has done its part. False when it was too late: the call was cut, and must not be served."""
        return self._since.pop(state, None) is not None

    def cut(self) -> int:
        """End the calls that have held on too long, and say how many."""
        now, deadline = perf_counter(), time.monotonic()
        seen, self._seen = self._seen, self._since.copy()
        long_held = [
            (state, since)
            for state, since in self._seen.items()
            if state in seen and (now - since >= self._patience or _passed(state, deadline))
        ]
        self._greedy = {caller: until for caller, until in self._greedy.items() if until > now}
        wanted = bool(long_held) and self._wanted()
        holds: Counter[UserId] = Counter()
        number = 0
        for state, since in long_held:
            over_share = False
            if state.principal is not None:
                caller = state.principal.user_id
                holds[caller] += 1
                over_share = holds[caller] > self._holding.share
                if over_share:
                    self._greedy[caller] = now + _GREED_REMEMBERED_SECONDS
            if wanted or over_share or now - since >= self._holding.limit_seconds or _passed(state, deadline):
                number += self._end(state)
        return number

    @property
    def _patience(self) -> float:
        return min(self._holding.patience_seconds, self._holding.limit_seconds)

    def _end(self, state: CallState) -> bool:
        # Whoever takes it out decides: a message that comes at this moment is either served or refused.
        if self._since.pop(state, None) is None:
            return False
        # The only way that grpc offers to wake the thread. The client sees CANCELLED.
        state.context.cancel()
        return True

    def _refuse_the_greedy(self, state: CallState) -> None:
        principal = state.principal
        if principal is None or principal.user_id not in self._greedy:
            return
        caller = principal.user_id
        holds = sum(other.principal is not None and other.principal.user_id == caller for other in self._since.copy())
        if holds > self._holding.share:
            self.release(state)
            raise ResourceExhausted(
                "Too many of your calls are waiting for their request message.", retry_after=timedelta(seconds=1)
            )


def _passed(state: CallState, now: float) -> bool:
    return state.deadline is not None and now >= state.deadline + _GRACE_SECONDS


class HandlerPool(ThreadPoolExecutor):
    """A thread pool that can say how many calls wait for a thread, and which clients hold one."""

    def __init__(self, threads: int, name: str, holding: Holding) -> None:
        super().__init__(threads, thread_name_prefix=name)
        self.held = HeldThreads(holding, lambda: self.waiting() > 0)

    def waiting(self) -> int:
        """Approximate, as the number changes meanwhile."""
        return self._work_queue.qsize()

    def finish(self, until: float) -> bool:
        """Take no more work and wait for the threads until that ``time.monotonic()``; whether all of them ended."""
        self.shutdown(wait=False, cancel_futures=True)
        threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)


class Watchdog:
    """Cuts what holds threads too long, ten times a second, in a thread of its own."""

    def __init__(self, pools: Sequence[HandlerPool]) -> None:
        self._pools = pools
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Once."""
        self._thread.start()

    def stop(self) -> None:
        """Also where it was never started."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(_TICK_SECONDS):
            number = sum(pool.held.cut() for pool in self._pools)
            if number:
                _log.warning("calls that held a thread without sending were cut", calls=number)
