"""State of a ticket's resolution clock at an instant.

The same arithmetic as the SQL function ``get_sla_status``; a property test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.fsm import DONE, TicketStatus
from server.domain.ids import Minutes
from server.domain.roles import Role
from server.domain.tickets import TicketPriority


class SlaStatus(StrEnum):
    """As ``get_sla_status`` spells them."""

    ON_TRACK = "on_track"
    NEAR_BREACH = "near_breach"
    BREACHED = "breached"
    COMPLETED = "completed"
    NO_SLA = "no_sla"


ASSUMED_WINDOW = timedelta(hours=24)
"""The window when its start is not known."""

NEAR_BREACH_SHARE = 5
"""Near breach begins when a fifth (20 %) of the window or less is left."""


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """Targets of one priority, and who gets the ticket when they are missed, first role first."""

    priority: TicketPriority
    response_time: Minutes
    resolution_time: Minutes
    escalation_chain: tuple[Role, ...]

    def resolution_due_at(self, created_at: datetime) -> datetime:
        """Deadline of the resolution on the 24x7 calendar without pauses."""
        return created_at + timedelta(minutes=self.resolution_time)

    def first_response_due_at(self, created_at: datetime) -> datetime:
        """Deadline of the first public message by staff on the 24x7 calendar."""
        return created_at + timedelta(minutes=self.response_time)


SlaPolicies = Mapping[TicketPriority, SlaPolicy]


def sla_status(due_at: datetime | None, status: TicketStatus, *, start: datetime | None, now: datetime) -> SlaStatus:
    """Where the clock stands at ``now``; the deadline itself is already breached.

    ``start`` is the start of the window, None for the assumed window of 24 h.
    """
    if status in DONE:
        return SlaStatus.COMPLETED
    if due_at is None:
        return SlaStatus.NO_SLA
    if now >= due_at:
        return SlaStatus.BREACHED
    window = ASSUMED_WINDOW if start is None else due_at - start
    return SlaStatus.NEAR_BREACH if (due_at - now) * NEAR_BREACH_SHARE <= window else SlaStatus.ON_TRACK


def percent_left(due_at: datetime, *, start: datetime, now: datetime) -> float:
    """Share of the window that is left at ``now``, 0 to 100."""
    window = (due_at - start).total_seconds()
    if window <= 0:
        return 0.0
    return min(100.0, max(0.0, 100.0 * (due_at - now).total_seconds() / window))
