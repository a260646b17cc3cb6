"""Several threads tell, and the one that asked knows when they are done."""

import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from server.application.watching.telling import THREADS, Tellers

READERS = 100


@pytest.fixture
def tellers() -> Iterator[Tellers]:
    tellers = Tellers()
    yield tellers
    tellers.stop()


@pytest.mark.parametrize("readers", [0, 1, 8, 9, READERS])
def test_each_is_told_once(tellers: Tellers, readers: int) -> None:
    told: Counter[int] = Counter()
    tellers.each(lambda reader: told.update([reader]), range(readers))
    assert told == Counter(range(readers))


def test_several_threads_tell_many(tellers: Tellers) -> None:
    together = threading.Barrier(THREADS, timeout=30)
    firsts = range(0, READERS, READERS // THREADS)
    tellers.each(lambda reader: together.wait() if reader in firsts else None, range(READERS))


@pytest.mark.parametrize("bad", [0, READERS - 1])
def test_what_one_raises_is_raised_after_the_others(tellers: Tellers, bad: int) -> None:
    told: list[int] = []

    def tell(reader: int) -> None:
        if reader == bad:
            raise LookupError
        told.append(reader)

    with pytest.raises(LookupError):
        tellers.each(tell, range(READERS))
    assert len(told) >= READERS - READERS // THREADS
