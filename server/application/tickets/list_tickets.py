"""Listing tickets page by page."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.repositories import ListPosition
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.filters import TOTAL_CAP, Order, OrderField, TicketFilter
from server.domain.tickets import Ticket
from server.domain.visibility import visibility_of


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which page of which list."""

    where: TicketFilter
    order: Order
    after: ListPosition | None
    limit: int
    include_total: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are: exact, unless ``capped``, when there are more than ``count``."""

    count: int
    capped: bool


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A page and what comes after it."""

    tickets: list[Ticket]
    next: ListPosition | None
    total: Total | None


def total_of(count: int) -> Total:
    """From a count that stopped one past the cap."""
    return Total(min(count, TOTAL_CAP), capped=count > TOTAL_CAP)


def position_of(ticket: Ticket, order: Order) -> ListPosition:
    """The keyset of a ticket in an order."""
    value = {
        OrderField.CREATED_AT: ticket.created_at,
        OrderField.UPDATED_AT: ticket.updated_at,
        OrderField.SLA_DUE_AT: ticket.sla_due_at,
        OrderField.PRIORITY: ticket.priority,
    }[order.field]
    return ListPosition(value, ticket.created_at, ticket.id)


@dataclass(frozen=True, slots=True)
class ListTickets:
    """Keyset pages: each costs the same, however deep it lies."""

    uow: UnitOfWork

    def __call__(self, call: Call, query: ListQuery) -> TicketPage:
        """The page; protected fields are the presenter's to withhold."""
        visibility = visibility_of(call.principal)

        def body(repositories: Repositories) -> TicketPage:
            found = repositories.tickets.page(
                query.where, visibility, query.order, after=query.after, limit=query.limit + 1
            )
            page = found[: query.limit]
            more = len(found) > query.limit
            total = None
            if query.include_total:
                total = total_of(repositories.tickets.count(query.where, visibility, query=None, at_most=TOTAL_CAP + 1))
            return TicketPage(page, position_of(page[-1], query.order) if more else None, total)

        return self.uow.read(call, body)
