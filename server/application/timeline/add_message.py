"""Saying something on a ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from server.application.answers import Answer
from server.application.attachments.finding import may_see
from server.application.call import Call
from server.application.clock import Clock
from server.application.repositories import Change
from server.application.tickets.finding import lock_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.changes import first_response, require_not_archived
from server.domain.errors import FailedPrecondition, NotFound, Reason
from server.domain.ids import TicketId
from server.domain.permissions import require_staff
from server.domain.roles import STAFF
from server.domain.timeline import MessageView, message_view

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message as its writer gives it."""

    text: str
    is_internal_note: bool
    attachment_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class AddMessage:
    """Whoever sees the ticket may; internal notes are for staff.

    The first public message by a person of the staff is the first response. A service account's is not:
    an automatic acknowledgement helps nobody.
    """

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, ticket_id: TicketId, new: NewMessage, answer: Answer[MessageView, A]) -> A:
        """The message with its number, its text in it. Raises NotFound, PermissionDenied, FailedPrecondition."""
        now = self.clock()

        def body(repositories: Repositories) -> MessageView:
            ticket = lock_visible(repositories, call, ticket_id, etag=None)
            if new.is_internal_note:
                require_staff(call.principal, "An internal note is")
            require_not_archived(ticket)
            _require_complete(repositories, call, ticket_id, new.attachment_ids)
            answers = call.principal.role in STAFF and not new.is_internal_note
            if answers and ticket.first_responded_at is None:
                repositories.tickets.save(ticket, first_response(ticket, now=now), Change())
            message = repositories.timeline.add_message(
                ticket_id,
                new.text,
                attachment_ids=new.attachment_ids,
                is_internal_note=new.is_internal_note,
            )
            return message_view(message, ticket_is_sensitive=ticket.is_sensitive, disclosed=False, by_its_writer=True)

        return self.uow.answer_once(call, answer, body)


def _require_complete(repositories: Repositories, call: Call, ticket_id: TicketId, ids: Sequence[UUID]) -> None:
    """A public message shares its files with all who see the ticket, so nobody names one that is hidden from them."""
    if not ids:
        return
    found = repositories.timeline.attachments(ticket_id, ids)
    for attachment_id in ids:
        if attachment_id not in found or not _is_seen(repositories, call, attachment_id):
            raise NotFound(
                f"Attachment {attachment_id} was not found on ticket {ticket_id}.",
                reason=Reason.ATTACHMENT_NOT_FOUND,
                metadata={"attachment_id": str(attachment_id)},
            )
        if found[attachment_id] is None:
            raise FailedPrecondition(
                f"Attachment {attachment_id} is not complete.",
                reason=Reason.ATTACHMENT_NOT_READY,
                metadata={"attachment_id": str(attachment_id)},
            )


def _is_seen(repositories: Repositories, call: Call, attachment_id: UUID) -> bool:
    if call.principal.is_staff:
        return True
    attachment = repositories.attachments.get(attachment_id)
    return attachment is not None and may_see(repositories, call, attachment)
