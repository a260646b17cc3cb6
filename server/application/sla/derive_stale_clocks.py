"""Reading the clock anew of tickets that somebody changed in psql, or that are older than the clock."""

import logging
from dataclasses import dataclass

from server.application.call import Call
from server.application.clock import Clock
from server.application.repositories import Change
from server.application.sla.sweep_clock_events import POSTPONEMENT
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.errors import Aborted, DeadlineExceeded, Unavailable
from server.domain.ids import TicketId
from server.domain.ticket_clock import derived
from server.domain.timeline import Action

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeriveStaleClocks:
    """Each ticket in a transaction of its own. Safe to run at any time, in any number, and to be killed."""

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, *, limit: int) -> int:
        """Take up to ``limit`` stale tickets; how many could be derived. Raises Unavailable when storage is away."""
        ids = self.uow.read(call, lambda repositories: repositories.sweeps.stale_ids(now=self.clock(), limit=limit))
        return sum(self._derive(call, ticket_id) for ticket_id in ids)

    def _derive(self, call: Call, ticket_id: TicketId) -> bool:
        def body(repositories: Repositories) -> bool:
            ticket = repositories.sweeps.lock_stale(ticket_id)
            if ticket is None:
                return False
            after = derived(ticket, repositories.clocks.history(ticket), at=self.clock())
            repositories.tickets.save(ticket, after, Change(Action.SLA_DERIVED))
            repositories.sweeps.mark_derived(ticket_id)
            return True

        try:
            return self.uow.write(call, body)
        except (Unavailable, DeadlineExceeded, Aborted):
            raise
        except Exception:
            # It stays stale; others are not kept waiting by it.
            log.exception("the clock of %s could not be derived and is tried again later", ticket_id)
            self.uow.write(call, lambda repositories: self._put_off(repositories, ticket_id))
            return False

    def _put_off(self, repositories: Repositories, ticket_id: TicketId) -> None:
        repositories.sweeps.put_off(None, ticket_id, until=self.clock() + POSTPONEMENT)
