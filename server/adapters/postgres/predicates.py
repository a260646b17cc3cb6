"""TicketFilter and Visibility compiled to SQL: the one predicate of list, search, count, stats, bulk and export.

A filter's *shape* (which fields are set) decides the text, its *values* are parameters. So the number
of different statements stays small, and each is compiled once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, DateTime, Text, all_, and_, any_, bindparam, func, literal_column, or_, select, true
from sqlalchemy.sql.elements import BindParameter, ColumnElement

from server.adapters.postgres.tables import ticket_linked_type, ticket_priority, ticket_status, ticket_watchers, tickets
from server.domain.filters import TicketFilter, TimeRange
from server.domain.fsm import DONE, TicketStatus
from server.domain.sla import SlaStatus
from server.domain.visibility import Visibility

_t = tickets.c
_C_TEXT = Text(collation="C")

_SINGLE = {"statuses": "status", "priorities": "priority", "owner_roles": "owner_role", "franchise_ids": "franchise_id"}
"""Conditions on lists, and those that stand in for them when there is one value: an index gives its rows in order only
where its leading columns equal something."""

_OPEN = frozenset(TicketStatus) - DONE
"""For counting, all of these together are put as the partial indexes put it: a list of values beside such an index are
two conditions to the planner, which then expects a tenth of the tickets there are. Pages want the list, as it makes a
search in each of the states out of an index."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Which conditions a predicate has; hashable, the key under which its statements are kept."""

    fields: frozenset[str]
    sla_statuses: tuple[SlaStatus, ...]
    archived: bool
    unassigned: bool | None
    sensitive: bool | None
    visibility: frozenset[str]


def shape_of(where: TicketFilter, visibility: Visibility, *, counting: bool = False) -> Shape:
    """The shape of a filter for a caller. ``counting``: for a statement that wants no page of them in order."""
    fields = {
        name
        for name in (
            "owner_id",
            "linked_type",
            "linked_id",
            "created_by_id",
            "tags_any",
            "tags_all",
            "text",
        )
        if getattr(where, name)
    }
    fields |= {name for name in _SINGLE if len(getattr(where, name)) > 1}
    fields |= {single for name, single in _SINGLE.items() if len(getattr(where, name)) == 1}
    if counting and frozenset(where.statuses) == _OPEN:
        fields = fields - {"statuses"} | {"open"}
    for name in ("created", "updated", "due"):
        window: TimeRange | None = getattr(where, name)
        if window is not None:
            fields |= {f"{name}_start"} if window.start is not None else set()
            fields |= {f"{name}_end"} if window.end is not None else set()
    return Shape(
        fields=frozenset(fields),
        sla_statuses=tuple(sorted(set(where.sla_statuses))),
        archived=where.archived,
        unassigned=where.unassigned,
        sensitive=where.sensitive,
        visibility=parts_of(visibility.among(where)),
    )


def parts_of(visibility: Visibility) -> frozenset[str]:
    """Which reasons to see a ticket there are for a caller; none for those who see everything."""
    if visibility.everything:
        return frozenset()
    parts = {"user"}
    if visibility.queue_role is not None:
        parts.add("queue")
    if visibility.franchise_ids:
        parts.add("franchise" if len(visibility.franchise_ids) == 1 else "franchises")
    return frozenset(parts)


def values_of(where: TicketFilter, visibility: Visibility, *, now: datetime) -> dict[str, Any]:
    """The parameters that ``predicate`` of the same shape needs."""
    values: dict[str, Any] = visibility_values(visibility.among(where))
    for name in (*_SINGLE, "tags_any", "tags_all"):
        if chosen := getattr(where, name):
            values[name] = [str(value) for value in chosen]
            if name in _SINGLE:
                values[_SINGLE[name]] = str(chosen[0])
    for name in ("owner_id", "linked_id", "created_by_id", "text"):
        if (value := getattr(where, name)) is not None:
            values[name] = value
    if where.linked_type is not None:
        values["linked_type"] = where.linked_type.value
    for name in ("created", "updated", "due"):
        window: TimeRange | None = getattr(where, name)
        if window is not None:
            values[f"{name}_start"] = window.start
            values[f"{name}_end"] = window.end
    if where.sla_statuses:
        values["now"] = now
    return values


def visibility_values(visibility: Visibility) -> dict[str, Any]:
    """The parameters that ``visible`` needs."""
    if visibility.everything:
        return {}
    return {
        "viewer_id": visibility.user_id,
        "viewer_role": visibility.queue_role,
        "viewer_franchises": sorted(visibility.franchise_ids),
        "viewer_franchise": min(visibility.franchise_ids, default=None),
    }


def predicate(shape: Shape) -> ColumnElement[bool]:
    """Filter and visibility together."""
    return and_(filtered(shape), visible(shape.visibility))


def filtered(shape: Shape) -> ColumnElement[bool]:
    """The filter alone."""
    conditions = [_CONDITIONS[name] for name in sorted(shape.fields)]
    conditions.append(literal_column("tickets.archived") if shape.archived else literal_column("NOT tickets.archived"))
    if shape.unassigned is not None:
        conditions.append(_t.owner_id.is_(None) if shape.unassigned else _t.owner_id.is_not(None))
    if shape.sensitive is not None:
        conditions.append(_t.is_sensitive if shape.sensitive else ~_t.is_sensitive)
    if shape.sla_statuses:
        conditions.append(or_(*(_SLA[status] for status in shape.sla_statuses)))
    return and_(*conditions)


def visible(parts: frozenset[str]) -> ColumnElement[bool]:
    """``Visibility.sees`` in SQL: true for those who see everything, else a union of indexed conditions."""
    return or_(*visible_for(parts).values()) if parts else true()


def visible_for(parts: frozenset[str]) -> Mapping[str, ColumnElement[bool]]:
    """Each reason to see a ticket by itself, of which several may hold: the parts, and of ``user`` three."""
    return {name: reason.holds for name, reason in _reasons(parts).items()}


def visible_apart(parts: frozenset[str]) -> list[ColumnElement[bool]]:
    """The same as conditions of which at most one holds for a ticket, each with an index of its own.

    Under OR the planner cannot take the rows of a page from several indexes in order: it reads everything
    that somebody sees, or everything there is.
    """
    if not parts:
        return [true()]
    reasons = list(_reasons(parts).values())
    return [and_(reason.holds, *(other.fails for other in reasons[:place])) for place, reason in enumerate(reasons)]


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a caller may see a ticket. ``fails`` is true where ``holds`` is false or NULL, in words whose share of the
    table the planner can tell."""

    holds: ColumnElement[bool]
    fails: ColumnElement[bool]


def _reasons(parts: frozenset[str]) -> dict[str, _Reason]:
    viewer = bindparam("viewer_id", type_=_C_TEXT)
    # An array, since a sub-select under OR could not take part in a bitmap index scan.
    watched = func.array(
        select(ticket_watchers.c.ticket_id).where(ticket_watchers.c.user_id == viewer).scalar_subquery(),
        type_=ARRAY(_C_TEXT),
    )
    reasons = {
        "creator": _equal(_t.created_by_id, viewer),
        "owner": _equal(_t.owner_id, viewer),
        "watcher": _Reason(_t.id == any_(watched), _t.id != all_(watched)),
    }
    if "queue" in parts:
        reasons["queue"] = _equal(_t.owner_role, bindparam("viewer_role", type_=_C_TEXT))
    if "franchise" in parts:
        reasons["franchise"] = _equal(_t.assigned_franchise_id, bindparam("viewer_franchise", type_=_C_TEXT))
    if "franchises" in parts:
        franchises = bindparam("viewer_franchises", type_=ARRAY(_C_TEXT))
        reasons["franchises"] = _Reason(
            _t.assigned_franchise_id == any_(franchises), _t.assigned_franchise_id != all_(franchises)
        )
    return reasons


def _equal(column: ColumnElement[str | None], value: BindParameter[Any]) -> _Reason:
    return _Reason(column == value, column.is_distinct_from(value))


def text_query(name: str) -> ColumnElement[Any]:
    """A user's words as a tsquery: web search syntax, English stemming."""
    return func.websearch_to_tsquery(literal_column("'english'::regconfig"), bindparam(name, type_=Text()))


def _one_of(column: ColumnElement[Any], name: str, kind: Any) -> ColumnElement[bool]:  # noqa: ANN401 - an SQL type
    return column == any_(bindparam(name, type_=ARRAY(kind)))


def _moment(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=DateTime(timezone=True))


def sla_conditions(moment: ColumnElement[Any]) -> Mapping[SlaStatus, ColumnElement[bool]]:
    """``domain.sla.clock_status`` at ``moment`` as conditions, of which each ticket meets one.

    Each also says what a clock that is not paused would need, so that an index on the instant narrows it down.
    """
    unresolved: ColumnElement[bool] = literal_column("tickets.status NOT IN ('RESOLVED', 'CLOSED')")
    at = func.least(_t.sla_paused_at, moment)  # NULL counts for nothing
    near = and_(_t.sla_near_breach_at <= moment, _t.sla_near_breach_at <= at)
    return {
        SlaStatus.COMPLETED: literal_column("tickets.status IN ('RESOLVED', 'CLOSED')"),
        SlaStatus.NO_SLA: and_(unresolved, _t.sla_due_at.is_(None)),
        SlaStatus.BREACHED: and_(unresolved, _t.sla_due_at <= moment, _t.sla_due_at <= at),
        SlaStatus.NEAR_BREACH: and_(unresolved, _t.sla_due_at > at, near),
        SlaStatus.ON_TRACK: and_(unresolved, _t.sla_due_at > at, func.coalesce(_t.sla_near_breach_at > at, true())),
    }


_tags = ARRAY(_C_TEXT)
_CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "open": literal_column("tickets.status NOT IN ('RESOLVED', 'CLOSED')"),
    "status": _t.status == bindparam("status", type_=ticket_status),
    "statuses": _one_of(_t.status, "statuses", ticket_status),
    "priority": _t.priority == bindparam("priority", type_=ticket_priority),
    "priorities": _one_of(_t.priority, "priorities", ticket_priority),
    "owner_id": _t.owner_id == bindparam("owner_id", type_=_C_TEXT),
    "owner_role": _t.owner_role == bindparam("owner_role", type_=_C_TEXT),
    "owner_roles": _one_of(_t.owner_role, "owner_roles", _C_TEXT),
    "franchise_id": _t.assigned_franchise_id == bindparam("franchise_id", type_=_C_TEXT),
    "franchise_ids": _one_of(_t.assigned_franchise_id, "franchise_ids", _C_TEXT),
    "linked_type": _t.linked_type == bindparam("linked_type", type_=ticket_linked_type),
    "linked_id": _t.linked_id == bindparam("linked_id", type_=_C_TEXT),
    "created_by_id": _t.created_by_id == bindparam("created_by_id", type_=_C_TEXT),
    "tags_any": _t.tags.op("&&", is_comparison=True)(bindparam("tags_any", type_=_tags)),
    "tags_all": _t.tags.op("@>", is_comparison=True)(bindparam("tags_all", type_=_tags)),
    "text": _t.search.op("@@", is_comparison=True)(text_query("text")),
    "created_start": _t.created_at >= _moment("created_start"),
    "created_end": _t.created_at < _moment("created_end"),
    "updated_start": _t.updated_at >= _moment("updated_start"),
    "updated_end": _t.updated_at < _moment("updated_end"),
    "due_start": _t.sla_due_at >= _moment("due_start"),
    "due_end": _t.sla_due_at < _moment("due_end"),
}

_SLA = sla_conditions(_moment("now"))
