"""Whether a calendar is open often enough for the targets of a policy to be reached at all."""

from datetime import datetime, timedelta

from server.domain.calendars import Calendar

LONGEST_WAIT = timedelta(days=3653)
"""Ten years. The clock itself looks ten times as far ahead, so what is accepted here never fails there, though tickets
are created later and holidays of single years come and go."""

_STEPS = 10


def reaches(calendar: Calendar, target: timedelta, *, start: datetime) -> bool:
    """Whether so much open time passes within LONGEST_WAIT of ``start``.

    Looks no further ahead than it must: the hours of each year that is looked at are made and kept in memory.
    """
    return any(
        calendar.open_between(start, start + LONGEST_WAIT * step / _STEPS) >= target for step in range(1, _STEPS + 1)
    )
