"""Which tickets are meant, and in which order: shared by lists, searches, statistics, bulk, exports and views."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.tickets import LinkedType, TicketPriority


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Half-open: ``start`` ≤ t < ``end``; None is no bound."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Fields narrow together; the values of one field widen, save ``tags_all``. Empty is not narrowed."""

    statuses: tuple[TicketStatus, ...] = ()
    priorities: tuple[TicketPriority, ...] = ()
    owner_id: str | None = None
    owner_roles: tuple[Role, ...] = ()
    unassigned: bool | None = None
    franchise_ids: tuple[str, ...] = ()
    linked_type: LinkedType | None = None
    linked_id: str | None = None
    created_by_id: str | None = None
    tags_any: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    sla_statuses: tuple[SlaStatus, ...] = ()
    created: TimeRange | None = None
    updated: TimeRange | None = None
    due: TimeRange | None = None
    archived: bool = False
    sensitive: bool | None = None
    text: str | None = None


class OrderField(StrEnum):
    """What a list can be ordered by. Ties: creation time for priority, then id, in the same direction."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    SLA_DUE_AT = "sla_due_at"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True)
class Order:
    """One field, either way. A missing deadline counts as infinitely late."""

    field: OrderField = OrderField.CREATED_AT
    descending: bool = True


NEWEST_FIRST = Order()

TOTAL_CAP = 10_000
"""Totals are exact up to here; beyond, only "10 000+" is said."""
