"""A calendar may be rarely open, but not so rarely that a target would take more than ten years."""

from datetime import UTC, datetime, timedelta

from server.domain.calendars import Calendar, Holiday, Window
from server.domain.sla_reach import LONGEST_WAIT, reaches

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def an_hour_on_sundays(*holidays: Holiday) -> Calendar:
    return Calendar("rare", 1, "Rare", "Europe/Paris", (Window(7, 9 * 60, 10 * 60),), holidays)


def test_all_that_is_open_within_ten_years_is_reached_and_not_a_minute_more() -> None:
    calendar = an_hour_on_sundays()
    there_is = calendar.open_between(NOW, NOW + LONGEST_WAIT)
    assert timedelta(hours=521) <= there_is <= timedelta(hours=523)
    assert reaches(calendar, there_is, start=NOW)
    assert not reaches(calendar, there_is + timedelta(minutes=1), start=NOW)


def test_years_without_an_open_day_are_waited_out() -> None:
    sundays = [datetime(2026, 3, 8, tzinfo=UTC) + timedelta(weeks=week) for week in range(300)]
    closed = [Holiday(day.year, day.month, day.day, "") for day in sundays]
    assert reaches(an_hour_on_sundays(*closed), timedelta(hours=100), start=NOW)
    assert not reaches(an_hour_on_sundays(*closed), timedelta(hours=300), start=NOW)


def test_what_is_accepted_now_can_be_counted_in_by_tickets_of_years_to_come() -> None:
    calendar = an_hour_on_sundays()
    target = calendar.open_between(NOW, NOW + LONGEST_WAIT)
    created_at = NOW + timedelta(days=365 * 50)
    assert calendar.advance(created_at, target) < created_at + timedelta(days=365 * 11)
