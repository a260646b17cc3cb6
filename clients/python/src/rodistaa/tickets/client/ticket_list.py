"""A list of tickets that a watch keeps up to date."""

from collections.abc import Mapping
from types import MappingProxyType

from rodistaa.tickets.v1.ticket_pb2 import Ticket
from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsResponse


class TicketList:
    """Tickets by id, as far as the events given to `apply` tell; in no particular order.

    It holds what the snapshot held and every matching ticket that has changed since, so it grows beyond
    `snapshot_size`. Not for several threads at once.
    """

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._coming: dict[str, Ticket] = {}

    @property
    def tickets(self) -> Mapping[str, Ticket]:
        """A view that follows the list. Do not change the tickets in it."""
        return MappingProxyType(self._tickets)

    def apply(self, event: WatchTicketsResponse) -> bool:
        """Takes the next event of the watch; whether the list has changed.

        A snapshot replaces the list once its last part is there. A copy of a ticket that is older than the one held is
        passed over. Events of unknown kinds change nothing.
        """
        match event.WhichOneof("event"):
            case "snapshot":
                self._coming.update((ticket.id, ticket) for ticket in event.snapshot.tickets)
                if not event.snapshot.complete:
                    return False
                self._tickets, self._coming = self._coming, {}
                return True
            case "changed":
                ticket = event.changed.ticket
                held = self._tickets.get(ticket.id)
                if held is not None and held.version > ticket.version:
                    return False
                self._tickets[ticket.id] = ticket
                return True
            case "left":
                return self._tickets.pop(event.left.ticket_id, None) is not None
        return False

    def reconnected(self) -> None:
        """Forgets the parts of a snapshot that the stream before did not finish.

        For who reads `WatchTickets` itself; `follow_tickets` has whole snapshots alone.
        """
        self._coming.clear()
