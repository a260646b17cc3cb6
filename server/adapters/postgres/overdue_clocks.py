"""How late the sweeps are: for gauges. By the conditions of due_work.py, which are those of the sweeps."""

from collections.abc import Mapping
from typing import LiteralString

from server.adapters.postgres.due_work import CLOCK_EVENTS
from server.adapters.postgres.pool import Pool
from server.adapters.postgres.tables import OPEN_TICKETS


def _oldest(column: LiteralString, condition: LiteralString) -> LiteralString:
    return (
        f"coalesce((SELECT extract(epoch FROM now() - {column}) FROM tickets"  # noqa: S608 - constants
        f" WHERE {OPEN_TICKETS} AND {condition} AND {column} <= now() ORDER BY {column}, id LIMIT 1), 0)::float"
    )


_OLDEST: dict[str, LiteralString] = {kind: _oldest(*instant) for kind, instant in CLOCK_EVENTS.items()}
_STATEMENT: LiteralString = "SELECT " + ", ".join(_OLDEST.values())


class PostgresOverdueClocks:
    """By the database's clock."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def oldest_seconds(self) -> Mapping[str, float]:
        """For each kind of event of the SLA clock, how long the oldest that has not happened is overdue; 0 for none."""
        with self._pool.connection() as connection:
            row = connection.execute(_STATEMENT).fetchone()
        return dict(zip(_OLDEST, row or (), strict=True))
