"""Which tickets a caller may see: the one rule behind get, list, search, count, timeline, bulk and export.

It is a union of simple conditions, so that it can be both asked of one ticket here and compiled to SQL
(adapters/postgres/visibility.py); a property test holds the two together.
"""

from dataclasses import dataclass

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


def visibility_of(principal: Principal) -> Visibility:
    """The rule for a caller, from the table of spec section 4."""
    return Visibility(
        everything=is_manager(principal.role),
        user_id=principal.user_id,
        queue_role=principal.role if principal.role in STAFF else None,
        franchise_ids=principal.franchise_ids if principal.role is Role.FRANCHISE_AGENT else frozenset(),
    )
