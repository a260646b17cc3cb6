"""Reading a ticket's timeline."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.tickets.finding import get_visible
from server.application.tickets.get_ticket import disclose
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.ids import Seq, TicketId
from server.domain.timeline import AuditEntryView, Message, TimelineItem, TimelineKind, message_view


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Entries in the order asked for, and the number after which the next page begins."""

    items: list[TimelineItem]
    next: Seq | None


@dataclass(frozen=True, slots=True)
class ListTimeline:
    """Outside roles get public messages alone; protected texts need a reason, as on the ticket."""

    uow: UnitOfWork

    def __call__(
        self,
        call: Call,
        ticket_id: TicketId,
        *,
        after: Seq | None,
        descending: bool,
        kinds: frozenset[TimelineKind],
        limit: int,
        access_reason: str | None,
    ) -> TimelinePage:
        """One page of these kinds, what follows ``after`` in the order; None begins it. Raises NotFound."""

        def page(repositories: Repositories, *, sensitive: bool, disclosed: bool) -> TimelinePage:
            rows = repositories.timeline.page(
                ticket_id,
                after=after,
                descending=descending,
                kinds=kinds,
                limit=limit + 1,
                public_only=not call.principal.is_staff,
            )
            items: list[TimelineItem] = [
                message_view(row, ticket_is_sensitive=sensitive, disclosed=disclosed)
                if isinstance(row, Message)
                else AuditEntryView(row, withheld=sensitive and not disclosed)
                for row in rows[:limit]
            ]
            last = rows[limit - 1].seq if len(rows) > limit else None
            return TimelinePage(items, last)

        def plain(repositories: Repositories) -> tuple[bool, TimelinePage]:
            sensitive = get_visible(repositories, call, ticket_id).is_sensitive
            return sensitive, page(repositories, sensitive=sensitive, disclosed=False)

        def disclosed(repositories: Repositories) -> TimelinePage:
            ticket = disclose(repositories, call, ticket_id, access_reason or "").ticket
            return page(repositories, sensitive=ticket.is_sensitive, disclosed=ticket.is_sensitive)

        sensitive, found = self.uow.read(call, plain)
        if sensitive and access_reason is not None:
            return self.uow.write(call, disclosed)
        return found
