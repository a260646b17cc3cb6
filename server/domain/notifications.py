"""Events on tickets, the people around a ticket, and what each of them is told; how several tellings become one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from server.domain.fsm import TicketStatus
from server.domain.ids import FranchiseId, Seq, TicketId, UserId
from server.domain.notices import NotificationKind as Kind
from server.domain.roles import Role


class Channel(StrEnum):
    """How a person is reached beside the app itself; the names stand in the database and in metrics."""

    EMAIL = "email"
    PUSH = "push"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Event:
    """One timeline row, as the outbox publishes it."""

    ticket_id: TicketId
    seq: Seq
    action: str
    """Action of the audit row, or MESSAGE_ADDED."""
    at: datetime
    actor_id: UserId
    actor_role: str
    """A role, unless somebody in psql made one up."""
    old: Mapping[str, Any] = field(default_factory=dict)
    """Values before and after, by column, of what changed; None in place of protected ones."""
    new: Mapping[str, Any] = field(default_factory=dict)
    is_internal_note: bool = False
    message_id: str | None = None
    excerpt: str | None = None
    """How a message begins; None on a sensitive ticket."""


@dataclass(frozen=True, slots=True)
class TicketNow:
    """What is needed of a ticket to tell people of it."""

    id: TicketId
    title: str
    status: TicketStatus
    owner_id: UserId | None
    owner_role: Role | None
    assigned_franchise_id: FranchiseId | None
    created_by_id: UserId
    archived: bool
    due_at: datetime | None = None
    """Of the resolution; None without a deadline."""
    first_response_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A member of the staff directory."""

    user_id: UserId
    role: Role
    display_name: str
    franchise_ids: frozenset[FranchiseId]
    active: bool


@dataclass(frozen=True, slots=True)
class People:
    """Who might be told of a ticket."""

    contacts: Mapping[UserId, Contact]
    """Those of the directory, by id."""
    watchers: Mapping[UserId, frozenset[Channel]]
    """Who watches the ticket, and how each of them wants to be told."""
    queue: Collection[Contact] = ()
    """Active members whose role is the ticket's owner_role."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one person is told of one ticket: of one event, or of several that came close together."""

    user_id: UserId
    ticket_id: TicketId
    kind: Kind
    title: str
    body: str
    is_critical: bool
    channels: frozenset[Channel]
    event_count: int = 1
    for_staff: bool = False
    """Whether it says what the staff alone may know."""


LONGEST_EXCERPT = 300
MOST_LINES = 20
"""Events of one notification that are named one by one."""

GRAVITY = (
    Kind.EXPORT_FINISHED,
    Kind.TICKET_UPDATED,
    Kind.STATUS_CHANGED,
    Kind.MESSAGE_ADDED,
    Kind.ASSIGNED,
    Kind.FIRST_RESPONSE_BREACHED,
    Kind.NEAR_BREACH,
    Kind.ESCALATED,
)
"""Gravest last."""


def join(earlier: Told, later: Told) -> Told:
    """Both in one: kind and title of the gravest event (of equals the latest), a line an event, the latest last."""
    gravest = later if _gravity(later) >= _gravity(earlier) else earlier
    count = earlier.event_count + later.event_count
    lines = [*_lines(earlier), *_lines(later)][-MOST_LINES:]
    if count > len(lines):
        lines.insert(0, f"{_EARLIER}{count - len(lines)} earlier events")
    return Told(
        user_id=later.user_id,
        ticket_id=later.ticket_id,
        kind=gravest.kind,
        title=gravest.title,
        body="\n".join(lines),
        is_critical=earlier.is_critical or later.is_critical,
        channels=earlier.channels | later.channels,
        event_count=count,
        for_staff=earlier.for_staff or later.for_staff,
    )


_EARLIER = "… "  # no event's line begins so: each begins with who did it


def _lines(told: Told) -> list[str]:
    lines = told.body.split("\n")
    return lines[1:] if lines[0].startswith(_EARLIER) else lines


def _gravity(told: Told) -> tuple[bool, int]:
    return told.is_critical, GRAVITY.index(told.kind)
