"""A ticket under a policy with round numbers, for tests of its clock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from server.domain.changes import open_ticket
from server.domain.fsm import TicketStatus
from server.domain.ids import Minutes, TicketId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.sla import SlaPolicy
from server.domain.sla_clock import Phase, SlaHistory
from server.domain.tickets import Ticket, TicketDraft, TicketPriority

HOUR = timedelta(hours=1)
START = datetime(2026, 6, 10, 9, tzinfo=UTC)

POLICY = SlaPolicy(
    TicketPriority.MEDIUM,
    response_time=Minutes(120),
    resolution_time=Minutes(600),
    escalation_chain=(Role.OPS_AGENT, Role.OPS_MANAGER, Role.REGIONAL_MANAGER),
    escalation_interval=Minutes(180),
)
"""Response in 2 hours, resolution in 10, near breach from 8 on, a level every 3."""


def after(hours: float) -> datetime:
    """So long after the creation."""
    return START + hours * HOUR


def clocked(policy: SlaPolicy = POLICY, **changes: object) -> Ticket:
    """A ticket made at START, with some fields as they came to be."""
    draft = TicketDraft(
        "Payment not received", "The load was delivered, no money came.", TicketPriority(policy.priority)
    )
    shipper = Principal(UserId("shipper-1"), Role.SHIPPER)
    made = open_ticket(draft, shipper, policy, ticket_id=TicketId("TKT-1001"), now=START)
    return replace(made, **changes)  # type: ignore[arg-type] # fields of a ticket


def lived(
    *changes: tuple[float, TicketStatus], policy: SlaPolicy = POLICY, escalated: float | None = None
) -> Callable[[], SlaHistory]:
    """Reads a history: NEW at first, then changes of state so many hours after creation."""
    phases = [Phase(START, TicketStatus.NEW, policy)]
    phases += [Phase(after(hours), status, policy) for hours, status in changes]
    return lambda: SlaHistory(tuple(phases), None if escalated is None else after(escalated))


def unread() -> SlaHistory:
    """A history that a change has no need of."""
    raise AssertionError("the history was read")
