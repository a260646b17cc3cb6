"""Suggesting whom to give a ticket to."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.tickets.finding import get_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.directory import OwnerSuggestion
from server.domain.errors import InvalidArgument
from server.domain.ids import TicketId
from server.domain.permissions import require_staff
from server.domain.roles import Role


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an owner is looked for: a role, a franchise, or a ticket that names both."""

    role: Role | None
    franchise_id: str | None
    ticket_id: TicketId | None
    limit: int


@dataclass(frozen=True, slots=True)
class SuggestOwners:
    """Least loaded first."""

    uow: UnitOfWork

    def __call__(self, call: Call, wanted: Wanted) -> list[OwnerSuggestion]:
        """Suggestions, best first. Raises PermissionDenied, NotFound, InvalidArgument without any role."""
        require_staff(call.principal, "Suggesting owners is")

        def body(repositories: Repositories) -> list[OwnerSuggestion]:
            role, franchise_id, present_owner = wanted.role, wanted.franchise_id, None
            if wanted.ticket_id is not None:
                ticket = get_visible(repositories, call, wanted.ticket_id)
                role = role or ticket.owner_role
                present_owner = ticket.owner_id
                if franchise_id is None and role is Role.FRANCHISE_AGENT:
                    franchise_id = ticket.assigned_franchise_id
            if role is None:
                raise InvalidArgument.field("role", "is needed when there is no ticket with an owner_role")
            return repositories.members.suggest_owners(
                role, franchise_id=franchise_id, excluding=present_owner, limit=wanted.limit
            )

        return self.uow.read(call, body)
