"""A cancel request meets the statement it is meant for, or nobody."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from server.adapters.postgres.interruptions import Interruptions
from server.application.call import Call
from server.domain.principal import SYSTEM
from tests.database import Database
from tests.waiting import eventually

SLEEP = "SELECT pg_sleep(60)"
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'"


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    with database.connect() as opened:
        yield opened


def sleeping(database: Database) -> bool:
    with database.connect() as looking:
        return looking.execute(SLEEPING).fetchone() == (1,)


def test_the_statement_of_a_caller_that_left_is_cancelled(database: Database, connection: psycopg.Connection) -> None:
    interruptions = Interruptions()
    left = threading.Event()
    lease = interruptions.begin(connection, Call(SYSTEM, is_wanted=lambda: not left.is_set()))
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(connection.execute, SLEEP)
        eventually(lambda: sleeping(database), what="the statement under way")
        interruptions.interrupt_unwanted()
        assert not ended.done()
        left.set()
        interruptions.interrupt_unwanted()
        assert isinstance(ended.exception(timeout=10), psycopg.errors.QueryCanceled)
    interruptions.end(lease)
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_call_that_is_done_is_not_interrupted(connection: psycopg.Connection) -> None:
    interruptions = Interruptions()
    interruptions.end(interruptions.begin(connection, Call(SYSTEM, is_wanted=lambda: False)))
    interruptions.interrupt_unwanted()
    assert connection.execute("SELECT pg_sleep(0.2)").fetchone() is not None


def test_where_nobody_can_leave_nothing_is_interrupted(connection: psycopg.Connection) -> None:
    interruptions = Interruptions()
    lease = interruptions.begin(connection, Call(SYSTEM))
    interruptions.interrupt_unwanted()
    interruptions.end(lease)
    assert not connection.closed


def test_the_next_user_of_a_connection_is_never_hit(connection: psycopg.Connection) -> None:
    """Unwanted and wanted calls take turns on one connection, as fast as they can, while requests are sent."""
    interruptions = Interruptions()
    wanted = Call(SYSTEM, is_wanted=lambda: True)
    unwanted = replace(wanted, is_wanted=lambda: False)
    stop = threading.Event()
    interrupted = 0

    def interrupt() -> None:
        while not stop.is_set():
            interruptions.interrupt_unwanted()

    with ThreadPoolExecutor(1) as pool:
        interrupting = pool.submit(interrupt)
        try:
            for _ in range(300):
                lease = interruptions.begin(connection, unwanted)
                try:
                    connection.execute("SELECT pg_sleep(0.002)")
                except psycopg.errors.QueryCanceled:
                    interrupted += 1
                interruptions.end(lease)
                lease = interruptions.begin(connection, wanted)
                connection.execute("SELECT pg_sleep(0.001)")
                interruptions.end(lease)
        finally:
            stop.set()
        interrupting.result(timeout=10)
    assert interrupted > 0


def test_when_it_is_not_certain_that_a_request_was_acted_upon_the_connection_is_closed(
    connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*, timeout: float) -> None:
        raise psycopg.errors.CancellationTimeout(f"{timeout} s")

    monkeypatch.setattr(connection, "cancel_safe", fail)
    interruptions = Interruptions()
    lease = interruptions.begin(connection, Call(SYSTEM, is_wanted=lambda: False))
    interruptions.interrupt_unwanted()
    interruptions.end(lease)
    assert connection.closed
