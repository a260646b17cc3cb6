"""PostgreSQL side of server.application.housekeeping."""

from collections.abc import Sequence
from datetime import timedelta

from server.adapters.postgres.pool import Pool
from server.application.housekeeping.maintain_outbox import PartitionChange

PURGE = """
    WITH expired AS (
        SELECT principal_id, request_id
        FROM idempotency_keys
        WHERE created_at < now() - %s
        ORDER BY created_at
        LIMIT %s
        FOR UPDATE SKIP LOCKED
    )
    DELETE FROM idempotency_keys AS key
    USING expired
    WHERE key.principal_id = expired.principal_id AND key.request_id = expired.request_id
"""


class PostgresHousekeeping:
    """Both ports of housekeeping. Each call is one transaction on a connection of the pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def purge(self, older_than: timedelta, limit: int) -> int:
        with self._pool.connection() as connection:
            return connection.execute(PURGE, (older_than, limit)).rowcount

    def maintain(self, ahead_days: int, retention: timedelta) -> Sequence[PartitionChange]:
        with self._pool.connection() as connection:
            rows = connection.execute("SELECT * FROM outbox_maintain(%s, %s)", (ahead_days, retention)).fetchall()
        return [PartitionChange(partition, change) for partition, change in rows]
