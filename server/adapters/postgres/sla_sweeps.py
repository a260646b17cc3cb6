"""Tickets for which the SLA clock has something due: found by partial indexes, locked, and changed as a set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    Text,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from server.adapters.postgres.context import SET_CONTEXT, context_of
from server.adapters.postgres.rows import TICKET_COLUMNS, to_ticket
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import OPEN_TICKETS, ticket_status, tickets
from server.application.repositories import Change
from server.domain.clock_events import ClockEventKind, Outcome
from server.domain.ids import TicketId
from server.domain.tickets import Ticket

_t = tickets.c
_C_TEXT = Text(collation="C")
_moment = DateTime(timezone=True)
_open: ColumnElement[bool] = literal_column(f"({OPEN_TICKETS})")

_NOW = bindparam("now", type_=_moment)
_not_put_off: ColumnElement[bool] = or_(_t.sla_put_off_until.is_(None), _t.sla_put_off_until <= _NOW)

_DUE: Mapping[ClockEventKind, tuple[ColumnElement[Any], ColumnElement[bool]]] = {
    ClockEventKind.FIRST_RESPONSE_BREACHED: (
        _t.first_response_due_at,
        and_(_t.first_responded_at.is_(None), ~_t.first_response_breached, ~_t.sla_stale, _open, _not_put_off),
    ),
    ClockEventKind.NEAR_BREACH: (
        _t.sla_near_breach_at,
        and_(~_t.sla_near_breach_notified, _t.sla_paused_at.is_(None), ~_t.sla_stale, _open, _not_put_off),
    ),
    ClockEventKind.BREACH: (
        _t.sla_next_escalation_at,
        and_(_t.sla_next_escalation_at.is_not(None), _t.sla_paused_at.is_(None), ~_t.sla_stale, _open),
    ),
}
"""What falls due when, said as the partial index of the sweep says it. Readings that wait to be derived are not
believed. A breach that failed is put off by moving its own instant, which nobody is shown, so that other kinds of
events which fail on the ticket as well do not put it off for ever."""

_UNREAD: Mapping[str, str] = {
    "title": "''",
    "description": "''",
    "metadata": "'{}'::jsonb",
    "resolution_summary": "NULL::text",
}
"""Long columns that no sweep looks at or writes are not fetched."""
_SWEPT_COLUMNS = [
    literal_column(_UNREAD[each.name]).label(each.name) if each.name in _UNREAD else each for each in TICKET_COLUMNS
]
_LIMIT = bindparam("limit", type_=BigInteger())
_ID = bindparam("id", type_=_C_TEXT)

_WRITTEN: Mapping[ClockEventKind, Mapping[str, Any]] = {
    ClockEventKind.FIRST_RESPONSE_BREACHED: {"first_response_breached": Boolean()},
    ClockEventKind.NEAR_BREACH: {"sla_near_breach_notified": Boolean()},
    ClockEventKind.BREACH: {
        "status": ticket_status,
        "owner_id": _C_TEXT,
        "owner_role": _C_TEXT,
        "sla_escalation_level": Integer(),
        "sla_breached": Boolean(),
        "sla_changed_at": _moment,
        "sla_next_escalation_at": _moment,
    },
}
"""Columns that an event of the kind may change."""


@lru_cache(maxsize=16)
def _lock_due(kind: ClockEventKind, *, one: bool) -> Statement:
    instant, condition = _DUE[kind]
    query = select(*_SWEPT_COLUMNS).where(condition, instant <= _NOW)
    if one:
        query = query.where(_t.id == _ID)
    query = query.order_by(instant, _t.id).limit(_LIMIT)
    return Statement(query.with_for_update(key_share=True, skip_locked=True))


@lru_cache(maxsize=16)
def _due_ids(kind: ClockEventKind) -> Statement:
    instant, condition = _DUE[kind]
    query = select(_t.id).where(condition, instant <= _NOW)
    return Statement(query.order_by(instant, _t.id).limit(_LIMIT))


@lru_cache(maxsize=16)
def _save(kind: ClockEventKind) -> Statement:
    types = {"id": _C_TEXT, **_WRITTEN[kind]}
    new = func.unnest(*(bindparam(f"new_{name}", type_=ARRAY(each)) for name, each in types.items())).table_valued(
        *(column(name, each) for name, each in types.items()), name="new"
    )
    new = new.render_derived()
    return Statement(
        update(tickets).where(_t.id == new.c.id).values({name: new.c[name] for name in _WRITTEN[kind]}), prepare=False
    )


_UNTIL = bindparam("until", type_=_moment)
_POSTPONE_BREACH = Statement(update(tickets).where(_t.id == _ID).values(sla_next_escalation_at=_UNTIL))
_PUT_OFF = Statement(update(tickets).where(_t.id == _ID).values(sla_put_off_until=_UNTIL))
_stale: ColumnElement[bool] = and_(_t.sla_stale, _open)
_STALE_IDS = Statement(select(_t.id).where(_stale, _not_put_off).order_by(_t.id).limit(_LIMIT))
_LOCK_STALE = Statement(
    select(*TICKET_COLUMNS).where(_stale, _t.id == _ID).with_for_update(key_share=True, skip_locked=True)
)
_MARK_DERIVED = Statement(update(tickets).where(_t.id == _ID).values(sla_stale=False))


@dataclass(frozen=True, slots=True)
class PostgresClockSweeps:
    """See ``ClockSweeps``."""

    session: Session

    def lock_due(self, kind: ClockEventKind, *, now: datetime, limit: int, only: TicketId | None) -> list[Ticket]:
        values = {"now": now, "limit": limit, "id": only}
        return [to_ticket(row) for row in self.session.all(_lock_due(kind, one=only is not None), values)]

    def due_ids(self, kind: ClockEventKind, *, now: datetime, limit: int) -> list[TicketId]:
        return [TicketId(row[0]) for row in self.session.all(_due_ids(kind), {"now": now, "limit": limit})]

    def save(self, kind: ClockEventKind, outcomes: Sequence[tuple[TicketId, Outcome]]) -> None:
        for action, group in groupby(sorted(outcomes, key=_action), key=_action):
            of_action = list(group)
            # One action a statement: the triggers read it from the transaction's context.
            self.session.run(SET_CONTEXT, {"context": context_of(self.session.call, Change(action))})
            values: dict[str, list[Any]] = {"new_id": [ticket_id for ticket_id, _ in of_action]}
            for name in _WRITTEN[kind]:
                values[f"new_{name}"] = [getattr(outcome.ticket, name) for _, outcome in of_action]
            self.session.run(_save(kind), values)

    def put_off(self, kind: ClockEventKind | None, ticket_id: TicketId, *, until: datetime) -> None:
        statement = _POSTPONE_BREACH if kind is ClockEventKind.BREACH else _PUT_OFF
        self.session.run(statement, {"id": ticket_id, "until": until})

    def stale_ids(self, *, now: datetime, limit: int) -> list[TicketId]:
        return [TicketId(row[0]) for row in self.session.all(_STALE_IDS, {"now": now, "limit": limit})]

    def lock_stale(self, ticket_id: TicketId) -> Ticket | None:
        row = self.session.first(_LOCK_STALE, {"id": ticket_id})
        return None if row is None else to_ticket(row)

    def mark_derived(self, ticket_id: TicketId) -> None:
        self.session.run(_MARK_DERIVED, {"id": ticket_id})


def _action(outcome: tuple[TicketId, Outcome]) -> str:
    return outcome[1].action
