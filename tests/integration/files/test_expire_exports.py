"""The files of exports end with their time, and what an attempt leaves behind goes as well."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from server.adapters.objectstore.local import LocalStore
from server.adapters.postgres.deletion_queue import PostgresDeletionQueue
from server.adapters.postgres.export_queue import PostgresExportQueue
from server.adapters.postgres.sessions import Sessions
from server.application.files.delete_objects import DeleteObjects
from server.application.files.expire_exports import ExpireExports
from server.domain.exports import ExportJob, ExportManifest, object_key_of
from tests.database import Database
from tests.integration.files.stored import noted, stored

DAY = timedelta(days=1)
MANIFEST = ExportManifest(1, "0" * 64, datetime(2026, 11, 23, tzinfo=UTC), 3)


@pytest.fixture
def exports(database: Database) -> Iterator[PostgresExportQueue]:
    with ConnectionPool(database.dsn, min_size=1, max_size=4, open=True, kwargs={"autocommit": True}) as pool:
        yield PostgresExportQueue(Sessions(pool, session_settings=True, default_timeout_ms=30_000))


def claimed(connection: psycopg.Connection, exports: PostgresExportQueue, store: LocalStore) -> tuple[ExportJob, str]:
    """A job whose file is written and not finished, and the key of the file."""
    connection.execute(
        "INSERT INTO ticket_export_jobs (requested_by_id, requested_by_role) VALUES ('u-7', 'ops_manager')"
    )
    job = exports.claim()
    assert job is not None
    key = object_key_of(job.id, job.attempts, job.format)
    store.put(key, [b"a,b"], content_type="text/csv")
    return job, key


def not_heard_of(connection: psycopg.Connection) -> None:
    """As when an hour has passed since the last heartbeat."""
    connection.execute("UPDATE object_deletions SET delete_after = now() - interval '1s'")
    connection.execute("UPDATE ticket_export_jobs SET lease_until = now() - interval '1h'")


def test_a_file_goes_with_its_time(
    connection: psycopg.Connection,
    exports: PostgresExportQueue,
    deletions: PostgresDeletionQueue,
    store: LocalStore,
) -> None:
    kept, kept_key = claimed(connection, exports, store)
    assert exports.complete(kept, MANIFEST, keep_for=DAY)
    ended, ended_key = claimed(connection, exports, store)
    assert exports.complete(ended, MANIFEST, keep_for=timedelta(0))
    assert noted(connection) == []
    assert ExpireExports(exports)(limit=10) == 1
    assert ExpireExports(exports)(limit=10) == 0
    assert noted(connection) == [ended_key]
    assert DeleteObjects(deletions, store)() == 1
    assert stored(store, [kept_key, ended_key]) == [kept_key]


def test_what_a_dead_worker_has_written_is_deleted(
    connection: psycopg.Connection,
    exports: PostgresExportQueue,
    deletions: PostgresDeletionQueue,
    store: LocalStore,
) -> None:
    _, dead = claimed(connection, exports, store)
    assert DeleteObjects(deletions, store)() == 0, "its worker may be alive"
    not_heard_of(connection)
    assert DeleteObjects(deletions, store)() == 1
    assert stored(store, [dead]) == []


def test_a_worker_that_was_suspended_while_its_file_is_deleted_has_lost_it(
    connection: psycopg.Connection,
    exports: PostgresExportQueue,
    deletions: PostgresDeletionQueue,
    store: LocalStore,
) -> None:
    job, _ = claimed(connection, exports, store)
    not_heard_of(connection)
    answers: list[bool] = []

    def delete(doomed: str) -> None:
        answers.append(exports.heartbeat(job, processed=1, total=1))
        answers.append(exports.complete(job, MANIFEST, keep_for=DAY))
        store.delete(doomed)

    assert deletions.delete_due(delete, limit=10) == (1, 0)
    answers.append(exports.complete(job, MANIFEST, keep_for=DAY))
    assert answers == [False, False, False]
    assert connection.execute("SELECT status, object_key FROM ticket_export_jobs").fetchone() == ("processing", None)


def test_a_worker_that_was_suspended_and_comes_back_first_keeps_its_file(
    connection: psycopg.Connection,
    exports: PostgresExportQueue,
    deletions: PostgresDeletionQueue,
    store: LocalStore,
) -> None:
    job, key = claimed(connection, exports, store)
    not_heard_of(connection)
    assert exports.complete(job, MANIFEST, keep_for=DAY)
    assert DeleteObjects(deletions, store)() == 0
    assert stored(store, [key]) == [key]
