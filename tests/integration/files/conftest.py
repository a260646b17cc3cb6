"""A database and a directory of objects for each test: what is to be deleted is one queue for a whole database."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from server.adapters.objectstore.local import LocalStore
from server.adapters.objectstore.signing import Signer
from server.adapters.postgres.deletion_queue import PostgresDeletionQueue
from tests.database import Database
from tests.integration.files.stored import Breakable, queue_of
from tests.integration.postgres.transaction_pooler import TransactionPooler


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    with database.connect() as open_connection:
        yield open_connection


@pytest.fixture
def directory(tmp_path: Path) -> Breakable:
    return Breakable(tmp_path / "files")


@pytest.fixture
def store(directory: Breakable) -> LocalStore:
    return LocalStore(directory.path, Signer("tickets", "secret", "us-east-1"), "bucket", "http://127.0.0.1:1")


@pytest.fixture(params=["direct", "pooled"])
def deletions(database: Database, request: pytest.FixtureRequest) -> Iterator[PostgresDeletionQueue]:
    """As workers have it, and as behind a PgBouncer, where nothing may rest on a session."""
    if request.param == "direct":
        with queue_of(database.dsn) as made:
            yield made
        return
    pooler = TransactionPooler(database.dsn, 4)
    try:
        with queue_of(pooler.dsn, session_settings=False) as made:
            yield made
        assert pooler.left_behind == set()
    finally:
        pooler.close()
