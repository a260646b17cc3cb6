"""How to call Rodistaa Tickets from Python: `connect`, then the generated stubs with sane defaults."""

from rodistaa.tickets.client.connection import TicketsClient, connect
from rodistaa.tickets.client.errors import FieldViolation, TicketsError
from rodistaa.tickets.client.paging import iterate_pages
from rodistaa.tickets.client.resuming import Backoff, Following, Interruption
from rodistaa.tickets.client.ticket_list import TicketList
from rodistaa.tickets.client.watching import follow_tickets, follow_timeline

__all__ = [
    "Backoff",
    "FieldViolation",
    "Following",
    "Interruption",
    "TicketList",
    "TicketsClient",
    "TicketsError",
    "connect",
    "follow_tickets",
    "follow_timeline",
    "iterate_pages",
]
