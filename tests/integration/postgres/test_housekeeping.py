"""Expired idempotency keys go, whoever else purges; the outbox has its partitions."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from psycopg_pool import ConnectionPool

from server.adapters.postgres.housekeeping import PostgresHousekeeping
from server.application.housekeeping.maintain_outbox import MaintainOutbox
from server.application.housekeeping.purge_idempotency_keys import PurgeIdempotencyKeys
from tests.database import Database

INSERT = """
    INSERT INTO idempotency_keys (principal_id, request_id, method, fingerprint, created_at)
    SELECT 'user', gen_random_uuid(), %(method)s, '\\x00', now() - %(age)s FROM generate_series(1, %(count)s)
"""


@pytest.fixture
def housekeeping(database: Database) -> Iterator[PostgresHousekeeping]:
    with ConnectionPool(database.dsn, min_size=1, max_size=2) as pool:
        yield PostgresHousekeeping(pool)


def insert(database: Database, method: str, age: timedelta, count: int) -> None:
    with database.connect() as connection:
        connection.execute(INSERT, {"method": method, "age": age, "count": count})


def kept(database: Database) -> list[tuple[str, int]]:
    with database.connect() as connection:
        return connection.execute("SELECT method, count(*) FROM idempotency_keys GROUP BY 1 ORDER BY 1").fetchall()


def test_only_keys_past_the_day_are_purged(database: Database, housekeeping: PostgresHousekeeping) -> None:
    insert(database, "old", timedelta(hours=24, seconds=1), 25)
    insert(database, "young", timedelta(hours=23, minutes=59), 3)
    assert PurgeIdempotencyKeys(housekeeping, batch=10)() == 25
    assert kept(database) == [("young", 3)]
    assert PurgeIdempotencyKeys(housekeeping)() == 0


def test_keys_that_are_held_are_left_for_the_next_time(database: Database, housekeeping: PostgresHousekeeping) -> None:
    insert(database, "held", timedelta(days=2), 2)
    insert(database, "free", timedelta(days=2), 2)
    with database.connect(autocommit=False) as holder:
        holder.execute("SELECT FROM idempotency_keys WHERE method = 'held' FOR UPDATE")
        assert PurgeIdempotencyKeys(housekeeping, batch=3)() == 2
    assert kept(database) == [("held", 2)]
    assert PurgeIdempotencyKeys(housekeeping, batch=3)() == 2


def test_the_outbox_gets_the_partitions_asked_for_once(database: Database, housekeeping: PostgresHousekeeping) -> None:
    changes = MaintainOutbox(housekeeping, ahead_days=10)()
    assert {change.change for change in changes} == {"created"}
    assert MaintainOutbox(housekeeping, ahead_days=10)() == []


def test_partitions_past_the_retention_are_dropped(database: Database, housekeeping: PostgresHousekeeping) -> None:
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE outbox_p20200101 PARTITION OF outbox FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')"
        )
    changes = MaintainOutbox(housekeeping)()
    assert [(change.partition, change.change) for change in changes] == [("outbox_p20200101", "dropped")]
