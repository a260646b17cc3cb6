"""Telling why a ticket's SLA stands as it does."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.clock import Clock
from server.application.tickets.finding import get_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.errors import NotFound, Reason
from server.domain.ids import TicketId
from server.domain.permissions import require_staff
from server.domain.sla_clock import SlaHistory, explain
from server.domain.sla_escalations import SlaAccount
from server.domain.tickets import Ticket


@dataclass(frozen=True, slots=True)
class ExplainSla:
    """Derived from the history at the time of the call, not from what is stored with the ticket. Staff only."""

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, ticket_id: TicketId) -> SlaAccount:
        """The account. Raises NotFound, then PermissionDenied for outside roles."""

        def read(repositories: Repositories) -> SlaAccount:
            ticket = get_visible(repositories, call, ticket_id)
            require_staff(call.principal, "An explanation of the SLA is")
            history = _history(repositories, ticket)
            now = self.clock()
            if history is None:
                return SlaAccount(ticket, now, None, None, ())
            escalations = tuple(repositories.clocks.escalations(ticket_id))
            return SlaAccount(ticket, now, history, explain(history, now), escalations)

        return self.uow.read_snapshot(call, read)


def _history(repositories: Repositories, ticket: Ticket) -> SlaHistory | None:
    try:
        return repositories.clocks.history(ticket)
    except NotFound as error:
        if error.reason is not Reason.SLA_POLICY_NOT_FOUND:
            raise
        return None
