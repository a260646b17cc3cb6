"""The ticket, and the values it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from server.domain.fsm import TicketStatus
from server.domain.ids import FranchiseId, TicketId, UserId, Version
from server.domain.roles import Role


class TicketPriority(StrEnum):
    """How soon it has to be solved; the order of the members is the order of sorting."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class TicketSeverity(StrEnum):
    """How bad the damage is, whatever the urgency."""

    MINOR = "minor"
    MODERATE = "moderate"
    MAJOR = "major"
    CRITICAL = "critical"


class LinkedType(StrEnum):
    """Kinds of things of the marketplace that a ticket can be about."""

    BOOKING = "booking"
    SHIPMENT = "shipment"
    USER = "user"
    TRUCK = "truck"
    OPERATOR = "operator"
    FRANCHISE = "franchise"
    DOCUMENT = "document"
    PAYMENT = "payment"


PROTECTED_FIELDS: tuple[str, ...] = ("description", "metadata", "resolution_summary")
"""Withheld on a sensitive ticket unless the read gives a reason; sorted."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as it is stored. Times are aware, UTC, to the microsecond."""

    id: TicketId
    title: str
    description: str
    created_by_id: UserId
    created_by_role: Role
    owner_id: UserId | None
    owner_role: Role | None
    assigned_franchise_id: FranchiseId | None
    priority: TicketPriority
    status: TicketStatus
    severity: TicketSeverity | None
    linked_type: LinkedType | None
    linked_id: str | None
    sla_due_at: datetime | None
    sla_escalation_level: int
    sla_breached: bool
    sla_policy_version: int | None
    """Of the policy of its priority; None when none applied at its creation."""
    sla_cycle: int
    """1 from creation, one more with each reopening; levels count from 0 in each."""
    sla_changed_at: datetime
    """When state, priority, policy version or level last changed: the instant by which the clock counts."""
    sla_near_breach_at: datetime | None
    sla_near_breach_notified: bool
    sla_paused_at: datetime | None
    """Since when its state stops the clock; None while it runs."""
    sla_next_escalation_at: datetime | None
    """When it has to move up next if nothing changes; None for never."""
    first_response_due_at: datetime | None
    first_responded_at: datetime | None
    first_response_breached: bool
    tags: tuple[str, ...]
    is_sensitive: bool
    archived: bool
    resolution_summary: str | None
    metadata: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    version: Version


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket as one caller gets it: ``withheld`` when its protected fields are not for this answer."""

    ticket: Ticket
    withheld: bool


def withheld_view(ticket: Ticket) -> TicketView:
    """The view of every answer that carries no access reason: lists, searches, mutations."""
    return TicketView(ticket, withheld=ticket.is_sensitive)


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """What the creator says of a new ticket; checked by ``validation.check_draft``."""

    title: str
    description: str
    priority: TicketPriority = TicketPriority.MEDIUM
    severity: TicketSeverity | None = None
    owner_role: Role | None = None
    assigned_franchise_id: FranchiseId | None = None
    linked_type: LinkedType | None = None
    linked_id: str | None = None
    tags: tuple[str, ...] = ()
    is_sensitive: bool = False
    metadata: Mapping[str, Any] | None = None


def make_etag(version: Version) -> str:
    """The opaque mark of one state of a resource (AIP-154)."""
    return f'"{version:x}"'
