"""Which tasks have something to do now: one statement, cheap enough to be asked each second by every worker."""

from typing import LiteralString

from server.adapters.postgres.export_queue import CLAIMABLE
from server.adapters.postgres.pool import Pool
from server.adapters.postgres.tables import OPEN_TICKETS


def _first(table: LiteralString, condition: LiteralString, order: LiteralString) -> LiteralString:
    """Not EXISTS, in which the planner forgets the order: told that a third of all rows will do, it would read a whole
    table to find that there is none. In the order of a partial index it looks at one row."""
    return f"(SELECT true FROM {table} WHERE {condition} ORDER BY {order} LIMIT 1)"  # noqa: S608 - constants


def _channel(name: LiteralString) -> LiteralString:
    condition: LiteralString = f"status = 'pending' AND channel = '{name}' AND next_attempt_at <= now()"
    return _first("notification_deliveries", condition, "next_attempt_at")


def _ticket(condition: LiteralString, order: LiteralString) -> LiteralString:
    return _first("tickets", f"{OPEN_TICKETS} AND {condition}", order)


# While a long transaction holds pg_snapshot_xmin back, the range of the index between cursor and xmin is empty.
_RELAY: LiteralString = """(
    SELECT true FROM outbox_cursors AS place
    CROSS JOIN LATERAL (
        SELECT 1 FROM outbox
        WHERE (xid, id) > (place.xid, place.id) AND xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY xid, id LIMIT 1
    ) AS next
    WHERE place.consumer = 'relay'
)"""
_WEBHOOKS: LiteralString = """(
    SELECT true FROM webhooks AS webhook
    CROSS JOIN LATERAL (
        SELECT 1 FROM webhook_deliveries
        WHERE webhook_id = webhook.id AND status = 'pending' AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT 1
    ) AS next
    WHERE webhook.enabled LIMIT 1
)"""

_EXPORTS: LiteralString = _first("ticket_export_jobs", CLAIMABLE, "created_at")
_NOT_PUT_OFF: LiteralString = "(sla_put_off_until IS NULL OR sla_put_off_until <= now())"

CLOCK_EVENTS: dict[str, tuple[LiteralString, LiteralString]] = {
    "near_breach": (
        "sla_near_breach_at",
        f"NOT sla_near_breach_notified AND sla_paused_at IS NULL AND NOT sla_stale AND {_NOT_PUT_OFF}",
    ),
    "breach": ("sla_next_escalation_at", "sla_paused_at IS NULL AND NOT sla_stale"),
    "first_response": (
        "first_response_due_at",
        f"first_responded_at IS NULL AND NOT first_response_breached AND NOT sla_stale AND {_NOT_PUT_OFF}",
    ),
}
"""For each kind of event of the SLA clock its instant, and for which of OPEN_TICKETS a sweep makes it happen then."""


def _event(name: str) -> LiteralString:
    instant, condition = CLOCK_EVENTS[name]
    return _ticket(f"{condition} AND {instant} <= now()", f"{instant}, id")


_QUESTIONS: dict[str, LiteralString] = {
    "outbox.relay": _RELAY,
    "notifications.close": _first("notifications", "gathering AND gather_until <= now()", "gather_until"),
    "notifications.email": _channel("email"),
    "notifications.push": _channel("push"),
    "notifications.sms": _channel("sms"),
    "webhooks.deliver": _WEBHOOKS,
    "sla.near_breach": _event("near_breach"),
    "sla.breach": _event("breach"),
    "sla.first_response": _event("first_response"),
    "sla.stale": _ticket(f"sla_stale AND {_NOT_PUT_OFF}", "id"),
    "exports.run": _EXPORTS,
}
NAMES = frozenset(_QUESTIONS)
STATEMENT: LiteralString = "SELECT " + ", ".join(_QUESTIONS.values())


class PostgresDueWork:
    """By the database's clock. What others are just doing may be named as well."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def due(self) -> frozenset[str]:
        """Names of NAMES."""
        with self._pool.connection() as connection:
            row = connection.execute(STATEMENT).fetchone()
        return frozenset(name for name, is_due in zip(_QUESTIONS, row or (), strict=True) if is_due)
