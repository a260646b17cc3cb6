"""Moving a ticket to another state."""

from dataclasses import dataclass
from typing import TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.repositories import Change
from server.application.tickets.changing import Plan, change_ticket
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.changes import transition
from server.domain.fsm import TicketStatus
from server.domain.ids import TicketId
from server.domain.permissions import require_transition
from server.domain.tickets import Ticket
from server.domain.timeline import Action

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Transition:
    """The state to enter, and why. ESCALATED needs a reason as every escalation does."""

    status: TicketStatus
    resolution_summary: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class TransitionTicket:
    """By the state machine, and by the rules of who may enter which state."""

    uow: UnitOfWork
    clock: Clock

    def __call__(
        self, call: Call, ticket_id: TicketId, command: Transition, etag: str | None, answer: Answer[Ticket, A]
    ) -> A:
        """The ticket in its new state. Raises NotFound, PermissionDenied, FailedPrecondition, Aborted."""
        return change_ticket(self.uow, call, ticket_id, self.plan(call, command), answer, etag=etag)

    def plan(self, call: Call, command: Transition) -> Plan:
        """What the transition does to a ticket."""

        def plan(repositories: Repositories, ticket: Ticket) -> tuple[Ticket, Change]:
            require_transition(call.principal, ticket, command.status)
            clocks = repositories.clocks
            after = transition(
                ticket,
                command.status,
                resolution_summary=command.resolution_summary,
                policy=clocks.policy(ticket),
                past=lambda: clocks.history(ticket),
                now=self.clock(),
            )
            escalated = command.status is TicketStatus.ESCALATED
            return after, Change(Action.ESCALATED if escalated else Action.STATUS_CHANGED, command.reason)

        return plan
