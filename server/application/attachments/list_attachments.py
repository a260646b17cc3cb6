"""Listing the files of a ticket."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.application.attachments.finding import audit_view, view_of
from server.application.call import Call
from server.application.tickets.finding import get_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.attachments import AttachmentView
from server.domain.ids import TicketId


@dataclass(frozen=True, slots=True)
class AttachmentPage:
    """Attachments, oldest first, and what the next page begins after."""

    attachments: list[AttachmentView]
    next: tuple[datetime, UUID] | None


def position_of(view: AttachmentView) -> tuple[datetime, UUID]:
    """Where a page that ends with it ends."""
    return view.attachment.created_at, view.attachment.id


@dataclass(frozen=True, slots=True)
class ListAttachments:
    """READY ones and the caller's own PENDING ones; outside roles get their own, and what public messages name.

    Names of sensitive ones need a reason, and a page that shows any is audited, once, before it is shown.
    """

    uow: UnitOfWork

    def __call__(
        self,
        call: Call,
        ticket_id: TicketId,
        *,
        after: tuple[datetime, UUID] | None,
        limit: int,
        access_reason: str | None,
    ) -> AttachmentPage:
        """One page. Raises NotFound."""

        def page(repositories: Repositories, *, disclosed: bool) -> AttachmentPage:
            ticket = get_visible(repositories, call, ticket_id)
            found = repositories.attachments.page(
                ticket_id,
                call.principal.user_id,
                after=after,
                limit=limit + 1,
                public_only=not call.principal.is_staff,
            )
            views = [view_of(ticket, attachment, disclosed=disclosed) for attachment in found[:limit]]
            return AttachmentPage(views, position_of(views[-1]) if len(found) > limit else None)

        def disclosed(repositories: Repositories) -> AttachmentPage:
            shown = page(repositories, disclosed=True)
            sensitive = [view.attachment for view in shown.attachments if view.is_sensitive]
            if sensitive:
                audit_view(repositories, ticket_id, sensitive, access_reason or "")
            return shown

        found = self.uow.read(call, lambda repositories: page(repositories, disclosed=False))
        if access_reason is not None and any(view.withheld for view in found.attachments):
            return self.uow.write(call, disclosed)
        return found
