"""Notifications as the person who got them sees them in the app."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from server.domain.ids import TicketId, UserId


class NotificationKind(StrEnum):
    """What a notification is about, as the database spells it: the contract's names without their prefix."""

    ASSIGNED = "ASSIGNED"
    MESSAGE_ADDED = "MESSAGE_ADDED"
    STATUS_CHANGED = "STATUS_CHANGED"
    TICKET_UPDATED = "TICKET_UPDATED"
    NEAR_BREACH = "NEAR_BREACH"
    FIRST_RESPONSE_BREACHED = "FIRST_RESPONSE_BREACHED"
    ESCALATED = "ESCALATED"
    EXPORT_FINISHED = "EXPORT_FINISHED"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person was told. Protected values never appear in it."""

    id: UUID
    """Also the dedupe key of the same content by e-mail, push and SMS."""
    user_id: UserId
    kind: NotificationKind
    """Of several events the gravest."""
    ticket_id: TicketId | None
    title: str
    body: str
    event_count: int
    is_critical: bool
    created_at: datetime
    """When the first of its events was told; it does not move as others join."""
    read_at: datetime | None


UNREAD_CAP = 1_000
"""Unread ones are counted no further than this."""
