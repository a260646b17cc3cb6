"""Hours in which SLA minutes count, and exact arithmetic on them.

Two kinds answer the same questions (``OpenHours``): ``ALWAYS_OPEN`` and a business ``Calendar``. Instants are aware
datetimes; answers are UTC and exact to the microsecond.

A window means what a clock on the wall of the calendar's zone shows. It opens at the first moment that shows its
opening time or a later one of that day, and closes after the last moment that shows a time before its closing time.
From this follows what happens when clocks change: an opening or closing time that is skipped is the instant of the
change, an hour that is repeated inside a window counts twice, and no window is ever negative. Windows that overlap for
any reason count once.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)

MINUTES_A_DAY = 1440
HORIZON_YEARS = 100
"""How far ``Calendar.advance`` looks for open hours before it gives up."""
_KEPT_YEARS = 32


class CalendarError(ValueError):
    """A calendar that cannot be counted in."""


class UnknownTimeZone(CalendarError):
    """No zone of that name in the time zone database of this machine."""


class NeverOpen(CalendarError):
    """The time asked for does not fit into the open hours of the next HORIZON_YEARS years."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: ``start`` belongs to it, ``end`` is the first instant that does not."""

    start: datetime
    end: datetime


class OpenHours(Protocol):
    """When the clock may run."""

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """Open time in [start, end); nothing when ``end`` is not after ``start``."""

    def advance(self, start: datetime, by: timedelta) -> datetime:
        """The earliest instant from ``start`` on with ``by`` of open time between the two; ``start`` when ``by`` is 0.

        So a deadline at the end of a working day is that closing time, not the next opening time. Raises NeverOpen
        when there is no such instant within HORIZON_YEARS, and ValueError when ``by`` is negative.
        """

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The open stretches of [start, end), oldest first; none is empty and no two touch."""


def next_opening(hours: OpenHours, at: datetime) -> datetime | None:
    """``at`` itself when it is open then; None when it never opens again within HORIZON_YEARS."""
    try:
        return hours.advance(at, _MICROSECOND) - _MICROSECOND
    except NeverOpen:
        return None


class _AlwaysOpen:
    """24x7: plain arithmetic, and the same in every zone."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ALWAYS_OPEN"

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        return max(end - start, timedelta(0))

    def advance(self, start: datetime, by: timedelta) -> datetime:
        _require_not_negative(by)
        return start + by

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        if start < end:
            yield Span(start, end)


ALWAYS_OPEN = _AlwaysOpen()


@dataclass(frozen=True, slots=True)
class Window:
    """Open hours on one day of the week: minutes after midnight, ``closes`` up to 1440 and not itself open.

    Raises CalendarError when it is none. Hours past midnight are a second window on the next day.
    """

    day: int
    """ISO 8601: 1 is Monday, 7 is Sunday."""
    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not (1 <= self.day <= 7 and 0 <= self.opens < self.closes <= MINUTES_A_DAY):
            raise CalendarError(f"no window of a day: day {self.day}, {self.opens} to {self.closes} minutes")


@dataclass(frozen=True, slots=True)
class Holiday:
    """A local day on which no window opens: once, or each year when ``year`` is None.

    29 February without a year is a holiday in leap years only. Raises CalendarError for a date that never comes.
    """

    year: int | None
    month: int
    day: int
    name: str

    def __post_init__(self) -> None:
        leap_year = 2000
        try:
            date(leap_year if self.year is None else self.year, self.month, self.day)
        except ValueError:
            raise CalendarError(f"no date: {self.year}-{self.month}-{self.day}") from None


@dataclass(frozen=True, slots=True)
class Calendar:
    """One version of a business calendar. Raises UnknownTimeZone when its zone is not known here.

    Equal hours share one table of open spans in the process, a year of it made at a time, so that each question costs
    some microseconds however long the range is. The table rests on the time zone database as it was when the process
    first used the zone. Not for instants in the first or the last year that a datetime can hold.
    """

    id: str
    version: int
    display_name: str
    time_zone: str
    windows: tuple[Window, ...]
    holidays: tuple[Holiday, ...] = ()
    updated_at: datetime | None = None
    _schedule: "_Schedule" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_schedule", _schedule(self.time_zone, self.windows, self.holidays))

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """See ``OpenHours``."""
        if end <= start:
            return timedelta(0)
        first, last = start.astimezone(UTC).year, end.astimezone(UTC).year
        total = self._schedule.year(last).open_before(_number(end))
        total -= self._schedule.year(first).open_before(_number(start))
        total += sum(self._schedule.year(year).total for year in range(first, last))
        return timedelta(microseconds=total)

    def advance(self, start: datetime, by: timedelta) -> datetime:
        """See ``OpenHours``."""
        _require_not_negative(by)
        if not by:
            return start
        first = start.astimezone(UTC).year
        wanted = by // _MICROSECOND + self._schedule.year(first).open_before(_number(start))
        for number in range(first, min(first + HORIZON_YEARS, 9998) + 1):
            year = self._schedule.year(number)
            if wanted <= year.total:
                return _instant(year.reached(wanted))
            wanted -= year.total
        raise NeverOpen(f"calendar {self.id} version {self.version} has no {by} of open hours from {start}")

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """See ``OpenHours``."""
        if start >= end:
            return
        since, until = _number(start), _number(end)
        pending: tuple[int, int] | None = None
        for number in range(start.astimezone(UTC).year, end.astimezone(UTC).year + 1):
            for opens, closes in self._schedule.year(number).within(since, until):
                if pending is not None and pending[1] == opens:
                    pending = (pending[0], closes)
                    continue
                if pending is not None:
                    yield Span(_instant(pending[0]), _instant(pending[1]))
                pending = (opens, closes)
        if pending is not None:
            yield Span(_instant(pending[0]), _instant(pending[1]))


@dataclass(frozen=True, slots=True)
class _Year:
    """The open spans of one year of UTC, sorted, apart, cut at its ends; numbers are microseconds since 1970."""

    opens: Sequence[int]
    closes: Sequence[int]
    before: Sequence[int]
    """Open time of this year before each span."""
    total: int

    def open_before(self, instant: int) -> int:
        """Open time of this year before ``instant``, which lies in the year."""
        at = bisect_right(self.opens, instant) - 1
        return 0 if at < 0 else self.before[at] + min(instant, self.closes[at]) - self.opens[at]

    def reached(self, open_time: int) -> int:
        """Where this year's open time first comes to ``open_time``; more than 0 and at most ``total``."""
        at = bisect_left(self.before, open_time) - 1
        return self.opens[at] + open_time - self.before[at]

    def within(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        for at in range(bisect_right(self.closes, since), bisect_left(self.opens, until)):
            yield max(since, self.opens[at]), min(until, self.closes[at])


class _Schedule:
    """The years of one set of hours, each made when it is first asked for. Safe to share among threads.

    Some years are kept. A look ahead over a century, which only hours without any room cause, begins afresh.
    """

    __slots__ = ("_by_day", "_every_year", "_once", "_years", "_zone")

    def __init__(self, zone: ZoneInfo, windows: tuple[Window, ...], holidays: tuple[Holiday, ...]) -> None:
        self._zone = zone
        self._by_day = {day: [window for window in windows if window.day == day] for day in range(1, 8)}
        self._every_year = {(holiday.month, holiday.day) for holiday in holidays if holiday.year is None}
        self._once = {date(holiday.year, holiday.month, holiday.day) for holiday in holidays if holiday.year}
        self._years: dict[int, _Year] = {}

    def year(self, number: int) -> _Year:
        known = self._years.get(number)
        if known is None:
            known = self._make(number)
            if len(self._years) >= _KEPT_YEARS:
                self._years = {}
            self._years[number] = known
        return known

    def _make(self, number: int) -> _Year:
        start, end = _number(datetime(number, 1, 1, tzinfo=UTC)), _number(datetime(number + 1, 1, 1, tzinfo=UTC))
        opens, closes, before, total = array("q"), array("q"), array("q"), 0
        for opened, closed in sorted(self._spans_of(number)):
            opened, closed = max(opened, start), min(closed, end)  # noqa: PLW2901 - cut at the ends of the year
            if opened >= closed:
                continue
            if closes and opened <= closes[-1]:
                closes[-1] = max(closes[-1], closed)
            else:
                opens.append(opened)
                closes.append(closed)
        for opened, closed in zip(opens, closes, strict=True):
            before.append(total)
            total += closed - opened
        return _Year(opens, closes, before, total)

    def _spans_of(self, number: int) -> Iterator[tuple[int, int]]:
        # No zone is as much as two days away from UTC.
        day, last = date(number, 1, 1) - 2 * _DAY, date(number + 1, 1, 1) + 2 * _DAY
        while day < last:
            if day not in self._once and (day.month, day.day) not in self._every_year:
                midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a local time; the zone comes in below
                for window in self._by_day[day.isoweekday()]:
                    opened = _opening(midnight + timedelta(minutes=window.opens), self._zone)
                    closed = _closing(midnight + timedelta(minutes=window.closes), self._zone)
                    yield _number(opened), _number(closed)
            day += _DAY


@lru_cache(maxsize=256)
def _schedule(time_zone: str, windows: tuple[Window, ...], holidays: tuple[Holiday, ...]) -> _Schedule:
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise UnknownTimeZone(f"unknown time zone: {time_zone}") from None
    return _Schedule(zone, windows, holidays)


def _opening(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which a clock in the zone shows ``local``, or has just skipped it."""
    first = local.replace(tzinfo=zone)
    if first.utcoffset() == first.replace(fold=1).utcoffset():
        return first.astimezone(UTC)
    return _change(first, zone) if _is_skipped(first) else first.astimezone(UTC)


def _closing(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant after the last one at which a clock in the zone shows a time before ``local``."""
    first = local.replace(tzinfo=zone)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if _is_skipped(first):
        return _change(first, zone)
    # Shown twice. When the clock goes back exactly to this time, all that is shown between the two is later than it.
    again = second.astimezone(UTC)
    shown_before = (again - _MICROSECOND).astimezone(zone).replace(tzinfo=None)
    return again if shown_before < local else first.astimezone(UTC)


def _is_skipped(local: datetime) -> bool:
    """Whether clocks jump over this time, given that they change around it (PEP 495)."""
    before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
    return before is not None and after is not None and before < after


def _change(skipped: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks jump over a local time; changes happen on whole seconds."""
    low, high = skipped.replace(fold=1).astimezone(UTC), skipped.astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = low + (high - low) // 2 // _SECOND * _SECOND
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def _number(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _instant(number: int) -> datetime:
    return _EPOCH + timedelta(microseconds=number)


def _require_not_negative(by: timedelta) -> None:
    if by < timedelta(0):
        raise ValueError(f"time does not go back: {by}")
