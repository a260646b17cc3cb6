"""Business hours: zones, changes of clocks, holidays, and the laws of the arithmetic."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.domain.calendars import (
    ALWAYS_OPEN,
    Calendar,
    CalendarError,
    Holiday,
    NeverOpen,
    OpenHours,
    Span,
    UnknownTimeZone,
    Window,
    next_opening,
)
from tests.unit.domain.minute_by_minute import MINUTE, instant, number, open_minutes
from tests.unit.domain.sla_histories import PROFILE, calendars, gaps, instants

TICK = timedelta(microseconds=1)
EVERY_DAY = range(1, 8)


def minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def calendar(zone: str, *windows: str, days: range = EVERY_DAY, holidays: tuple[Holiday, ...] = ()) -> Calendar:
    """Open in these hours, such as 09:00-17:30, on these days of the week."""
    cut = [tuple(map(minutes, window.split("-"))) for window in windows]
    week = tuple(Window(day, opens, closes) for day in days for opens, closes in cut)
    return Calendar("hours", 1, "Hours", zone, week, holidays)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def open_on(zone: str, day: str, *windows: str) -> str:
    """When a calendar with these windows on that day of the week is open around it, in UTC: ``09 03:30-09 12:00``."""
    weekday = date.fromisoformat(day).isoweekday()
    hours = calendar(zone, *windows, days=range(weekday, weekday + 1))
    found = hours.spans(utc(day) - timedelta(days=2), utc(day) + timedelta(days=2))
    return ", ".join(f"{span.start:%d %H:%M}-{span.end:%d %H:%M}" for span in found)


@pytest.mark.parametrize(
    ("zone", "day", "window", "expected"),
    [
        # An ordinary day, and a zone half an hour off.
        ("Europe/Paris", "2026-03-28", "01:30-04:00", "28 00:30-28 03:00"),
        ("Asia/Kolkata", "2026-03-29", "09:00-17:30", "29 03:30-29 12:00"),
        # Days that lie in another year of UTC.
        ("America/New_York", "2026-12-31", "20:00-24:00", "01 01:00-01 05:00"),
        ("Asia/Kolkata", "2027-01-01", "00:00-05:00", "31 18:30-31 23:30"),
        # Paris, 29 March 2026: 02:00 becomes 03:00, at 01:00 UTC.
        ("Europe/Paris", "2026-03-29", "01:30-04:00", "29 00:30-29 02:00"),
        ("Europe/Paris", "2026-03-29", "02:30-04:00", "29 01:00-29 02:00"),
        ("Europe/Paris", "2026-03-29", "01:30-02:30", "29 00:30-29 01:00"),
        ("Europe/Paris", "2026-03-29", "01:30-02:00", "29 00:30-29 01:00"),
        ("Europe/Paris", "2026-03-29", "03:00-04:00", "29 01:00-29 02:00"),
        ("Europe/Paris", "2026-03-29", "02:00-03:00", ""),
        ("Europe/Paris", "2026-03-29", "02:15-02:45", ""),
        # Paris, 25 October 2026: 03:00 becomes 02:00, at 01:00 UTC.
        ("Europe/Paris", "2026-10-25", "01:00-04:00", "24 23:00-25 03:00"),
        ("Europe/Paris", "2026-10-25", "02:00-03:00", "25 00:00-25 02:00"),
        ("Europe/Paris", "2026-10-25", "02:30-04:00", "25 00:30-25 03:00"),
        ("Europe/Paris", "2026-10-25", "02:15-02:45", "25 00:15-25 01:45"),
        ("Europe/Paris", "2026-10-25", "03:00-04:00", "25 02:00-25 03:00"),
        # It does not last into a repeated hour that begins when it closes.
        ("Europe/Paris", "2026-10-25", "01:00-02:00", "24 23:00-25 00:00"),
        # Lord Howe changes by half an hour. 4 October 2026: 02:00 becomes 02:30, at 15:30 UTC of the day before.
        ("Australia/Lord_Howe", "2026-10-04", "01:00-03:00", "03 14:30-03 16:00"),
        ("Australia/Lord_Howe", "2026-10-04", "02:10-03:00", "03 15:30-03 16:00"),
        # 5 April 2026: 02:00 becomes 01:30, at 15:00 UTC.
        ("Australia/Lord_Howe", "2026-04-05", "01:00-03:00", "04 14:00-04 16:30"),
        ("Australia/Lord_Howe", "2026-04-05", "01:30-01:45", "04 14:30-04 15:15"),
        # Havana, 1 November 2026: 01:00 becomes 00:00, at 05:00 UTC. The day before ends with its first midnight.
        ("America/Havana", "2026-10-31", "23:00-24:00", "01 03:00-01 04:00"),
        ("America/Havana", "2026-11-01", "00:00-00:30", "01 04:00-01 05:30"),
        # 8 March 2026: 00:00 becomes 01:00, at 05:00 UTC.
        ("America/Havana", "2026-03-07", "23:00-24:00", "08 04:00-08 05:00"),
        ("America/Havana", "2026-03-08", "00:00-02:00", "08 05:00-08 06:00"),
        # St. John's, 7 November 2010: 00:01 became 23:01 of the day before, at 02:31 UTC.
        ("America/St_Johns", "2010-11-06", "23:00-24:00", "07 01:30-07 03:30"),
        # Samoa left out 30 December 2011.
        ("Pacific/Apia", "2011-12-30", "00:00-24:00", ""),
    ],
)
def test_a_window_is_what_a_clock_on_the_wall_shows(zone: str, day: str, window: str, expected: str) -> None:
    assert open_on(zone, day, window) == expected


def test_windows_that_touch_or_overlap_are_one_stretch_and_count_once() -> None:
    assert open_on("Europe/Paris", "2026-06-10", "01:00-02:30", "02:30-04:00") == "09 23:00-10 02:00"
    assert open_on("Europe/Paris", "2026-06-10", "01:00-03:30", "02:30-04:00") == "09 23:00-10 02:00"
    assert open_on("Europe/Paris", "2026-06-10", "01:00-04:00", "02:30-03:00") == "09 23:00-10 02:00"
    # Apart on the wall, but the repeated hour brings them together.
    assert open_on("Europe/Paris", "2026-10-25", "01:00-02:20", "02:40-04:00") == "24 23:00-25 03:00"


def test_midnight_and_new_year_leave_no_seam() -> None:
    always = calendar("Asia/Kolkata", "00:00-24:00")
    start, end = utc("2025-06-01T00:00"), utc("2028-06-01T00:00")
    assert list(always.spans(start, end)) == [Span(start, end)]
    assert always.open_between(start, end) == end - start
    assert always.advance(start, timedelta(days=900) + TICK) == start + timedelta(days=900) + TICK


def test_a_deadline_may_be_a_closing_time() -> None:
    hours = calendar("Asia/Kolkata", "09:00-17:00")  # 03:30 to 11:30 UTC
    assert hours.advance(utc("2026-06-10T09:30"), timedelta(hours=2)) == utc("2026-06-10T11:30")
    assert hours.advance(utc("2026-06-10T09:30"), timedelta(hours=2) + TICK) == utc("2026-06-11T03:30") + TICK
    assert hours.advance(utc("2026-06-10T20:00"), TICK) == utc("2026-06-11T03:30") + TICK
    assert hours.advance(utc("2026-06-10T20:00"), timedelta(0)) == utc("2026-06-10T20:00")


def test_holidays_close_a_local_day_once_or_every_year() -> None:
    hours = calendar(
        "Asia/Kolkata",
        "00:00-24:00",
        holidays=(Holiday(2026, 1, 26, "Republic Day"), Holiday(None, 8, 15, "Independence Day")),
    )
    closed = []
    for day in ("2025-01-26", "2026-01-25", "2026-01-26", "2026-01-27", "2025-08-15", "2031-08-15", "2031-08-16"):
        midnight = utc(day) - timedelta(hours=5, minutes=30)
        if not hours.open_between(midnight, midnight + timedelta(days=1)):
            closed.append(day)
        assert hours.open_between(midnight, midnight + timedelta(days=1)) in {timedelta(0), timedelta(days=1)}
    assert closed == ["2026-01-26", "2025-08-15", "2031-08-15"]


@pytest.mark.parametrize(("year", "hours_open"), [(2027, 2), (2028, 2), (2100, 2)])
def test_a_holiday_on_29_february_is_one_of_leap_years(year: int, hours_open: int) -> None:
    """Open one hour a day; 28 February to 1 March are two open days, in leap years because of the holiday."""
    hours = calendar("Europe/Paris", "09:00-10:00", holidays=(Holiday(None, 2, 29, "Leap day"),))
    passed = hours.open_between(utc(f"{year}-02-28"), utc(f"{year}-03-02"))
    assert passed == timedelta(hours=hours_open)


def test_a_calendar_that_is_never_open_says_so() -> None:
    every_date = tuple(
        Holiday(None, day.month, day.day, "Closed") for day in (date(2028, 1, 1) + timedelta(n) for n in range(366))
    )
    for hours in (calendar("Asia/Kolkata"), calendar("Asia/Kolkata", "09:00-17:00", holidays=every_date)):
        with pytest.raises(NeverOpen):
            hours.advance(utc("2026-01-01"), TICK)
        assert not hours.open_between(utc("2026-01-01"), utc("2046-01-01"))
        assert not list(hours.spans(utc("2026-01-01"), utc("2046-01-01")))


def test_what_does_not_fit_into_a_hundred_years_never_comes() -> None:
    once_a_year = tuple(
        Holiday(None, day.month, day.day, "Closed")
        for day in (date(2028, 1, 1) + timedelta(n) for n in range(366))
        if (day.month, day.day) != (6, 10)
    )
    hours = calendar("Asia/Kolkata", "12:00-12:01", holidays=once_a_year)
    assert hours.advance(utc("2026-01-01"), timedelta(minutes=90)) == utc("2115-06-10T06:31")
    with pytest.raises(NeverOpen):
        hours.advance(utc("2026-01-01"), timedelta(minutes=525_600))


@pytest.mark.parametrize("zone", ["", "Asia/Calcuta", "../../etc/passwd", "/etc/passwd", "America", "\0", "x" * 300])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(UnknownTimeZone):
        calendar(zone, "09:00-17:00")


@pytest.mark.parametrize(
    ("day", "opens", "closes"), [(0, 0, 1), (8, 0, 1), (1, -1, 5), (1, 5, 5), (1, 6, 5), (1, 0, 1441)]
)
def test_a_window_that_is_none_is_refused(day: int, opens: int, closes: int) -> None:
    with pytest.raises(CalendarError):
        Window(day, opens, closes)


@pytest.mark.parametrize(
    ("year", "month", "day"), [(2027, 2, 29), (None, 2, 30), (None, 13, 1), (None, 0, 1), (0, 1, 1)]
)
def test_a_holiday_that_never_comes_is_refused(year: int | None, month: int, day: int) -> None:
    with pytest.raises(CalendarError):
        Holiday(year, month, day, "Never")


@pytest.mark.parametrize("hours", [ALWAYS_OPEN, calendar("Asia/Kolkata", "09:00-17:00")])
def test_time_does_not_go_back(hours: OpenHours) -> None:
    start = utc("2026-06-10T05:00")
    with pytest.raises(ValueError, match="back"):
        hours.advance(start, -TICK)
    assert hours.open_between(start, start - timedelta(hours=1)) == timedelta(0)
    assert not list(hours.spans(start, start))
    assert not list(hours.spans(start, start - timedelta(hours=1)))


def test_equal_calendars_are_equal_however_they_were_used() -> None:
    one, other = calendar("Asia/Kolkata", "09:00-17:00"), calendar("Asia/Kolkata", "09:00-17:00")
    one.advance(utc("2026-06-10"), timedelta(days=3))
    assert one == other
    assert hash(one) == hash(other)
    assert "schedule" not in repr(one)


any_hours = st.just(ALWAYS_OPEN) | calendars()


@PROFILE
@given(hours=calendars(), start=instants(), length=gaps)
def test_open_time_is_that_of_the_minutes_that_are_open(hours: Calendar, start: datetime, length: timedelta) -> None:
    end = start + length
    minutes_open = open_minutes(hours, number(start) // MINUTE, number(end) // MINUTE)
    pieces = [(max(start, instant(at * MINUTE)), min(end, instant((at + 1) * MINUTE))) for at in sorted(minutes_open)]
    assert hours.open_between(start, end) == sum((max(b - a, timedelta(0)) for a, b in pieces), timedelta(0))


@PROFILE
@given(hours=any_hours, start=instants(), lengths=st.tuples(gaps, gaps), stretch=st.integers(1, 400))
def test_open_time_adds_up(
    hours: OpenHours, start: datetime, lengths: tuple[timedelta, timedelta], stretch: int
) -> None:
    middle = start + lengths[0] * stretch
    end = middle + lengths[1] * stretch
    parts = hours.open_between(start, middle) + hours.open_between(middle, end)
    assert hours.open_between(start, end) == parts
    assert timedelta(0) <= parts <= end - start


@PROFILE
@given(hours=any_hours, start=instants(), end=instants())
def test_spans_are_the_open_time_in_order_and_apart(hours: OpenHours, start: datetime, end: datetime) -> None:
    spans = list(hours.spans(start, end))
    assert sum((span.end - span.start for span in spans), timedelta(0)) == hours.open_between(start, end)
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(set(edges))
    assert not spans or start <= edges[0] < edges[-1] <= end


@PROFILE
@given(hours=any_hours, start=instants(), by=st.timedeltas(timedelta(0), timedelta(days=900)))
def test_to_advance_is_the_inverse_of_counting(hours: OpenHours, start: datetime, by: timedelta) -> None:
    try:
        end = hours.advance(start, by)
    except NeverOpen:
        assume(False)
        raise
    assert end >= start
    assert hours.open_between(start, end) == by
    if by:
        assert hours.open_between(start, end - TICK) == by - TICK


@PROFILE
@given(hours=any_hours, start=instants(), parts=st.tuples(gaps, gaps))
def test_to_advance_twice_is_to_advance_by_both(
    hours: OpenHours, start: datetime, parts: tuple[timedelta, timedelta]
) -> None:
    try:
        at_once = hours.advance(start, parts[0] + parts[1])
    except NeverOpen:
        assume(False)
        raise
    in_two = hours.advance(hours.advance(start, parts[0]), parts[1])
    # A first part of nothing ends in closed hours just as well.
    assert in_two == at_once


def test_the_next_opening() -> None:
    office = calendar("Asia/Kolkata", "09:00-17:30", days=range(1, 6))  # 03:30 to 12:00 UTC, Monday to Friday
    friday = utc("2026-06-12T11:59:59")
    assert next_opening(office, friday) == friday
    assert next_opening(office, utc("2026-06-12T12:00")) == utc("2026-06-15T03:30")
    assert next_opening(office, utc("2026-06-15T03:30")) == utc("2026-06-15T03:30")
    assert next_opening(ALWAYS_OPEN, friday) == friday
    assert next_opening(calendar("Asia/Kolkata"), friday) is None
