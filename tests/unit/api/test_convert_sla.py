"""An explanation of the SLA on the wire: everything the clock was computed from, and nothing without a policy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rodistaa.tickets.v1 import sla_pb2
from rodistaa.tickets.v1 import ticket_pb2 as t
from server.api.convert.sla_out import from_account
from server.domain.calendars import Calendar, Holiday, Window
from server.domain.changes import open_ticket
from server.domain.fsm import TicketStatus
from server.domain.ids import Minutes, TicketId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.sla import SlaPolicy
from server.domain.sla_clock import Phase, SlaHistory, explain
from server.domain.sla_escalations import Escalation, SlaAccount
from server.domain.tickets import Ticket, TicketDraft, TicketPriority

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
OFFICE = Calendar(
    id="office",
    version=3,
    display_name="Office",
    time_zone="UTC",
    windows=tuple(Window(day, 9 * 60, 17 * 60) for day in range(1, 6)),
    holidays=(Holiday(None, 12, 25, "Christmas"),),
    updated_at=MONDAY,
)
LOW = SlaPolicy(TicketPriority.LOW, Minutes(60), Minutes(600), (Role.OPS_AGENT, Role.OPS_MANAGER), updated_at=MONDAY)
HIGH = replace(LOW, priority=TicketPriority.HIGH, calendar=OFFICE, escalation_interval=Minutes(30))


def hours(count: float) -> datetime:
    return MONDAY + timedelta(hours=count)


@pytest.fixture
def ticket() -> Ticket:
    draft = TicketDraft("A truck that is late", "It was to arrive in Pune yesterday.", TicketPriority.HIGH)
    creator = Principal(user_id=UserId("asha"), role=Role.SHIPPER, franchise_ids=frozenset())
    opened = open_ticket(draft, creator, HIGH, ticket_id=TicketId("TKT-1001"), now=MONDAY)
    return replace(opened, first_responded_at=hours(0.5))


def account(ticket: Ticket, **changes: Any) -> SlaAccount:
    history = SlaHistory(
        (
            Phase(MONDAY, TicketStatus.OPEN, LOW),
            Phase(hours(1), TicketStatus.OPEN, HIGH),
            Phase(hours(2), TicketStatus.AWAITING_SHIPPER, HIGH),
            Phase(hours(3), TicketStatus.IN_PROGRESS, HIGH),
        )
    )
    now = hours(9)
    escalations = (
        Escalation(1, 1, Role.OPS_AGENT, Role.OPS_MANAGER, hours(4), hours(4.01), True, UserId("SYSTEM"), None),
        Escalation(2, 1, None, Role.HQ_SUPPORT, None, hours(5), False, UserId("ravi"), "It burns, and nobody comes"),
    )
    return replace(SlaAccount(ticket, now, history, explain(history, now), escalations), **changes)


def test_everything_the_clock_was_computed_from(ticket: Ticket) -> None:
    wire = from_account(account(ticket))
    assert (wire.ticket_id, wire.as_of.ToDatetime(UTC)) == ("TKT-1001", hours(9))
    assert (wire.policy.priority, wire.policy.calendar_id) == (t.TICKET_PRIORITY_HIGH, "office")
    assert (wire.calendar.id, wire.calendar.version, len(wire.calendar.windows)) == ("office", 3, 5)
    assert wire.sla_status == t.SLA_STATUS_ON_TRACK
    # Seven hours have counted of ten; the day is over, and three are left of the next morning.
    assert wire.counted.ToTimedelta() == timedelta(hours=7)
    assert wire.paused.ToTimedelta() == timedelta(hours=1)
    assert wire.remaining.ToTimedelta() == timedelta(hours=3)
    assert wire.sla_due_at.ToDatetime(UTC) == MONDAY + timedelta(days=1, hours=3)
    assert wire.first_response_due_at.ToDatetime(UTC) == hours(1)
    assert wire.first_responded_at.ToDatetime(UTC) == hours(0.5)


def test_the_intervals_have_no_gaps_and_sum_up(ticket: Ticket) -> None:
    wire = from_account(account(ticket))
    kinds = [sla_pb2.SlaIntervalKind.Name(each.kind).removeprefix("SLA_INTERVAL_KIND_") for each in wire.intervals]
    assert kinds == ["COUNTED", "PAUSED", "COUNTED", "CLOSED_HOURS"]
    assert [each.status for each in wire.intervals] == [
        t.TICKET_STATUS_OPEN,
        t.TICKET_STATUS_AWAITING_SHIPPER,
        t.TICKET_STATUS_IN_PROGRESS,
        t.TICKET_STATUS_IN_PROGRESS,
    ]
    ends = [MONDAY, *(each.end.ToDatetime(UTC) for each in wire.intervals)]
    assert [each.start.ToDatetime(UTC) for each in wire.intervals] == ends[:-1]
    assert ends[-1] == hours(9)


def test_escalations_and_priorities(ticket: Ticket) -> None:
    wire = from_account(account(ticket))
    automatic, by_hand = wire.escalations
    assert (automatic.level, automatic.cycle, automatic.automatic, automatic.actor_id) == (1, 1, True, "SYSTEM")
    assert (automatic.from_role, automatic.to_role) == (t.ROLE_OPS_AGENT, t.ROLE_OPS_MANAGER)
    assert automatic.due_at.ToDatetime(UTC) == hours(4)
    assert automatic.reason == ""
    assert not by_hand.HasField("due_at")
    assert (by_hand.from_role, by_hand.reason) == (t.ROLE_UNSPECIFIED, "It burns, and nobody comes")
    assert [(each.priority, each.changed_at.ToDatetime(UTC)) for each in wire.priority_changes] == [
        (t.TICKET_PRIORITY_LOW, MONDAY),
        (t.TICKET_PRIORITY_HIGH, hours(1)),
    ]


def test_past_the_deadline_what_remains_is_negative(ticket: Ticket) -> None:
    history = SlaHistory((Phase(MONDAY, TicketStatus.OPEN, LOW),))
    now = hours(11.25)
    wire = from_account(account(ticket, history=history, explanation=explain(history, now), as_of=now))
    assert wire.remaining.ToTimedelta() == timedelta(hours=-1.25)
    assert wire.sla_status == t.SLA_STATUS_BREACHED
    assert not wire.HasField("calendar")


def test_without_a_policy_there_is_only_the_ticket_and_the_instant(ticket: Ticket) -> None:
    wire = from_account(account(ticket, history=None, explanation=None, escalations=()))
    assert {field.name for field, _ in wire.ListFields()} == {"ticket_id", "as_of"}
