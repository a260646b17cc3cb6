"""A PostgreSQL that the test may stop, start and crash."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from migrations import runner
from server.embedded.postgres import DISPOSABLE, EmbeddedPostgres
from tests.database import Database


@dataclass(frozen=True)
class OwnPostgres:
    """The cluster, and the one migrated database in it."""

    cluster: EmbeddedPostgres
    database: Database


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    """What was committed is there after a crash of its processes, though not after one of the machine."""
    with tempfile.TemporaryDirectory() as private:
        cluster = EmbeddedPostgres(Path(private) / "postgres", settings={**DISPOSABLE, "synchronous_commit": "on"})
        cluster.start()
        try:
            with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
                admin.execute("CREATE DATABASE tickets")
            database = Database(cluster.dsn("tickets"))
            runner.upgrade(database.dsn)
            yield OwnPostgres(cluster, database)
        finally:
            cluster.destroy()
