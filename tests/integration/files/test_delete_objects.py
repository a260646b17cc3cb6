"""What is to be deleted from the store is deleted, once, however often the store, a worker or the database fail."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest

from server.adapters.objectstore.local import LocalStore
from server.adapters.postgres.deletion_queue import CLAIM, PostgresDeletionQueue
from server.adapters.postgres.pool import open_pool
from server.application.files.delete_objects import DeleteObjects
from server.application.object_store import ObjectStore
from server.domain.errors import Unavailable
from server.files import open_store
from tests.database import Database
from tests.integration.files.stored import Breakable, condemn, due_again, noted, queue_of, stored, waits
from tests.integration.notifications.pipeline import relay_all
from tests.integration.postgres.feeds import feed_of, news, settled
from tests.integration.postgres.rows import insert_ticket
from tests.running import free_port, settings_for

KEEP = "DELETE FROM object_deletions WHERE object_key = %s AND attempts = 0"
"""What a finished export does that keeps its object after all."""
DUE = "SELECT object_key, attempts, delete_after FROM object_deletions ORDER BY delete_after"


class Killed(BaseException):
    """Ends a deletion as SIGKILL would: nothing is written down."""


def test_what_is_due_is_deleted_and_nothing_else(
    connection: psycopg.Connection, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    due = condemn(connection, store, 45)
    later = condemn(connection, store, 3, due_for=timedelta(minutes=-5))
    assert DeleteObjects(deletions, store)() == 45
    assert stored(store, due) == []
    assert stored(store, later) == later
    assert noted(connection) == later
    assert DeleteObjects(deletions, store)() == 0


def test_the_longest_due_go_first(
    connection: psycopg.Connection, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    keys = condemn(connection, store, 5)
    assert deletions.delete_due(store.delete, limit=2) == (2, 0)
    assert stored(store, keys) == keys[2:]


def test_an_object_that_is_not_there_is_deleted(
    connection: psycopg.Connection, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    (key,) = condemn(connection, store, 1)
    store.delete(key)
    assert DeleteObjects(deletions, store)() == 1
    assert noted(connection) == []


# --- the store fails


def test_while_the_store_is_away_rows_wait_longer_and_longer(
    connection: psycopg.Connection, store: LocalStore, directory: Breakable, deletions: PostgresDeletionQueue
) -> None:
    (key,) = condemn(connection, store, 1)
    directory.break_off()
    for attempt, minutes in enumerate((1, 2, 4, 8, 16, 32, 60, 60), start=1):
        with pytest.raises(Unavailable):
            DeleteObjects(deletions, store)()
        assert waits(connection, key) == (attempt, timedelta(minutes=minutes))
        assert DeleteObjects(deletions, store)() == 0, "not due"
        due_again(connection)
    directory.mend()
    assert DeleteObjects(deletions, store)() == 1
    assert stored(store, [key]) == []
    assert noted(connection) == []


def test_of_a_batch_one_key_is_tried_while_the_store_is_away(
    connection: psycopg.Connection, store: LocalStore, directory: Breakable, deletions: PostgresDeletionQueue
) -> None:
    keys = condemn(connection, store, 30)
    directory.break_off()
    with pytest.raises(Unavailable):
        DeleteObjects(deletions, store)()
    assert noted(connection) == [*keys[1:], keys[0]]
    assert connection.execute("SELECT sum(attempts) FROM object_deletions").fetchone() == (1,)
    directory.mend()
    assert DeleteObjects(deletions, store)() == 29, "the others are due as before"
    due_again(connection)
    assert DeleteObjects(deletions, store)() == 1


def test_what_was_deleted_before_the_store_went_away_is_written_down(
    connection: psycopg.Connection, store: LocalStore, directory: Breakable, deletions: PostgresDeletionQueue
) -> None:
    keys = condemn(connection, store, 5)

    def delete(key: str) -> None:
        if key == keys[2]:
            directory.break_off()
        store.delete(key)

    assert deletions.delete_due(delete, limit=10) == (2, 1)
    directory.mend()
    assert noted(connection) == [keys[3], keys[4], keys[2]]
    assert stored(store, keys) == keys[2:]


def test_an_object_that_cannot_be_deleted_holds_up_no_others(
    connection: psycopg.Connection, store: LocalStore, directory: Breakable, deletions: PostgresDeletionQueue
) -> None:
    keys = condemn(connection, store, 30)
    for key in keys[:3]:
        (path,) = directory.path.glob(f"*/{key.replace('/', ',')}")
        path.unlink()
        path.mkdir()
    assert DeleteObjects(deletions, store)() == 27
    assert noted(connection) == keys[:3]
    assert [waits(connection, key) for key in keys[:3]] == [(1, timedelta(minutes=1))] * 3


def test_a_key_that_no_store_takes_is_reported_and_holds_up_no_others(
    connection: psycopg.Connection, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    keys = condemn(connection, store, 3)
    connection.execute("UPDATE object_deletions SET object_key = '../etc' WHERE object_key = %s", [keys[1]])
    with pytest.raises(ValueError, match="key"):
        DeleteObjects(deletions, store)()
    assert DeleteObjects(deletions, store)() == 1
    assert noted(connection) == ["../etc"]
    assert waits(connection, "../etc") == (1, timedelta(minutes=1))


def test_a_store_that_refuses_connections(
    connection: psycopg.Connection, database: Database, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    nobody = settings_for(
        database,
        s3_endpoint=f"http://127.0.0.1:{free_port()}",
        s3_access_key="tickets",
        s3_secret_key="a secret of tests",
        s3_timeout_seconds=1,
    )
    away: ObjectStore = open_store(nobody)
    keys = condemn(connection, store, 2)
    with pytest.raises(Unavailable) as failure:
        DeleteObjects(deletions, away)()
    assert "127.0.0.1" not in failure.value.message
    assert waits(connection, keys[0]) == (1, timedelta(minutes=1))
    assert waits(connection, keys[1])[0] == 0


# --- workers and the database fail


def test_cut_short_it_is_done_again(
    connection: psycopg.Connection, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    keys = condemn(connection, store, 3)

    def delete(key: str) -> None:
        store.delete(key)
        if key == keys[1]:
            raise Killed

    with pytest.raises(Killed):
        deletions.delete_due(delete, limit=10)
    assert set(noted(connection)) == set(keys)
    assert stored(store, keys) == keys[2:]
    assert [waits(connection, key) for key in keys] == [(1, timedelta(minutes=1))] * 3
    assert DeleteObjects(deletions, store)() == 0, "not due"
    due_again(connection)
    assert DeleteObjects(deletions, store)() == 3
    assert stored(store, keys) == noted(connection) == []


def test_no_database_is_unavailable(store: LocalStore) -> None:
    dsn = f"host=127.0.0.1 port={free_port()} connect_timeout=1"
    with queue_of(dsn, wait_seconds=1) as nowhere, pytest.raises(Unavailable):
        DeleteObjects(nowhere, store)()


# --- others at the same time


def test_each_object_is_deleted_once_by_however_many(
    connection: psycopg.Connection, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    keys = condemn(connection, store, 100)
    deleted: Counter[str] = Counter()
    together = threading.Barrier(4)

    def delete(key: str) -> None:
        store.delete(key)
        deleted[key] += 1

    def run() -> int:
        together.wait(10)
        total = 0
        while (done := deletions.delete_due(delete, limit=5)[0]) > 0:
            total += done
        return total

    with ThreadPoolExecutor(4) as pool:
        assert sum(future.result() for future in [pool.submit(run) for _ in range(4)]) == 100
    assert deleted == dict.fromkeys(keys, 1)
    assert noted(connection) == []


def test_who_keeps_an_object_too_late_learns_it_at_once(
    connection: psycopg.Connection, database: Database, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    (key,) = condemn(connection, store, 1)
    kept: list[int] = []

    def delete(doomed: str) -> None:
        kept.append(connection.execute(KEEP, [key]).rowcount)
        raise Unavailable

    assert deletions.delete_due(delete, limit=10) == (0, 1)
    kept.append(connection.execute(KEEP, [key]).rowcount)
    assert kept == [0, 0]
    assert stored(store, [key]) == noted(connection) == [key]


def test_who_keeps_an_object_in_time_has_it(
    connection: psycopg.Connection, database: Database, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    kept, doomed = condemn(connection, store, 2)
    with database.connect(autocommit=False) as keeper:
        assert keeper.execute(KEEP, [kept]).rowcount == 1
        assert DeleteObjects(deletions, store)() == 1
        keeper.commit()
    assert DeleteObjects(deletions, store)() == 0
    assert stored(store, [kept, doomed]) == [kept]


def test_a_store_that_never_answers_keeps_neither_notifications_nor_streams_waiting(
    connection: psycopg.Connection, database: Database, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    (key,) = condemn(connection, store, 1)
    asked, answer = threading.Event(), threading.Event()

    def hang(doomed: str) -> None:
        asked.set()
        assert answer.wait(300)
        store.delete(doomed)

    readers = open_pool(database.dsn, min_size=1, max_size=2, wait_seconds=10, prepare_statements=True)
    with ThreadPoolExecutor(1) as pool, feed_of(database.dsn) as feed, closing(readers):
        before = settled(feed, connection)
        deleting = pool.submit(deletions.delete_due, hang, limit=10)
        try:
            assert asked.wait(30)
            ticket = insert_ticket(connection)
            # Waits until pg_snapshot_xmin is past all that was at work.
            assert {event.ticket_id for event in news(feed, connection, before)} == {ticket}
            assert relay_all(readers).events > 0
            assert not deleting.done()
            assert noted(connection) == stored(store, [key]) == [key]
        finally:
            answer.set()
        assert deleting.result() == (1, 0)
    assert noted(connection) == []


def test_a_batch_ends_when_the_store_is_slow_and_the_others_are_due_as_before(
    connection: psycopg.Connection, database: Database, store: LocalStore
) -> None:
    keys = condemn(connection, store, 3)
    due = connection.execute(DUE).fetchall()
    with queue_of(database.dsn, hold=timedelta(0)) as deletions:
        assert deletions.delete_due(store.delete, limit=10) == (1, 0)
        assert noted(connection) == keys[1:]
        assert connection.execute(DUE).fetchall() == due[1:]
        assert DeleteObjects(deletions, store)() == 2


def test_what_came_due_again_in_a_batch_that_lasts_is_left_to_whoever_took_it(
    connection: psycopg.Connection, database: Database, store: LocalStore
) -> None:
    keys = condemn(connection, store, 3)

    def delete(key: str) -> None:
        due_again(connection)
        connection.execute(CLAIM, {"limit": 10})
        store.delete(key)

    with queue_of(database.dsn, hold=timedelta(0)) as deletions:
        assert deletions.delete_due(delete, limit=10) == (1, 0)
    assert [waits(connection, key) for key in keys[1:]] == [(2, timedelta(minutes=2))] * 2


def test_a_run_ends_when_its_budget_is_spent(
    connection: psycopg.Connection, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    condemn(connection, store, 5)
    assert DeleteObjects(deletions, store, batch=2, budget=timedelta(0))() == 2
    assert len(noted(connection)) == 3
