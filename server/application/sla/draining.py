"""Working off what is due, in parallel where there is much of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

Batch = Callable[[int], int]
"""Deals with at most so many and says how many they were; may be called from several threads at once."""


def drain(batch: Batch, *, limit: int, threads: int, go_on: Callable[[], bool]) -> int:
    """Call ``batch`` until one comes back short or ``go_on`` says no; how many were dealt with in all.

    The first call runs alone, so that finding nothing costs one query; only a full batch brings in the other threads.
    An error of any of them is raised when all have stopped.
    """
    first = batch(limit)
    if first < limit or not go_on():
        return first

    def work() -> int:
        done = 0
        while go_on():
            taken = batch(limit)
            done += taken
            if taken < limit:
                break
        return done

    if threads <= 1:
        return first + work()
    with ThreadPoolExecutor(threads, thread_name_prefix="drain") as pool:
        return first + sum(future.result() for future in [pool.submit(work) for _ in range(threads)])
