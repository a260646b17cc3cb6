"""A connection to a database shared by the worker's tests: each makes tickets of its own."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.database import Database


@pytest.fixture
def connection(shared_database: Database) -> Iterator[psycopg.Connection]:
    """In autocommit mode; `with connection.transaction():` opens a transaction."""
    with shared_database.connect() as open_connection:
        yield open_connection
