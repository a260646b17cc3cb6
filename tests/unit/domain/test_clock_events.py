"""What the clock does by itself, and in which order."""

from dataclasses import replace
from datetime import datetime

import pytest

from server.domain.changes import assign
from server.domain.clock_events import ClockEventKind, Outcome, happen, next_event, simulate
from server.domain.fsm import TicketStatus
from server.domain.ids import Minutes, UserId
from server.domain.roles import Role
from server.domain.sla import SlaPolicy
from server.domain.tickets import Ticket
from tests.unit.domain.clocked_tickets import HOUR, POLICY, START, after, clocked, lived

K = ClockEventKind
S = TicketStatus


def unasked() -> SlaPolicy:
    raise AssertionError("the policy was asked for")


def story(ticket: Ticket, *, start: datetime = START, until: datetime | None = None) -> list[tuple[float, str]]:
    """Hours after creation at which something falls due, and what the audit calls it."""
    happenings = simulate(ticket, POLICY, start=start, until=until or after(1000))
    return [((each.event.due_at - START) / HOUR, each.outcome.action) for each in happenings]


def test_a_ticket_that_nobody_touches_climbs_to_the_end_of_its_chain() -> None:
    assert story(clocked()) == [
        (2, "FIRST_RESPONSE_BREACHED"),
        (8, "SLA_NEAR_BREACH"),
        (10, "AUTO_ESCALATED"),
        (13, "AUTO_ESCALATED"),
    ]


def test_each_step_builds_on_the_one_before() -> None:
    tickets = [each.outcome.ticket for each in simulate(clocked(), POLICY, start=START, until=after(1000))]
    assert [(each.first_response_breached, each.sla_near_breach_notified) for each in tickets] == [
        (True, False),
        (True, True),
        (True, True),
        (True, True),
    ]
    assert [(each.owner_role, each.sla_escalation_level) for each in tickets] == [
        (Role.OPS_AGENT, 0),
        (Role.OPS_AGENT, 0),
        (Role.OPS_MANAGER, 1),
        (Role.REGIONAL_MANAGER, 2),
    ]
    assert [each.status for each in tickets] == [S.NEW, S.NEW, S.ESCALATED, S.ESCALATED]
    assert next_event(tickets[-1]) is None


def test_until_belongs_to_it() -> None:
    assert [hours for hours, _ in story(clocked(), until=after(10))] == [2, 8, 10]
    assert [hours for hours, _ in story(clocked(), until=after(9.999))] == [2, 8]
    assert story(clocked(), until=after(1)) == []


def test_what_is_overdue_happens_at_the_start_and_the_levels_follow_from_there() -> None:
    happenings = list(simulate(clocked(), POLICY, start=after(50), until=after(1000)))
    assert [(each.event.due_at - START) / HOUR for each in happenings] == [2, 8, 10, 53]
    assert happenings[2].outcome.ticket.sla_changed_at == after(50)


def test_at_the_end_of_the_chain_a_breach_is_only_marked_and_only_once() -> None:
    at_the_end = clocked(owner_role=Role.REGIONAL_MANAGER, owner_id="asha", first_responded_at=START)
    assert story(at_the_end) == [(8, "SLA_NEAR_BREACH"), (10, "SLA_BREACHED")]
    marked = happen(K.BREACH, at_the_end, lambda: POLICY, now=after(10)).ticket
    assert marked == replace(at_the_end, sla_breached=True, sla_next_escalation_at=None)


def test_somebody_below_gives_a_chain_at_its_end_a_new_step() -> None:
    marked = happen(K.BREACH, clocked(owner_role=Role.REGIONAL_MANAGER), lambda: POLICY, now=after(10)).ticket
    below = assign(
        marked,
        owner_id=UserId("asha"),
        owner_role=Role.OPS_MANAGER,
        franchise_id=None,
        policy=POLICY,
        past=lived(),
        now=after(11),
    )
    event = next_event(replace(below, sla_near_breach_notified=True, first_response_breached=True))
    assert event is not None
    assert (event.kind, event.due_at) == (K.BREACH, after(10))  # the first level is due at the deadline


def test_an_automatic_escalation_takes_the_ticket_from_its_owner() -> None:
    owned = clocked(status=S.IN_PROGRESS, owner_id="asha")
    outcome = happen(K.BREACH, owned, lambda: POLICY, now=after(10.5))
    expected = replace(
        owned,
        status=S.ESCALATED,
        owner_id=None,
        owner_role=Role.OPS_MANAGER,
        sla_escalation_level=1,
        sla_breached=True,
        sla_changed_at=after(10.5),
        sla_next_escalation_at=after(13.5),
    )
    assert outcome == Outcome(expected, "AUTO_ESCALATED")


def test_only_a_breach_asks_for_the_policy() -> None:
    ticket = clocked()
    late = happen(K.FIRST_RESPONSE_BREACHED, ticket, unasked, now=after(2))
    assert late == Outcome(replace(ticket, first_response_breached=True), "FIRST_RESPONSE_BREACHED")
    near = happen(K.NEAR_BREACH, ticket, unasked, now=after(8))
    assert near == Outcome(replace(ticket, sla_near_breach_notified=True), "SLA_NEAR_BREACH")


def test_while_the_clock_is_paused_only_the_first_response_falls_due() -> None:
    paused = clocked(status=S.AWAITING_SHIPPER, sla_paused_at=after(1), sla_next_escalation_at=None)
    assert story(paused) == [(2, "FIRST_RESPONSE_BREACHED")]
    assert story(replace(paused, first_responded_at=after(1))) == []


@pytest.mark.parametrize(
    "ticket",
    [clocked(archived=True), clocked(status=S.RESOLVED), clocked(status=S.CLOSED)],
    ids=["archived", "resolved", "closed"],
)
def test_done_and_archived_tickets_are_left_alone(ticket: Ticket) -> None:
    assert next_event(ticket) is None
    assert story(ticket) == []


def test_without_a_deadline_nothing_falls_due() -> None:
    free = clocked(sla_due_at=None, sla_near_breach_at=None, sla_next_escalation_at=None, first_response_due_at=None)
    assert next_event(free) is None


def test_an_answered_ticket_has_no_late_first_response() -> None:
    answered = clocked(first_responded_at=after(3))
    assert story(answered)[0] == (8, "SLA_NEAR_BREACH")


def test_what_falls_due_at_the_same_instant_has_an_order() -> None:
    at_once = clocked(first_response_due_at=after(10), sla_near_breach_at=after(10), sla_next_escalation_at=after(10))
    assert [action for _, action in story(at_once)][:3] == [
        "FIRST_RESPONSE_BREACHED",
        "SLA_NEAR_BREACH",
        "AUTO_ESCALATED",
    ]


def test_the_levels_go_by_the_response_time_where_there_is_no_interval() -> None:
    policy = replace(POLICY, escalation_interval=None, response_time=Minutes(60))
    happenings = list(simulate(clocked(policy), policy, start=START, until=after(1000)))
    assert [(each.event.due_at - START) / HOUR for each in happenings] == [1, 8, 10, 11]
