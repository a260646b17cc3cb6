"""The SLA clock: pure functions from a ticket's history to its deadlines, and to the reasons for them.

Nothing is counted in place. Pauses are intervals of the history, so a deadline can be derived anew at any time, by
anybody, with the same result. docs/sla.md tells the rules in words, docs/adr/0011 why they are so.

One minute of a ticket's life counts when all of these hold: the calendar of the policy version that the ticket has
*now* is open; the ticket was neither RESOLVED nor CLOSED; and it was in no state that the policy version in force *at
that time* names as pausing. So a change of priority or a re-application moves the target and the hours for the whole
life of the ticket, and keeps the pauses it has had.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.fsm import DONE, TicketStatus
from server.domain.sla import SlaPolicy, SlaStatus, clock_status

MOST_INTERVALS = 10_000
"""Of an explanation, the newest ones. It is told within a message of the contract, and within the time of a call."""

_STEP_BACK = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a ticket's life without a change of status, priority or policy version; it ends with the next."""

    start: datetime
    status: TicketStatus
    policy: SlaPolicy
    """The version that was in force, of the priority that the ticket had."""

    @property
    def stops_clock(self) -> bool:
        """Whether the state lets no time count, whatever the calendar."""
        return self.status in DONE or self.status in self.policy.pausing_statuses


@dataclass(frozen=True, slots=True)
class SlaHistory:
    """What the clock rests on: at least one phase, oldest first, and the last escalation of any cycle.

    Servers' clocks differ a little, so a phase may claim to start before the one it follows; it is taken to start with
    that one. Time is neither lost nor counted twice by it.
    """

    phases: tuple[Phase, ...]
    escalated_at: datetime | None = None

    @property
    def created_at(self) -> datetime:
        """Start of the first phase."""
        return self.phases[0].start

    @property
    def status(self) -> TicketStatus:
        """The present state."""
        return self.phases[-1].status

    @property
    def policy(self) -> SlaPolicy:
        """The version applied at present; its target and calendar hold for the whole history."""
        return self.phases[-1].policy


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When what falls due, as far as the history tells: as if the ticket now stayed in its state."""

    due_at: datetime
    """When the target has counted. Once reached it stays there; while the clock is stopped before that, it is where it
    would be had the clock gone on at ``paused_at``, and so does not move with the pause."""
    near_breach_at: datetime
    """When four fifths of the target have counted; stays and stands still in the same way."""
    first_response_due_at: datetime
    """Never paused."""
    paused_at: datetime | None
    """Since when the present state, and any before it without a break, has stopped the clock: a pausing state, or
    RESOLVED or CLOSED. None while the clock runs, be the calendar open or not."""


class IntervalKind(StrEnum):
    """What the resolution clock did; where several hold, the first one of ENDED, PAUSED, CLOSED_HOURS is told."""

    COUNTED = "counted"
    PAUSED = "paused"
    CLOSED_HOURS = "closed_hours"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of a ticket's life in which its clock did one thing, in one state: [start, end)."""

    start: datetime
    end: datetime
    kind: IntervalKind
    status: TicketStatus


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the clock stands where it stands."""

    intervals: tuple[Interval, ...]
    """From creation to the instant explained, oldest first, without gaps or overlaps; neighbours differ.

    The newest MOST_INTERVALS: where there are more, the first one begins later than at the creation.
    """
    counted: timedelta
    """Sum of all COUNTED intervals."""
    paused: timedelta
    """Sum of all PAUSED intervals, closed hours within a pause included."""
    remaining: timedelta
    """Target less counted: after the deadline negative, by the time that has counted since."""
    percent_left: float
    """Share of the target that remains, 0 to 100."""
    status: SlaStatus
    deadlines: Deadlines


def deadlines(history: SlaHistory) -> Deadlines:
    """Derive the deadlines. Raises ``calendars.NeverOpen`` when the policy's calendar has no hours for them."""
    policy = history.policy
    running = _running(history, history.created_at)
    stretches, paused_at = list(running), None
    if history.phases[-1].stops_clock:
        paused_at = _stopped_at(stretches, history.created_at)
    return Deadlines(
        due_at=_reached(policy.target, stretches, history.created_at, policy),
        near_breach_at=_reached(policy.near_target, stretches, history.created_at, policy),
        first_response_due_at=policy.first_response_due_at(history.created_at),
        paused_at=paused_at,
    )


def next_level_at(history: SlaHistory) -> datetime | None:
    """When the escalation interval has counted since the last escalation, on the same clock as the deadline.

    None while the ticket's state stops the clock, and when there was no escalation. Whether the chain has
    another role is not asked here.
    """
    if history.escalated_at is None or history.phases[-1].stops_clock:
        return None
    stretches = list(_running(history, history.escalated_at))
    return _reached(history.policy.interval, stretches, history.escalated_at, history.policy)


def explain(history: SlaHistory, now: datetime) -> Explanation:
    """Cut the time from creation to ``now`` into intervals, and sum them up.

    A window of the calendar gives two intervals, so ten years of one window on each weekday are some 5 000, of two
    windows every day some 15 000. A state that stops the clock is one interval, as is one that is counted 24x7. A phase
    after ``now`` gives no interval. The sums leave nothing out.
    """
    intervals = tuple(_newest(history, now))
    counted, paused = _sums(history, now)
    target = history.policy.target
    remaining = target - counted
    dates = deadlines(history)
    return Explanation(
        intervals=intervals,
        counted=counted,
        paused=paused,
        remaining=remaining,
        percent_left=min(100.0, max(0.0, 100 * (remaining / target))) if target else 0.0,
        status=clock_status(
            due_at=dates.due_at,
            near_breach_at=dates.near_breach_at,
            paused_at=dates.paused_at,
            status=history.status,
            now=now,
        ),
        deadlines=dates,
    )


_Stretch = tuple[datetime, datetime | None]


def _phases(history: SlaHistory) -> Iterator[tuple[Phase, datetime, datetime | None]]:
    """Each phase with its start, not before that of the one it follows, and its end; the last has none."""
    start = history.created_at
    following: tuple[Phase | None, ...] = (*history.phases[1:], None)
    for phase, after in zip(history.phases, following, strict=True):
        end = None if after is None else max(start, after.start)
        yield phase, start, end
        start = end or start


def _running(history: SlaHistory, since: datetime) -> Iterator[_Stretch]:
    """The stretches from ``since`` on in which no state stopped the clock: apart, not empty; one may have no end."""
    pending: datetime | None = None
    for phase, started, end in _phases(history):
        if end is not None and end <= max(since, started):
            continue
        start = max(since, started)
        if not phase.stops_clock:
            pending = pending or start
        elif pending is not None:
            yield pending, start
            pending = None
    if pending is not None:
        yield pending, None


def _stopped_at(stretches: list[_Stretch], since: datetime) -> datetime:
    """End of the last stretch, for a clock that does not run any more."""
    end = stretches[-1][1] if stretches else None
    return end or since


def _reached(counted: timedelta, stretches: list[_Stretch], since: datetime, policy: SlaPolicy) -> datetime:
    """The earliest instant at which ``counted`` has counted since ``since``.

    For a clock that was stopped earlier, the instant at which it would have, had it gone on then.
    """
    hours, left = policy.hours, counted
    for start, end in stretches:
        if end is None:
            return hours.advance(start, left)
        passed = hours.open_between(start, end)
        if passed >= left:
            return hours.advance(start, left)
        left -= passed
    return hours.advance(_stopped_at(stretches, since), left)


def _newest(history: SlaHistory, now: datetime) -> list[Interval]:
    """The last MOST_INTERVALS before ``now``. Looks back in steps, so a long life takes no longer than they do."""
    newest: list[Interval] = []
    since = now
    while since > history.created_at and len(newest) <= MOST_INTERVALS:
        is_last = history.policy.calendar is None or since - history.created_at <= _STEP_BACK
        until, since = since, history.created_at if is_last else since - _STEP_BACK
        step = list(_merged(_intervals(history, since, until)))
        if step and newest and (step[-1].kind, step[-1].status) == (newest[0].kind, newest[0].status):
            newest[0] = replace(newest[0], start=step.pop().start)
        newest = step + newest
    return newest[-MOST_INTERVALS:]


def _intervals(history: SlaHistory, since: datetime, now: datetime) -> Iterator[Interval]:
    hours = history.policy.hours
    for phase, started, ended in _phases(history):
        start, end = max(since, started), now if ended is None else min(now, ended)
        status = phase.status
        if end <= start:
            continue
        if phase.stops_clock:
            yield Interval(start, end, IntervalKind.ENDED if status in DONE else IntervalKind.PAUSED, status)
            continue
        at = start
        for span in hours.spans(start, end):
            if at < span.start:
                yield Interval(at, span.start, IntervalKind.CLOSED_HOURS, status)
            yield Interval(span.start, span.end, IntervalKind.COUNTED, status)
            at = span.end
        if at < end:
            yield Interval(at, end, IntervalKind.CLOSED_HOURS, status)


def _merged(intervals: Iterator[Interval]) -> Iterator[Interval]:
    """Neighbours alike in kind and state made one: a change of priority alone leaves no seam."""
    pending: Interval | None = None
    for interval in intervals:
        if pending is None:
            pending = interval
        elif (pending.kind, pending.status) == (interval.kind, interval.status):
            pending = Interval(pending.start, interval.end, pending.kind, pending.status)
        else:
            yield pending
            pending = interval
    if pending is not None:
        yield pending


def _sums(history: SlaHistory, now: datetime) -> tuple[timedelta, timedelta]:
    """All the time that counted, and that was paused."""
    counted = paused = timedelta(0)
    for phase, start, ended in _phases(history):
        end = now if ended is None else min(now, ended)
        if end <= start or phase.status in DONE:
            continue
        if phase.stops_clock:
            paused += end - start
        else:
            counted += history.policy.hours.open_between(start, end)
    return counted, paused
