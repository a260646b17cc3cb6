"""Readings of the clock that are stored with a ticket, by example. ``test_sla_readings`` lives whole lives."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import changes
from server.domain.clock_events import ClockEvent, ClockEventKind, next_event
from server.domain.fsm import TicketStatus
from server.domain.ids import Minutes, UserId, Version
from server.domain.roles import Role
from server.domain.sla import SlaPolicy, SlaStatus
from server.domain.sla_clock import Phase, SlaHistory, explain
from server.domain.ticket_clock import (
    Past,
    after_change,
    derived,
    first_response_is_late,
    level_after,
    moment_of_change,
    percent_left_of,
    settled,
    sla_status_of,
)
from server.domain.tickets import Ticket, TicketPriority
from tests.unit.domain.clocked_tickets import HOUR, POLICY, START, after, clocked, lived, unread

S = TicketStatus
TICK = timedelta(microseconds=1)
URGENT = replace(POLICY, priority=TicketPriority.CRITICAL, response_time=Minutes(30), resolution_time=Minutes(240))
LONG_CHAIN = replace(POLICY, escalation_chain=(*POLICY.escalation_chain, Role.HQ_SUPPORT))
SLOW = replace(POLICY, priority=TicketPriority.LOW, response_time=Minutes(600), resolution_time=Minutes(6000))


def move(before: Ticket, target: TicketStatus, hours: float, past: Past = unread) -> Ticket:
    return changes.transition(before, target, resolution_summary="Paid.", policy=POLICY, past=past, now=after(hours))


def test_a_new_ticket_has_all_its_readings() -> None:
    made = clocked()
    assert made.sla_changed_at == START
    assert (made.sla_near_breach_at, made.sla_due_at, made.sla_next_escalation_at) == (after(8), after(10), after(10))
    assert (made.sla_paused_at, made.sla_cycle, made.sla_near_breach_notified) == (None, 1, False)
    assert derived(made, lived()(), at=START) == made


def test_a_change_between_running_states_needs_no_history() -> None:
    opened = clocked(status=S.OPEN)
    assert move(opened, S.IN_PROGRESS, 3) == replace(opened, status=S.IN_PROGRESS, sla_changed_at=after(3))


def test_a_pause_needs_no_history_and_moves_no_deadline() -> None:
    paused = move(clocked(status=S.OPEN), S.AWAITING_SHIPPER, 3)
    assert (paused.sla_paused_at, paused.sla_due_at, paused.sla_next_escalation_at) == (after(3), after(10), None)
    still = move(paused, S.AWAITING_OPERATOR, 4)
    assert (still.sla_paused_at, still.sla_changed_at) == (after(3), after(4))
    assert move(still, S.RESOLVED, 5).sla_paused_at == after(3)


def test_going_on_moves_everything_by_the_pause() -> None:
    paused = move(clocked(status=S.OPEN), S.AWAITING_SHIPPER, 3)
    going = move(paused, S.IN_PROGRESS, 7, lived((1, S.OPEN), (3, S.AWAITING_SHIPPER)))
    assert (going.sla_near_breach_at, going.sla_due_at, going.sla_paused_at) == (after(12), after(14), None)
    assert going.sla_next_escalation_at == after(14)
    assert going.first_response_due_at == after(2)


def test_reopening_goes_on_with_the_time_that_was_left() -> None:
    resolved = move(clocked(status=S.OPEN, sla_escalation_level=2), S.RESOLVED, 6)
    reopened = move(resolved, S.REOPENED, 30, lived((1, S.OPEN), (6, S.RESOLVED)))
    assert (reopened.sla_due_at, reopened.sla_next_escalation_at) == (after(34), after(34))
    assert (reopened.sla_cycle, reopened.sla_escalation_level, reopened.resolved_at) == (2, 0, None)


def test_changes_are_always_after_the_one_before_whatever_clocks_say() -> None:
    ticket = clocked(sla_changed_at=after(5))
    assert moment_of_change(ticket, after(6)) == after(6)
    assert moment_of_change(ticket, after(5)) == moment_of_change(ticket, after(1)) == after(5) + TICK
    assert move(replace(ticket, status=S.OPEN), S.AWAITING_SHIPPER, 1).sla_paused_at == after(5) + TICK


def test_another_policy_is_derived_from_creation_on() -> None:
    late = clocked(first_responded_at=after(1), sla_near_breach_notified=True)
    urgent = changes.change_priority(late, URGENT, lived(), now=after(3.5))
    assert (urgent.sla_due_at, urgent.sla_next_escalation_at) == (after(4), after(4))
    assert urgent.first_response_due_at == after(0.5)
    assert urgent.first_response_breached
    assert urgent.sla_near_breach_notified

    slow = changes.change_priority(urgent, SLOW, lived(), now=after(3.6))
    assert (slow.sla_due_at, slow.first_response_breached, slow.sla_near_breach_notified) == (after(100), False, False)


def test_a_policy_that_applies_already_changes_nothing() -> None:
    ticket = clocked()
    assert changes.reapply_policy(ticket, POLICY, unread, now=after(1)) is ticket
    newer = replace(POLICY, version=Version(2), resolution_time=Minutes(60))
    applied = changes.reapply_policy(ticket, newer, lived(), now=after(0.5))
    assert (applied.sla_policy_version, applied.sla_due_at, applied.sla_changed_at) == (2, after(1), after(0.5))
    # Whoever has read the policy before somebody else's edit takes nobody back.
    assert changes.reapply_policy(applied, POLICY, unread, now=after(2)) is applied


def test_a_late_first_response_that_nobody_has_written_is_late_as_long_as_its_deadline_is_past() -> None:
    unanswered = clocked(first_response_breached=True)
    assert derived(unanswered, lived()(), at=after(3)).first_response_breached
    assert not derived(unanswered, lived()(), at=after(1)).first_response_breached
    assert not derived(clocked(), lived()(), at=after(3)).first_response_breached  # that is the sweep's to say


def test_the_next_escalation_of_a_breached_ticket() -> None:
    breached = clocked(status=S.ESCALATED, sla_breached=True, owner_role=Role.OPS_MANAGER, sla_escalation_level=1)
    history = lived((10, S.ESCALATED), escalated=10)()
    assert derived(breached, history, at=after(11)).sla_next_escalation_at == after(13)
    at_the_end = replace(breached, owner_role=Role.REGIONAL_MANAGER)
    assert derived(at_the_end, history, at=after(11)).sla_next_escalation_at is None
    nobody_moved = replace(breached, status=S.NEW, sla_escalation_level=0)
    assert derived(nobody_moved, lived()(), at=after(11)).sla_next_escalation_at == after(10)
    # Not before its present deadline, however long ago it was escalated.
    by_hand = replace(breached, sla_breached=False)
    assert derived(by_hand, lived((3, S.ESCALATED), escalated=3)(), at=after(5)).sla_next_escalation_at == after(10)


def test_an_escalation_that_comes_before_the_sweep_is_the_level_of_the_deadline() -> None:
    late = changes.escalate(clocked(status=S.OPEN), POLICY, unread, now=after(10))
    assert (late.sla_breached, late.sla_escalation_level, late.sla_next_escalation_at) == (True, 1, after(13))
    assert derived(late, lived((1, S.OPEN), (10, S.ESCALATED), escalated=10)(), at=after(10)) == late


@pytest.mark.parametrize("hours", [3, 9, 9.999])
def test_an_escalation_before_the_deadline_holds_up_nothing(hours: float) -> None:
    early = changes.escalate(clocked(status=S.OPEN), LONG_CHAIN, unread, now=after(hours))
    assert (early.sla_breached, early.sla_escalation_level, early.sla_next_escalation_at) == (False, 1, after(10))
    moved = changes.breach(early, LONG_CHAIN, now=after(10))
    assert (moved.sla_breached, moved.sla_escalation_level, moved.owner_role) == (True, 2, Role.REGIONAL_MANAGER)
    assert moved.sla_next_escalation_at == after(13)
    past = lived((1, S.OPEN), (hours, S.ESCALATED), (10, S.ESCALATED), policy=LONG_CHAIN, escalated=10)
    assert derived(moved, past(), at=after(10)) == moved


def test_an_escalation_before_the_deadline_is_not_the_level_of_a_deadline_that_only_was_marked() -> None:
    by_hand = clocked(status=S.ESCALATED, owner_role=Role.REGIONAL_MANAGER, sla_escalation_level=1)
    marked = changes.breach(by_hand, POLICY, now=after(10))
    assert (marked.sla_breached, marked.sla_escalation_level, marked.sla_next_escalation_at) == (True, 1, None)
    past = lived((1, S.OPEN), (9, S.ESCALATED), escalated=9)
    assert assign(marked, Role.OPS_MANAGER, past, 10.5).sla_next_escalation_at == after(10)


def test_a_deadline_that_moves_before_the_last_escalation_is_missed_and_its_level_made() -> None:
    by_hand = changes.escalate(clocked(status=S.OPEN), POLICY, unread, now=after(5))
    urgent = changes.change_priority(by_hand, URGENT, lived((1, S.OPEN), (5, S.ESCALATED), escalated=5), now=after(6))
    assert (urgent.sla_due_at, urgent.sla_breached, urgent.sla_next_escalation_at) == (after(4), True, after(8))


def test_a_deadline_that_moves_between_the_last_escalation_and_now_asks_for_a_level() -> None:
    by_hand = changes.escalate(clocked(status=S.OPEN), POLICY, unread, now=after(3))
    urgent = changes.change_priority(by_hand, URGENT, lived((1, S.OPEN), (3, S.ESCALATED), escalated=3), now=after(5))
    assert (urgent.sla_due_at, urgent.sla_breached, urgent.sla_next_escalation_at) == (after(4), False, after(4))


def test_a_priority_that_goes_and_comes_back_escalates_nobody_again() -> None:
    up = changes.breach(clocked(status=S.OPEN), POLICY, now=after(10))
    past = lived((1, S.OPEN), (10, S.ESCALATED), escalated=10)
    down = changes.change_priority(up, SLOW, past, now=after(10.1))
    assert (down.sla_breached, down.sla_next_escalation_at) == (False, after(100))
    there = SlaHistory((*past().phases, Phase(after(10.1), S.ESCALATED, SLOW)), after(10))
    back = changes.change_priority(down, POLICY, lambda: there, now=after(10.2))
    assert (back.sla_breached, back.sla_next_escalation_at, back.sla_escalation_level) == (True, after(13), 1)


@pytest.mark.parametrize("now", [after(10) - TICK, after(10), after(10.5)])
def test_a_mark_that_another_policy_left_is_not_the_level_of_the_deadline_that_comes_back(now: datetime) -> None:
    """Also where only the tick between two changes of one instant takes the ticket past its deadline."""
    escalated_at = after(10) - TICK
    up = changes.escalate(clocked(status=S.OPEN), POLICY, unread, now=escalated_at)
    phases = (*lived((1, S.OPEN))().phases, Phase(escalated_at, S.ESCALATED, POLICY))
    urgent = changes.change_priority(up, URGENT, lambda: SlaHistory(phases, escalated_at), now=now)
    assert (urgent.sla_breached, urgent.sla_next_escalation_at) == (True, after(13) - TICK)
    there = SlaHistory((*phases, Phase(urgent.sla_changed_at, S.ESCALATED, URGENT)), escalated_at)
    back = changes.change_priority(urgent, POLICY, lambda: there, now=now)
    assert back.sla_changed_at > after(10)
    assert (back.sla_breached, back.sla_next_escalation_at, back.sla_escalation_level) == (True, after(10), 1)
    answered = replace(back, first_response_breached=True, sla_near_breach_notified=True)
    assert next_event(answered) == ClockEvent(after(10), ClockEventKind.BREACH)
    made = changes.breach(back, POLICY, now=after(10))
    assert (made.sla_escalation_level, made.owner_role) == (2, Role.REGIONAL_MANAGER)


@pytest.mark.parametrize("target", [S.AWAITING_SHIPPER, S.RESOLVED])
def test_a_clock_that_stops_after_a_deadline_that_nobody_marked_is_marked_by_the_change(target: TicketStatus) -> None:
    past = lived((1, S.OPEN))
    stopped = move(clocked(status=S.OPEN), target, 10, past)
    assert (stopped.sla_breached, stopped.sla_next_escalation_at, stopped.sla_escalation_level) == (True, None, 0)
    assert not move(clocked(status=S.OPEN), target, 9.999, past).sla_breached
    # Nobody was escalated for it: going on, the level is due at once.
    back = S.IN_PROGRESS if target is S.AWAITING_SHIPPER else S.REOPENED
    going = move(stopped, back, 20, lived((1, S.OPEN), (10, target)))
    assert (going.sla_breached, going.sla_next_escalation_at) == (True, after(10))
    assert changes.breach(going, POLICY, now=after(20)).sla_escalation_level == 1


def test_another_policy_for_a_stopped_clock_marks_and_unmarks_by_where_it_stood() -> None:
    past = lived((1, S.OPEN), (6, S.AWAITING_SHIPPER))
    paused = move(clocked(status=S.OPEN), S.AWAITING_SHIPPER, 6, past)
    urgent = changes.change_priority(paused, URGENT, past, now=after(30))
    assert (urgent.sla_due_at, urgent.sla_breached) == (after(4), True)
    phases = (*past().phases, Phase(after(30), S.AWAITING_SHIPPER, URGENT))
    # Due after 10 hours, and it stopped after 6: whatever the time is now.
    assert not changes.change_priority(urgent, POLICY, lambda: SlaHistory(phases), now=after(31)).sla_breached


def test_assigning_a_breached_ticket_may_end_its_chain_or_let_it_go_on() -> None:
    breached = clocked(
        status=S.ESCALATED,
        sla_breached=True,
        owner_role=Role.OPS_MANAGER,
        sla_escalation_level=1,
        sla_changed_at=after(10),
        sla_next_escalation_at=after(13),
    )
    past = lived((10, S.ESCALATED), escalated=10)
    above = assign(breached, Role.REGIONAL_MANAGER, past, 11)
    assert (above.sla_next_escalation_at, above.sla_changed_at) == (None, after(10))
    assert assign(above, Role.OPS_AGENT, past, 12).sla_next_escalation_at == after(13)
    assert assign(breached, Role.OPS_MANAGER, unread, 12).sla_next_escalation_at == after(13)


def assign(before: Ticket, role: Role, past: Past, hours: float, policy: SlaPolicy = POLICY) -> Ticket:
    return changes.assign(
        before,
        owner_id=UserId("asha"),
        owner_role=role,
        franchise_id=None,
        policy=policy,
        past=past,
        now=after(hours),
    )


def test_assigning_with_a_clock_that_is_behind_takes_no_breach_back() -> None:
    breached = clocked(status=S.ESCALATED, sla_breached=True, owner_role=Role.OPS_MANAGER, sla_changed_at=after(10))
    assert assign(breached, Role.OPS_AGENT, lived((10, S.ESCALATED), escalated=10), 9.9).sla_breached


def test_assigning_a_breached_new_ticket_opens_it_under_a_policy_that_pauses_there() -> None:
    policy = replace(POLICY, pausing_statuses=frozenset({S.OPEN}))
    breached = clocked(policy, sla_breached=True, owner_role=Role.REGIONAL_MANAGER, sla_next_escalation_at=None)
    opened = assign(breached, Role.OPS_AGENT, lived(policy=policy), 12, policy)
    assert (opened.status, opened.sla_paused_at, opened.sla_next_escalation_at) == (S.OPEN, after(12), None)
    assert opened == derived(opened, lived((12, S.OPEN), policy=policy)(), at=after(12))


def test_an_escalation_by_hand_keeps_the_deadline_until_it_is_missed() -> None:
    early = changes.escalate(clocked(status=S.OPEN), POLICY, unread, now=after(3))
    assert (early.sla_next_escalation_at, early.sla_breached) == (after(10), False)
    breached = replace(early, sla_breached=True, sla_next_escalation_at=after(13))
    late = changes.escalate(breached, POLICY, unread, now=after(12))
    assert (late.owner_role, late.sla_next_escalation_at) == (Role.REGIONAL_MANAGER, None)


def test_escalating_out_of_a_pause_starts_the_interval_anew() -> None:
    paused = clocked(status=S.AWAITING_SHIPPER, sla_breached=True, sla_paused_at=after(11), sla_next_escalation_at=None)
    going = changes.escalate(paused, POLICY, lived((11, S.AWAITING_SHIPPER)), now=after(20))
    assert (going.owner_role, going.sla_paused_at, going.sla_due_at) == (Role.OPS_MANAGER, None, after(10))
    assert going.sla_next_escalation_at == after(23)


def test_several_changes_of_one_instant_are_one_phase() -> None:
    stored = clocked(status=S.OPEN)
    first = changes.change_priority(stored, SLOW, lived((1, S.OPEN)), now=after(3))
    both = after_change(
        first, replace(first, status=S.AWAITING_SHIPPER), SLOW, unread, at=moment_of_change(first, after(3))
    )
    after_all = settled(stored, both, SLOW, lived((1, S.OPEN)))
    assert (after_all.sla_changed_at, after_all.sla_paused_at) == (after(3) + TICK, after(3) + TICK)
    phases = (*lived((1, S.OPEN))().phases, Phase(after(3) + TICK, S.AWAITING_SHIPPER, SLOW))
    assert derived(after_all, SlaHistory(phases), at=after(3) + TICK) == after_all


def test_the_level_after_this_one() -> None:
    assert level_after(clocked(owner_role=Role.OPS_MANAGER), POLICY, at=after(10)) == after(13)
    assert level_after(clocked(owner_role=Role.REGIONAL_MANAGER), POLICY, at=after(10)) is None


@pytest.mark.parametrize(
    ("hours", "status", "percent"),
    [
        (0, SlaStatus.ON_TRACK, 100.0),
        (2.5, SlaStatus.ON_TRACK, 75.0),
        (8, SlaStatus.NEAR_BREACH, 20.0),
        (9, SlaStatus.NEAR_BREACH, 10.0),
        (10, SlaStatus.BREACHED, 0.0),
        (99, SlaStatus.BREACHED, 0.0),
    ],
)
def test_where_the_clock_stands(hours: float, status: SlaStatus, percent: float) -> None:
    assert sla_status_of(clocked(), after(hours)) is status
    assert percent_left_of(clocked(), after(hours)) == pytest.approx(percent)


def test_a_stopped_clock_stays_where_it_stood() -> None:
    paused = clocked(status=S.AWAITING_SHIPPER, sla_paused_at=after(9))
    assert (sla_status_of(paused, after(99)), percent_left_of(paused, after(99))) == (SlaStatus.NEAR_BREACH, 10.0)
    # Paused by a server whose clock is ahead.
    assert sla_status_of(replace(paused, sla_paused_at=after(11)), after(9.5)) is SlaStatus.NEAR_BREACH


def test_without_a_deadline_nothing_is_left_of_it() -> None:
    free = clocked(sla_due_at=None, sla_near_breach_at=None)
    assert (sla_status_of(free, after(99)), percent_left_of(free, after(99))) == (SlaStatus.NO_SLA, None)
    assert sla_status_of(replace(free, status=S.RESOLVED), after(99)) is SlaStatus.COMPLETED


@pytest.mark.parametrize("hours", [-1, 0, 1, 30])
@pytest.mark.parametrize(("near", "due"), [(0, 0), (10, 10), (20, 10), (-5, 30), (-5, -5)])
def test_instants_that_only_psql_makes_are_read_all_the_same(hours: float, near: float, due: float) -> None:
    left = percent_left_of(replace(clocked(), sla_near_breach_at=after(near), sla_due_at=after(due)), after(hours))
    assert left is not None
    assert 0 <= left <= 100


@given(stops=st.lists(st.tuples(st.sampled_from(tuple(S)), st.floats(0.01, 6)), max_size=6), since=st.floats(0, 12))
def test_round_the_clock_the_share_that_is_left_is_the_one_that_was_counted(
    stops: list[tuple[TicketStatus, float]], since: float
) -> None:
    hours, changed = 0.0, []
    for status, later in stops:
        hours += later
        changed.append((hours, status))
    history = lived(*changed)()
    ticket = derived(clocked(status=history.status), history, at=after(hours))
    now = after(hours + since)
    explanation, left = explain(history, now), percent_left_of(ticket, now)
    assert ticket.sla_due_at is not None
    assert ticket.sla_near_breach_at is not None
    assert left is not None
    if ticket.sla_due_at - ticket.sla_near_breach_at == 2 * HOUR:
        assert left == pytest.approx(explanation.percent_left, abs=1e-6)
    else:
        # It paused within the last fifth: what is stored does not tell for how long.
        assert 0 <= left <= explanation.percent_left + 1e-6 <= 20 + 2e-6
    assert sla_status_of(ticket, now) is explanation.status


@pytest.mark.parametrize(
    ("hours", "changes", "late"),
    [
        (2, {}, False),
        (2.1, {}, True),
        (2.1, {"first_responded_at": after(1)}, False),
        (2.1, {"status": S.RESOLVED}, False),
        (2.1, {"first_response_due_at": None}, False),
        (1, {"first_responded_at": after(3), "first_response_breached": True}, True),
    ],
)
def test_a_first_response_is_late_once_found_so_or_while_it_is_owed(
    hours: float, changes: dict[str, Any], late: bool
) -> None:
    assert first_response_is_late(clocked(**changes), after(hours)) is late
