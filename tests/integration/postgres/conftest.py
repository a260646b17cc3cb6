"""A connection to a database shared by the worker's tests: each makes tickets of its own."""

from collections.abc import Iterator

import psycopg
import pytest

from server.adapters.postgres.change_feed import PostgresChangeFeed
from tests.database import Database
from tests.integration.postgres.feeds import feed_of
from tests.integration.postgres.transaction_pooler import TransactionPooler


@pytest.fixture
def connection(shared_database: Database) -> Iterator[psycopg.Connection]:
    """In autocommit mode; `with connection.transaction():` opens a transaction."""
    with shared_database.connect() as open_connection:
        yield open_connection


@pytest.fixture(params=["direct", "pooled"])
def feed(database: Database, request: pytest.FixtureRequest) -> Iterator[PostgresChangeFeed]:
    """As servers have it, and as behind a PgBouncer, where nothing may rest on a session."""
    if request.param == "direct":
        with feed_of(database.dsn) as made:
            yield made
        return
    pooler = TransactionPooler(database.dsn, 2)
    try:
        with feed_of(pooler.dsn, session_settings=False) as made:
            yield made
        assert pooler.left_behind == set()
    finally:
        pooler.close()
