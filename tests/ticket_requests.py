"""Valid requests for tests that are about something else than their content."""

from typing import Any

from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes

REASON = "Asha knows this operator and is on shift"
"""Long enough for everything that needs one."""


def new_ticket(request_id: str = "", **fields: Any) -> writes.CreateTicketRequest:
    """A request to create a ticket; any of its fields may be given."""
    values = {
        "title": "Payment not received",
        "description": "The booking was delivered on Monday, the money has not come.",
        "priority": t.TICKET_PRIORITY_HIGH,
        **fields,
    }
    return writes.CreateTicketRequest(ticket=t.Ticket(**values), request_id=request_id)


def retitle(ticket_id: str, title: str, *, etag: str = "", request_id: str = "") -> writes.UpdateTicketRequest:
    """A request to change the title."""
    request = writes.UpdateTicketRequest(ticket=t.Ticket(id=ticket_id, title=title, etag=etag), request_id=request_id)
    request.update_mask.paths.append("title")
    return request
