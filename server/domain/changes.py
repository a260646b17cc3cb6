"""What a change does to a ticket: pure functions from a ticket to the ticket it becomes.

They know the state machine and the escalation chain, not who is asking (``permissions``) nor how it is
stored. Each raises FailedPrecondition when the state of the ticket forbids it.

``policy`` is the version that applies to the ticket, ``past`` reads its history where its clock has to be read anew
(see ``ticket_clock``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from server.domain.errors import FailedPrecondition, Reason
from server.domain.escalation_chain import next_role
from server.domain.fsm import TicketStatus, check_transition
from server.domain.ids import FranchiseId, TicketId, UserId, Version
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.sla import SlaPolicy
from server.domain.sla_clock import Phase
from server.domain.ticket_clock import Past, after_change, derived, level_after, moment_of_change
from server.domain.tickets import Ticket, TicketDraft, TicketPriority


def open_ticket(
    draft: TicketDraft, creator: Principal, policy: SlaPolicy, *, ticket_id: TicketId, now: datetime
) -> Ticket:
    """The ticket a draft becomes: NEW, in the queue of the first role of its chain unless the draft names one."""
    first_role = policy.escalation_chain[0] if policy.escalation_chain else None
    due_at = policy.resolution_due_at(now)
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
        sla_due_at=due_at,
        sla_escalation_level=0,
        sla_breached=False,
        sla_policy_version=policy.version,
        sla_cycle=1,
        sla_changed_at=now,
        sla_near_breach_at=policy.near_breach_at(now),
        sla_near_breach_notified=False,
        sla_paused_at=None,
        sla_next_escalation_at=due_at,
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
    ticket: Ticket,
    target: TicketStatus,
    *,
    resolution_summary: str | None,
    policy: SlaPolicy,
    past: Past,
    now: datetime,
) -> Ticket:
    """Move to another state. Into ESCALATED it is an escalation; into RESOLVED it needs a summary."""
    require_not_archived(ticket)
    check_transition(ticket.status, target)
    if target is TicketStatus.ESCALATED:
        return escalate(ticket, policy, past, now=now)
    at = moment_of_change(ticket, now)
    return after_change(ticket, _entered(ticket, target, resolution_summary, at), policy, past, at=at)


def _entered(ticket: Ticket, target: TicketStatus, resolution_summary: str | None, at: datetime) -> Ticket:
    if target is TicketStatus.RESOLVED:
        summary = resolution_summary or ticket.resolution_summary
        if not summary:
            raise FailedPrecondition(
                "Resolving needs a resolution summary.",
                reason=Reason.RESOLUTION_SUMMARY_REQUIRED,
                metadata={"field": "resolution_summary"},
            )
        return replace(ticket, status=target, resolution_summary=summary, resolved_at=at)
    if target is TicketStatus.CLOSED:
        return replace(ticket, status=target, closed_at=at)
    if target is TicketStatus.REOPENED:
        return replace(ticket, status=target, resolved_at=None, sla_cycle=ticket.sla_cycle + 1, sla_escalation_level=0)
    return replace(ticket, status=target)


def escalate(ticket: Ticket, policy: SlaPolicy, past: Past, *, now: datetime) -> Ticket:
    """One level up by hand: ESCALATED, the next role's queue, no person as owner.

    Its deadline stays. If that has passed, this is the level for it, whether a sweep has seen it or not: the next one
    follows an escalation interval after this one. If not, the clock makes one more at the deadline.
    """
    role = role_above(ticket, policy.escalation_chain)
    at = moment_of_change(ticket, now)
    after = after_change(ticket, _moved_up(ticket, role), policy, past, at=at)
    if after.sla_paused_at is not None or after.sla_due_at is None or after.sla_due_at > at:
        return after
    return replace(after, sla_breached=True, sla_next_escalation_at=level_after(after, policy, at=at))


def role_above(ticket: Ticket, chain: Sequence[Role]) -> Role:
    """Whose queue an escalation by hand takes it to. Raises FailedPrecondition where there is none to be made."""
    require_not_archived(ticket)
    check_transition(ticket.status, TicketStatus.ESCALATED)
    role = next_role(chain, ticket.owner_role)
    if role is None:
        raise FailedPrecondition(
            f"Ticket {ticket.id} has no role above its present one in its escalation chain.",
            reason=Reason.ESCALATION_CHAIN_EXHAUSTED,
        )
    return role


def breach(ticket: Ticket, policy: SlaPolicy, *, now: datetime) -> Ticket:
    """What the clock does at ``sla_next_escalation_at``: one level up, or, at the chain's end, only the mark.

    The ticket is open and its clock runs.
    """
    role = next_role(policy.escalation_chain, ticket.owner_role)
    if role is None:
        return replace(ticket, sla_breached=True, sla_next_escalation_at=None)
    at = moment_of_change(ticket, now)
    after = replace(_moved_up(ticket, role), sla_breached=True, sla_changed_at=at)
    return replace(after, sla_next_escalation_at=level_after(after, policy, at=at))


def _moved_up(ticket: Ticket, role: Role) -> Ticket:
    return replace(
        ticket,
        status=TicketStatus.ESCALATED,
        owner_id=None,
        owner_role=role,
        sla_escalation_level=ticket.sla_escalation_level + 1,
    )


def assign(
    ticket: Ticket,
    *,
    owner_id: UserId | None,
    owner_role: Role | None,
    franchise_id: FranchiseId | None,
    policy: SlaPolicy,
    past: Past,
    now: datetime,
) -> Ticket:
    """Give it to a person or a queue. Assigning a NEW ticket opens it."""
    require_changeable(ticket)
    after = replace(ticket, owner_id=owner_id, owner_role=owner_role, assigned_franchise_id=franchise_id)
    at = moment_of_change(ticket, now)
    opens = ticket.status is TicketStatus.NEW
    if opens:
        after = after_change(ticket, replace(after, status=TicketStatus.OPEN), policy, past, at=at)
    if after.sla_breached and owner_role is not ticket.owner_role:
        # Its chain goes on from another role: it may have ended before, or end now.
        history = past()
        phases = (*history.phases, Phase(at, after.status, policy)) if opens else history.phases
        after = derived(after, replace(history, phases=phases), at=at)
    return after


def change_priority(ticket: Ticket, policy: SlaPolicy, past: Past, *, now: datetime) -> Ticket:
    """The newest policy of another priority applies from the ticket's creation; see ``reapply_policy``."""
    require_changeable(ticket)
    return _apply(replace(ticket, priority=TicketPriority(policy.priority)), ticket, policy, past, now=now)


def reapply_policy(ticket: Ticket, policy: SlaPolicy, past: Past, *, now: datetime) -> Ticket:
    """The newest version of its own policy applies, from creation on; nothing when it, or a newer one, does already.

    Pauses so far are kept, and levels that were reached stay reached. A deadline that moves into the future is
    unbreached.
    """
    require_changeable(ticket)
    if ticket.sla_policy_version is not None and ticket.sla_policy_version >= policy.version:
        return ticket
    return _apply(ticket, ticket, policy, past, now=now)


def _apply(after: Ticket, before: Ticket, policy: SlaPolicy, past: Past, *, now: datetime) -> Ticket:
    return after_change(before, after, policy, past, at=moment_of_change(before, now))


def retag(ticket: Ticket, *, add: tuple[str, ...], remove: tuple[str, ...]) -> Ticket:
    """Tags added where missing and removed where present; the rest keep their order."""
    require_changeable(ticket)
    kept = [tag for tag in ticket.tags if tag not in remove]
    return replace(ticket, tags=tuple(dict.fromkeys([*kept, *add])))


def first_response(ticket: Ticket, *, now: datetime) -> Ticket:
    """The first public message by staff has been written."""
    late = ticket.first_response_due_at is not None and now > ticket.first_response_due_at
    return replace(ticket, first_responded_at=now, first_response_breached=ticket.first_response_breached or late)
