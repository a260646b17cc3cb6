"""Exports as a worker makes them, on a database and a directory of objects of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from server.adapters.objectstore.local import LocalStore
from server.adapters.objectstore.signing import Signer
from tests.database import Database
from tests.integration.exports.desk import ExportDesk, sessions_of
from tests.integration.postgres.transaction_pooler import TransactionPooler


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    with database.connect() as open_connection:
        yield open_connection


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "files", Signer("tickets", "secret", "us-east-1"), "bucket", "http://127.0.0.1:1")


@pytest.fixture(params=["direct", "pooled"])
def desk(
    database: Database,
    connection: psycopg.Connection,
    store: LocalStore,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[ExportDesk]:
    """As workers have it, and as behind a PgBouncer, where nothing may rest on a session."""
    if request.param == "direct":
        with sessions_of(database.dsn) as sessions:
            yield ExportDesk(connection, sessions, store, tmp_path / "workbooks")
        return
    pooler = TransactionPooler(database.dsn, 4)
    try:
        with sessions_of(pooler.dsn, session_settings=False) as sessions:
            yield ExportDesk(connection, sessions, store, tmp_path / "workbooks")
        assert pooler.left_behind == set()
    finally:
        pooler.close()
