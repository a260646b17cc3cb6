"""Counts of tickets: one scan for the figures, one statement for the trend.

The figures are grouped by nothing but plain columns, the clock's states being counted beside each other: PostgreSQL
then knows how few groups there are, and lets several processes share a scan of many tickets.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, DateTime, Select, Text, bindparam, cast, func, literal_column, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from server.adapters.postgres.predicates import Shape, predicate, shape_of, sla_conditions, values_of
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import tickets
from server.application.repositories import DayCount, StatsQuery, TicketStats
from server.domain.days import day_starts
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.tickets import TicketPriority
from server.domain.visibility import Visibility

K = TypeVar("K")
_t = tickets.c
_MOMENT = DateTime(timezone=True)
_GROUPED = 3
"""Columns of a group: state, priority, owning role. What is counted follows, in the order of ``_COUNTED``."""
_COUNTED = ("all", "with_deadline", "missed", "unassigned", "responded", "response", "resolved", "resolution")


def ticket_stats(session: Session, query: StatsQuery, visibility: Visibility) -> TicketStats:
    """See ``TicketRepository.stats``."""
    now = datetime.now(UTC)
    shape, values = shape_of(query.where, visibility, counting=True), values_of(query.where, visibility, now=now)
    trend: list[DayCount] = []
    if query.trend_days:
        trend = _days(session, shape, values, day_starts(now, query.trend_days, ZoneInfo(query.time_zone)))
    if query.trend_only:
        return TicketStats(trend=trend, as_of=now)
    groups = session.all(_groups(shape), values | {"stats_now": now})
    sums = dict(zip(_COUNTED, _sums(groups, _GROUPED, len(_COUNTED)), strict=True))
    clocks = _sums(groups, _GROUPED + len(_COUNTED), len(SlaStatus))
    return TicketStats(
        total=sums["all"],
        by_status=_counts(groups, 0, TicketStatus),
        by_priority=_counts(groups, 1, TicketPriority),
        by_sla_status={status: count for status, count in zip(SlaStatus, clocks, strict=True) if count},
        by_owner_role=_counts(groups, 2, Role),
        unassigned=sums["unassigned"],
        breach_rate=sums["missed"] / sums["with_deadline"] if sums["with_deadline"] else 0.0,
        average_first_response=_mean(sums["response"], sums["responded"]),
        average_resolution=_mean(sums["resolution"], sums["resolved"]),
        trend=trend,
        as_of=now,
    )


def _sums(groups: list[tuple[Any, ...]], start: int, number: int) -> list[Any]:
    """Of so many columns; a sum that is NULL counts for nothing."""
    return [sum(row[column] or 0 for row in groups) for column in range(start, start + number)]


def _counts(groups: list[tuple[Any, ...]], column: int, kind: type[K]) -> Mapping[K, int]:
    counts: dict[str, int] = {}
    for row in groups:
        if row[column] is not None:
            counts[row[column]] = counts.get(row[column], 0) + row[_GROUPED]
    return {member: counts[member] for member in kind if member in counts}  # type: ignore[attr-defined] # an Enum class


def _mean(seconds: float, number: int) -> timedelta | None:
    return timedelta(seconds=seconds / number) if number else None


def _days(session: Session, shape: Shape, values: Mapping[str, Any], starts: list[datetime]) -> list[DayCount]:
    """The trend of the days that begin then, the last start being the end of the last day."""
    bounds = {"day_starts": starts, "trend_start": starts[0], "trend_end": starts[-1]}
    rows = session.all(_trend(shape), {**values, **bounds})
    counts = {(kind, number): count for kind, number, count in rows}
    return [
        DayCount(local.date(), counts.get(("created", number), 0), counts.get(("resolved", number), 0))
        for number, local in enumerate(starts[:-1], start=1)
    ]


@lru_cache(maxsize=128)
def _groups(shape: Shape) -> Statement:
    moment = bindparam("stats_now", type_=_MOMENT)
    unresolved: ColumnElement[bool] = literal_column("tickets.status NOT IN ('RESOLVED', 'CLOSED')")
    missed = (
        _t.sla_breached
        | (_t.resolved_at > _t.sla_due_at)
        | (unresolved & (_t.sla_due_at <= func.least(_t.sla_paused_at, moment)))
    )
    counted: dict[str, ColumnElement[Any]] = {
        "all": func.count(),
        "with_deadline": func.count(_t.sla_due_at),
        "missed": func.count().filter(missed),
        "unassigned": func.count().filter(unresolved & _t.owner_id.is_(None)),
        "responded": func.count(_t.first_responded_at),
        "response": func.sum(_seconds(_t.first_responded_at)),
        "resolved": func.count(_t.resolved_at),
        "resolution": func.sum(_seconds(_t.resolved_at)),
    }
    clocks = sla_conditions(moment)
    return Statement(
        select(
            cast(_t.status, Text),
            cast(_t.priority, Text),
            _t.owner_role,
            *(counted[name] for name in _COUNTED),
            *(func.count().filter(clocks[status]) for status in SlaStatus),
        )
        .where(predicate(shape))
        .group_by(_t.status, _t.priority, _t.owner_role),
        prepare=False,
    )


def _seconds(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """From creation to then, in floating point: numeric, as extract() gives it, takes twice as long to add up."""
    return func.date_part("epoch", moment - _t.created_at)


@lru_cache(maxsize=128)
def _trend(shape: Shape) -> Statement:
    """How many were created and resolved on each day, by the day's number from 1; no row where there were none."""
    starts = bindparam("day_starts", type_=ARRAY(_MOMENT))
    start, end = bindparam("trend_start", type_=_MOMENT), bindparam("trend_end", type_=_MOMENT)

    def per_day(kind: str, column: ColumnElement[Any]) -> Select[Any]:
        day = func.width_bucket(column, starts).label("day")
        return (
            select(literal_column(f"'{kind}'").label("kind"), day, func.count())
            .where(predicate(shape), column >= start, column < end)
            .group_by(literal_column("2"))
        )

    return Statement(
        union_all(per_day("created", _t.created_at), per_day("resolved", _t.resolved_at)),
        prepare=False,
    )
