"""A database and a pool for each test: the outbox is one for the whole database, so tests cannot share it."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from tests.database import Database

Pool = ConnectionPool[psycopg.Connection[TupleRow]]


@pytest.fixture
def pool(database: Database) -> Iterator[Pool]:
    with ConnectionPool(database.dsn, min_size=1, max_size=8, open=True, kwargs={"autocommit": True}) as opened:
        yield opened


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    with database.connect() as open_connection:
        yield open_connection
