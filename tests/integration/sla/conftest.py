"""A unit of work over a database of the test's own, and tickets that fall due when the test wants it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.rows import dict_row

from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.unit_of_work import PostgresUnitOfWork
from server.application.call import Call
from server.domain.principal import SYSTEM
from tests.database import Database

CALL = Call(SYSTEM)


@contextmanager
def unit_of_work(dsn: str) -> Iterator[PostgresUnitOfWork]:
    pool = open_pool(dsn, min_size=1, max_size=6, wait_seconds=10, prepare_statements=True)
    try:
        yield PostgresUnitOfWork(Sessions(pool, session_settings=True, default_timeout_ms=60_000))
    finally:
        pool.close()


@pytest.fixture
def uow(database: Database) -> Iterator[PostgresUnitOfWork]:
    with unit_of_work(database.dsn) as made:
        yield made


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(database.dsn, autocommit=True, row_factory=dict_row) as made:
        yield made


def rows(connection: psycopg.Connection[dict[str, Any]], query: LiteralString, *values: object) -> list[dict[str, Any]]:
    return connection.execute(query, values).fetchall()


INSERT: LiteralString = """
INSERT INTO tickets (title, description, created_by_id, created_by_role, owner_role, priority, status, created_at)
SELECT 'Truck did not arrive', 'The truck for this booking never arrived.', 'shipper-1', 'shipper',
    sla.escalation_chain ->> 0, sla.priority, %(status)s, now() - %(age)s::interval
FROM sla_config AS sla, generate_series(1, %(count)s)
WHERE sla.priority = %(priority)s
RETURNING id
"""


def insert_tickets(
    connection: psycopg.Connection[dict[str, Any]],
    *,
    age: str,
    count: int = 1,
    priority: str = "HIGH",
    status: str = "OPEN",
) -> list[str]:
    """As if created that long ago, in the queue of the first role of the chain; the trigger gives the deadlines."""
    values = {"age": age, "count": count, "priority": priority, "status": status}
    return [row["id"] for row in connection.execute(INSERT, values).fetchall()]


def now() -> datetime:
    return datetime.now(UTC)
