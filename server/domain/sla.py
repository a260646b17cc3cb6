"""SLA policies, and the state of a ticket's resolution clock at an instant.

``sla_status`` is the arithmetic of the SQL function ``get_sla_status``, which knows a deadline and nothing else;
``clock_status`` is the same for a ticket whose clock also pauses and keeps business hours. Property tests hold the
three together. How deadlines follow from a ticket's history is told in ``sla_clock``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.calendars import ALWAYS_OPEN, Calendar, OpenHours
from server.domain.fsm import DONE, TicketStatus
from server.domain.ids import Minutes, Version
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

PAUSING_BY_DEFAULT: frozenset[TicketStatus] = frozenset({TicketStatus.AWAITING_SHIPPER, TicketStatus.AWAITING_OPERATOR})
"""We wait for someone outside."""

FIRST_VERSION = Version(1)


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """One version of the targets of one priority, and who gets the ticket when they are missed, first role first.

    Times are minutes of the policy's calendar. Deadlines raise ``calendars.NeverOpen`` when the calendar has no hours.
    """

    priority: TicketPriority
    response_time: Minutes
    resolution_time: Minutes
    escalation_chain: tuple[Role, ...]
    version: Version = FIRST_VERSION
    escalation_interval: Minutes | None = None
    """From one escalation to the next; None means the response time."""
    pausing_statuses: frozenset[TicketStatus] = PAUSING_BY_DEFAULT
    """States that stop the resolution clock. RESOLVED and CLOSED stop it whether named here or not."""
    calendar: Calendar | None = None
    """None means 24x7."""
    updated_at: datetime | None = None
    updated_by_id: str = "SYSTEM"

    @property
    def hours(self) -> OpenHours:
        """When the clock may run."""
        return self.calendar or ALWAYS_OPEN

    @property
    def target(self) -> timedelta:
        """Counted time until the resolution is due."""
        return timedelta(minutes=self.resolution_time)

    @property
    def near_target(self) -> timedelta:
        """Counted time until near breach."""
        return self.target * (NEAR_BREACH_SHARE - 1) // NEAR_BREACH_SHARE

    @property
    def interval(self) -> timedelta:
        """Counted time from one escalation to the next."""
        return timedelta(minutes=self.escalation_interval or self.response_time)

    def resolution_due_at(self, created_at: datetime) -> datetime:
        """Deadline of the resolution of a ticket that never pauses."""
        return self.hours.advance(created_at, self.target)

    def near_breach_at(self, created_at: datetime) -> datetime:
        """When a fifth of the resolution time is left of a ticket that never pauses."""
        return self.hours.advance(created_at, self.near_target)

    def first_response_due_at(self, created_at: datetime) -> datetime:
        """Deadline of the first public message by staff. No state pauses it."""
        return self.hours.advance(created_at, timedelta(minutes=self.response_time))


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


def clock_status(
    *,
    due_at: datetime | None,
    near_breach_at: datetime | None,
    paused_at: datetime | None,
    status: TicketStatus,
    now: datetime,
) -> SlaStatus:
    """Where a ticket's clock stands at ``now``; each instant already belongs to what begins with it.

    A clock that the ticket's state has stopped stays where it stood at ``paused_at`` (see ``sla_clock.Deadlines``).
    """
    if status in DONE:
        return SlaStatus.COMPLETED
    if due_at is None:
        return SlaStatus.NO_SLA
    # Clocks of servers differ a little: a pause that begins later has not begun yet.
    at = min(paused_at or now, now)
    if at >= due_at:
        return SlaStatus.BREACHED
    return SlaStatus.NEAR_BREACH if near_breach_at is not None and at >= near_breach_at else SlaStatus.ON_TRACK
