"""Following a list."""

from collections.abc import Callable
from dataclasses import dataclass

from server.application.call import Call
from server.application.repositories import ListPosition
from server.application.tickets.list_tickets import position_of
from server.application.unit_of_work import UnitOfWork
from server.application.watching.change_feed import ChangeFeed, Position
from server.application.watching.hub import Hub
from server.application.watching.list_news import Audience
from server.application.watching.list_streams import ListStream
from server.application.watching.outlets import ListOutlet
from server.domain.filters import NEWEST_FIRST, TicketFilter
from server.domain.principal import SYSTEM
from server.domain.roles import OUTSIDE
from server.domain.tickets import withheld_view
from server.domain.visibility import Visibility, visibility_of

_SNAPSHOT_PAGE = 6
"""Of the largest tickets that there may be, these together still fit behind what an outlet with room holds."""
_ALL_SEEING = Visibility(everything=True, user_id=SYSTEM.user_id, queue_role=None, franchise_ids=frozenset())


def audience_of(call: Call, where: TicketFilter) -> Audience:
    """The caller's. All who see everything are one audience, whoever they are."""
    visibility = visibility_of(call.principal)
    return Audience(
        where, _ALL_SEEING if visibility.everything else visibility, is_outside=call.principal.role in OUTSIDE
    )


@dataclass(frozen=True, slots=True)
class WatchTickets:
    """The tickets that a filter matches and the caller may see, then every change of them."""

    uow: UnitOfWork
    feed: ChangeFeed
    hub: Hub

    def __call__(
        self,
        call: Call,
        audience: Audience,
        open_outlet: Callable[[], ListOutlet],
        *,
        after: Position | None,
        snapshot_size: int,
        still_valid: Callable[[], object],
    ) -> Callable[[], None]:
        """Open the stream and return at once what has to be called when it is over.

        Without a position it begins now, with a snapshot. ``open_outlet`` is called when nothing can be refused any
        more; ``still_valid`` raises when the caller's credentials no longer hold. Raises OutOfRange for a position that
        the feed no longer has, ResourceExhausted, Unavailable.
        """
        with self.hub.opening(call) as hasty:
            if after is not None:
                self.feed.check(hasty, after)
            # The position before the snapshot: what is committed in between is in it, and is told once more.
            start = self.feed.head(hasty) if after is None else after
            outlet = open_outlet()
        stream = ListStream(audience, outlet, start)
        snapshot = None if after is not None else ListSnapshot(self.uow, call, stream, snapshot_size)
        self.hub.open_list(stream, call, still_valid, snapshot)
        return lambda: self.hub.close(stream)


class ListSnapshot:
    """See ``Snapshot``. Newest created first, a page at a time, so that a slow reader costs little memory."""

    def __init__(self, uow: UnitOfWork, call: Call, stream: ListStream, size: int) -> None:
        self._uow = uow
        self._call = call
        self._audience = stream.audience
        self._outlet = stream.outlet
        self._start = stream.position
        self._left = size
        self._after: ListPosition | None = None

    def send_page(self) -> bool:
        limit = min(self._left, _SNAPSHOT_PAGE)
        tickets = []
        if limit:
            tickets = self._uow.read(
                self._call,
                lambda repositories: repositories.tickets.page(
                    self._audience.where, self._audience.visibility, NEWEST_FIRST, after=self._after, limit=limit
                ),
            )
        self._left -= len(tickets)
        complete = not self._left or len(tickets) < limit
        if not complete:
            self._after = position_of(tickets[-1], NEWEST_FIRST)
        self._outlet.snapshot([withheld_view(ticket) for ticket in tickets], self._start if complete else None)
        return complete
