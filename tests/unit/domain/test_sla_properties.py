"""The clock against a reference that looks at every minute, and laws that no history may break."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from server.domain.calendars import NeverOpen
from server.domain.fsm import AWAITING, DONE, TicketStatus
from server.domain.sla import SlaPolicy, SlaStatus
from server.domain.sla_clock import Deadlines, Phase, SlaHistory, deadlines, explain, next_level_at
from tests.unit.domain.minute_by_minute import Reference, instant
from tests.unit.domain.sla_histories import PROFILE, end_of, gaps, histories, policies, with_phase

FAR = timedelta(days=12)
"""How long the reference looks on after a history's last change."""


def derived(history: SlaHistory) -> Deadlines:
    """The deadlines of a history whose calendar has hours at all."""
    try:
        return deadlines(history)
    except NeverOpen:
        assume(False)
        raise


def agree(expected: datetime | None, actual: datetime, until: datetime) -> bool:
    """The reference sees nothing past its end."""
    return actual == expected if expected is not None else actual > until


@PROFILE
@given(history=histories())
def test_deadlines_are_those_of_the_reference(history: SlaHistory) -> None:
    actual, policy = derived(history), history.phases[-1].policy
    reference = Reference(history, end_of(history) + FAR)
    assert actual.paused_at == reference.paused_at()
    target = timedelta(minutes=policy.resolution_time)
    assert agree(reference.reached(target), actual.due_at, reference.until)
    assert agree(reference.reached(target * 4 / 5), actual.near_breach_at, reference.until)

    unpaused = Reference(SlaHistory((Phase(history.created_at, TicketStatus.OPEN, policy),)), reference.until)
    response = timedelta(minutes=policy.response_time)
    assert agree(unpaused.reached(response), actual.first_response_due_at, reference.until)


@PROFILE
@given(history=histories())
def test_the_next_level_is_that_of_the_reference(history: SlaHistory) -> None:
    derived(history)
    reference, actual = Reference(history, end_of(history) + FAR), next_level_at(history)
    if history.escalated_at is None or reference.paused_at() is not None:
        assert actual is None
        return
    policy = history.phases[-1].policy
    interval = timedelta(minutes=policy.escalation_interval or policy.response_time)
    assert actual is not None
    assert agree(reference.reached(interval, history.escalated_at), actual, reference.until)


@PROFILE
@given(history=histories(), since=gaps | gaps.map(lambda gap: gap * 5))
def test_the_explanation_is_that_of_the_reference(history: SlaHistory, since: timedelta) -> None:
    derived(history)
    now = end_of(history) + since
    explanation, reference = explain(history, now), Reference(history, now)
    found = [(interval.start, interval.end, interval.kind, interval.status) for interval in explanation.intervals]
    assert found == [
        (instant(piece.start), instant(piece.end), piece.kind, piece.status) for piece in reference.intervals()
    ]
    assert explanation.counted == reference.sum("counted")
    assert explanation.paused == reference.sum("paused")


@PROFILE
@given(history=histories(), since=gaps | gaps.map(lambda gap: gap * 5))
def test_an_explanation_agrees_with_the_deadlines(history: SlaHistory, since: timedelta) -> None:
    dates, now = derived(history), end_of(history) + since
    explanation = explain(history, now)
    assert explanation.deadlines == dates
    target, counted = timedelta(minutes=history.policy.resolution_time), explanation.counted
    assert explanation.remaining == target - counted
    assert explanation.percent_left == max(0, 100 * (explanation.remaining / target))
    if history.status in DONE:
        assert explanation.status is SlaStatus.COMPLETED
    elif counted >= target:
        assert explanation.status is SlaStatus.BREACHED
    elif counted * 5 >= target * 4:
        assert explanation.status is SlaStatus.NEAR_BREACH
    else:
        assert explanation.status is SlaStatus.ON_TRACK
    if dates.paused_at is None:
        # The other way round: at its own deadline a running clock has counted the target, and just before it has not.
        assert explain(history, max(dates.due_at, now)).counted >= target
        if dates.due_at > end_of(history):
            assert explain(history, dates.due_at).counted == target
            assert explain(history, dates.due_at - timedelta(microseconds=1)).counted < target


@PROFILE
@given(history=histories(), data=st.data())
def test_a_phase_cut_in_two_changes_nothing(history: SlaHistory, data: st.DataObject) -> None:
    before = derived(history)
    at = data.draw(st.integers(0, len(history.phases) - 1))
    start = max(phase.start for phase in history.phases[: at + 1])
    end = history.phases[at + 1].start if at + 1 < len(history.phases) else start + timedelta(days=3)
    assume(start <= end)
    cut = start + data.draw(st.timedeltas(timedelta(0), end - start))
    halves = (history.phases[at], replace(history.phases[at], start=cut))
    after = replace(history, phases=(*history.phases[:at], *halves, *history.phases[at + 1 :]))
    assert deadlines(after) == before
    assert next_level_at(after) == next_level_at(history)
    now = end_of(history) + timedelta(days=4)
    assert explain(after, now) == explain(history, now)


@PROFILE
@given(
    policy=policies(),
    history=histories(),
    steps=st.lists(st.tuples(gaps, gaps), min_size=1, max_size=8),
)
def test_pauses_neither_lose_nor_gain_time(
    policy: SlaPolicy, history: SlaHistory, steps: list[tuple[timedelta, timedelta]]
) -> None:
    """However often and briefly it stops, what counts until the deadline is the target, to the microsecond."""
    assume(policy.pausing_statuses)
    pause = min(policy.pausing_statuses)
    start = history.created_at
    running, pauses = SlaHistory((Phase(start, TicketStatus.OPEN, policy),)), []
    for before, length in steps:
        paused_at = start + before
        start = paused_at + length
        running = with_phase(with_phase(running, paused_at, pause), start, TicketStatus.IN_PROGRESS)
        pauses.append((paused_at, start))
    due_at = derived(running).due_at
    open_between = policy.hours.open_between
    stopped = sum((open_between(since, min(until, due_at)) for since, until in pauses), timedelta(0))
    assert open_between(running.created_at, due_at) - stopped == timedelta(minutes=policy.resolution_time)
    assert not any(since < due_at < until for since, until in pauses)


@PROFILE
@given(history=histories(), wait=gaps, status=st.sampled_from(sorted(AWAITING)), back=gaps)
def test_a_stop_does_not_move_the_deadline_until_it_ends(
    history: SlaHistory, wait: timedelta, status: TicketStatus, back: timedelta
) -> None:
    policy = replace(history.policy, pausing_statuses=history.policy.pausing_statuses | {status})
    history = replace(history, phases=(*history.phases[:-1], Phase(end_of(history), TicketStatus.OPEN, policy)))
    before, paused_at = derived(history), end_of(history) + wait
    paused = with_phase(history, paused_at, status)
    if wait:  # else the stop may be part of one that was there before
        assert deadlines(paused) == replace(before, paused_at=paused_at)
    resumed = deadlines(with_phase(paused, paused_at + back, TicketStatus.IN_PROGRESS))
    assert resumed.paused_at is None
    if before.due_at <= paused_at:
        assert resumed.due_at == before.due_at
    else:
        lost = policy.hours.open_between(paused_at, paused_at + back)
        assert policy.hours.open_between(before.due_at, resumed.due_at) == lost


@PROFILE
@given(history=histories(), wait=gaps, policy=policies())
def test_a_change_of_policy_moves_the_target_and_keeps_the_pauses(
    history: SlaHistory, wait: timedelta, policy: SlaPolicy
) -> None:
    """As if the new target and hours had held from creation, with each pause judged by the version of its time."""
    history = replace(history, phases=(*history.phases, Phase(end_of(history) + wait, TicketStatus.OPEN, policy)))
    rewritten = tuple(
        replace(phase, policy=replace(policy, pausing_statuses=phase.policy.pausing_statuses))
        for phase in history.phases
    )
    assert derived(history) == deadlines(replace(history, phases=rewritten))
    assert next_level_at(history) == next_level_at(replace(history, phases=rewritten))


@PROFILE
@given(history=histories(), policy=policies())
def test_back_to_the_old_priority_is_as_if_it_had_never_changed(history: SlaHistory, policy: SlaPolicy) -> None:
    """When the other policy stops in the same states."""
    before = derived(history)
    last, at = history.phases[-1], end_of(history)
    other = replace(policy, pausing_statuses=last.policy.pausing_statuses)
    there = with_phase(history, at + timedelta(seconds=7), last.status, other)
    back = with_phase(there, at + timedelta(seconds=15), last.status, last.policy)
    assert deadlines(back) == before
