"""Checking what was uploaded, and making it part of the ticket."""

import hashlib
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TypeVar
from uuid import UUID

from server.application.answers import Answer
from server.application.attachments.finding import attachment_not_found, get_visible_attachment, view_of
from server.application.call import Call
from server.application.clock import Clock
from server.application.object_store import ObjectMissing, ObjectStore
from server.application.tickets.finding import lock_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.attachments import Attachment, AttachmentState, AttachmentView
from server.domain.changes import require_not_archived
from server.domain.errors import DeadlineExceeded, FailedPrecondition, PermissionDenied, Reason, Unavailable
from server.domain.file_types import SNIFFED_BYTES, is_plausible

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class CompleteAttachment:
    """For the attachment's uploader only. Repeating it on one that is complete changes nothing and reads nothing.

    The object is read before the transaction begins, and ``readers`` bounds how many calls do so at a time: a slow
    store holds no locks, and does not take all threads of the server.
    """

    uow: UnitOfWork
    store: ObjectStore
    clock: Clock
    readers: BoundedSemaphore

    def __call__(self, call: Call, attachment_id: UUID, answer: Answer[AttachmentView, A]) -> A:
        """The attachment, READY.

        Raises NotFound, also when it was swept meanwhile; PermissionDenied; FailedPrecondition (TICKET_ARCHIVED,
        ATTACHMENT_NOT_UPLOADED, ATTACHMENT_MISMATCH with what differs as its ``mismatch``; then the upload is thrown
        away); Unavailable, also when others read; it leaves everything as it is.
        """
        if answer.key is not None and (kept := self.uow.kept_answer(call, answer.key)) is not None:
            return answer.load(kept)
        announced = self.uow.read(call, lambda repositories: _find(repositories, call, attachment_id))
        if announced.state is AttachmentState.PENDING:
            mismatch = self._check(call, announced)
            if mismatch is not None:
                raise _mismatched(announced, mismatch)
        now = self.clock()

        def body(repositories: Repositories) -> AttachmentView:
            ticket = lock_visible(repositories, call, announced.ticket_id, etag=None)
            attachment = repositories.attachments.lock(attachment_id)
            if attachment is None:
                raise attachment_not_found(attachment_id)
            if attachment.state is AttachmentState.PENDING:
                require_not_archived(ticket)
                attachment = repositories.attachments.complete(attachment, now=now)
            return view_of(ticket, attachment, disclosed=False)

        return self.uow.answer_once(call, answer, body)

    def _check(self, call: Call, announced: Attachment) -> str | None:
        """What differs; the upload is thrown away then."""
        if not self.readers.acquire(blocking=False):
            raise Unavailable("Many uploads are being checked just now. Try again.")
        try:
            mismatch = self._mismatch(call, announced)
            if mismatch is not None:
                self._throw_away(call, announced)
            return mismatch
        finally:
            self.readers.release()

    def _mismatch(self, call: Call, announced: Attachment) -> str | None:
        """What differs from the announcement, cheapest first."""
        found = self.store.stat(announced.object_key)
        if found is None:
            raise _not_uploaded(announced)
        if found.size != announced.file_size_bytes:
            return "size"
        if found.content_type.lower() != announced.file_type:
            return "type"
        digest, head, size = hashlib.sha256(), b"", 0
        try:
            with self.store.open(announced.object_key) as chunks:
                for chunk in chunks:
                    left = call.seconds_left()
                    if left is not None and left <= 0:
                        raise DeadlineExceeded("The deadline passed before the file was read.")
                    digest.update(chunk)
                    size += len(chunk)
                    if size > announced.file_size_bytes:
                        return "size"
                    if len(head) < SNIFFED_BYTES:
                        head += chunk[: SNIFFED_BYTES - len(head)]
        except ObjectMissing:
            raise _not_uploaded(announced) from None
        if size != announced.file_size_bytes:
            return "size"
        if digest.digest() != announced.sha256:
            return "checksum"
        return None if is_plausible(announced.file_type, head) else "content"

    def _throw_away(self, call: Call, announced: Attachment) -> None:
        """Delete the object while the attachment is held, so that none goes that another call has accepted meanwhile.

        Deleting twice does no harm, so it may stand in a callback that runs twice.
        """

        def body(repositories: Repositories) -> None:
            attachment = repositories.attachments.lock(announced.id)
            if attachment is not None and attachment.state is AttachmentState.PENDING:
                self.store.delete(attachment.object_key)

        self.uow.write(call, body)


def _find(repositories: Repositories, call: Call, attachment_id: UUID) -> Attachment:
    ticket, attachment = get_visible_attachment(repositories, call, attachment_id)
    if attachment.uploaded_by_id != call.principal.user_id:
        raise PermissionDenied("An attachment is completed by its uploader only.")
    if attachment.state is AttachmentState.PENDING:
        require_not_archived(ticket)
    return attachment


def _not_uploaded(announced: Attachment) -> FailedPrecondition:
    return FailedPrecondition(
        f"Nothing was uploaded yet for attachment {announced.id}.",
        reason=Reason.ATTACHMENT_NOT_UPLOADED,
        metadata={"attachment_id": str(announced.id)},
    )


def _mismatched(announced: Attachment, what: str) -> FailedPrecondition:
    message = (
        # Other bytes have another checksum, so that uploading again is of no use.
        f"What was uploaded does not look like {announced.file_type}. Announce it under its real type."
        if what == "content"
        else f"The {what} of what was uploaded is not as announced. Upload the file again."
    )
    return FailedPrecondition(
        message,
        reason=Reason.ATTACHMENT_MISMATCH,
        metadata={"attachment_id": str(announced.id), "mismatch": what},
    )
