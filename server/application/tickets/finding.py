"""Finding the ticket that a call is about."""

from server.application.call import Call
from server.application.unit_of_work import Repositories
from server.domain.errors import Aborted, Reason, ticket_not_found
from server.domain.ids import TicketId
from server.domain.tickets import Ticket, make_etag
from server.domain.visibility import visibility_of


def get_visible(repositories: Repositories, call: Call, ticket_id: TicketId) -> Ticket:
    """The ticket, or NotFound when it is absent or not for the caller's eyes."""
    ticket = repositories.tickets.get(ticket_id, visibility_of(call.principal))
    if ticket is None:
        raise ticket_not_found(ticket_id)
    return ticket


def lock_visible(repositories: Repositories, call: Call, ticket_id: TicketId, *, etag: str | None) -> Ticket:
    """The same, for changing it.

    Raises Aborted (ETAG_MISMATCH) when the caller has read another state than the present one.
    """
    ticket = repositories.tickets.lock(ticket_id, visibility_of(call.principal))
    if ticket is None:
        raise ticket_not_found(ticket_id)
    if etag is not None and etag != make_etag(ticket.version):
        raise Aborted(
            f"Ticket {ticket_id} has changed since it was read. Read it again.",
            reason=Reason.ETAG_MISMATCH,
            metadata={"ticket_id": ticket_id, "current_etag": make_etag(ticket.version)},
        )
    return ticket
