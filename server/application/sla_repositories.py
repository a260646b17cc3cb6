"""SLA policies and calendars as they are stored: every change is a version, and versions never go away."""

from typing import Protocol

from server.domain.calendars import Calendar
from server.domain.sla import SlaPolicy
from server.domain.tickets import TicketPriority


class SlaPolicyRepository(Protocol):
    """The newest version of each policy. Storage numbers versions, dates them, and notes the call's principal."""

    def all(self) -> list[SlaPolicy]:
        """Lowest priority first, each with its calendar in the version that it pins. One that somebody in psql has
        spoilt is left out."""

    def lock(self, priority: TicketPriority) -> SlaPolicy | None:
        """One policy, which nobody else changes until the transaction ends."""

    def save(self, policy: SlaPolicy) -> SlaPolicy:
        """Make the next version of a locked policy; ``version``, ``updated_at``, ``updated_by_id`` are storage's own.

        Changes of priority and re-applying use it at once; tickets created later get it, in every process after some
        5 seconds (see ``PolicyBook``).
        """


class CalendarRepository(Protocol):
    """The newest version of each calendar."""

    def lock(self, calendar_id: str) -> Calendar | None:
        """One calendar, or the promise that nobody else makes it or a version of it before the transaction ends.

        Take it before the lock of a policy, so that two transactions never wait for each other.
        """

    def put(self, calendar: Calendar) -> Calendar:
        """Store a version of a locked calendar, dated by storage; policies that name it move to it, a version each."""

    def page(self, *, after: str | None, limit: int) -> list[Calendar]:
        """By id."""
