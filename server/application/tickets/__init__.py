"""Use cases of TicketService on the ticket itself, one a module."""
