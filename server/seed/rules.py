"""What a step makes of a ticket, by the domain's rules: who may, from which state, and what follows."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from server.domain import changes, permissions
from server.domain.fsm import TicketStatus
from server.domain.sla import SlaPolicies
from server.domain.ticket_clock import Past
from server.domain.tickets import Ticket
from server.domain.timeline import Action
from server.seed.scene import Archive, Assign, ChangingStep, Escalate, Move, Reprioritise, Resolve


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ticket afterwards, and what the audit calls it; None: as the trigger finds."""

    ticket: Ticket
    action: str | None = None


def take(step: ChangingStep, ticket: Ticket, policies: SlaPolicies, past: Past, *, now: datetime) -> Outcome:
    """Raises PermissionDenied or FailedPrecondition for a step that nobody could have taken."""
    policy = policies[ticket.priority]
    match step:
        case Assign():
            permissions.require_assign(step.by)
            after = changes.assign(
                ticket,
                owner_id=step.to.user_id,
                owner_role=step.to.role,
                franchise_id=ticket.assigned_franchise_id,
                policy=policy,
                past=past,
                now=now,
            )
            outcome = Outcome(after, Action.ASSIGNMENT_CHANGED)
        case Move():
            permissions.require_transition(step.by, ticket, step.status)
            after = changes.transition(ticket, step.status, resolution_summary=None, policy=policy, past=past, now=now)
            outcome = Outcome(after, Action.STATUS_CHANGED)
        case Resolve():
            permissions.require_transition(step.by, ticket, TicketStatus.RESOLVED)
            after = changes.transition(
                ticket, TicketStatus.RESOLVED, resolution_summary=step.summary, policy=policy, past=past, now=now
            )
            outcome = Outcome(after, Action.STATUS_CHANGED)
        case Escalate():
            permissions.require_escalate(step.by, ticket)
            outcome = Outcome(changes.escalate(ticket, policy, past, now=now), Action.ESCALATED)
        case Reprioritise():
            permissions.require_change_priority(step.by)
            after = changes.change_priority(ticket, policies[step.priority], past, now=now)
            outcome = Outcome(after, Action.PRIORITY_CHANGED)
        case Archive():
            permissions.require_archive(step.by)
            outcome = Outcome(replace(ticket, archived=True))
        case _:
            assert_never(step)
    return outcome
