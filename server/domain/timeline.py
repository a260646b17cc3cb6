"""What happens on a ticket: messages and audit events, in one numbered order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from server.domain.attachments import PROTECTED_ATTACHMENT_FIELDS
from server.domain.ids import ChainNo, Seq, TicketId, UserId
from server.domain.roles import Role
from server.domain.tickets import PROTECTED_FIELDS


class Action:
    """Names of audit actions that the application gives or knows. An open list: triggers add theirs."""

    STATUS_CHANGED = "STATUS_CHANGED"
    ASSIGNMENT_CHANGED = "ASSIGNMENT_CHANGED"
    PRIORITY_CHANGED = "PRIORITY_CHANGED"
    ESCALATED = "ESCALATED"
    AUTO_ESCALATED = "AUTO_ESCALATED"
    SLA_BREACHED = "SLA_BREACHED"
    SLA_NEAR_BREACH = "SLA_NEAR_BREACH"
    SLA_REAPPLIED = "SLA_REAPPLIED"
    SLA_DERIVED = "SLA_DERIVED"
    FIRST_RESPONSE_BREACHED = "FIRST_RESPONSE_BREACHED"
    SENSITIVE_VIEWED = "SENSITIVE_VIEWED"
    ATTACHMENT_ADDED = "ATTACHMENT_ADDED"
    ATTACHMENT_CHANGED = "ATTACHMENT_CHANGED"
    ATTACHMENT_REMOVED = "ATTACHMENT_REMOVED"


ABOUT_ATTACHMENTS = frozenset({Action.ATTACHMENT_ADDED, Action.ATTACHMENT_CHANGED, Action.ATTACHMENT_REMOVED})
"""Their values are a file's, not the ticket's, though some have the same names."""

PROTECTED_VALUES = frozenset({*PROTECTED_FIELDS, *PROTECTED_ATTACHMENT_FIELDS})
"""Values of audit rows that a sensitive ticket protects, by their names."""


class TimelineKind(Enum):
    """What a row of a timeline is."""

    MESSAGE = "message"
    AUDIT_ENTRY = "audit_entry"


ALL_KINDS = frozenset(TimelineKind)


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """An attachment as a message names it."""

    id: str
    file_name: str
    file_type: str
    file_size_bytes: int
    is_sensitive: bool
    uploaded_by_id: UserId
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """Something said on a ticket; never edited, never deleted."""

    id: str
    ticket_id: TicketId
    seq: Seq
    actor_id: UserId
    actor_role: Role
    message: str
    attachments: tuple[AttachmentRef, ...]
    is_internal_note: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the audit trail. ``payload`` holds "old" and "new" column values and the "reason"."""

    id: int
    ticket_id: TicketId
    chain_no: ChainNo
    seq: Seq | None
    """None for rows that are not part of the timeline."""
    actor_id: UserId
    actor_role: Role
    action: str
    payload: Mapping[str, Any]
    ip_address: str | None
    created_at: datetime
    hash: bytes
    prev_hash: bytes | None


@dataclass(frozen=True, slots=True)
class FileView:
    """An attachment of a message as one caller gets it."""

    file: AttachmentRef
    is_sensitive: bool
    """By itself or since its ticket is."""
    withheld: bool
    """Its name."""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as one caller gets it."""

    message: Message
    withheld: bool
    """Its text."""
    files: tuple[FileView, ...]


def message_view(
    message: Message, *, ticket_is_sensitive: bool, disclosed: bool, by_its_writer: bool = False
) -> MessageView:
    """``disclosed``: a reason was given for what the ticket protects, and is in the audit.

    That reason is good for sensitive files of the ticket, too. On a ticket that is not sensitive no reason is asked for
    here, so names of sensitive files are found in the list of attachments alone. A writer gets the own text back.
    """
    hidden = ticket_is_sensitive and not disclosed
    files = tuple(
        FileView(
            file,
            is_sensitive=ticket_is_sensitive or file.is_sensitive,
            withheld=hidden or (file.is_sensitive and not ticket_is_sensitive),
        )
        for file in message.attachments
    )
    return MessageView(message, withheld=hidden and not by_its_writer, files=files)


@dataclass(frozen=True, slots=True)
class AuditEntryView:
    """An audit row as one caller gets it; protected values are withheld by ``disclosed``."""

    entry: AuditEntry
    withheld: bool

    def values(self, side: str) -> dict[str, Any]:
        """The "old" or "new" values; withheld ones keep their key and lose their value."""
        values = self.entry.payload.get(side)
        if not isinstance(values, Mapping):  # whatever somebody in psql has put there
            return {}
        if not self.withheld:
            return dict(values)
        return {key: None if key in PROTECTED_VALUES else value for key, value in values.items()}


TimelineItem = MessageView | AuditEntryView


@dataclass(frozen=True, slots=True)
class Watcher:
    """Somebody who is told about changes of a ticket, and sees it for that reason."""

    ticket_id: TicketId
    user_id: UserId
    notify_email: bool
    notify_push: bool
    notify_sms: bool
    created_at: datetime
