"""The clock's adapters on a test's connection, for tests that stand beside somebody in psql."""

from datetime import UTC, datetime

import psycopg

from server.adapters.postgres.sessions import Session
from server.adapters.postgres.ticket_clocks import PolicyVersions, PostgresTicketClocks
from server.adapters.postgres.ticket_repository import PostgresTicketRepository
from server.application.call import Call
from server.application.repositories import Change
from server.domain.ids import TicketId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.sla_clock import SlaHistory
from server.domain.ticket_clock import derived
from server.domain.tickets import Ticket
from server.domain.visibility import visibility_of

_EVERYTHING = visibility_of(Principal(UserId("admin-1"), Role.ADMIN))


class ClockDesk:
    """Tickets and their clocks, read and saved as the sweeps do."""

    def __init__(self, connection: psycopg.Connection) -> None:
        session = Session(connection, Call(Principal(UserId("SYSTEM"), Role.SYSTEM)))
        self.connection = connection
        self.tickets = PostgresTicketRepository(session)
        self.clocks = PostgresTicketClocks(session, PolicyVersions())

    def ticket(self, ticket_id: str) -> Ticket:
        """As it is stored."""
        found = self.tickets.get(TicketId(ticket_id), _EVERYTHING)
        assert found is not None
        return found

    def history(self, ticket_id: str) -> SlaHistory:
        """As the audit tells it."""
        return self.clocks.history(self.ticket(ticket_id))

    def save(self, before: Ticket, after: Ticket, action: str | None = None) -> Ticket:
        """Store a change as the application does."""
        with self.connection.transaction():
            return self.tickets.save(before, after, Change(action))

    def derive(self, ticket_id: str) -> Ticket:
        """Read the clock anew, as the sweep over stale tickets does."""
        before = self.ticket(ticket_id)
        self.save(before, derived(before, self.history(ticket_id), at=datetime.now(UTC)))
        self.connection.execute("UPDATE tickets SET sla_stale = false WHERE id = %s", [ticket_id])
        return self.ticket(ticket_id)

    def is_stale(self, ticket_id: str) -> bool:
        """Whether its clock waits to be derived."""
        row = self.connection.execute("SELECT sla_stale FROM tickets WHERE id = %s", [ticket_id]).fetchone()
        assert row is not None
        return bool(row[0])
