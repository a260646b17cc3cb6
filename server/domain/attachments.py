"""Files of a ticket: what is known of one, and who gets to see its name."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from server.domain.ids import TicketId, UserId

PROTECTED_ATTACHMENT_FIELDS: tuple[str, ...] = ("file_name", "sha256")
"""Withheld on a sensitive attachment unless the read gives a reason; sorted."""

DOWNLOAD_LIFETIME = timedelta(minutes=5)
"""How long a signed download works (spec section 8)."""
UPLOAD_LIFETIME = timedelta(minutes=15)
"""How long a signed upload may begin."""
ABANDONED_AFTER = timedelta(hours=48)
"""An upload not completed by then is swept. Longer than a request_id is kept (24 h) and a PUT signed at the end of that
time works, so that no signed PUT outlives the attachment it was made for."""
MAX_ATTACHMENTS = 500
"""Of one ticket, uploads under way among them."""
MAX_UPLOADS_UNDER_WAY = 200
"""Of one person, on all tickets: what nobody completes takes up room for two days."""


class AttachmentState(StrEnum):
    """As the database spells it."""

    PENDING = "pending"
    READY = "completed"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a ticket, or the announcement of one. Its bytes are in the object store. Times are aware, UTC."""

    id: UUID
    ticket_id: TicketId
    uploaded_by_id: UserId
    file_name: str
    """As its uploader calls it: data, never a path."""
    object_key: str
    file_type: str
    """Media type without parameters, lower case."""
    file_size_bytes: int
    sha256: bytes
    is_sensitive: bool
    """By itself; every attachment of a sensitive ticket is, too."""
    state: AttachmentState
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """An attachment as one caller gets it."""

    attachment: Attachment
    is_sensitive: bool
    """By itself or since its ticket is."""
    withheld: bool


def object_key_of(ticket_id: TicketId, attachment_id: UUID) -> str:
    """Where the bytes are: made of ids alone."""
    return f"attachments/{ticket_id}/{attachment_id}"
