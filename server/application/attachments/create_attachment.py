"""Announcing a file of a ticket."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID, uuid4

from server.application.answers import Answer
from server.application.attachments.finding import view_of
from server.application.call import Call
from server.application.clock import Clock
from server.application.object_store import ObjectStore, SignedRequest, Upload
from server.application.tickets.finding import lock_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.attachments import (
    MAX_ATTACHMENTS,
    MAX_UPLOADS_UNDER_WAY,
    UPLOAD_LIFETIME,
    Attachment,
    AttachmentState,
    AttachmentView,
    object_key_of,
)
from server.domain.changes import require_not_archived
from server.domain.errors import FailedPrecondition, Reason
from server.domain.ids import TicketId

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """A file as its uploader announces it, checked against what the server accepts."""

    file_name: str
    file_type: str
    file_size_bytes: int
    sha256: bytes
    is_sensitive: bool


@dataclass(frozen=True, slots=True)
class CreateAttachment:
    """Whoever sees the ticket may. Nobody else sees the attachment until it is complete; then staff do, and
    all who see the ticket once a public message names it.

    The signed request is no part of the answer that is kept: it is a secret, and a repetition needs one that works.
    """

    uow: UnitOfWork
    store: ObjectStore
    clock: Clock

    def __call__(
        self,
        call: Call,
        ticket_id: TicketId,
        new: NewAttachment,
        answer: Answer[AttachmentView, A],
        id_of: Callable[[A], UUID],
    ) -> tuple[A, SignedRequest]:
        """The answer, names in it, and the upload; ``id_of`` reads the attachment's id out of an answer.

        Raises NotFound, FailedPrecondition (TICKET_ARCHIVED, TOO_MANY_ATTACHMENTS).
        """
        now = self.clock()

        def body(repositories: Repositories) -> AttachmentView:
            ticket = lock_visible(repositories, call, ticket_id, etag=None)
            require_not_archived(ticket)
            attachments, uploader = repositories.attachments, call.principal.user_id
            if attachments.count(ticket_id, at_most=MAX_ATTACHMENTS) >= MAX_ATTACHMENTS:
                raise _too_many(
                    f"Ticket {ticket_id} has {MAX_ATTACHMENTS} attachments, as many as it may have.", MAX_ATTACHMENTS
                )
            if attachments.count_under_way(uploader, at_most=MAX_UPLOADS_UNDER_WAY) >= MAX_UPLOADS_UNDER_WAY:
                raise _too_many(
                    f"You have {MAX_UPLOADS_UNDER_WAY} uploads under way. Complete some of them first.",
                    MAX_UPLOADS_UNDER_WAY,
                )
            attachment_id = uuid4()
            attachment = Attachment(
                id=attachment_id,
                ticket_id=ticket_id,
                uploaded_by_id=call.principal.user_id,
                file_name=new.file_name,
                object_key=object_key_of(ticket_id, attachment_id),
                file_type=new.file_type,
                file_size_bytes=new.file_size_bytes,
                sha256=new.sha256,
                is_sensitive=new.is_sensitive,
                state=AttachmentState.PENDING,
                created_at=now,
                completed_at=None,
            )
            return view_of(ticket, repositories.attachments.add(attachment), disclosed=True)

        answered = self.uow.answer_once(call, answer, body)
        upload = Upload(
            key=object_key_of(ticket_id, id_of(answered)),
            content_type=new.file_type,
            size=new.file_size_bytes,
            sha256=new.sha256,
        )
        return answered, self.store.sign_upload(upload, now=now, lifetime=UPLOAD_LIFETIME)


def _too_many(message: str, limit: int) -> FailedPrecondition:
    return FailedPrecondition(message, reason=Reason.TOO_MANY_ATTACHMENTS, metadata={"limit": str(limit)})
