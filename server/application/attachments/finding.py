"""Finding the attachment that a call is about, and what of it the caller gets."""

from collections.abc import Sequence
from uuid import UUID

from server.application.call import Call
from server.application.unit_of_work import Repositories
from server.domain.attachments import PROTECTED_ATTACHMENT_FIELDS, Attachment, AttachmentState, AttachmentView
from server.domain.errors import NotFound, Reason
from server.domain.ids import TicketId
from server.domain.tickets import Ticket
from server.domain.timeline import Action
from server.domain.visibility import visibility_of


def attachment_not_found(attachment_id: UUID) -> NotFound:
    """The one answer for an attachment that is not there, not complete, or not for the caller's eyes."""
    return NotFound(
        f"Attachment {attachment_id} was not found.",
        reason=Reason.ATTACHMENT_NOT_FOUND,
        metadata={"attachment_id": str(attachment_id)},
    )


def get_visible_attachment(repositories: Repositories, call: Call, attachment_id: UUID) -> tuple[Ticket, Attachment]:
    """The attachment and its ticket. Raises NotFound.

    See ``may_see``.
    """
    attachment = repositories.attachments.get(attachment_id)
    ticket = None
    if attachment is not None:
        ticket = repositories.tickets.get(attachment.ticket_id, visibility_of(call.principal))
    if attachment is None or ticket is None or not may_see(repositories, call, attachment):
        raise attachment_not_found(attachment_id)
    return ticket, attachment


def may_see(repositories: Repositories, call: Call, attachment: Attachment) -> bool:
    """Whether one of a ticket that the caller sees is for the caller's eyes.

    One that is under way is for its uploader alone. Staff and service accounts see all others. Outside roles see
    what they uploaded themselves and what a public message names: so a file of staff's not before staff has named it
    in one.
    """
    if attachment.uploaded_by_id == call.principal.user_id:
        return True
    if attachment.state is not AttachmentState.READY:
        return False
    return call.principal.is_staff or repositories.attachments.is_public(attachment)


def view_of(ticket: Ticket, attachment: Attachment, *, disclosed: bool) -> AttachmentView:
    """``disclosed``: a reason was given, and is in the audit."""
    is_sensitive = attachment.is_sensitive or ticket.is_sensitive
    return AttachmentView(attachment, is_sensitive, withheld=is_sensitive and not disclosed)


def audit_view(
    repositories: Repositories,
    ticket_id: TicketId,
    attachments: Sequence[Attachment],
    access_reason: str,
    *,
    content: bool = False,
) -> None:
    """Write down who gets to see which sensitive attachments, and why: one row for all of them."""
    seen = {
        "attachment_ids": [str(attachment.id) for attachment in attachments],
        "fields": ["content", *PROTECTED_ATTACHMENT_FIELDS] if content else list(PROTECTED_ATTACHMENT_FIELDS),
    }
    repositories.audit.append(ticket_id, Action.SENSITIVE_VIEWED, {"reason": access_reason, "new": seen})
