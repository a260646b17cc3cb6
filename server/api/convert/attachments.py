"""Attachments of tickets, and the signed requests that carry their bytes."""

from dataclasses import dataclass
from uuid import UUID

from rodistaa.tickets.v1 import attachment_pb2
from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from server.api.convert.enums import EnumPair
from server.api.convert.page_tokens import PageToken, fitting
from server.api.convert.positions import from_position
from server.api.convert.values import set_timestamp
from server.application.attachments.create_attachment import NewAttachment
from server.application.attachments.list_attachments import AttachmentPage, position_of
from server.domain.attachments import AttachmentState, AttachmentView
from server.domain.file_types import UploadRules
from server.domain.ids import TicketId
from server.domain.validation import Checker

_STATE = EnumPair(attachment_pb2.AttachmentState, "ATTACHMENT_STATE_", AttachmentState)


def from_attachment(view: AttachmentView) -> attachment_pb2.Attachment:
    """An attachment; of a withheld one everything but its name and checksum."""
    attachment = view.attachment
    wire = attachment_pb2.Attachment(
        id=str(attachment.id),
        ticket_id=attachment.ticket_id,
        uploaded_by_id=attachment.uploaded_by_id,
        file_name="" if view.withheld else attachment.file_name,
        file_type=attachment.file_type,
        file_size_bytes=attachment.file_size_bytes,
        sha256="" if view.withheld else attachment.sha256.hex(),
        is_sensitive=view.is_sensitive,
        state=_STATE.to_wire[attachment.state],
        redacted=view.withheld,
    )
    set_timestamp(wire.created_at, attachment.created_at)
    if attachment.completed_at is not None:
        set_timestamp(wire.completed_at, attachment.completed_at)
    return wire


def to_new_attachment(request: pb.CreateAttachmentRequest, rules: UploadRules) -> tuple[TicketId, NewAttachment]:
    """The ticket, and the file that is announced."""
    check, wire = Checker(), request.attachment
    ticket_id = TicketId(check.ticket_id("ticket_id", request.ticket_id))
    if not request.HasField("attachment"):
        check.fail("attachment", "is required")
        check.done()
    size = wire.file_size_bytes
    if not 1 <= size <= rules.max_bytes:
        check.fail("attachment.file_size_bytes", f"must be between 1 and {rules.max_bytes}")
    new = NewAttachment(
        file_name=check.file_name("attachment.file_name", wire.file_name),
        file_type=check.media_type("attachment.file_type", wire.file_type, rules.types),
        file_size_bytes=size,
        sha256=check.sha256("attachment.sha256", wire.sha256),
        is_sensitive=wire.is_sensitive,
    )
    check.done()
    return ticket_id, new


def to_attachment_id(request: pb.CompleteAttachmentRequest) -> UUID:
    """The attachment to complete."""
    check = Checker()
    attachment_id = check.uuid("id", request.id)
    check.done()
    return attachment_id


def to_download(request: pb.GetAttachmentDownloadRequest) -> tuple[UUID, str | None]:
    """The attachment to download, and why."""
    check = Checker()
    attachment_id = check.uuid("id", request.id)
    access_reason = check.access_reason("access_reason", request.access_reason)
    check.done()
    return attachment_id, access_reason


@dataclass(frozen=True, slots=True)
class AttachmentQuery:
    """A page of a ticket's attachments."""

    ticket_id: TicketId
    limit: int
    access_reason: str | None


def to_attachment_query(request: pb.ListAttachmentsRequest) -> AttachmentQuery:
    """Which attachments to list."""
    check = Checker()
    query = AttachmentQuery(
        ticket_id=TicketId(check.ticket_id("ticket_id", request.ticket_id)),
        limit=check.page_size("page_size", request.page_size),
        access_reason=check.access_reason("access_reason", request.access_reason),
    )
    check.done()
    return query


def attachments_response(page: AttachmentPage, token: PageToken) -> pb.ListAttachmentsResponse:
    """The attachments that fit into one message."""
    attachments = fitting(from_attachment(view) for view in page.attachments)
    cut = len(attachments) < len(page.attachments)
    following = position_of(page.attachments[len(attachments) - 1]) if cut else page.next
    return pb.ListAttachmentsResponse(attachments=attachments, next_page_token=token.write(from_position(following)))
