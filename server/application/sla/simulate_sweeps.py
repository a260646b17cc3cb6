"""Foretelling what the sweeps will do to a ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.application.call import Call
from server.application.clock import Clock
from server.application.tickets.finding import get_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.clock_events import Happening, simulate
from server.domain.ids import TicketId
from server.domain.sla import SlaPolicy, SlaStatus
from server.domain.ticket_clock import derived, sla_status_of
from server.domain.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Forecast:
    """A ticket as its history has it at ``as_of``, and what would become of it."""

    ticket: Ticket
    policy: SlaPolicy
    sla_status: SlaStatus
    as_of: datetime
    happenings: Sequence[Happening]


@dataclass(frozen=True, slots=True)
class SimulateSweeps:
    """By the same rules as the sweeps, on a snapshot. Nothing is written."""

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, ticket_id: TicketId, *, until: datetime) -> Forecast:
        """Everything up to and including ``until``. Raises NotFound."""

        def read(repositories: Repositories) -> Forecast:
            ticket = get_visible(repositories, call, ticket_id)
            now = self.clock()
            history = repositories.clocks.history(ticket)
            ticket = derived(ticket, history, at=now)
            happenings = tuple(simulate(ticket, history.policy, start=now, until=until))
            return Forecast(ticket, history.policy, sla_status_of(ticket, now), now, happenings)

        return self.uow.read_snapshot(call, read)
