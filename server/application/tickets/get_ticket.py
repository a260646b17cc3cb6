"""Reading one ticket."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.tickets.finding import get_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.ids import TicketId
from server.domain.tickets import PROTECTED_FIELDS, TicketView, withheld_view
from server.domain.timeline import Action


@dataclass(frozen=True, slots=True)
class GetTicket:
    """A read of a sensitive ticket with a reason is audited before anything is shown."""

    uow: UnitOfWork

    def __call__(self, call: Call, ticket_id: TicketId, access_reason: str | None) -> TicketView:
        """The ticket, protected fields withheld unless a reason was given. Raises NotFound."""
        view = self.uow.read(call, lambda repositories: withheld_view(get_visible(repositories, call, ticket_id)))
        if not view.withheld or access_reason is None:
            return view
        return self.uow.write(call, lambda repositories: disclose(repositories, call, ticket_id, access_reason))


def disclose(repositories: Repositories, call: Call, ticket_id: TicketId, access_reason: str) -> TicketView:
    """The whole ticket, and the audit row that says who saw it and why."""
    ticket = get_visible(repositories, call, ticket_id)
    if ticket.is_sensitive:
        repositories.audit.append(
            ticket_id,
            Action.SENSITIVE_VIEWED,
            {"reason": access_reason, "new": {"fields": list(PROTECTED_FIELDS)}},
        )
    return TicketView(ticket, withheld=False)
