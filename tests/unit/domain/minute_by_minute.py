"""The SLA clock once more, slow and plain: it looks at every minute and asks whether it counts.

Written from the rules, not from the implementation, and takes nothing from it but the fields of its values. Windows and
changes of clocks fall on whole minutes (as they do everywhere today), so a minute is open or closed as a whole; only
the ticket's own events cut it into pieces, which are counted in microseconds.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from server.domain.calendars import Calendar
from server.domain.sla_clock import Phase, SlaHistory

MINUTE = 60_000_000
"""In microseconds, as all numbers here that are no minutes."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def number(instant: datetime) -> int:
    past = instant - EPOCH
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


@lru_cache(maxsize=4096)
def shown_on(zone: str, day: date) -> tuple[array, array]:  # type: ignore[type-arg]
    """Every minute (since 1970) at which clocks in the zone show this date, and the minute of the day they show."""
    minutes, shown = array("l"), array("h")
    midnight = number(datetime(day.year, day.month, day.day, tzinfo=UTC)) // MINUTE
    for minute in range(midnight - 2880, midnight + 4320):
        local = instant(minute * MINUTE).astimezone(ZoneInfo(zone))
        if local.date() == day:
            assert local.second == 0
            minutes.append(minute)
            shown.append(local.hour * 60 + local.minute)
    return minutes, shown


def open_minutes(calendar: Calendar | None, first: int, last: int) -> set[int] | range:
    """The minutes from ``first`` to ``last`` (since 1970) that are open.

    A window opens with the first minute of its day that shows its opening time or later; its last minute is the last
    one of the day that shows a time before its closing time.
    """
    if calendar is None:
        return range(first, last + 1)
    found: set[int] = set()
    day, end = instant(first * MINUTE).date() - timedelta(days=2), instant(last * MINUTE).date() + timedelta(days=2)
    while day <= end:
        if not any(
            (holiday.month, holiday.day) == (day.month, day.day) and holiday.year in {None, day.year}
            for holiday in calendar.holidays
        ):
            minutes, shown = shown_on(calendar.time_zone, day)
            for window in calendar.windows:
                if window.day == day.isoweekday():
                    every = range(len(shown))
                    first_inside = next((minutes[at] for at in every if shown[at] >= window.opens), None)
                    last_inside = next((minutes[at] for at in reversed(every) if shown[at] < window.closes), None)
                    if first_inside is not None and last_inside is not None:
                        found.update(range(first_inside, last_inside + 1))
        day += timedelta(days=1)
    return {minute for minute in found if first <= minute <= last}


def stops(phase: Phase) -> bool:
    return phase.status.value in {"RESOLVED", "CLOSED"} or phase.status in phase.policy.pausing_statuses


class Piece(NamedTuple):
    """A stretch within one minute, in which nothing changes."""

    start: int
    end: int
    kind: str
    status: str


@dataclass(frozen=True)
class Reference:
    """The clock of one history, looked at minute by minute from creation up to ``until``."""

    history: SlaHistory
    until: datetime

    @property
    def starts(self) -> list[int]:
        """Where each phase begins; never before the one it follows."""
        return list(accumulate((number(phase.start) for phase in self.history.phases), max))

    def pieces(self) -> Iterator[Piece]:
        phases, starts = self.history.phases, self.starts
        first, end = starts[0], number(self.until)
        minutes = open_minutes(phases[-1].policy.calendar, first // MINUTE, end // MINUTE)
        eventful = {start // MINUTE for start in starts} | {end // MINUTE}
        in_open = [(self._kind(phase, is_open=True), phase.status.value) for phase in phases]
        in_closed = [(self._kind(phase, is_open=False), phase.status.value) for phase in phases]
        at = 0
        for minute in range(first // MINUTE, end // MINUTE + 1):
            does = in_open if minute in minutes else in_closed
            if minute not in eventful:
                yield Piece(minute * MINUTE, (minute + 1) * MINUTE, *does[at])
                continue
            low, high = max(first, minute * MINUTE), min(end, (minute + 1) * MINUTE)
            for start, stop in pairwise([low, *sorted({start for start in starts if low < start < high}), high]):
                at = max(index for index in range(len(phases)) if starts[index] <= start)
                if start < stop:
                    yield Piece(start, stop, *does[at])

    @staticmethod
    def _kind(phase: Phase, *, is_open: bool) -> str:
        if phase.status.value in {"RESOLVED", "CLOSED"}:
            return "ended"
        if stops(phase):
            return "paused"
        return "counted" if is_open else "closed_hours"

    def intervals(self) -> list[Piece]:
        """The pieces, with neighbours alike made one."""
        joined: list[Piece] = []
        for piece in self.pieces():
            if joined and (joined[-1].kind, joined[-1].status) == (piece.kind, piece.status):
                joined[-1] = Piece(joined[-1].start, piece.end, piece.kind, piece.status)
            else:
                joined.append(piece)
        return joined

    def paused_at(self) -> datetime | None:
        """Where the last unbroken stop begins; a stop is not broken by a phase that took no time."""
        if not stops(self.history.phases[-1]):
            return None
        begin = self.starts[-1]
        for index in reversed(range(len(self.history.phases) - 1)):
            if self.starts[index] < begin and not stops(self.history.phases[index]):
                break
            begin = self.starts[index]
        return instant(begin)

    def reached(self, wanted: timedelta, since: datetime | None = None) -> datetime | None:
        """When ``wanted`` has counted since then, creation by default; None when not before ``until``."""
        left, begin = wanted // timedelta(microseconds=1), number(since or self.history.created_at)
        paused_at = self.paused_at()
        if not left:
            return instant(begin)
        goes_on_at = number(self.until if paused_at is None else paused_at)
        minutes = open_minutes(
            self.history.phases[-1].policy.calendar, goes_on_at // MINUTE, number(self.until) // MINUTE
        )
        for piece in self.pieces():
            kind, start = piece.kind, max(piece.start, begin)
            if piece.start >= goes_on_at:
                # Had the clock gone on.
                kind = "counted" if piece.start // MINUTE in minutes else "closed_hours"
            if kind != "counted" or piece.end <= start:
                continue
            if piece.end - start >= left:
                return instant(start + left)
            left -= piece.end - start
        return None

    def sum(self, kind: str) -> timedelta:
        return timedelta(microseconds=sum(piece.end - piece.start for piece in self.pieces() if piece.kind == kind))
