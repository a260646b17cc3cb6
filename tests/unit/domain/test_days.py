"""Days of a zone: each instant belongs to the day that a clock there shows."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.days import day_starts

ZONES = (
    "UTC",
    "Asia/Kolkata",
    "America/New_York",
    "Pacific/Kiritimati",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Beirut",
)
"""In the last three clocks change at midnight: Havana's are put back over it, Cairo's and Beirut's forward."""


@given(
    now=st.timedeltas(timedelta(0), timedelta(days=1400)).map(datetime(2023, 1, 1, tzinfo=UTC).__add__),
    days=st.integers(1, 90),
    name=st.sampled_from(ZONES),
)
def test_a_day_reaches_from_its_first_instant_to_that_of_the_next(now: datetime, days: int, name: str) -> None:
    zone = ZoneInfo(name)
    starts = day_starts(now, days, zone)
    assert len(starts) == days + 1
    assert starts[-2] <= now < starts[-1]
    for start, end in pairwise(starts):
        first, last = start.astimezone(UTC), end.astimezone(UTC) - timedelta(microseconds=1)
        assert first <= last
        assert first.astimezone(zone).date() == last.astimezone(zone).date() == start.date()
        assert (first - timedelta(microseconds=1)).astimezone(zone).date() == start.date() - timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "now", "hours"),
    [
        ("America/Havana", datetime(2026, 11, 1, 12, tzinfo=UTC), 25),
        ("Africa/Cairo", datetime(2026, 4, 24, 12, tzinfo=UTC), 23),
        ("Asia/Kolkata", datetime(2026, 11, 1, 12, tzinfo=UTC), 24),
    ],
)
def test_a_day_on_which_clocks_change_is_shorter_or_longer(name: str, now: datetime, hours: int) -> None:
    start, end = day_starts(now, 1, ZoneInfo(name))
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=hours)
