"""Listing the business calendars."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.calendars import Calendar
from server.domain.permissions import require_staff


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """Calendars by id, and the id after which the next page begins."""

    calendars: list[Calendar]
    next: str | None


@dataclass(frozen=True, slots=True)
class ListCalendars:
    """Staff only."""

    uow: UnitOfWork

    def __call__(self, call: Call, *, after: str | None, limit: int) -> CalendarPage:
        """One page of newest versions. Raises PermissionDenied."""
        require_staff(call.principal, "Calendars are")

        def body(repositories: Repositories) -> CalendarPage:
            found = repositories.calendars.page(after=after, limit=limit + 1)
            page = found[:limit]
            return CalendarPage(page, page[-1].id if len(found) > limit else None)

        return self.uow.read(call, body)
