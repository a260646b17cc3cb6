"""Valid, fully set requests to AttachmentService, and files as their uploaders would have left them."""

import hashlib
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID, uuid4

import psycopg
from google.protobuf.message import Message

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.v1 import attachment_pb2
from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from server.application.object_store import ObjectStore
from server.domain.attachments import MAX_UPLOADS_UNDER_WAY, object_key_of
from server.domain.ids import TicketId
from server.files import open_store
from server.settings import Settings
from tests.database import Database
from tests.running import shared_data_dir

OFFERED = (
    "AttachmentService/CreateAttachment",
    "AttachmentService/CompleteAttachment",
    "AttachmentService/ListAttachments",
    "AttachmentService/GetAttachmentDownload",
)
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
WHY = "The operator asked for it on the phone"
Naming = Literal["note", "public"]
"""The kinds of messages that may name an attachment."""


def announced(content: bytes = PDF, **fields: Any) -> attachment_pb2.Attachment:
    """A file, as its uploader announces it."""
    values: dict[str, Any] = {
        "file_name": "proof of delivery.pdf",
        "file_type": "application/pdf",
        "file_size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        **fields,
    }
    return attachment_pb2.Attachment(**values)


def create(client: TicketsClient, ticket_id: str, content: bytes = PDF, **fields: Any) -> pb.CreateAttachmentResponse:
    """An attachment under way."""
    request = pb.CreateAttachmentRequest(ticket_id=ticket_id, attachment=announced(content, **fields))
    return client.attachments.CreateAttachment(request)


def complete(client: TicketsClient, attachment_id: str) -> attachment_pb2.Attachment:
    """The attachment, once the server has accepted what was uploaded."""
    return client.attachments.CompleteAttachment(pb.CompleteAttachmentRequest(id=attachment_id)).attachment


def store_of_tests() -> ObjectStore:
    """Of all servers in this process that were given no other."""
    return open_store(Settings.model_validate({"data_dir": shared_data_dir()}))


def store_bytes(attachment: attachment_pb2.Attachment, content: bytes = PDF, *, content_type: str = "") -> None:
    """What a PUT leaves in that store, for tests that are not about it."""
    key = object_key_of(TicketId(attachment.ticket_id), UUID(attachment.id))
    store_of_tests().put(key, [content], content_type=content_type or attachment.file_type)


def uploaded(client: TicketsClient, ticket_id: str, content: bytes = PDF, **fields: Any) -> attachment_pb2.Attachment:
    """An attachment whose bytes are in the store, and which is not complete."""
    attachment = create(client, ticket_id, content, **fields).attachment
    store_bytes(attachment, content)
    return attachment


def attached(client: TicketsClient, ticket_id: str, content: bytes = PDF, **fields: Any) -> attachment_pb2.Attachment:
    """A complete one, by the client."""
    return complete(client, uploaded(client, ticket_id, content, **fields).id)


def insert_unnoticed(
    connection: psycopg.Connection,
    ticket_id: str,
    uploader: str,
    *,
    ready: bool = True,
    is_sensitive: bool = False,
    named_by: Sequence[Naming] = (),
) -> str:
    """A row without a trace in the audit, such as a test needs that counts traces, and messages that name it."""
    attachment_id = uuid4()
    with connection.transaction():
        connection.execute("SELECT set_config('session_replication_role', 'replica', true)")
        connection.execute(
            "INSERT INTO ticket_attachments (id, ticket_id, uploaded_by_id, file_name, object_key, file_type,"
            " file_size_bytes, checksum_sha256, is_sensitive, status, completed_at)"
            " VALUES (%s, %s, %s, 'scan.pdf', %s, 'application/pdf', %s, %s, %s, %s, CASE WHEN %s THEN now() END)",
            [
                attachment_id,
                ticket_id,
                uploader,
                object_key_of(TicketId(ticket_id), attachment_id),
                len(PDF),
                hashlib.sha256(PDF).digest(),
                is_sensitive,
                "completed" if ready else "pending",
                ready,
            ],
        )
        for naming in named_by:
            connection.execute(
                "INSERT INTO ticket_messages (ticket_id, seq, actor_id, actor_role, message, attachments,"
                " is_internal_note, created_at) SELECT %s, greatest(max(seq), 1000) + 1, 'somebody', 'ops_agent',"
                " 'See.', %s, %s, now() FROM ticket_messages WHERE ticket_id = %s",
                [ticket_id, [attachment_id], naming == "note", ticket_id],
            )
    return str(attachment_id)


def _make_room(database: Database, admin_id: str) -> None:
    """A person may have so many uploads under way, and those of earlier requests are never completed."""
    with database.connect() as connection:
        connection.execute(
            "UPDATE ticket_attachments SET status = 'completed', completed_at = now()"
            " WHERE uploaded_by_id = %(by)s AND status = 'pending' AND (SELECT count(*) FROM ticket_attachments"
            " WHERE uploaded_by_id = %(by)s AND status = 'pending') > %(most)s",
            {"by": admin_id, "most": MAX_UPLOADS_UNDER_WAY // 2},
        )


def valid_requests(admin: TicketsClient, admin_id: str, database: Database, ticket_id: str) -> dict[str, Message]:
    """By ``Service/Method``, in the order of OFFERED."""
    _make_room(database, admin_id)
    ready = attached(admin, ticket_id, is_sensitive=True)
    return {
        "AttachmentService/CreateAttachment": pb.CreateAttachmentRequest(
            ticket_id=ticket_id, attachment=announced(is_sensitive=True, file_name="भुगतान प्रमाण.pdf")
        ),
        "AttachmentService/CompleteAttachment": pb.CompleteAttachmentRequest(id=uploaded(admin, ticket_id).id),
        "AttachmentService/ListAttachments": pb.ListAttachmentsRequest(
            ticket_id=ticket_id, page_size=10, access_reason=WHY
        ),
        "AttachmentService/GetAttachmentDownload": pb.GetAttachmentDownloadRequest(id=ready.id, access_reason=WHY),
    }
