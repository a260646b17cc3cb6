"""Handing out a file."""

from dataclasses import dataclass
from uuid import UUID

from server.application.attachments.finding import audit_view, get_visible_attachment, view_of
from server.application.call import Call
from server.application.clock import Clock
from server.application.object_store import ObjectStore, SignedRequest
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.attachments import DOWNLOAD_LIFETIME, AttachmentState, AttachmentView
from server.domain.errors import FailedPrecondition, Reason


@dataclass(frozen=True, slots=True)
class GetAttachmentDownload:
    """A signed request for the file. For a sensitive one it takes a reason, and is audited before it is handed out."""

    uow: UnitOfWork
    store: ObjectStore
    clock: Clock

    def __call__(
        self, call: Call, attachment_id: UUID, access_reason: str | None
    ) -> tuple[AttachmentView, SignedRequest]:
        """The attachment and the download.

        Raises NotFound, FailedPrecondition (ATTACHMENT_NOT_READY, ACCESS_REASON_REQUIRED).
        """

        def plain(repositories: Repositories) -> AttachmentView:
            ticket, attachment = get_visible_attachment(repositories, call, attachment_id)
            if attachment.state is not AttachmentState.READY:
                raise FailedPrecondition(
                    f"Attachment {attachment_id} is not complete.",
                    reason=Reason.ATTACHMENT_NOT_READY,
                    metadata={"attachment_id": str(attachment_id)},
                )
            view = view_of(ticket, attachment, disclosed=access_reason is not None)
            if view.withheld:
                raise FailedPrecondition(
                    f"Attachment {attachment_id} is sensitive. Give an access_reason.",
                    reason=Reason.ACCESS_REASON_REQUIRED,
                    metadata={"attachment_id": str(attachment_id)},
                )
            return view

        def disclosed(repositories: Repositories) -> AttachmentView:
            view = plain(repositories)
            if view.is_sensitive:
                ticket_id = view.attachment.ticket_id
                audit_view(repositories, ticket_id, [view.attachment], access_reason or "", content=True)
            return view

        view = self.uow.read(call, plain)
        if view.is_sensitive:
            view = self.uow.write(call, disclosed)
        attachment = view.attachment
        return view, self.store.sign_download(
            attachment.object_key,
            file_name=attachment.file_name,
            content_type=attachment.file_type,
            now=self.clock(),
            lifetime=DOWNLOAD_LIFETIME,
        )
