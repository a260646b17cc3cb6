"""Escalating a ticket by hand."""

from dataclasses import dataclass
from typing import TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.repositories import Change
from server.application.tickets.changing import Plan, change_ticket
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.changes import escalate
from server.domain.ids import TicketId
from server.domain.permissions import require_escalate
from server.domain.tickets import Ticket
from server.domain.timeline import Action

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class EscalateTicket:
    """To the next role of the chain of the ticket's policy."""

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, ticket_id: TicketId, reason: str, etag: str | None, answer: Answer[Ticket, A]) -> A:
        """The escalated ticket. Raises NotFound, PermissionDenied, FailedPrecondition, Aborted."""
        return change_ticket(self.uow, call, ticket_id, self.plan(call, reason), answer, etag=etag)

    def plan(self, call: Call, reason: str) -> Plan:
        """What the escalation does to a ticket."""

        def plan(repositories: Repositories, ticket: Ticket) -> tuple[Ticket, Change]:
            require_escalate(call.principal, ticket)
            clocks = repositories.clocks
            after = escalate(ticket, clocks.policy(ticket), lambda: clocks.history(ticket), now=self.clock())
            return after, Change(Action.ESCALATED, reason)

        return plan
