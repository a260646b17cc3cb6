"""Random lives of a ticket: what is stored of its clock is what its history says, and no level is reached twice.

The rule of the levels is said here once more, plainly: a deadline that has passed asks for one level. It is made by the
clock at once, unless there was an escalation, by whomever, at the deadline or after it. From the last one of those on,
each escalation interval asks for one more.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from server.domain import changes
from server.domain.calendars import NeverOpen
from server.domain.clock_events import happen, next_event
from server.domain.errors import FailedPrecondition
from server.domain.escalation_chain import next_role
from server.domain.fsm import TicketStatus, allowed_from
from server.domain.ids import TicketId, UserId, Version
from server.domain.principal import Principal
from server.domain.roles import LADDER, Role
from server.domain.sla import SlaPolicy
from server.domain.sla_clock import Phase, SlaHistory, deadlines, next_level_at
from server.domain.ticket_clock import derived
from server.domain.tickets import Ticket, TicketDraft, TicketPriority
from tests.unit.domain.minute_by_minute import Reference
from tests.unit.domain.sla_histories import PROFILE, gaps, instants, policies

AROUND = (
    timedelta(microseconds=-1),
    timedelta(0),
    timedelta(milliseconds=40),
    timedelta(minutes=-1),
    timedelta(minutes=1),
)
"""How far from a deadline somebody does something."""

DRAFT = TicketDraft("Payment not received", "For booking BKG-123, a week ago.")


@dataclass
class Life:
    """A ticket, and its history as the audit would tell it."""

    ticket: Ticket
    policy: SlaPolicy
    phases: list[Phase] = field(default_factory=list)
    escalated_at: datetime | None = None
    levels: list[tuple[int, int]] = field(default_factory=list)
    by_clock: bool = False

    def past(self) -> SlaHistory:
        return SlaHistory(tuple(self.phases), self.escalated_at)

    def become(self, after: Ticket, policy: SlaPolicy) -> None:
        before, self.ticket, self.policy = self.ticket, after, policy
        if after.sla_changed_at != before.sla_changed_at:
            assert after.sla_changed_at > before.sla_changed_at
            self.phases.append(Phase(after.sla_changed_at, after.status, policy))
        if after.sla_escalation_level > before.sla_escalation_level:
            assert after.sla_escalation_level == before.sla_escalation_level + 1
            if self.by_clock:
                self.check_level(before, at=after.sla_changed_at)
            self.levels.append((after.sla_cycle, after.sla_escalation_level))
            self.escalated_at = after.sla_changed_at

    def check_level(self, before: Ticket, *, at: datetime) -> None:
        """The clock may make a level of it then: the one of the deadline, or an interval after the last escalation.

        The interval is counted minute by minute.
        """
        assert before.sla_due_at is not None
        assert before.sla_due_at <= at
        if self.escalated_at is not None and self.escalated_at >= before.sla_due_at:
            interval = timedelta(minutes=self.policy.escalation_interval or self.policy.response_time)
            history = SlaHistory(tuple(self.phases[:-1]))
            assert Reference(history, at).reached(interval, self.escalated_at) is not None

    def next_escalation_at(self) -> datetime | None:
        """By the rule, from what is stored and the last escalation."""
        ticket = self.ticket
        if ticket.sla_paused_at is not None:
            return None
        if not ticket.sla_breached:
            return ticket.sla_due_at
        if next_role(self.policy.escalation_chain, ticket.owner_role) is None:
            return None
        return next_level_at(self.past()) if self.has_level() else ticket.sla_due_at

    def has_level(self) -> bool:
        """Whether the present deadline got its level."""
        due_at = self.ticket.sla_due_at
        return self.escalated_at is not None and due_at is not None and due_at <= self.escalated_at


def change(life: Life, data: st.DataObject, now: datetime, others: list[SlaPolicy]) -> None:
    """One thing that a person does to the ticket."""
    ticket, policy = life.ticket, life.policy
    choice = data.draw(
        st.sampled_from(("state", "state", "state", "escalate", "priority", "there_and_back", "policy", "queue"))
    )
    if choice == "state" and (allowed := allowed_from(ticket.status)):
        target = data.draw(st.sampled_from(allowed))
        after = changes.transition(ticket, target, resolution_summary="Paid.", policy=policy, past=life.past, now=now)
        life.become(after, policy)
    elif choice == "escalate":
        life.become(changes.escalate(ticket, policy, life.past, now=now), policy)
    elif choice == "there_and_back":
        other = data.draw(st.sampled_from(others))
        if other.priority is not ticket.priority:
            life.become(changes.change_priority(ticket, other, life.past, now=now), other)
            life.become(changes.change_priority(life.ticket, policy, life.past, now=now), policy)
            assert life.ticket.sla_escalation_level == ticket.sla_escalation_level
    elif choice == "priority":
        other = data.draw(st.sampled_from(others))
        if other.priority is not ticket.priority:
            life.become(changes.change_priority(ticket, other, life.past, now=now), other)
    elif choice == "policy":
        shape = data.draw(st.sampled_from(others))
        newer = replace(shape, priority=ticket.priority, version=Version(policy.version + 1))
        life.become(changes.reapply_policy(ticket, newer, life.past, now=now), newer)
    elif choice == "queue":
        role = data.draw(st.sampled_from(LADDER))
        after = changes.assign(
            ticket,
            owner_id=UserId("OPS-1"),
            owner_role=role,
            franchise_id=None,
            policy=policy,
            past=life.past,
            now=now,
        )
        life.become(after, policy)


def sweep(life: Life, now: datetime) -> None:
    """What the sweeps do at this moment, and that it leaves nothing undone.

    Changes of one instant are told a microsecond apart, so the last of them may lie a little ahead of the sweep, and a
    deadline between the two: for the ticket it has passed, for the sweep it has not. It may be marked by then (when it
    was missed under the policy before, too) or not, and the level is not the sweep's to make yet: a sweep goes by its
    own clock, and makes none before its deadline. So what holds of a deadline that has passed is asked of the sweep
    that comes at the ticket's moment, here in a life of its own, since the next change may still come before it.
    """
    make_happen(life, now)
    due_at, changed_at = life.ticket.sla_due_at, life.ticket.sla_changed_at
    if life.ticket.sla_paused_at is not None or due_at is None:
        return
    if now < due_at <= changed_at:
        life, now = replace(life, phases=[*life.phases], levels=[*life.levels]), changed_at
        assert life.ticket.sla_next_escalation_at == life.next_escalation_at()
        make_happen(life, now)
    ticket = life.ticket
    assert ticket.sla_breached == (due_at <= now)
    if ticket.sla_breached and next_role(life.policy.escalation_chain, ticket.owner_role) is not None:
        # Nothing puts off the level of a deadline.
        assert life.has_level()


def make_happen(life: Life, now: datetime) -> None:
    life.by_clock = True
    while (event := next_event(life.ticket)) is not None and event.due_at <= now:
        is_at_end = next_role(life.policy.escalation_chain, life.ticket.owner_role) is None
        outcome = happen(event.kind, life.ticket, lambda: life.policy, now=now)
        assert is_at_end if outcome.action == "SLA_BREACHED" else not (is_at_end and outcome.action == "AUTO_ESCALATED")
        life.become(outcome.ticket, life.policy)
    life.by_clock = False


def clock_of(ticket: Ticket) -> tuple[object, ...]:
    return (
        ticket.sla_due_at,
        ticket.sla_near_breach_at,
        ticket.sla_paused_at,
        ticket.first_response_due_at,
    )


@PROFILE
@given(
    data=st.data(),
    start=instants(),
    known=st.lists(policies(), min_size=2, max_size=4, unique_by=lambda policy: policy.priority),
    steps=st.lists(st.tuples(gaps, st.sampled_from((None, None, *AROUND)), st.booleans()), max_size=10),
)
def test_a_ticket_stores_what_its_history_says_and_reaches_no_level_twice(
    data: st.DataObject, start: datetime, known: list[SlaPolicy], steps: list[tuple[timedelta, timedelta | None, bool]]
) -> None:
    chain = (Role.OPS_AGENT, Role.OPS_MANAGER, Role.REGIONAL_MANAGER, Role.HQ_SUPPORT)
    others = [replace(policy, escalation_chain=chain) for policy in known]
    policy = others[0]
    try:
        ticket = changes.open_ticket(
            replace(DRAFT, priority=TicketPriority(policy.priority)),
            Principal(UserId("SHP-7"), Role.SHIPPER),
            policy,
            ticket_id=TicketId("TKT-1001"),
            now=start,
        )
        life, now = Life(ticket, policy, [Phase(start, TicketStatus.NEW, policy)]), start
        for gap, around, is_swept in steps:
            now += gap
            awaited = [at for at in (life.ticket.sla_due_at, life.ticket.sla_next_escalation_at) if at and at > now]
            if around is not None and awaited:
                now = max(now, data.draw(st.sampled_from(awaited)) + around)
            if is_swept:
                sweep(life, now)
            with suppress(FailedPrecondition):
                change(life, data, now, others)
            dates = deadlines(life.past())
            assert clock_of(life.ticket) == (
                dates.due_at,
                dates.near_breach_at,
                dates.paused_at,
                dates.first_response_due_at,
            )
            assert life.ticket.sla_next_escalation_at == life.next_escalation_at()
            if life.ticket.sla_paused_at is not None:
                assert life.ticket.sla_breached == (dates.due_at <= life.ticket.sla_paused_at)
            at = max(now, life.ticket.sla_changed_at)
            assert derived(life.ticket, life.past(), at=at) == life.ticket
    except NeverOpen:
        assume(False)
    assert len(set(life.levels)) == len(life.levels)
