"""Counting tickets."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.repositories import StatsQuery, TicketStats
from server.application.unit_of_work import UnitOfWork
from server.domain.permissions import require_staff
from server.domain.visibility import visibility_of


@dataclass(frozen=True, slots=True)
class GetTicketStats:
    """Counts cover what the caller may see, no more."""

    uow: UnitOfWork

    def __call__(self, call: Call, query: StatsQuery) -> TicketStats:
        """The counts. Raises PermissionDenied for outside roles."""
        require_staff(call.principal, "Statistics are")
        visibility = visibility_of(call.principal)
        return self.uow.read_snapshot(call, lambda repositories: repositories.tickets.stats(query, visibility))
