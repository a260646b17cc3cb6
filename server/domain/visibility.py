"""Which tickets a caller may see: the one rule behind get, list, search, count, timeline, bulk and export.

It is a union of simple conditions, so that it can be both asked of one ticket here and compiled to SQL
(adapters/postgres/predicates.py); a property test holds the two together.
"""

from dataclasses import dataclass, replace
from typing import Self

from server.domain.filters import TicketFilter
from server.domain.ids import FranchiseId, UserId
from server.domain.principal import Principal
from server.domain.roles import STAFF, Role, is_manager
from server.domain.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Visibility:
    """A ticket is visible when ``everything`` holds or any other condition matches it."""

    everything: bool
    user_id: UserId
    """Created, owned or watched by this user."""
    queue_role: Role | None
    """Tickets whose owner_role is this one."""
    franchise_ids: frozenset[FranchiseId]
    """Tickets that one of these franchises looks after."""

    def sees(self, ticket: Ticket, *, is_watching: bool) -> bool:
        """Whether the rule holds for the ticket; ``is_watching`` says whether the user watches it."""
        return (
            self.everything
            or is_watching
            or self.user_id in (ticket.created_by_id, ticket.owner_id)
            or (self.queue_role is not None and ticket.owner_role is self.queue_role)
            or ticket.assigned_franchise_id in self.franchise_ids
        )

    def among(self, where: TicketFilter) -> Self:
        """The same rule for tickets that the filter lets through, and undefined for others.

        In fewer conditions: one that holds for all of those stands for ``everything``, one that holds for none is left
        out. PostgreSQL does not see that a ticket cannot be in two queues at once, and expects as many as in either.
        """
        roles, franchises = frozenset(where.owner_roles), frozenset(where.franchise_ids)
        sees_all = (
            self.user_id in (where.created_by_id, where.owner_id)
            or roles == {self.queue_role}
            or frozenset() < franchises <= self.franchise_ids
        )
        return replace(
            self,
            everything=self.everything or sees_all,
            queue_role=None if roles and self.queue_role not in roles else self.queue_role,
            franchise_ids=self.franchise_ids & franchises if franchises else self.franchise_ids,
        )


def visibility_of(principal: Principal) -> Visibility:
    """The rule for a caller, from the table of spec section 4."""
    return Visibility(
        everything=is_manager(principal.role),
        user_id=principal.user_id,
        queue_role=principal.role if principal.role in STAFF else None,
        franchise_ids=principal.franchise_ids if principal.role is Role.FRANCHISE_AGENT else frozenset(),
    )
