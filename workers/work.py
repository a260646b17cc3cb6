"""What a kind of background work is: its task's name, queue, cadence and limits, and how it is run.

A task does its work in batches, each a transaction of a use case, and ends in good time before its limits: what is left
has another task. It takes no arguments: what is to be done is asked of the database, never carried by a message.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

import structlog
from celery import Celery

from server.application.sla.draining import drain
from server.domain.errors import Unavailable
from workers.locks import Locks

Uses = TypeVar("Uses")
Step = Callable[[int], int]
"""Handles at most so many items, in a transaction of its own; returns how many. Fewer means that no more are due."""

ONCE = sys.maxsize
"""The batch of a step that does all there is in one call."""
TURN = timedelta(seconds=10)
"""After this long a task begins no further batch: shutdown waits for a task, and others want their turn."""
ASK = timedelta(seconds=10)
"""So long before its time limit a task is asked to give up, by SoftTimeLimitExceeded."""

_log = structlog.get_logger("workers.work")


@dataclass(frozen=True, slots=True)
class Work(Generic[Uses]):
    """`Uses` is what the steps are taken from: the use cases of a process."""

    name: str
    """Of the task, of its lock, and of what the alarm finds due."""
    queue: str
    every: timedelta
    """Beat's cadence: how late the work may be where no alarm calls for it."""
    batch: int
    step: Callable[[Uses], Step]
    threads: int = 1
    """How many batches at once, where there is more than one."""
    time_limit: timedelta = timedelta(minutes=1)
    """A task that takes longer is ended with its process. Use cases have shorter limits of their own."""
    alone: bool = True
    """Whether it is left to one task at a time. Where not, the use case sees to it that each does something else."""


def run(work: Work[Uses], locks: Locks, uses: Callable[[], Uses]) -> int:
    """Do all that is due, or as much as fits in a turn; returns how much was done.

    Nothing is done while another task does the same work, unless the work may be done by several. `uses` is called
    only once the work is ours.
    """
    with locks.held(work.name) if work.alone else locks.answered(work.name) as ours:
        if not ours:
            return 0
        began = time.monotonic()
        until = began + TURN.total_seconds()
        done = drain(work.step(uses()), limit=work.batch, threads=work.threads, go_on=lambda: time.monotonic() < until)
    if done:
        _log.info("work done", work=work.name, handled=done, seconds=round(time.monotonic() - began, 3))
    return done


def register(app: Celery, works: Iterable[Work[Uses]], locks: Callable[[], Locks], uses: Callable[[], Uses]) -> None:
    """Add a task for each. `locks` and `uses` are called in the process that runs a task, not in the one that forks it:
    connections do not survive a fork."""
    for work in works:
        _register(app, work, locks, uses)


def _register(app: Celery, work: Work[Uses], locks: Callable[[], Locks], uses: Callable[[], Uses]) -> None:
    seconds = int(work.time_limit.total_seconds())

    # Not shared: Celery would hand a shared task to every other app of the process, with this app's use cases.
    @app.task(
        name=work.name,
        shared=False,
        time_limit=seconds,
        soft_time_limit=seconds - int(ASK.total_seconds()),
        # Counted as a failure, but without a traceback.
        throws=(Unavailable,),
    )
    def task() -> None:
        try:
            run(work, locks(), uses)
        except Unavailable as error:
            _log.warning(
                "work put off: the database or the file store is away", work=work.name, cause=str(error.context)
            )
            raise
