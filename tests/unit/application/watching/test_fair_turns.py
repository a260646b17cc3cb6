"""Nobody keeps others from catching up, and openings that hang leave threads to other calls."""

import threading
import time
from collections.abc import Iterator

import pytest

from server.application.watching.openings import Openings
from server.application.watching.replay import ReplayPool
from server.domain.errors import Unavailable
from server.domain.ids import UserId
from tests.waiting import eventually

GREEDY, OTHER = UserId("greedy"), UserId("other")


@pytest.fixture
def pool() -> Iterator[ReplayPool]:
    pool = ReplayPool(threads=2)
    pool.start()
    try:
        yield pool
    finally:
        pool.stop(time.monotonic() + 10)


def test_one_user_has_one_thread(pool: ReplayPool) -> None:
    hold, begun, served = threading.Event(), threading.Semaphore(0), threading.Event()

    def block() -> None:
        begun.release()
        hold.wait(30)

    for _ in range(50):
        pool.submit(GREEDY, block)
    assert begun.acquire(timeout=10)
    pool.submit(OTHER, served.set)
    assert served.wait(10), "the other thread is free"
    assert not begun.acquire(blocking=False)
    hold.set()
    for _ in range(49):
        assert begun.acquire(timeout=10)


def test_turns_alternate() -> None:
    """With one thread: who has asked for a hundred turns does not go first a hundred times."""
    pool, order, done = ReplayPool(threads=1), list[str](), threading.Event()
    for number in range(100):
        pool.submit(GREEDY, lambda number=number: order.append(f"greedy {number}"))  # type: ignore[misc]
    pool.submit(OTHER, lambda: order.append("other"))
    pool.submit(GREEDY, done.set)
    pool.start()
    assert done.wait(10)
    pool.stop(time.monotonic() + 10)
    assert order.index("other") <= 1
    assert [each for each in order if each != "other"] == [f"greedy {number}" for number in range(100)]


def test_what_goes_first_goes_before_all_else_of_its_user() -> None:
    pool, order, done = ReplayPool(threads=1), list[str](), threading.Event()
    for number in range(3):
        pool.submit(GREEDY, lambda number=number: order.append(f"missed {number}"))  # type: ignore[misc]
    pool.submit(GREEDY, lambda: order.append("a list"), first=True)
    pool.submit(GREEDY, done.set)
    pool.start()
    assert done.wait(10)
    pool.stop(time.monotonic() + 10)
    assert order == ["a list", "missed 0", "missed 1", "missed 2"]


def test_work_that_fails_ends_nobody_elses_thread(pool: ReplayPool) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    served = threading.Semaphore(0)
    for number in range(10):
        pool.submit(UserId(f"user-{number}"), fail)
        pool.submit(UserId(f"user-{number}"), served.release)
    for _ in range(10):
        assert served.acquire(timeout=10)


def test_work_may_ask_for_its_next_turn(pool: ReplayPool) -> None:
    done, left = threading.Event(), [20]

    def page() -> None:
        left[0] -= 1
        if left[0]:
            pool.submit(GREEDY, page)
        else:
            done.set()

    pool.submit(GREEDY, page)
    assert done.wait(10)


def test_stopped_it_begins_nothing() -> None:
    pool, begun = ReplayPool(threads=2), threading.Event()
    pool.start()
    pool.stop(time.monotonic() + 10)
    pool.submit(GREEDY, begun.set)
    assert not begun.is_set()
    assert not any(
        thread.name.startswith("watch-replay") and thread in pool._threads for thread in threading.enumerate()
    )


def test_so_many_openings_at_a_time() -> None:
    openings, hold, inside = Openings(2), threading.Event(), threading.Semaphore(0)

    def open_slowly() -> None:
        with openings.one():
            inside.release()
            hold.wait(30)

    threads = [threading.Thread(target=open_slowly, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
        assert inside.acquire(timeout=10)
    with pytest.raises(Unavailable), openings.one():
        pytest.fail("there was no room")
    eventually(openings._hangs, what="openings that hang")
    with pytest.raises(Unavailable), openings.one():
        pytest.fail("there was no room")
    hold.set()
    for thread in threads:
        thread.join(10)
    with openings.one():
        pass


def test_a_short_queue_is_borne() -> None:
    openings, inside, leave, served = Openings(1), threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with openings.one():
            inside.set()
            leave.wait(10)

    def second() -> None:
        leave.set()
        with openings.one():
            served.set()

    threads = [threading.Thread(target=work, daemon=True) for work in (first, second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    assert served.wait(10)
