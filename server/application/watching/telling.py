"""Telling many readers at once, by several threads, so that they get their turn beside the calls of others.

To hand a message to grpc is to let go of the interpreter, and in a busy process another thread has its turn then. One
thread that tells thousands of readers would wait for thousands of turns, one after another.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

THREADS = 4
_WORTH_A_THREAD = 8
"""Fewer than these are told sooner than another thread has begun."""


class Tellers:
    """Threads that help one other, who waits for them. They are started when they are first needed."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS - 1, thread_name_prefix="watch-tell")

    def each(self, tell: Callable[[T], object], what: Sequence[T]) -> None:
        """``tell`` each of them, several at a time and in no order. Raises what one of them raised, when all are done
        but those that would have come after it in its thread."""
        share = max(_WORTH_A_THREAD, -(-len(what) // THREADS))
        others = [
            self._pool.submit(_tell_all, tell, what[start : start + share]) for start in range(share, len(what), share)
        ]
        try:
            _tell_all(tell, what[:share])
        finally:
            failures = [error for other in others if (error := other.exception()) is not None]
        if failures:
            raise failures[0]

    def stop(self) -> None:
        """When nobody tells any more."""
        self._pool.shutdown(wait=False)


def _tell_all(tell: Callable[[T], object], what: Sequence[T]) -> None:
    for each in what:
        tell(each)
