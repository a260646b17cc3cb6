"""TicketFilter and Order as JSON, for saved views and export jobs.

Names are those of the domain's fields; a field that does not narrow is left out, so old rows stay
readable when fields are added.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from server.domain.filters import Order, OrderField, TicketFilter, TimeRange
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.tickets import LinkedType, TicketPriority

_ENUM_LISTS: Mapping[str, type[TicketStatus] | type[TicketPriority] | type[Role] | type[SlaStatus]] = {
    "statuses": TicketStatus,
    "priorities": TicketPriority,
    "owner_roles": Role,
    "sla_statuses": SlaStatus,
}
_TEXT_LISTS = ("franchise_ids", "tags_any", "tags_all")
_SCALARS = ("owner_id", "unassigned", "linked_id", "created_by_id", "sensitive", "text")
_RANGES = ("created", "updated", "due")


def filter_to_json(where: TicketFilter) -> dict[str, Any]:
    """The fields that narrow."""
    result: dict[str, Any] = {}
    for name in (*_ENUM_LISTS, *_TEXT_LISTS):
        if values := getattr(where, name):
            result[name] = [str(value) for value in values]
    for name in _SCALARS:
        if (value := getattr(where, name)) is not None:
            result[name] = value
    if where.linked_type is not None:
        result["linked_type"] = where.linked_type.value
    for name in _RANGES:
        window: TimeRange | None = getattr(where, name)
        if window is not None:
            ends = {"start": window.start, "end": window.end}
            result[name] = {end: moment.isoformat() for end, moment in ends.items() if moment is not None}
    if where.archived:
        result["archived"] = True
    return result


def filter_from_json(value: Mapping[str, Any]) -> TicketFilter:
    """The inverse. Raises ValueError for a value that no version of this code has written."""
    fields: dict[str, Any] = {name: tuple(map(kind, value.get(name, ()))) for name, kind in _ENUM_LISTS.items()}
    fields |= {name: tuple(value.get(name, ())) for name in _TEXT_LISTS}
    fields |= {name: value.get(name) for name in _SCALARS}
    fields |= {name: _range(value[name]) for name in _RANGES if name in value}
    linked_type = value.get("linked_type")
    return TicketFilter(
        **fields,
        linked_type=None if linked_type is None else LinkedType(linked_type),
        archived=value.get("archived", False),
    )


def _range(value: Mapping[str, str]) -> TimeRange:
    ends = {end: datetime.fromisoformat(moment) for end, moment in value.items()}
    return TimeRange(ends.get("start"), ends.get("end"))


def order_to_text(order: Order) -> str:
    """``created_at desc``."""
    return f"{order.field} {'desc' if order.descending else 'asc'}"


def order_from_text(text: str) -> Order:
    """The inverse; an empty text is the default order."""
    if not text:
        return Order()
    field, _, direction = text.partition(" ")
    return Order(OrderField(field), descending=direction == "desc")
