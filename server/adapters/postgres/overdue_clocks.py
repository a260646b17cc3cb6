"""How late the sweeps are: for gauges. The conditions are those of due_work.py, and use the same partial indexes."""

from collections.abc import Mapping
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool


def _oldest(column: LiteralString, condition: LiteralString) -> LiteralString:
    return (
        f"coalesce((SELECT extract(epoch FROM now() - {column}) FROM tickets"  # noqa: S608 - constants
        " WHERE status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived"
        f" AND {condition} AND {column} <= now() ORDER BY {column}, id LIMIT 1), 0)::float"
    )


_OLDEST: dict[str, LiteralString] = {
    "near_breach": _oldest("sla_near_breach_at", "NOT sla_near_breach_notified AND sla_paused_at IS NULL"),
    "breach": _oldest("sla_next_escalation_at", "sla_paused_at IS NULL"),
    "first_response": _oldest("first_response_due_at", "first_responded_at IS NULL AND NOT first_response_breached"),
}
_STATEMENT: LiteralString = "SELECT " + ", ".join(_OLDEST.values())


class PostgresOverdueClocks:
    """By the database's clock."""

    def __init__(self, pool: ConnectionPool[psycopg.Connection[TupleRow]]) -> None:
        self._pool = pool

    def oldest_seconds(self) -> Mapping[str, float]:
        """For each kind of event of the SLA clock, how long the oldest that has not happened is overdue; 0 for none."""
        with self._pool.connection() as connection:
            row = connection.execute(_STATEMENT).fetchone()
        return dict(zip(_OLDEST, row or (), strict=True))
