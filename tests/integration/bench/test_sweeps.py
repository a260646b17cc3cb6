"""What the benchmark of escalations compares is the same work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg

from bench.falling_due import born_to_fall_due, fall_due
from bench.scenarios.sweeps import sweep_all, update_all
from server.seed.load import seed_load
from tests.database import Database

TICKETS = 60
# In a cycle of its own, since a level comes once in each.
OWNED: LiteralString = "UPDATE tickets SET owner_id = 'asha.menon', sla_cycle = %s RETURNING id"
WRITTEN: LiteralString = """
SELECT id, status, owner_id, owner_role, sla_escalation_level, sla_breached,
    sla_next_escalation_at - sla_changed_at, sla_stale, told.payload
FROM tickets, LATERAL (
    SELECT array(SELECT jsonb_object_keys(payload -> 'new') ORDER BY 1) AS payload
    FROM ticket_audit WHERE ticket_id = tickets.id ORDER BY chain_no DESC LIMIT 1
) AS told
ORDER BY id
"""


def rows(dsn: str, query: LiteralString, *values: object) -> list[Any]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(query, values).fetchall()


def indexes(dsn: str) -> list[Any]:
    return rows(dsn, "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'tickets' ORDER BY 1")


def test_a_bare_update_writes_what_the_sweep_writes(database: Database) -> None:
    seed_load(database.dsn, TICKETS, progress=False)
    now = datetime.now(UTC)
    before = indexes(database.dsn)
    born_to_fall_due(database.dsn, now - timedelta(days=1), now)
    assert indexes(database.dsn) == before
    rows(database.dsn, OWNED, 1)
    sweep_all(database.dsn, connections=2)
    swept = rows(database.dsn, WRITTEN)
    assert len(swept) == TICKETS
    assert {row[1] for row in swept} == {"ESCALATED"}

    fall_due(database.dsn, now - timedelta(days=1), now)
    rows(database.dsn, OWNED, 2)
    update_all(database.dsn, connections=2)
    assert rows(database.dsn, WRITTEN) == swept
    assert rows(database.dsn, "SELECT cycle, count(*)::int FROM ticket_escalations GROUP BY 1 ORDER BY 1") == [
        (1, TICKETS),
        (2, TICKETS),
    ]


def test_tickets_fall_due_evenly_and_none_before(database: Database) -> None:
    seed_load(database.dsn, TICKETS, progress=False)
    first = datetime.now(UTC) + timedelta(hours=1)
    fall_due(database.dsn, first, first + timedelta(minutes=TICKETS))
    moments = rows(database.dsn, "SELECT sla_next_escalation_at FROM tickets ORDER BY 1")
    assert [round((moment - first).total_seconds()) for (moment,) in moments] == [60 * (n + 1) for n in range(TICKETS)]
    sweep_all(database.dsn, connections=1)
    assert rows(database.dsn, "SELECT * FROM ticket_escalations") == []
