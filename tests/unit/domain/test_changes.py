"""What changes do to a ticket."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.domain.changes import (
    assign,
    change_priority,
    escalate,
    first_response,
    open_ticket,
    require_changeable,
    retag,
    transition,
)
from server.domain.errors import FailedPrecondition, Reason
from server.domain.fsm import TicketStatus
from server.domain.ids import FranchiseId, Minutes, TicketId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.sla import SlaPolicy
from server.domain.sla_clock import Phase, SlaHistory
from server.domain.ticket_clock import Past
from server.domain.tickets import Ticket, TicketDraft, TicketPriority

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=5)
S = TicketStatus


def policy(
    priority: TicketPriority = TicketPriority.MEDIUM,
    *chain: Role,
    response: int = 480,
    resolution: int = 2880,
) -> SlaPolicy:
    seeded = (Role.OPS_AGENT, Role.OPS_MANAGER, Role.REGIONAL_MANAGER)
    return SlaPolicy(priority, Minutes(response), Minutes(resolution), chain or seeded)


def ticket(**changes: object) -> Ticket:
    draft = TicketDraft(title="Payment not received", description="The load was delivered, no money came.")
    shipper = Principal(UserId("shipper-1"), Role.SHIPPER)
    made = open_ticket(draft, shipper, policy(), ticket_id=TicketId("TKT-1001"), now=NOW)
    return replace(made, **changes)  # type: ignore[arg-type] # fields of a ticket


def past(of: Ticket, *earlier: Phase) -> Past:
    """The history of a ticket that came to its present state, unless it has always been in it, by some phases."""
    phases = earlier or (Phase(of.created_at, of.status, policy(of.priority)),)
    return lambda: SlaHistory(phases)


def move(before: Ticket, target: TicketStatus, summary: str | None = None) -> Ticket:
    return transition(before, target, resolution_summary=summary, policy=policy(), past=past(before), now=LATER)


def climb(before: Ticket, by: SlaPolicy | None = None) -> Ticket:
    return escalate(before, by or policy(), past(before), now=LATER)


def prioritise(before: Ticket, by: SlaPolicy) -> Ticket:
    return change_priority(before, by, past(before), now=LATER)


def test_a_new_ticket_waits_in_the_queue_of_the_first_role_of_its_chain() -> None:
    made = ticket()
    assert (made.status, made.owner_id, made.owner_role) == (S.NEW, None, Role.OPS_AGENT)
    assert (made.sla_escalation_level, made.sla_breached, made.archived) == (0, False, False)
    assert made.sla_due_at == NOW + timedelta(hours=48)
    assert made.first_response_due_at == NOW + timedelta(hours=8)


def test_a_draft_may_name_the_queue() -> None:
    draft = TicketDraft(title="t" * 10, description="d" * 20, owner_role=Role.COMPLIANCE_OFFICER)
    made = open_ticket(draft, Principal(UserId("m"), Role.ADMIN), policy(), ticket_id=TicketId("TKT-1"), now=NOW)
    assert made.owner_role is Role.COMPLIANCE_OFFICER


def give(before: Ticket) -> Ticket:
    return assign(
        before,
        owner_id=UserId("asha"),
        owner_role=Role.OPS_AGENT,
        franchise_id=FranchiseId("FR-1"),
        policy=policy(),
        past=past(before),
        now=LATER,
    )


def test_assigning_a_new_ticket_opens_it() -> None:
    given = give(ticket())
    assert (given.status, given.owner_id, given.assigned_franchise_id) == (S.OPEN, "asha", "FR-1")


@pytest.mark.parametrize("status", [state for state in S if state not in (S.NEW, S.CLOSED)])
def test_assigning_any_other_ticket_leaves_its_state(status: TicketStatus) -> None:
    assert give(ticket(status=status)).status is status


def test_a_closed_or_archived_ticket_no_longer_changes() -> None:
    with pytest.raises(FailedPrecondition) as caught:
        give(ticket(status=S.CLOSED))
    assert caught.value.reason is Reason.TICKET_CLOSED
    for change in (give, require_changeable, lambda it: move(it, S.OPEN), climb):
        with pytest.raises(FailedPrecondition) as caught:
            change(ticket(archived=True))
        assert caught.value.reason is Reason.TICKET_ARCHIVED


def test_resolving_needs_a_summary_now_or_from_before() -> None:
    opened = ticket(status=S.OPEN)
    with pytest.raises(FailedPrecondition) as caught:
        move(opened, S.RESOLVED)
    assert caught.value.reason is Reason.RESOLUTION_SUMMARY_REQUIRED

    resolved = move(opened, S.RESOLVED, "The money has arrived.")
    assert (resolved.status, resolved.resolved_at) == (S.RESOLVED, LATER)
    assert resolved.resolution_summary == "The money has arrived."
    assert move(replace(opened, resolution_summary="Known."), S.RESOLVED).resolution_summary == "Known."
    assert move(replace(opened, resolution_summary="Known."), S.RESOLVED, "Better.").resolution_summary == "Better."


def test_a_refused_step_is_refused_before_its_summary_is_missed() -> None:
    with pytest.raises(FailedPrecondition) as caught:
        move(ticket(), S.RESOLVED)
    assert caught.value.reason is Reason.TRANSITION_NOT_ALLOWED


def test_reopening_forgets_when_it_was_resolved_and_keeps_the_summary() -> None:
    reopened = move(ticket(status=S.RESOLVED, resolved_at=NOW, resolution_summary="Paid."), S.REOPENED)
    assert (reopened.status, reopened.resolved_at, reopened.resolution_summary) == (S.REOPENED, None, "Paid.")


def test_closing_notes_the_time_and_keeps_when_it_was_resolved() -> None:
    closed = move(ticket(status=S.RESOLVED, resolved_at=NOW), S.CLOSED)
    assert (closed.status, closed.resolved_at, closed.closed_at) == (S.CLOSED, NOW, LATER)


def test_escalation_climbs_the_chain_to_its_end() -> None:
    level_0 = ticket(owner_id="asha")
    level_1 = climb(level_0)
    assert (level_1.status, level_1.owner_id) == (S.ESCALATED, None)
    assert (level_1.owner_role, level_1.sla_escalation_level) == (Role.OPS_MANAGER, 1)

    level_2 = move(replace(level_1, owner_id=UserId("ravi")), S.ESCALATED)
    assert (level_2.status, level_2.owner_id) == (S.ESCALATED, None)
    assert (level_2.owner_role, level_2.sla_escalation_level) == (Role.REGIONAL_MANAGER, 2)

    with pytest.raises(FailedPrecondition) as caught:
        climb(level_2)
    assert caught.value.reason is Reason.ESCALATION_CHAIN_EXHAUSTED


@pytest.mark.parametrize(
    ("present", "chain", "following"),
    [
        (None, (Role.OPS_AGENT, Role.OPS_MANAGER), Role.OPS_AGENT),
        (Role.FINANCE, (Role.OPS_AGENT, Role.OPS_MANAGER), Role.OPS_AGENT),
        (Role.FRANCHISE_AGENT, (Role.OPS_AGENT, Role.OPS_MANAGER), Role.OPS_AGENT),
        (Role.OPS_AGENT, (Role.FRANCHISE_AGENT, Role.OPS_MANAGER), Role.OPS_MANAGER),
        (Role.REGIONAL_MANAGER, (Role.HQ_SUPPORT, Role.REGIONAL_MANAGER, Role.CEO_ONCALL), Role.CEO_ONCALL),
    ],
)
def test_the_next_role_is_never_below_the_present_one(
    present: Role | None, chain: tuple[Role, ...], following: Role
) -> None:
    assert climb(ticket(owner_role=present), policy(TicketPriority.LOW, *chain)).owner_role is following


def test_a_ticket_above_its_whole_chain_cannot_climb() -> None:
    with pytest.raises(FailedPrecondition) as caught:
        climb(ticket(owner_role=Role.HQ_SUPPORT))
    assert caught.value.reason is Reason.ESCALATION_CHAIN_EXHAUSTED


def test_a_resolved_or_closed_ticket_does_not_escalate() -> None:
    for status in (S.RESOLVED, S.CLOSED):
        with pytest.raises(FailedPrecondition) as caught:
            climb(ticket(status=status))
        assert caught.value.reason is Reason.TRANSITION_NOT_ALLOWED


def test_another_priority_counts_from_the_creation() -> None:
    critical = policy(TicketPriority.CRITICAL, response=30, resolution=240)
    changed = prioritise(ticket(), critical)
    assert changed.priority is TicketPriority.CRITICAL
    assert changed.sla_due_at == NOW + timedelta(hours=4)
    assert changed.first_response_due_at == NOW + timedelta(minutes=30)
    assert changed.owner_role is Role.OPS_AGENT


def test_a_breach_is_forgotten_when_the_deadline_moves_into_the_future_only() -> None:
    breached = ticket(sla_breached=True)
    assert not prioritise(breached, policy(TicketPriority.LOW, resolution=4320)).sla_breached
    assert prioritise(breached, policy(TicketPriority.CRITICAL, resolution=240)).sla_breached


def test_tags_are_added_once_and_keep_their_order() -> None:
    tagged = retag(ticket(tags=("a", "b", "c")), add=("d", "a", "d"), remove=("b", "x"))
    assert tagged.tags == ("a", "c", "d")


@pytest.mark.parametrize(("hours", "late"), [(8, False), (9, True)])
def test_the_first_response_is_late_after_its_deadline(hours: int, late: bool) -> None:
    answered = first_response(ticket(), now=NOW + timedelta(hours=hours))
    assert answered.first_responded_at == NOW + timedelta(hours=hours)
    assert answered.first_response_breached is late
