"""What the SLA clock does to a ticket by itself, and when: the rules of the sweeps, one ticket at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from server.domain.changes import breach
from server.domain.fsm import DONE
from server.domain.sla import SlaPolicy
from server.domain.tickets import Ticket
from server.domain.timeline import Action


class ClockEventKind(StrEnum):
    """One sweep each. Of several that are due at the same instant, the first named here comes first."""

    FIRST_RESPONSE_BREACHED = "first_response_breached"
    NEAR_BREACH = "near_breach"
    BREACH = "breach"


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """Something the clock does."""

    due_at: datetime
    kind: ClockEventKind


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ticket afterwards, and what the audit calls it."""

    ticket: Ticket
    action: str


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of the future and what it will come to."""

    event: ClockEvent
    outcome: Outcome


def next_event(ticket: Ticket) -> ClockEvent | None:
    """What comes next if nobody touches the ticket. Done and archived tickets are left alone."""
    if ticket.status in DONE or ticket.archived:
        return None
    return min(_events(ticket), key=lambda event: event.due_at, default=None)


def _events(ticket: Ticket) -> Iterator[ClockEvent]:
    due_at = ticket.first_response_due_at
    if due_at is not None and ticket.first_responded_at is None and not ticket.first_response_breached:
        yield ClockEvent(due_at, ClockEventKind.FIRST_RESPONSE_BREACHED)
    if ticket.sla_paused_at is not None:
        return
    if ticket.sla_near_breach_at is not None and not ticket.sla_near_breach_notified:
        yield ClockEvent(ticket.sla_near_breach_at, ClockEventKind.NEAR_BREACH)
    if ticket.sla_next_escalation_at is not None:
        yield ClockEvent(ticket.sla_next_escalation_at, ClockEventKind.BREACH)


def happen(kind: ClockEventKind, ticket: Ticket, policy: Callable[[], SlaPolicy], *, now: datetime) -> Outcome:
    """Let it happen to a ticket for which it is due. ``policy`` is asked for only where it matters."""
    match kind:
        case ClockEventKind.FIRST_RESPONSE_BREACHED:
            return Outcome(replace(ticket, first_response_breached=True), Action.FIRST_RESPONSE_BREACHED)
        case ClockEventKind.NEAR_BREACH:
            return Outcome(replace(ticket, sla_near_breach_notified=True), Action.SLA_NEAR_BREACH)
        case ClockEventKind.BREACH:
            after = breach(ticket, policy(), now=now)
            moved = after.sla_escalation_level > ticket.sla_escalation_level
            return Outcome(after, Action.AUTO_ESCALATED if moved else Action.SLA_BREACHED)


def simulate(ticket: Ticket, policy: SlaPolicy, *, start: datetime, until: datetime) -> Iterator[Happening]:
    """All that would happen up to and including ``until`` if nobody touched the ticket.

    What is overdue at ``start`` happens then, as the sweeps would do it; the rest on the instant. It ends, since a
    chain ends.
    """
    while (event := next_event(ticket)) is not None and event.due_at <= until:
        outcome = happen(event.kind, ticket, lambda: policy, now=max(event.due_at, start))
        yield Happening(event, outcome)
        ticket = outcome.ticket
