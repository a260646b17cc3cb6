"""Letting happen what the SLA clock makes due: late first responses, near breaches, breaches and further levels."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.application.call import Call
from server.application.clock import Clock
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.clock_events import ClockEventKind, Outcome, happen
from server.domain.errors import Aborted, DeadlineExceeded, Unavailable
from server.domain.ids import TicketId
from server.domain.tickets import Ticket

log = logging.getLogger(__name__)

POSTPONEMENT = timedelta(minutes=5)
"""A ticket on which something fails is left alone for so long, that it does not stand in the way of the others."""


@dataclass(frozen=True, slots=True)
class SweepClockEvents:
    """One kind of event, for whatever tickets it is due. Safe to run at any time, in any number, and to be killed.

    A batch is one transaction. Tickets that somebody else is changing are left to the next sweep. What makes an event
    happen once is the ticket's own row, locked and changed in the transaction, and for a level the key of
    ``ticket_escalations``.
    """

    uow: UnitOfWork
    clock: Clock
    kind: ClockEventKind

    def __call__(self, call: Call, *, limit: int) -> int:
        """Take up to ``limit`` due tickets, longest overdue first; how many were dealt with.

        Fewer than ``limit`` means that nothing else was due and free. Raises Unavailable when storage is away.
        """
        try:
            return self.uow.write(call, lambda repositories: self._sweep(repositories, limit, None))
        except (Unavailable, DeadlineExceeded, Aborted):
            raise
        except Exception:
            log.exception("a batch of %s failed; taking its tickets one by one", self.kind)
            return self._one_by_one(call, limit)

    def _sweep(self, repositories: Repositories, limit: int, only: TicketId | None) -> int:
        now = self.clock()
        tickets = repositories.sweeps.lock_due(self.kind, now=now, limit=limit, only=only)
        outcomes = [(ticket.id, self._happen(repositories, ticket, now)) for ticket in tickets]
        repositories.sweeps.save(self.kind, outcomes)
        return len(tickets)

    def _happen(self, repositories: Repositories, ticket: Ticket, now: datetime) -> Outcome:
        return happen(self.kind, ticket, lambda: repositories.clocks.policy(ticket), now=now)

    def _one_by_one(self, call: Call, limit: int) -> int:
        ids: Sequence[TicketId] = self.uow.read(
            call, lambda repositories: repositories.sweeps.due_ids(self.kind, now=self.clock(), limit=limit)
        )
        for ticket_id in ids:
            self._one(call, ticket_id)
        return len(ids)

    def _one(self, call: Call, ticket_id: TicketId) -> None:
        try:
            self.uow.write(call, lambda repositories: self._sweep(repositories, 1, ticket_id))
        except (Unavailable, DeadlineExceeded, Aborted):
            raise
        except Exception:
            log.exception("%s of %s failed and is tried again later", self.kind, ticket_id)
            self.uow.write(call, lambda repositories: self._put_off(repositories, ticket_id))

    def _put_off(self, repositories: Repositories, ticket_id: TicketId) -> None:
        repositories.sweeps.put_off(self.kind, ticket_id, until=self.clock() + POSTPONEMENT)
