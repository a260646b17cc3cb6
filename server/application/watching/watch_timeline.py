"""Following one ticket."""

from collections.abc import Callable
from dataclasses import dataclass

from server.application.call import Call
from server.application.tickets.get_ticket import disclose
from server.application.unit_of_work import UnitOfWork
from server.application.watching.change_feed import ChangeFeed, TimelinePlace
from server.application.watching.hub import Hub
from server.application.watching.outlets import TimelineOutlet
from server.application.watching.timeline_streams import TimelineReader, TimelineStream
from server.domain.errors import InvalidArgument, ticket_not_found
from server.domain.ids import Seq, TicketId
from server.domain.tickets import Ticket


@dataclass(frozen=True, slots=True)
class WatchTimeline:
    """Every entry after a number, each once and in order, then new ones as they become visible."""

    uow: UnitOfWork
    feed: ChangeFeed
    hub: Hub

    def __call__(
        self,
        call: Call,
        ticket_id: TicketId,
        open_outlet: Callable[[], TimelineOutlet],
        *,
        after: Seq,
        access_reason: str | None,
        still_valid: Callable[[], object],
    ) -> Callable[[], None]:
        """Open the stream and return at once what has to be called when it is over.

        ``open_outlet`` is called when nothing can be refused any more; ``still_valid`` raises when the caller's
        credentials no longer hold. Raises NotFound, InvalidArgument for a number beyond the last entry,
        ResourceExhausted, Unavailable.
        """
        with self.hub.opening(call) as hasty:
            place = self._place(hasty, ticket_id, after)
            reader = TimelineReader(
                call, ticket_id, disclosed=self._disclosed(hasty, place.state.ticket, access_reason)
            )
            outlet = open_outlet()
        stream = TimelineStream(
            reader,
            outlet,
            after,
            feed=self.feed,
            call=self.hub.own_call(),
            replay=self.hub.replay_for(call, first=True),
        )
        self.hub.open_timeline(stream, still_valid)
        return lambda: self.hub.close(stream)

    def _place(self, call: Call, ticket_id: TicketId, after: Seq) -> TimelinePlace:
        place = self.feed.places(call, [ticket_id]).get(ticket_id)
        if place is None or not TimelineReader(call, ticket_id, disclosed=False).sees(place.state):
            raise ticket_not_found(ticket_id)
        if after > place.last_seq:
            raise InvalidArgument.field("after_seq", f"is beyond the newest entry, {place.last_seq}")
        return place

    def _disclosed(self, call: Call, ticket: Ticket, access_reason: str | None) -> bool:
        """Whether protected texts may be sent: a reason was given, and the audit has it.

        Not for a ticket that becomes sensitive while it is followed: nothing was written down for it.
        """
        if not ticket.is_sensitive or access_reason is None:
            return False
        view = self.uow.write(call, lambda repositories: disclose(repositories, call, ticket.id, access_reason))
        return view.ticket.is_sensitive
