"""Business calendars."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from google.type import date_pb2, timeofday_pb2

from rodistaa.tickets.v1 import sla_pb2
from rodistaa.tickets.v1 import sla_policy_service_pb2 as pb
from server.api.convert.page_tokens import PageToken, fitting
from server.api.convert.preconditions import to_precondition
from server.api.convert.time_zones import time_zones
from server.api.convert.values import set_timestamp
from server.application.sla_policies.list_calendars import CalendarPage
from server.application.sla_policies.upsert_calendar import CalendarDraft
from server.domain.calendars import MINUTES_A_DAY, Calendar, Holiday, Window
from server.domain.ids import Version
from server.domain.preconditions import Precondition
from server.domain.tickets import make_etag
from server.domain.validation import EARLIEST, LATEST, Checker

CALENDAR_ID = re.compile(r"[a-z0-9-]{1,50}", re.ASCII)
CALENDAR_NAME = (1, 100)
HOLIDAY_NAME = (1, 100)
MAX_WINDOWS = 100
MAX_HOLIDAYS = 1_000
_HOUR = 60
_LEAP_YEAR = 2000
"""Has every day that a year can have."""


def from_calendar(calendar: Calendar) -> sla_pb2.Calendar:
    """A calendar."""
    wire = sla_pb2.Calendar(
        id=calendar.id,
        display_name=calendar.display_name,
        time_zone=calendar.time_zone,
        windows=[_from_window(window) for window in calendar.windows],
        holidays=[
            sla_pb2.Holiday(
                date=date_pb2.Date(year=holiday.year or 0, month=holiday.month, day=holiday.day),
                display_name=holiday.name,
            )
            for holiday in calendar.holidays
        ],
        version=calendar.version,
        etag=make_etag(Version(calendar.version)),
    )
    if calendar.updated_at is not None:
        set_timestamp(wire.updated_at, calendar.updated_at)
    return wire


def _from_window(window: Window) -> sla_pb2.BusinessWindow:
    opens, closes = (
        timeofday_pb2.TimeOfDay(hours=minute // _HOUR, minutes=minute % _HOUR)
        for minute in (window.opens, window.closes)
    )
    return sla_pb2.BusinessWindow(day=window.day, opens_at=opens, closes_at=closes)  # type: ignore[arg-type] # ISO numbers, as the enum's


def to_calendar_draft(request: pb.UpsertCalendarRequest) -> tuple[CalendarDraft, Precondition]:
    """The checked calendar, and what the change depends on. Windows come out in the order of the week."""
    check, wire = Checker(), request.calendar
    if not request.HasField("calendar"):
        check.fail("calendar", "is required")
        check.done()
    if wire.time_zone not in time_zones():
        check.fail("calendar.time_zone", 'must be an IANA time zone such as "Asia/Kolkata"')
    draft = CalendarDraft(
        id=calendar_id(check, "calendar.id", wire.id),
        display_name=check.text("calendar.display_name", wire.display_name, CALENDAR_NAME),
        time_zone=wire.time_zone,
        windows=_windows(check, wire),
        holidays=tuple(_holidays(check, wire)),
    )
    only_if = to_precondition(
        check, "calendar.etag", wire.etag, create_only=request.create_only, update_only=request.update_only
    )
    check.done()
    return draft, only_if


def calendar_id(check: Checker, field: str, value: str) -> str:
    """A calendar's id. One that no calendar can have is a bad argument, not a missing calendar."""
    if not CALENDAR_ID.fullmatch(value):
        check.fail(field, "must be 1 to 50 of a-z, 0-9 and '-'")
    return value


def _windows(check: Checker, wire: sla_pb2.Calendar) -> tuple[Window, ...]:
    if not wire.windows:
        check.fail("calendar.windows", "must have at least one window")
    found = [
        (window, index)
        for index, each in enumerate(check.few("calendar.windows", wire.windows, MAX_WINDOWS))
        if (window := _window(check, f"calendar.windows[{index}]", each)) is not None
    ]
    found.sort(key=lambda pair: (pair[0].day, pair[0].opens))
    for (before, other), (after, index) in pairwise(found):
        if before.day == after.day and after.opens < before.closes:
            check.fail(f"calendar.windows[{index}]", f"overlaps window {other} of the same day")
    return tuple(window for window, _ in found)


def _window(check: Checker, field: str, wire: sla_pb2.BusinessWindow) -> Window | None:
    known = 1 <= wire.day <= len(sla_pb2.DayOfWeek.keys()) - 1
    if not known:
        check.fail(f"{field}.day", "is required" if wire.day == 0 else f"unknown value {wire.day}")
    times: list[int | None] = []
    for name, latest in (("opens_at", MINUTES_A_DAY - 1), ("closes_at", MINUTES_A_DAY)):
        minute = _minute(getattr(wire, name)) if wire.HasField(name) else None  # type: ignore[arg-type] # one of the two
        if minute is None or not 0 <= minute <= latest:
            limit = "24:00" if latest == MINUTES_A_DAY else "23:59"
            problem = f"must be a time from 00:00 to {limit} without seconds" if wire.HasField(name) else "is required"  # type: ignore[arg-type] # as above
            check.fail(f"{field}.{name}", problem)
            minute = None
        times.append(minute)
    opens, closes = times
    if not known or opens is None or closes is None:
        return None
    if closes <= opens:
        check.fail(f"{field}.closes_at", "must be after opens_at; hours past midnight are a window of the next day")
        return None
    return Window(wire.day, opens, closes)


def _minute(time: timeofday_pb2.TimeOfDay) -> int | None:
    """Minutes after midnight; None for what is no whole minute of a day. 24:00 is one."""
    if time.seconds or time.nanos or not (0 <= time.hours <= 24 and 0 <= time.minutes < _HOUR):
        return None
    return time.hours * _HOUR + time.minutes


def _holidays(check: Checker, wire: sla_pb2.Calendar) -> Iterator[Holiday]:
    for index, each in enumerate(check.few("calendar.holidays", wire.holidays, MAX_HOLIDAYS)):
        field = f"calendar.holidays[{index}]"
        name = check.optional_text(f"{field}.display_name", each.display_name, HOLIDAY_NAME) or ""
        if not _is_day(each.date):
            check.fail(f"{field}.date", "must be a day between the years 2000 and 2199; year 0 means every year")
            continue
        yield Holiday(each.date.year or None, each.date.month, each.date.day, name)


def _is_day(wire: date_pb2.Date) -> bool:
    if wire.year and not EARLIEST.year <= wire.year < LATEST.year:
        return False
    try:
        date(wire.year or _LEAP_YEAR, wire.month, wire.day)
    except (ValueError, OverflowError):
        return False
    return True


def calendar_after(token: PageToken) -> str | None:
    """The id after which a page begins."""
    parts = token.read(1)
    return None if parts is None else parts[0]


def calendars_response(page: CalendarPage, token: PageToken) -> pb.ListCalendarsResponse:
    """The calendars that fit into one message: one may have many holidays."""
    calendars = fitting(from_calendar(calendar) for calendar in page.calendars)
    following = calendars[-1].id if len(calendars) < len(page.calendars) else page.next
    return pb.ListCalendarsResponse(
        calendars=calendars, next_page_token=token.write(None if following is None else (following,))
    )
