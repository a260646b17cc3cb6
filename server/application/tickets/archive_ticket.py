"""Putting a ticket away, and taking it out again."""

from dataclasses import dataclass, replace
from typing import TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.repositories import Change
from server.application.tickets.changing import Plan, change_ticket
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.ids import TicketId
from server.domain.permissions import require_archive
from server.domain.tickets import Ticket

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class ArchiveTicket:
    """The only kind of delete there is. Doing what is done already changes nothing."""

    uow: UnitOfWork

    def __call__(
        self,
        call: Call,
        ticket_id: TicketId,
        *,
        archived: bool,
        reason: str | None,
        etag: str | None,
        answer: Answer[Ticket, A],
    ) -> A:
        """The ticket as it now is. Raises NotFound, PermissionDenied, Aborted."""
        return change_ticket(
            self.uow, call, ticket_id, self.plan(call, archived=archived, reason=reason), answer, etag=etag
        )

    def plan(self, call: Call, *, archived: bool, reason: str | None) -> Plan:
        """What archiving does to a ticket."""

        def plan(_: Repositories, ticket: Ticket) -> tuple[Ticket, Change]:
            require_archive(call.principal)
            return replace(ticket, archived=archived), Change(None, reason)

        return plan
