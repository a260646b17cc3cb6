"""How to call Rodistaa Tickets from Python: `connect`, then the generated stubs with sane defaults."""

from rodistaa.tickets.client.connection import TicketsClient, connect
from rodistaa.tickets.client.errors import FieldViolation, TicketsError
from rodistaa.tickets.client.exporting import ExportEndedError, download_export, export_tickets
from rodistaa.tickets.client.files import download_attachment, upload_attachment
from rodistaa.tickets.client.paging import iterate_pages
from rodistaa.tickets.client.resuming import Backoff, Following, Interruption
from rodistaa.tickets.client.ticket_list import TicketList
from rodistaa.tickets.client.transfers import TransferError, TransferOptions
from rodistaa.tickets.client.watching import follow_tickets, follow_timeline

__all__ = [
    "Backoff",
    "ExportEndedError",
    "FieldViolation",
    "Following",
    "Interruption",
    "TicketList",
    "TicketsClient",
    "TicketsError",
    "TransferError",
    "TransferOptions",
    "connect",
    "download_attachment",
    "download_export",
    "export_tickets",
    "follow_tickets",
    "follow_timeline",
    "iterate_pages",
    "upload_attachment",
]
