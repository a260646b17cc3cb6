"""The SLA clock by example. Laws and random histories are in ``test_sla_properties``, rules in words in docs/sla.md."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.domain import sla_clock
from server.domain.calendars import Calendar, NeverOpen, Window
from server.domain.fsm import TicketStatus
from server.domain.ids import Minutes, Version
from server.domain.roles import Role
from server.domain.sla import SlaPolicy, SlaStatus, clock_status
from server.domain.sla_clock import IntervalKind, Phase, SlaHistory, deadlines, explain, next_level_at
from server.domain.tickets import TicketPriority

S = TicketStatus
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
START = datetime(2026, 6, 10, 9, tzinfo=UTC)

POLICY = SlaPolicy(
    TicketPriority.HIGH,
    response_time=Minutes(120),
    resolution_time=Minutes(600),
    escalation_chain=(Role.OPS_MANAGER, Role.REGIONAL_MANAGER),
    escalation_interval=Minutes(180),
)


def after(hours: float) -> datetime:
    return START + hours * HOUR


def history(*changes: tuple[float, TicketStatus], policy: SlaPolicy = POLICY) -> SlaHistory:
    """Changes of state, so many hours after creation."""
    return SlaHistory(tuple(Phase(after(hours), status, policy) for hours, status in changes))


@pytest.mark.parametrize("status", [S.AWAITING_SHIPPER, S.AWAITING_OPERATOR, S.RESOLVED, S.CLOSED])
def test_stopped_before_the_deadline_it_keeps_the_deadline_it_had(status: TicketStatus) -> None:
    dates = deadlines(history((0, S.OPEN), (4, status)))
    assert (dates.due_at, dates.near_breach_at, dates.paused_at) == (after(10), after(8), after(4))
    assert dates.first_response_due_at == after(2)


@pytest.mark.parametrize("status", [S.NEW, S.IN_PROGRESS, S.AWAITING_FRANCHISE, S.AWAITING_FINANCE, S.ESCALATED])
def test_in_all_other_states_it_runs(status: TicketStatus) -> None:
    dates = deadlines(history((0, S.OPEN), (4, status)))
    assert (dates.due_at, dates.paused_at) == (after(10), None)


def test_resolved_and_closed_stop_it_though_no_policy_says_so() -> None:
    policy = replace(POLICY, pausing_statuses=frozenset())
    stopped = history((0, S.OPEN), (4, S.RESOLVED), (5, S.CLOSED), policy=policy)
    assert deadlines(stopped).paused_at == after(4)
    assert deadlines(history((0, S.OPEN), (4, S.RESOLVED), (9, S.REOPENED), policy=policy)).due_at == after(15)


def test_stops_that_follow_each_other_are_one_stop() -> None:
    stopped = history((0, S.OPEN), (4, S.AWAITING_SHIPPER), (7, S.AWAITING_OPERATOR), (8, S.RESOLVED))
    assert deadlines(stopped).paused_at == after(4)
    assert deadlines(stopped).due_at == after(10)
    # A state that took no time does not come between them.
    stopped = history((0, S.OPEN), (4, S.AWAITING_SHIPPER), (7, S.IN_PROGRESS), (7, S.AWAITING_SHIPPER))
    assert deadlines(stopped).paused_at == after(4)
    ticking = replace(stopped, phases=(*stopped.phases[:3], replace(stopped.phases[3], start=after(7) + TICK)))
    assert deadlines(ticking).paused_at == after(7) + TICK


def test_a_deadline_that_was_reached_stays_where_it_was_reached() -> None:
    for later in ((11, S.AWAITING_SHIPPER), (10, S.AWAITING_SHIPPER), (99, S.RESOLVED), (10, S.IN_PROGRESS)):
        assert deadlines(history((0, S.OPEN), later)).due_at == after(10)
    for stop in (10, 11):
        resumed = history((0, S.OPEN), (stop, S.AWAITING_SHIPPER), (50, S.IN_PROGRESS))
        assert deadlines(resumed).due_at == after(10)


def test_a_ticket_that_was_stopped_from_its_first_moment_on() -> None:
    assert deadlines(history((0, S.AWAITING_SHIPPER))).paused_at == START
    assert deadlines(history((0, S.AWAITING_SHIPPER), (5, S.OPEN))).due_at == after(15)


def test_a_change_that_claims_to_be_older_than_the_one_before_it_takes_no_time() -> None:
    skewed = history((0, S.OPEN), (4, S.AWAITING_SHIPPER), (3.99, S.IN_PROGRESS))
    assert deadlines(skewed).due_at == after(10)
    assert explain(skewed, after(5)).counted == 5 * HOUR


def test_a_change_of_priority_applies_from_creation_and_keeps_the_pauses() -> None:
    urgent = replace(
        POLICY, priority=TicketPriority.CRITICAL, resolution_time=Minutes(240), pausing_statuses=frozenset()
    )
    paused = history((0, S.OPEN), (1, S.AWAITING_SHIPPER), (3, S.IN_PROGRESS))
    raised = replace(paused, phases=(*paused.phases, Phase(after(5), S.IN_PROGRESS, urgent)))
    assert deadlines(raised).due_at == after(6)
    # The other way round: what was no pause then does not become one.
    raised_while_waiting = SlaHistory(
        (Phase(START, S.AWAITING_SHIPPER, urgent), Phase(after(3), S.AWAITING_SHIPPER, POLICY))
    )
    assert deadlines(raised_while_waiting).paused_at == after(3)
    assert deadlines(raised_while_waiting).due_at == after(10)


def test_the_next_level_counts_on_the_same_clock() -> None:
    escalated = replace(history((0, S.OPEN), (10, S.ESCALATED)), escalated_at=after(10))
    assert next_level_at(escalated) == after(13)
    paused = replace(escalated, phases=(*escalated.phases, Phase(after(11), S.AWAITING_SHIPPER, POLICY)))
    assert next_level_at(paused) is None
    resumed = replace(paused, phases=(*paused.phases, Phase(after(20), S.IN_PROGRESS, POLICY)))
    assert next_level_at(resumed) == after(22)
    assert next_level_at(replace(resumed, escalated_at=None)) is None


def test_without_an_interval_of_its_own_a_policy_waits_the_response_time() -> None:
    policy = replace(POLICY, escalation_interval=None)
    assert next_level_at(replace(history((0, S.OPEN), policy=policy), escalated_at=after(10))) == after(12)


def test_each_interval_is_of_one_kind_and_none_is_left_out() -> None:
    day_shift = Calendar("day", 1, "Day", "UTC", tuple(Window(day, 8 * 60, 12 * 60) for day in range(1, 8)))
    policy = replace(POLICY, calendar=day_shift)
    explained = explain(
        history(
            (0, S.OPEN), (1, S.AWAITING_SHIPPER), (2, S.AWAITING_OPERATOR), (24, S.IN_PROGRESS), (28, S.RESOLVED),
            policy=policy,
        ),
        after(40),
    )  # fmt: skip
    assert [(piece.start, piece.end, piece.kind, piece.status) for piece in explained.intervals] == [
        (after(0), after(1), IntervalKind.COUNTED, S.OPEN),
        (after(1), after(2), IntervalKind.PAUSED, S.AWAITING_SHIPPER),
        (after(2), after(24), IntervalKind.PAUSED, S.AWAITING_OPERATOR),
        (after(24), after(27), IntervalKind.COUNTED, S.IN_PROGRESS),
        (after(27), after(28), IntervalKind.CLOSED_HOURS, S.IN_PROGRESS),
        (after(28), after(40), IntervalKind.ENDED, S.RESOLVED),
    ]
    assert (explained.counted, explained.paused, explained.remaining) == (4 * HOUR, 23 * HOUR, 6 * HOUR)
    assert (explained.percent_left, explained.status) == (60.0, SlaStatus.COMPLETED)


def test_a_change_of_policy_alone_leaves_no_seam() -> None:
    newer = replace(POLICY, version=Version(2))
    explained = explain(SlaHistory((Phase(START, S.OPEN, POLICY), Phase(after(1), S.OPEN, newer))), after(2))
    assert len(explained.intervals) == 1


def test_past_the_deadline_what_remains_is_negative() -> None:
    explained = explain(history((0, S.OPEN)), after(13))
    assert (explained.remaining, explained.percent_left, explained.status) == (-3 * HOUR, 0.0, SlaStatus.BREACHED)


def test_at_creation_there_is_nothing_to_tell() -> None:
    explained = explain(history((0, S.OPEN)), START)
    assert (explained.intervals, explained.percent_left) == ((), 100.0)


def test_ten_years_are_told_in_full() -> None:
    weekdays = Calendar("w", 1, "Weekdays", "Asia/Kolkata", tuple(Window(day, 540, 1080) for day in range(1, 6)))
    explained = explain(history((0, S.OPEN), policy=replace(POLICY, calendar=weekdays)), START.replace(year=2036))
    assert 5_000 < len(explained.intervals) < 5_300


def test_of_more_intervals_than_can_be_told_the_newest_are(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = tuple(Window(day, *hours) for day in range(1, 8) for hours in ((540, 780), (840, 1080)))
    policy = replace(POLICY, calendar=Calendar("office", 1, "Office", "Europe/Paris", windows))
    year = 365.25 * 24
    long = history((0, S.OPEN), (3 * year, S.AWAITING_SHIPPER), (4.5 * year, S.ESCALATED), policy=policy)
    now = after(6.1 * year)
    told = explain(long, now)
    assert len(told.intervals) < sla_clock.MOST_INTERVALS
    assert told.intervals[0].start == START
    assert told.counted == sum((each.end - each.start for each in told.intervals if each.kind == "counted"), 0 * HOUR)
    assert told.paused == 1.5 * year * HOUR

    # Looked at in one step it is the same: no seam shows.
    monkeypatch.setattr(sla_clock, "_STEP_BACK", timedelta(days=10_000))
    assert explain(long, now) == told
    monkeypatch.undo()

    for most in (1, 1000, 2500, len(told.intervals) - 1, len(told.intervals)):
        monkeypatch.setattr(sla_clock, "MOST_INTERVALS", most)
        assert explain(long, now) == replace(told, intervals=told.intervals[-most:])


def test_a_ticket_of_centuries_is_explained() -> None:
    windows = tuple(Window(day, *hours) for day in range(1, 8) for hours in ((540, 780), (840, 1080)))
    policy = replace(POLICY, calendar=Calendar("office", 1, "Office", "Asia/Kolkata", windows))
    ancient = SlaHistory((Phase(START.replace(year=1526), S.OPEN, policy),))
    explained = explain(ancient, START)
    assert len(explained.intervals) == sla_clock.MOST_INTERVALS
    assert explained.counted == policy.hours.open_between(ancient.created_at, START)


def test_a_policy_whose_calendar_is_never_open_has_no_deadline() -> None:
    with pytest.raises(NeverOpen):
        deadlines(history((0, S.OPEN), policy=replace(POLICY, calendar=Calendar("n", 1, "None", "UTC", ()))))


@pytest.mark.parametrize(
    ("status", "now", "paused_at", "expected"),
    [
        (S.OPEN, after(8) - TICK, None, SlaStatus.ON_TRACK),
        (S.OPEN, after(8), None, SlaStatus.NEAR_BREACH),
        (S.OPEN, after(10) - TICK, None, SlaStatus.NEAR_BREACH),
        (S.OPEN, after(10), None, SlaStatus.BREACHED),
        (S.AWAITING_SHIPPER, after(99), after(7), SlaStatus.ON_TRACK),
        (S.AWAITING_SHIPPER, after(99), after(9), SlaStatus.NEAR_BREACH),
        (S.AWAITING_SHIPPER, after(99), after(10), SlaStatus.BREACHED),
        (S.RESOLVED, after(99), after(99), SlaStatus.COMPLETED),
        (S.CLOSED, after(1), after(1), SlaStatus.COMPLETED),
    ],
)
def test_the_status_of_a_clock(
    status: TicketStatus, now: datetime, paused_at: datetime | None, expected: SlaStatus
) -> None:
    assert (
        clock_status(due_at=after(10), near_breach_at=after(8), paused_at=paused_at, status=status, now=now) == expected
    )


def test_without_a_deadline_there_is_no_sla() -> None:
    for status, expected in ((S.OPEN, SlaStatus.NO_SLA), (S.CLOSED, SlaStatus.COMPLETED)):
        assert clock_status(due_at=None, near_breach_at=None, paused_at=None, status=status, now=START) == expected
