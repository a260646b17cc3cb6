"""Whether one ticket is among those that a filter means, asked of the ticket and not of the database.

The rule is the one that ``adapters/postgres/predicates.py`` compiles to SQL; a property test holds the two together.
Live streams ask it of each change for each filter that is watched, so what is cheap and rarely true comes first.
"""

from datetime import datetime

from server.domain.filters import TicketFilter, TimeRange
from server.domain.ticket_clock import sla_status_of
from server.domain.tickets import Ticket


def matches(where: TicketFilter, ticket: Ticket, *, now: datetime) -> bool:
    """All of the filter but ``text``, which only the database can tell."""
    return (
        may_have_matched(where, ticket)
        and (where.updated is None or _within(where.updated, ticket.updated_at))
        and (not where.sla_statuses or sla_status_of(ticket, now) in where.sla_statuses)
    )


def may_have_matched(where: TicketFilter, ticket: Ticket) -> bool:
    """Whether a past state of a ticket may have been on the list.

    What its audit does not tell counts as fitting: words, ``updated_at``, and the SLA clock, which moves by itself.
    """
    return (
        ticket.archived is where.archived
        and (not where.statuses or ticket.status in where.statuses)
        and (not where.owner_id or ticket.owner_id == where.owner_id)
        and (not where.owner_roles or ticket.owner_role in where.owner_roles)
        and (not where.franchise_ids or ticket.assigned_franchise_id in where.franchise_ids)
        and (not where.created_by_id or ticket.created_by_id == where.created_by_id)
        and (not where.priorities or ticket.priority in where.priorities)
        and (where.unassigned is None or (ticket.owner_id is None) is where.unassigned)
        and (where.sensitive is None or ticket.is_sensitive is where.sensitive)
        and (not where.linked_type or ticket.linked_type is where.linked_type)
        and (not where.linked_id or ticket.linked_id == where.linked_id)
        and (not where.tags_any or any(tag in ticket.tags for tag in where.tags_any))
        and (not where.tags_all or all(tag in ticket.tags for tag in where.tags_all))
        and (where.created is None or _within(where.created, ticket.created_at))
        and (where.due is None or _within(where.due, ticket.sla_due_at))
    )


def is_certain(where: TicketFilter) -> bool:
    """Whether ``may_have_matched`` is the whole filter."""
    return not where.text and not where.sla_statuses and where.updated is None


def _within(window: TimeRange, moment: datetime | None) -> bool:
    """A ticket without the instant lies in no range, save one without bounds."""
    start, end = window.start, window.end
    if moment is None:
        return start is None and end is None
    return (start is None or moment >= start) and (end is None or moment < end)
