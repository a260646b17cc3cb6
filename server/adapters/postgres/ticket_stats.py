"""Counts of tickets: one scan for the figures, one for the trend."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Date, DateTime, Integer, Text, bindparam, case, cast, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from server.adapters.postgres.predicates import Shape, predicate, shape_of, sla_conditions, values_of
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import tickets
from server.application.repositories import DayCount, TicketStats
from server.domain.filters import TicketFilter
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.tickets import TicketPriority
from server.domain.visibility import Visibility

K = TypeVar("K")
_t = tickets.c
_TIMESTAMP = DateTime(timezone=False)


def ticket_stats(
    session: Session, where: TicketFilter, visibility: Visibility, *, trend_days: int, time_zone: str
) -> TicketStats:
    """See ``TicketRepository.stats``."""
    now = datetime.now(UTC)
    shape, values = shape_of(where, visibility), values_of(where, visibility, now=now) | {"stats_now": now}
    groups = session.all(_groups(shape), values)
    trend: list[DayCount] = []
    if trend_days:
        days = session.all(_trend(shape), values | {"days": trend_days, "zone": time_zone})
        trend = [DayCount(day, created, resolved) for day, created, resolved in days]
    with_deadline = sum(row[5] for row in groups)
    breached = sum(row[6] for row in groups)
    return TicketStats(
        total=sum(row[4] for row in groups),
        by_status=_counts(groups, 0, TicketStatus),
        by_priority=_counts(groups, 1, TicketPriority),
        by_sla_status=_counts(groups, 2, SlaStatus),
        by_owner_role=_counts(groups, 3, Role),
        unassigned=sum(row[7] for row in groups),
        breach_rate=breached / with_deadline if with_deadline else 0.0,
        average_first_response=_mean(groups, 8),
        average_resolution=_mean(groups, 10),
        trend=trend,
        as_of=now,
    )


def _counts(groups: list[tuple[Any, ...]], column: int, kind: type[K]) -> Mapping[K, int]:
    counts: dict[str, int] = {}
    for row in groups:
        if row[column] is not None:
            counts[row[column]] = counts.get(row[column], 0) + row[4]
    return {member: counts[member] for member in kind if member in counts}  # type: ignore[attr-defined] # an Enum class


def _mean(groups: list[tuple[Any, ...]], column: int) -> timedelta | None:
    """From sums (in ``column``) and counts (in the next one) of the groups."""
    number = sum(row[column + 1] for row in groups)
    if not number:
        return None
    return timedelta(seconds=float(sum(row[column] or 0 for row in groups)) / number)


@lru_cache(maxsize=128)
def _groups(shape: Shape) -> Statement:
    moment = bindparam("stats_now", type_=_t.created_at.type)
    unresolved: ColumnElement[bool] = literal_column("tickets.status NOT IN ('RESOLVED', 'CLOSED')")
    clock = case(*((condition, literal_column(f"'{status}'")) for status, condition in sla_conditions(moment).items()))
    missed = (
        _t.sla_breached
        | (_t.resolved_at > _t.sla_due_at)
        | (unresolved & (_t.sla_due_at <= func.least(_t.sla_paused_at, moment)))
    )
    response = func.extract("epoch", _t.first_responded_at - _t.created_at)
    resolution = func.extract("epoch", _t.resolved_at - _t.created_at)
    return Statement(
        select(
            cast(_t.status, Text),
            cast(_t.priority, Text),
            clock.label("clock"),
            _t.owner_role,
            func.count(),
            func.count().filter(_t.sla_due_at.is_not(None)),
            func.count().filter(missed),
            func.count().filter(unresolved & _t.owner_id.is_(None)),
            func.sum(response),
            func.count(_t.first_responded_at),
            func.sum(resolution),
            func.count(_t.resolved_at),
        )
        .where(predicate(shape))
        .group_by(_t.status, _t.priority, literal_column("clock"), _t.owner_role),
        prepare=False,
    )


@lru_cache(maxsize=128)
def _trend(shape: Shape) -> Statement:
    zone = bindparam("zone", type_=Text())
    number = bindparam("days", type_=Integer())
    moment = bindparam("stats_now", type_=_t.created_at.type)
    today = cast(func.timezone(zone, moment), Date)
    first = today - (number - 1)
    days = select(
        cast(
            func.generate_series(first, today, literal_column("interval '1 day'")),
            Date,
        ).label("day")
    ).subquery("days")

    def per_day(column: Any, label: str) -> Any:  # noqa: ANN401 - SQL expressions
        day = cast(func.timezone(zone, column), Date)
        return (
            select(day.label("day"), func.count().label("number"))
            .where(predicate(shape), column >= func.timezone(zone, cast(first, _TIMESTAMP)))
            .group_by(literal_column("1"))
            .subquery(label)
        )

    created, resolved = per_day(_t.created_at, "created"), per_day(_t.resolved_at, "resolved")
    return Statement(
        select(days.c.day, func.coalesce(created.c.number, 0), func.coalesce(resolved.c.number, 0))
        .select_from(
            days.outerjoin(created, created.c.day == days.c.day).outerjoin(resolved, resolved.c.day == days.c.day)
        )
        .order_by(days.c.day),
        prepare=False,
    )
