"""Escalations as they were made, and the priorities a ticket has had: with its clock, why its SLA stands as it does."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.ids import UserId
from server.domain.roles import Role
from server.domain.sla_clock import Explanation, SlaHistory
from server.domain.tickets import Ticket, TicketPriority


@dataclass(frozen=True, slots=True)
class Escalation:
    """One move up the chain."""

    level: int
    cycle: int
    from_role: Role | None
    to_role: Role | None
    due_at: datetime | None
    """The instant that had passed; None for one by hand."""
    escalated_at: datetime
    automatic: bool
    actor_id: UserId
    reason: str | None


@dataclass(frozen=True, slots=True)
class PriorityChange:
    """A priority, and since when the ticket has had it."""

    priority: TicketPriority
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class SlaAccount:
    """Everything about a ticket's SLA at an instant. Without a policy ``history`` and ``explanation`` are None."""

    ticket: Ticket
    as_of: datetime
    history: SlaHistory | None
    explanation: Explanation | None
    escalations: tuple[Escalation, ...]


def priority_changes(history: SlaHistory) -> tuple[PriorityChange, ...]:
    """Oldest first, the first from creation."""
    changes: list[PriorityChange] = []
    for phase in history.phases:
        if not changes or changes[-1].priority is not phase.policy.priority:
            changes.append(PriorityChange(phase.policy.priority, phase.start))
    return tuple(changes)
