"""Hypothesis strategies: calendars, policies and histories of tickets around the days on which clocks change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from server.domain.calendars import Calendar, Holiday, Window
from server.domain.fsm import AWAITING, TicketStatus
from server.domain.ids import Minutes, Version
from server.domain.roles import Role
from server.domain.sla import SlaPolicy
from server.domain.sla_clock import Phase, SlaHistory
from server.domain.tickets import TicketPriority

EXAMPLES = max(300, settings().max_examples)
"""Some hundreds in a run of all tests, more in `make test-nightly`."""

PROFILE = settings(max_examples=EXAMPLES, deadline=None)

ZONES = (
    "Asia/Kolkata",  # no DST, half an hour off
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",  # DST of half an hour
    "America/Havana",  # the change skips or repeats the hour after midnight
)

DAYS = tuple(
    datetime.fromisoformat(day).replace(tzinfo=UTC)
    for day in (
        "2026-03-29",  # Paris: 02:00 becomes 03:00
        "2026-10-25",  # Paris: 03:00 becomes 02:00
        "2026-03-08",  # New York and Havana: an hour is skipped
        "2026-11-01",  # New York and Havana: an hour is repeated
        "2026-10-04",  # Lord Howe: 02:00 becomes 02:30
        "2027-04-04",  # Lord Howe: 02:00 becomes 01:30
        "2028-02-29",
        "2026-12-31",
        "2026-06-10",
    )
)

edges = st.sampled_from(
    (0, 1, 30, 60, 61, 90, 105, 119, 120, 121, 135, 150, 179, 180, 181, 240, 540, 780, 840, 1080, 1410, 1439, 1440)
) | st.integers(0, 1440)

gaps = st.one_of(
    st.just(timedelta(0)),
    st.timedeltas(timedelta(microseconds=1), timedelta(seconds=90)),
    st.integers(1, 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    st.timedeltas(timedelta(0), timedelta(hours=40)),
)


@st.composite
def _day_windows(draw: st.DrawFn, day: int) -> list[Window]:
    cuts = sorted(draw(st.lists(edges, min_size=2, max_size=6, unique=True)))
    return [Window(day, opens, closes) for opens, closes in zip(cuts[::2], cuts[1::2], strict=False)]


@st.composite
def _holidays(draw: st.DrawFn) -> Holiday:
    day = draw(st.sampled_from(DAYS)) + timedelta(days=draw(st.integers(-2, 5)))
    return Holiday(draw(st.sampled_from((None, day.year))), day.month, day.day, "Holiday")


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Open on some days at least; windows of a day are apart or touch."""
    days = draw(st.sets(st.integers(1, 7), min_size=1)) | draw(st.sampled_from((set(), {6, 7}, set(range(1, 8)))))
    return Calendar(
        id="hours",
        version=draw(st.integers(1, 3)),
        display_name="Hours",
        time_zone=draw(st.sampled_from(ZONES)),
        windows=tuple(window for day in sorted(days) for window in draw(_day_windows(day))),
        holidays=tuple(draw(st.lists(_holidays(), max_size=3))),
    )


@st.composite
def policies(draw: st.DrawFn) -> SlaPolicy:
    resolution = draw(st.sampled_from((1, 2, 5, 60, 240, 1440)) | st.integers(1, 3000))
    return SlaPolicy(
        priority=draw(st.sampled_from(TicketPriority)),
        response_time=Minutes(draw(st.integers(1, resolution))),
        resolution_time=Minutes(resolution),
        escalation_chain=(Role.OPS_AGENT, Role.OPS_MANAGER),
        version=Version(draw(st.integers(1, 4))),
        escalation_interval=draw(st.none() | st.integers(1, 600).map(Minutes)),
        pausing_statuses=frozenset(draw(st.sets(st.sampled_from(sorted(AWAITING))))),
        calendar=draw(st.none() | calendars()),
    )


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """Around the beginning of one of the days, to the microsecond."""
    return draw(st.sampled_from(DAYS)) + draw(st.sampled_from((-1, 1))) * draw(gaps)


@st.composite
def histories(draw: st.DrawFn) -> SlaHistory:
    """Up to eight phases in any states, under up to three policies; some servers' clocks are a little behind."""
    known = draw(st.lists(policies(), min_size=1, max_size=3))
    start, phases = draw(instants()), []
    for at in range(draw(st.integers(1, 8))):
        start += draw(gaps) if at else timedelta(0)
        claimed = start - draw(st.sampled_from((timedelta(0),) * 9 + (timedelta(milliseconds=20),))) if at else start
        phases.append(Phase(claimed, draw(st.sampled_from(TicketStatus)), draw(st.sampled_from(known))))
    escalated_at = draw(st.none() | st.sampled_from([phase.start for phase in phases]))
    return SlaHistory(tuple(phases), escalated_at and max(escalated_at, phases[0].start))


def end_of(history: SlaHistory) -> datetime:
    """When the last phase begins."""
    return max(phase.start for phase in history.phases)


def with_phase(
    history: SlaHistory, start: datetime, status: TicketStatus, policy: SlaPolicy | None = None
) -> SlaHistory:
    """The history after one more change."""
    return replace(history, phases=(*history.phases, Phase(start, status, policy or history.phases[-1].policy)))
