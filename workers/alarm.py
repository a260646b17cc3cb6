"""Calls for work at the moment it is due, where beat would come by only in a while.

A thread in the main process of each worker asks the database every second what is due, and sends those tasks that its
own worker consumes: a queue that nobody consumes never fills. Everything it does may fail or happen twice; what it
missed it finds a second later, and beat finds it anyway.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from typing import Protocol

from server.outage import Outage
from workers.locks import Locks

EXPIRES_SECONDS = 3.0
"""A message that no worker has taken by then is void, and the work may be asked for again."""


class DueWork(Protocol):
    def due(self) -> frozenset[str]:
        """The names of the works for which something is due now. Raises what the database raises."""
        ...


class Alarm:
    """Starts nothing before `start`: what it connects to must not be inherited by the processes of the pool."""

    def __init__(
        self,
        due_work: Callable[[], DueWork],
        locks: Callable[[], Locks],
        send: Callable[[str, float], None],
        *,
        names: Collection[str],
        every_seconds: float,
    ) -> None:
        """`due_work` and `locks` are called once, in the alarm's thread. `send` sends the task of that name, void after
        so many seconds; it raises when it cannot at once."""
        self._due_work = due_work
        self._locks = locks
        self._send = send
        self._names = frozenset(names)
        self._every_seconds = every_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarm", daemon=True)
        self._asked_at: float | None = None
        self._database = Outage("PostgreSQL")
        self._redis = Outage("Redis")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more. Does not wait for an answer that is under way."""
        self._stopped.set()
        self._thread.join(timeout=1.0)

    def answered_within(self, seconds: float) -> bool:
        """Whether the thread lives, and the database has answered it in the last so many seconds."""
        asked_at = self._asked_at
        return self._thread.is_alive() and asked_at is not None and time.monotonic() - asked_at <= seconds

    def _run(self) -> None:
        due_work, locks = self._due_work(), self._locks()
        next_look = time.monotonic()
        while not self._stopped.wait(max(0.0, next_look - time.monotonic())):
            next_look = max(next_look + self._every_seconds, time.monotonic())
            try:
                due = due_work.due()
            except Exception as error:  # noqa: BLE001 - a thread must outlive whatever a database may do
                self._database.noticed(error)
                continue
            self._asked_at = time.monotonic()
            self._database.over()
            for name in due & self._names:
                if self._stopped.is_set() or not self._call_for(name, locks):
                    break
        locks.close()

    def _call_for(self, name: str, locks: Locks) -> bool:
        """Whether Redis could be asked and told."""
        try:
            if locks.ask(name, seconds=EXPIRES_SECONDS):
                self._send(name, EXPIRES_SECONDS)
        except Exception as error:  # noqa: BLE001 - nor need it know what transports raise
            self._redis.noticed(error)
            return False
        self._redis.over()
        return True
