"""Databases whose tickets are overdue, or will be at given moments: what the SLA sweeps are measured on."""

from datetime import datetime
from typing import LiteralString

import psycopg

# Tickets of the load in their variety of text, tags and people, all of them open in the queue where their chain begins,
# and all that the clock does before a breach done where it is past.
_OPEN_ALL: LiteralString = """
UPDATE public.tickets AS ticket SET
    status = 'OPEN', archived = false, resolved_at = NULL, closed_at = NULL, resolution_summary = NULL,
    owner_role = policy.escalation_chain ->> 0, sla_policy_version = policy.version, sla_cycle = 1,
    sla_escalation_level = 0, sla_breached = false, sla_paused_at = NULL, sla_stale = false,
    sla_changed_at = ticket.created_at, sla_due_at = due.at, sla_next_escalation_at = due.at,
    sla_near_breach_at = due.at - interval '1 hour', sla_near_breach_notified = due.at - interval '1 hour' <= now(),
    first_response_due_at = due.at - interval '2 hours', first_responded_at = NULL,
    first_response_breached = due.at - interval '2 hours' <= now()
FROM public.sla_config AS policy, (
    SELECT id, %(first)s::timestamptz
        + (%(last)s::timestamptz - %(first)s) * (row_number() OVER (ORDER BY hashtext(id)) / count(*) OVER ()::float8)
    FROM public.tickets
) AS due (id, at)
WHERE policy.priority = ticket.priority AND due.id = ticket.id
"""
_INDEXES: LiteralString = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename = 'tickets' AND indexname <> 'tickets_pkey'
"""


def fall_due(dsn: str, first: datetime, last: datetime) -> None:
    """Every ticket is open, and its breach due evenly between the two, in no order of creation.

    Without the triggers: what happens then is the scenario's, not what they would make of the change.
    """
    with psycopg.connect(dsn, autocommit=True) as connection, connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(_OPEN_ALL, {"first": first, "last": last})


def born_to_fall_due(dsn: str, first: datetime, last: datetime) -> None:
    """The same as if the tickets had always been so: no dead rows, no index entries of a former life."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX public.{name}".encode())
        fall_due(dsn, first, last)
        connection.execute("VACUUM (FULL) public.tickets")
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
