"""Who does what just now, as Redis knows it, and what happens when it forgets."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from subprocess import PIPE

import pytest
import redis

from tests.redis_process import RedisProcess
from tests.waiting import eventually
from workers.locks import Locks

HOLDER = """
import sys, time
from workers.locks import Locks
with Locks(sys.argv[1], lifetime_seconds=0.5).held("sweep") as ours:
    print(ours, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def locks(redis_process: RedisProcess) -> Iterator[Locks]:
    locks = Locks(redis_process.url, lifetime_seconds=0.5)
    yield locks
    locks.close()


def test_one_holder_at_a_time(locks: Locks) -> None:
    with locks.held("sweep") as ours, locks.held("sweep") as others, locks.held("relay") as another:
        assert (ours, others, another) == (True, False, True)
    with locks.held("sweep") as ours:
        assert ours


def test_a_holder_keeps_it_beyond_its_lifetime(locks: Locks, redis_process: RedisProcess) -> None:
    with locks.held("sweep"), redis_process.client() as client:
        (key,) = client.keys("*lock:sweep")
        tokens, renewed = {client.get(key)}, 0
        left = client.pttl(key)
        while renewed < 4:  # more than a lifetime
            now_left = client.pttl(key)
            renewed += now_left > left
            left = now_left
            tokens.add(client.get(key))
        assert len(tokens) == 1


def test_the_lock_of_a_killed_process_runs_out(locks: Locks, redis_process: RedisProcess) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, redis_process.url], stdin=PIPE, stdout=PIPE)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        with locks.held("sweep") as ours:
            assert not ours
        holder.kill()

    def free() -> bool:
        with locks.held("sweep") as ours:
            return ours

    eventually(free, what="the lock")


def test_another_holders_lock_is_never_released(locks: Locks, redis_process: RedisProcess) -> None:
    with redis_process.client() as client:
        with locks.held("sweep"):
            (key,) = client.keys("*lock:sweep")
            client.set(key, "another, since ours ran out")
        assert client.get(key) == b"another, since ours ran out"


def test_a_forgotten_lock_is_taken_again(locks: Locks, redis_process: RedisProcess) -> None:
    with locks.held("sweep"), redis_process.client() as client:
        redis_process.flush()
        eventually(lambda: client.keys("*lock:sweep"), what="the lock")


def test_without_redis_everybody_may(locks: Locks, redis_process: RedisProcess) -> None:
    redis_process.stop()
    with locks.held("sweep") as ours, locks.held("sweep") as others:
        assert ours
        assert others
    with pytest.raises(redis.ConnectionError):
        locks.ask("sweep", seconds=1)


def test_work_that_fails_gives_the_lock_back(locks: Locks) -> None:
    with pytest.raises(ZeroDivisionError), locks.held("sweep"):
        raise ZeroDivisionError
    with locks.held("sweep") as ours:
        assert ours


def test_work_is_asked_for_once_until_somebody_answers(locks: Locks) -> None:
    assert locks.ask("sweep", seconds=60)
    assert not locks.ask("sweep", seconds=60)
    assert locks.ask("relay", seconds=60)
    with locks.held("sweep"):
        # Whoever works may have looked before the new work came, so it is asked for again after that.
        assert not locks.ask("sweep", seconds=60)
    assert locks.ask("sweep", seconds=60)


def test_a_request_that_nobody_answers_is_made_again(locks: Locks) -> None:
    assert locks.ask("sweep", seconds=0.05)
    eventually(lambda: locks.ask("sweep", seconds=60), what="another request")


def test_threads_compete_fairly_enough(locks: Locks) -> None:
    """However many try at once, one has it at a time."""
    inside, most, guard = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with locks.held("sweep") as ours:
                if ours:
                    with guard:
                        inside += 1
                        most = max(most, inside)
                    with guard:
                        inside -= 1

    with ExitStack() as threads:
        for _ in range(8):
            thread = threading.Thread(target=work)
            thread.start()
            threads.callback(thread.join)
    assert most == 1
