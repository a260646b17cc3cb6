"""What a change does to a ticket: pure functions from a ticket to the ticket it becomes.

They know the state machine and the escalation chain, not who is asking (``permissions``) nor how it is
stored. Each raises FailedPrecondition when the state of the ticket forbids it.
"""

from dataclasses import replace
from datetime import datetime

from server.domain.errors import FailedPrecondition, Reason
from server.domain.fsm import TicketStatus, check_transition
from server.domain.ids import FranchiseId, TicketId, UserId, Version
from server.domain.principal import Principal
from server.domain.roles import Role, at_or_above
from server.domain.sla import SlaPolicy
from server.domain.tickets import Ticket, TicketDraft, TicketPriority


def open_ticket(
    draft: TicketDraft, creator: Principal, policy: SlaPolicy, *, ticket_id: TicketId, now: datetime
) -> Ticket:
    """The ticket a draft becomes: NEW, in the queue of the first role of its chain unless the draft names one."""
    first_role = policy.escalation_chain[0] if policy.escalation_chain else None
    return Ticket(
        id=ticket_id,
        title=draft.title,
        description=draft.description,
        created_by_id=creator.user_id,
        created_by_role=creator.role,
        owner_id=None,
        owner_role=draft.owner_role or first_role,
        assigned_franchise_id=draft.assigned_franchise_id,
        priority=draft.priority,
        status=TicketStatus.NEW,
        severity=draft.severity,
        linked_type=draft.linked_type,
        linked_id=draft.linked_id,
        sla_due_at=policy.resolution_due_at(now),
        sla_escalation_level=0,
        sla_breached=False,
        first_response_due_at=policy.first_response_due_at(now),
        first_responded_at=None,
        first_response_breached=False,
        tags=draft.tags,
        is_sensitive=draft.is_sensitive,
        archived=False,
        resolution_summary=None,
        metadata=draft.metadata or {},
        created_at=now,
        updated_at=now,
        resolved_at=None,
        closed_at=None,
        version=Version(1),
    )


def require_not_archived(ticket: Ticket) -> None:
    """An archived ticket refuses every change but being taken out again."""
    if ticket.archived:
        raise FailedPrecondition(
            f"Ticket {ticket.id} is archived. Take it out of the archive first.", reason=Reason.TICKET_ARCHIVED
        )


def require_changeable(ticket: Ticket) -> None:
    """A closed or archived ticket no longer changes."""
    require_not_archived(ticket)
    if ticket.status is TicketStatus.CLOSED:
        raise FailedPrecondition(f"Ticket {ticket.id} is closed.", reason=Reason.TICKET_CLOSED)


def transition(
    ticket: Ticket, target: TicketStatus, *, resolution_summary: str | None, policy: SlaPolicy, now: datetime
) -> Ticket:
    """Move to another state. Into ESCALATED it is an escalation; into RESOLVED it needs a summary."""
    require_not_archived(ticket)
    check_transition(ticket.status, target)
    if target is TicketStatus.ESCALATED:
        return escalate(ticket, policy)
    if target is TicketStatus.RESOLVED:
        summary = resolution_summary or ticket.resolution_summary
        if not summary:
            raise FailedPrecondition(
                "Resolving needs a resolution summary.",
                reason=Reason.RESOLUTION_SUMMARY_REQUIRED,
                metadata={"field": "resolution_summary"},
            )
        return replace(ticket, status=target, resolution_summary=summary, resolved_at=now)
    if target is TicketStatus.CLOSED:
        return replace(ticket, status=target, closed_at=now)
    if target is TicketStatus.REOPENED:
        return replace(ticket, status=target, resolved_at=None)
    return replace(ticket, status=target)


def next_escalation_role(ticket: Ticket, policy: SlaPolicy) -> Role | None:
    """The role after the ticket's present one in the chain; None at its end.

    A ticket outside the chain enters it at the first role that is not below its present one: an
    escalation never moves a ticket down the ladder of roles.
    """
    chain, present = policy.escalation_chain, ticket.owner_role
    if present in chain:
        return next(iter(chain[chain.index(present) + 1 :]), None)
    return next((role for role in chain if present is None or not at_or_above(present, role)), None)


def escalate(ticket: Ticket, policy: SlaPolicy) -> Ticket:
    """One level up: ESCALATED, the next role's queue, no person as owner."""
    require_not_archived(ticket)
    check_transition(ticket.status, TicketStatus.ESCALATED)
    role = next_escalation_role(ticket, policy)
    if role is None:
        raise FailedPrecondition(
            f"Ticket {ticket.id} has no role above its present one in its escalation chain.",
            reason=Reason.ESCALATION_CHAIN_EXHAUSTED,
        )
    return replace(
        ticket,
        status=TicketStatus.ESCALATED,
        owner_id=None,
        owner_role=role,
        sla_escalation_level=ticket.sla_escalation_level + 1,
    )


def assign(
    ticket: Ticket, *, owner_id: UserId | None, owner_role: Role | None, franchise_id: FranchiseId | None
) -> Ticket:
    """Give it to a person or a queue. Assigning a NEW ticket opens it."""
    require_changeable(ticket)
    status = TicketStatus.OPEN if ticket.status is TicketStatus.NEW else ticket.status
    return replace(ticket, owner_id=owner_id, owner_role=owner_role, assigned_franchise_id=franchise_id, status=status)


def change_priority(ticket: Ticket, policy: SlaPolicy, *, now: datetime) -> Ticket:
    """The new policy applies from the ticket's creation; a deadline that moves into the future is unbreached."""
    require_changeable(ticket)
    due_at = policy.resolution_due_at(ticket.created_at)
    return replace(
        ticket,
        priority=TicketPriority(policy.priority),
        sla_due_at=due_at,
        sla_breached=ticket.sla_breached and due_at <= now,
        first_response_due_at=policy.first_response_due_at(ticket.created_at),
    )


def retag(ticket: Ticket, *, add: tuple[str, ...], remove: tuple[str, ...]) -> Ticket:
    """Tags added where missing and removed where present; the rest keep their order."""
    require_changeable(ticket)
    kept = [tag for tag in ticket.tags if tag not in remove]
    return replace(ticket, tags=tuple(dict.fromkeys([*kept, *add])))


def first_response(ticket: Ticket, *, now: datetime) -> Ticket:
    """The first public message by staff has been written."""
    late = ticket.first_response_due_at is not None and now > ticket.first_response_due_at
    return replace(ticket, first_responded_at=now, first_response_breached=ticket.first_response_breached or late)
