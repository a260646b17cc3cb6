"""Who watches a ticket."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.tickets.finding import get_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.ids import TicketId, UserId
from server.domain.timeline import Watcher


@dataclass(frozen=True, slots=True)
class WatcherPage:
    """Watchers by user id, and the id after which the next page begins."""

    watchers: list[Watcher]
    next: UserId | None


@dataclass(frozen=True, slots=True)
class ListWatchers:
    """Staff see all, others themselves alone."""

    uow: UnitOfWork

    def __call__(self, call: Call, ticket_id: TicketId, *, after: UserId | None, limit: int) -> WatcherPage:
        """One page. Raises NotFound."""
        only = None if call.principal.is_staff else call.principal.user_id

        def body(repositories: Repositories) -> WatcherPage:
            get_visible(repositories, call, ticket_id)
            found = repositories.watchers.page(ticket_id, after=after, limit=limit + 1, only=only)
            page = found[:limit]
            return WatcherPage(page, page[-1].user_id if len(found) > limit else None)

        return self.uow.read(call, body)
