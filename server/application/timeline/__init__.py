"""Use cases of TicketService on a ticket's timeline, audit trail and watchers, one a module."""
