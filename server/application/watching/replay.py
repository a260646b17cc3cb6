"""Reading for streams that catch up: a few threads, in fair turns."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from server.domain.ids import UserId

THREADS = 3


class ReplayPool:
    """Who has much to read takes one thread and one turn after another; whoever comes meanwhile does not wait for him.

    Work is short: a page at a time, which asks for its next turn itself. It sees to its own failures.
    """

    def __init__(self, threads: int = THREADS) -> None:
        self._changed = threading.Condition()
        self._work: dict[UserId, deque[Callable[[], None]]] = {}
        self._first: dict[UserId, deque[Callable[[], None]]] = {}
        self._turns: deque[UserId] = deque()
        """Those who have work and no thread, next one first."""
        self._busy: set[UserId] = set()
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._run, name=f"watch-replay-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        """Once."""
        for thread in self._threads:
            thread.start()

    def submit(self, user_id: UserId, work: Callable[[], None], *, first: bool = False) -> None:
        """Run it soon, on that user's account; never once the pool is stopped. What is ``first`` goes before all else
        of the same user: what somebody waits to see before what he has missed."""
        with self._changed:
            if not self._waits(user_id) and user_id not in self._busy:
                self._turns.append(user_id)
            (self._first if first else self._work).setdefault(user_id, deque()).append(work)
            self._changed.notify()

    def stop(self, give_up: float) -> None:
        """Begin nothing more, and wait until that ``time.monotonic`` for what is under way."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, give_up - time.monotonic()))

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._turns)
                if self._stopped:
                    return
                user_id = self._turns.popleft()
                work = self._next(user_id)
                self._busy.add(user_id)
            with suppress(Exception):  # one stream's trouble ends that stream, not the thread of all others
                work()
            with self._changed:
                self._busy.discard(user_id)
                if self._waits(user_id):
                    self._turns.append(user_id)
                    self._changed.notify()

    def _waits(self, user_id: UserId) -> bool:
        return user_id in self._first or user_id in self._work

    def _next(self, user_id: UserId) -> Callable[[], None]:
        queues = self._first if user_id in self._first else self._work
        work = queues[user_id].popleft()
        if not queues[user_id]:
            del queues[user_id]
        return work
