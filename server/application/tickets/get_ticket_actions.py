"""Telling what the caller may do to a ticket."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.application.call import Call
from server.application.tickets.finding import get_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.errors import NotFound, Reason
from server.domain.ids import TicketId
from server.domain.offers import TicketOffer, offer_of
from server.domain.roles import Role
from server.domain.tickets import Ticket


@dataclass(frozen=True, slots=True)
class GetTicketActions:
    """Whoever sees the ticket may ask. Between the answer and the call the ticket may change: the call decides."""

    uow: UnitOfWork

    def __call__(self, call: Call, ticket_id: TicketId) -> TicketOffer:
        """What there is to do. Raises NotFound."""

        def body(repositories: Repositories) -> TicketOffer:
            ticket = get_visible(repositories, call, ticket_id)
            return offer_of(call.principal, ticket, _chain(repositories, ticket))

        return self.uow.read(call, body)


def _chain(repositories: Repositories, ticket: Ticket) -> Sequence[Role]:
    """Without a policy, which only psql can remove, there is nowhere to escalate to."""
    try:
        return repositories.clocks.policy(ticket).escalation_chain
    except NotFound as error:
        if error.reason is not Reason.SLA_POLICY_NOT_FOUND:
            raise
        return ()
