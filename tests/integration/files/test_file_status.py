"""What an operator is told of files, as Prometheus reads it."""

from datetime import timedelta

import psycopg
import pytest
from prometheus_client import CollectorRegistry

from server.adapters.objectstore.local import LocalStore
from server.application.files.file_status import COUNT_CAP
from server.settings import Settings
from tests.database import Database
from tests.integration.files.stored import attach
from tests.integration.postgres.rows import insert_ticket
from tests.running import settings_for
from workers.database_metrics import DatabaseMetrics
from workers.use_cases import DatabaseReadings

HOUR = 3600


class Gauges:
    """Read anew each time."""

    def __init__(self, settings: Settings) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(DatabaseMetrics(DatabaseReadings(settings)))

    def __call__(self, name: str, **labels: str) -> float:
        value = self._registry.get_sample_value(f"tickets_{name}", labels)
        assert value is not None
        return value


@pytest.fixture
def gauge(database: Database) -> Gauges:
    return Gauges(settings_for(database))


def export(connection: psycopg.Connection, status: str, age: str) -> None:
    connection.execute(
        "INSERT INTO ticket_export_jobs (requested_by_id, requested_by_role, status, created_at)"
        " VALUES ('u', 'admin', %s, now() - %s::interval)",
        [status, age],
    )


def to_delete(connection: psycopg.Connection, key: str, *, due_for: str, attempts: int = 0, written: str = "0") -> None:
    connection.execute(
        "INSERT INTO object_deletions (object_key, delete_after, attempts, created_at)"
        " VALUES (%s, now() - %s::interval, %s, now() - %s::interval)",
        [key, due_for, attempts, written],
    )


def test_nothing_waits(gauge: Gauges) -> None:
    assert gauge("database_up") == 1
    assert gauge("export_jobs", status="pending") == 0
    assert gauge("export_jobs", status="processing") == 0
    assert gauge("export_oldest_seconds") == 0
    assert gauge("uploads_pending") == 0
    assert gauge("object_deletions_pending") == 0
    assert gauge("object_deletions_overdue_seconds") == 0


def test_exports(connection: psycopg.Connection, gauge: Gauges) -> None:
    for status, age in (("completed", "9h"), ("pending", "2h"), ("processing", "3h"), ("pending", "1h")):
        export(connection, status, age)
    assert gauge("export_jobs", status="pending") == 2
    assert gauge("export_jobs", status="processing") == 1
    assert gauge("export_oldest_seconds") == pytest.approx(3 * HOUR, abs=600)


def test_uploads(connection: psycopg.Connection, store: LocalStore, gauge: Gauges) -> None:
    ticket = insert_ticket(connection)
    attach(connection, store, ticket, age=timedelta(0))
    attach(connection, store, ticket, status="completed")
    assert gauge("uploads_pending") == 1


def test_deletions_that_are_due(connection: psycopg.Connection, gauge: Gauges) -> None:
    to_delete(connection, "later", due_for="-30 minutes", written="9h")
    to_delete(connection, "much later", due_for="-3h", written="9h")
    assert gauge("object_deletions_pending") == 0
    assert gauge("object_deletions_overdue_seconds") == 0
    to_delete(connection, "due", due_for="2h", written="9h")
    to_delete(connection, "just due", due_for="1s")
    assert gauge("object_deletions_pending") == 2
    assert gauge("object_deletions_overdue_seconds") == pytest.approx(2 * HOUR, abs=600)


def test_what_the_store_does_not_delete_is_not_forgotten_while_it_waits(
    connection: psycopg.Connection, gauge: Gauges
) -> None:
    to_delete(connection, "stubborn", due_for="-59 minutes", attempts=7, written="5h")
    assert gauge("object_deletions_pending") == 1
    assert gauge("object_deletions_overdue_seconds") == pytest.approx(5 * HOUR, abs=600)


def test_a_first_attempt_that_is_under_way_is_not_late(connection: psycopg.Connection, gauge: Gauges) -> None:
    to_delete(connection, "just begun", due_for="-59s", attempts=1, written="5h")
    assert gauge("object_deletions_pending") == 1
    assert gauge("object_deletions_overdue_seconds") == 0


def test_a_backlog_is_counted_up_to_a_limit(connection: psycopg.Connection, gauge: Gauges) -> None:
    connection.execute(
        "INSERT INTO object_deletions (object_key) SELECT 'k-' || n FROM generate_series(1, %s) AS n", [COUNT_CAP + 5]
    )
    assert gauge("object_deletions_pending") == COUNT_CAP
