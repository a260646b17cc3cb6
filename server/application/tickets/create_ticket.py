"""Creating a ticket."""

from dataclasses import dataclass
from typing import TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.policies import policy_for
from server.application.unit_of_work import PolicyBook, TicketNumbers, UnitOfWork
from server.domain.changes import open_ticket
from server.domain.ids import TicketId
from server.domain.permissions import require_assign
from server.domain.tickets import Ticket, TicketDraft

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class CreateTicket:
    """Anyone may create a ticket; only who may assign may name the queue it starts in."""

    uow: UnitOfWork
    policies: PolicyBook
    numbers: TicketNumbers
    clock: Clock

    def __call__(self, call: Call, draft: TicketDraft, answer: Answer[Ticket, A]) -> A:
        """The stored ticket. Raises PermissionDenied for a queue named by someone who may not assign."""
        if draft.owner_role is not None:
            require_assign(call.principal)
        policy = policy_for(self.policies.current(call), draft.priority)
        ticket_id = TicketId(f"TKT-{self.numbers.next(call)}")
        ticket = open_ticket(draft, call.principal, policy, ticket_id=ticket_id, now=self.clock())
        return self.uow.create_ticket(call, ticket, answer)
