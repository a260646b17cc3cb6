"""Business calendars: a version each time they change, and nothing in them that no clock could count in."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date
from google.type.timeofday_pb2 import TimeOfDay

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import sla_pb2
from rodistaa.tickets.v1 import sla_policy_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_pb2 as t
from server.domain.roles import Role
from tests.contract.expectations import refused, rows
from tests.contract.requests import World
from tests.running import Running

STALE: dict[str, Any] = {"code": grpc.StatusCode.ABORTED, "reason": "ETAG_MISMATCH"}
DENIED: dict[str, Any] = {"code": grpc.StatusCode.PERMISSION_DENIED, "reason": "ACTION_NOT_ALLOWED"}
NAME_OF_100 = "क" * 100


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


@pytest.fixture
def service(world: World) -> Any:
    return world.admin.sla_policies


def at(hours: int, minutes: int = 0, **more: int) -> TimeOfDay:
    return TimeOfDay(hours=hours, minutes=minutes, **more)


def window(day: int = 1, opens: TimeOfDay | None = None, closes: TimeOfDay | None = None) -> sla_pb2.BusinessWindow:
    return sla_pb2.BusinessWindow(day=day, opens_at=opens or at(9), closes_at=closes or at(18))  # type: ignore[arg-type] # a number of the enum


def holiday(year: int, month: int, day: int, name: str = "Holi") -> sla_pb2.Holiday:
    return sla_pb2.Holiday(date=Date(year=year, month=month, day=day), display_name=name)


def draft(**fields: Any) -> sla_pb2.Calendar:
    values = {
        "id": f"calendar-{uuid4().hex[:8]}",
        "display_name": "Office",
        "time_zone": "Asia/Kolkata",
        "windows": [window(day) for day in range(1, 6)],
        **fields,
    }
    return sla_pb2.Calendar(**values)


def upsert(service: Any, **fields: Any) -> sla_pb2.Calendar:
    calendar: sla_pb2.Calendar = service.UpsertCalendar(pb.UpsertCalendarRequest(calendar=draft(**fields))).calendar
    return calendar


def refused_draft(world: World, field: str, **fields: Any) -> None:
    before = rows(world.running.database)
    refused(world.admin.sla_policies.UpsertCalendar, pb.UpsertCalendarRequest(calendar=draft(**fields)), field=field)
    assert rows(world.running.database) == before


def listed(service: Any) -> dict[str, sla_pb2.Calendar]:
    found: dict[str, sla_pb2.Calendar] = {}
    request = pb.ListCalendarsRequest(page_size=200)
    while True:
        page = service.ListCalendars(request)
        found |= {calendar.id: calendar for calendar in page.calendars}
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


def test_a_calendar_comes_back_as_entered(service: Any) -> None:
    entered = draft(
        windows=[window(1, at(0), at(9, 30)), window(1, at(9, 30), at(24)), window(7, at(23, 59), at(24))],
        holidays=[holiday(0, 2, 29), holiday(2026, 8, 15, "स्वतंत्रता दिवस"), holiday(0, 1, 26, "")],
    )
    made = service.UpsertCalendar(pb.UpsertCalendarRequest(calendar=entered)).calendar
    for field in ("id", "display_name", "time_zone", "windows", "holidays"):
        assert getattr(made, field) == getattr(entered, field), field
    assert made.version == 1
    assert made.etag
    assert made.HasField("updated_at")
    assert listed(service)[made.id] == made


def test_a_change_is_a_new_version_and_the_old_one_is_kept(world: World, service: Any) -> None:
    made = upsert(service)
    changed = upsert(service, id=made.id, time_zone="Europe/Paris", etag=made.etag)
    assert (changed.version, changed.time_zone) == (2, "Europe/Paris")
    assert changed.etag != made.etag
    assert listed(service)[made.id] == changed
    with world.running.database.connect() as connection:
        kept = connection.execute(
            "SELECT version, time_zone, updated_by_id FROM sla_calendars WHERE id = %s ORDER BY version", [made.id]
        ).fetchall()
    assert kept == [(1, "Asia/Kolkata", "contract-admin"), (2, "Europe/Paris", "contract-admin")]


def test_what_is_so_already_is_no_new_version(service: Any) -> None:
    made = upsert(service, windows=[window(2), window(1)])
    assert [each.day for each in made.windows] == [1, 2], "in the order of the week"
    assert upsert(service, id=made.id, windows=[window(1), window(2)]) == made


def test_a_stale_etag_is_aborted(service: Any) -> None:
    made = upsert(service)
    changed = upsert(service, id=made.id, display_name="Changed", etag=made.etag)
    for calendar in (draft(id=made.id, etag=made.etag), draft(etag=made.etag)):
        refused(service.UpsertCalendar, pb.UpsertCalendarRequest(calendar=calendar), **STALE)
    assert upsert(service, id=made.id, display_name="Again", etag=changed.etag).version == 3


@pytest.mark.parametrize("calendar_id", ["a", "x" * 50, "0-9", "-", "india-2026"])
def test_ids(service: Any, calendar_id: str) -> None:
    assert upsert(service, id=calendar_id).id == calendar_id


@pytest.mark.parametrize("calendar_id", ["", "x" * 51, "India", "a b", "a_b", "ä", "a\n", "९"])
def test_what_is_no_id_is_refused(world: World, calendar_id: str) -> None:
    refused_draft(world, "calendar.id", id=calendar_id)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "UTC", "Australia/Lord_Howe", "Etc/GMT+12", "America/St_Johns"])
def test_zones(service: Any, zone: str) -> None:
    assert upsert(service, time_zone=zone).time_zone == zone


@pytest.mark.parametrize(
    "zone",
    [
        "",
        "Asia",
        "asia/kolkata",
        "IST+5:30",
        "localtime",
        "Factory",
        "posixrules",
        "../../etc/passwd",
        "/etc/localtime",
    ],
)
def test_what_is_no_zone_is_refused(world: World, zone: str) -> None:
    refused_draft(world, "calendar.time_zone", time_zone=zone)


@pytest.mark.parametrize(
    ("opens", "closes", "field"),
    [
        (at(9), at(9), "closes_at"),
        (at(18), at(9), "closes_at"),
        (at(22), at(0), "closes_at"),
        (at(24), at(24), "opens_at"),
        (at(9), at(24, 1), "closes_at"),
        (at(9), at(25), "closes_at"),
        (at(-1), at(9), "opens_at"),
        (at(9, 60), at(18), "opens_at"),
        (at(9, -1), at(18), "opens_at"),
        (at(9, seconds=1), at(18), "opens_at"),
        (at(9), at(18, nanos=1), "closes_at"),
        (at(9), at(24, seconds=1), "closes_at"),
        (at(9), at(2**31 - 1), "closes_at"),
        (at(9), at(18, 2**31 - 1), "closes_at"),
    ],
)
def test_what_is_no_window_is_refused(world: World, opens: TimeOfDay, closes: TimeOfDay, field: str) -> None:
    refused_draft(world, f"calendar.windows[1].{field}", windows=[window(1), window(2, opens, closes)])


def test_a_window_needs_a_day_and_both_times(world: World) -> None:
    bare = sla_pb2.BusinessWindow
    monday = sla_pb2.DAY_OF_WEEK_MONDAY
    refused_draft(world, "calendar.windows[0].day", windows=[bare(opens_at=at(0), closes_at=at(1))])
    refused_draft(world, "calendar.windows[0].day", windows=[window(8)])
    refused_draft(world, "calendar.windows[0].opens_at", windows=[bare(day=monday, closes_at=at(1))])
    refused_draft(world, "calendar.windows[0].closes_at", windows=[bare(day=monday, opens_at=at(0))])


def test_windows_of_a_day_do_not_overlap(world: World) -> None:
    refused_draft(
        world, "calendar.windows[2]", windows=[window(1, at(9), at(13)), window(2), window(1, at(12, 59), at(18))]
    )
    refused_draft(world, "calendar.windows[1]", windows=[window(1), window(1)])
    upsert(world.admin.sla_policies, windows=[window(1, at(13), at(18)), window(1, at(9), at(13))])


def test_there_is_a_window_and_there_are_not_too_many(world: World, service: Any) -> None:
    refused_draft(world, "calendar.windows", windows=[])
    minutes = [window(1 + number % 7, at(number // 7), at(number // 7, 30)) for number in range(101)]
    assert len(upsert(service, windows=minutes[:100]).windows) == 100
    refused_draft(world, "calendar.windows", windows=minutes)


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [
        (2026, 2, 29),
        (2100, 2, 29),
        (0, 2, 30),
        (0, 4, 31),
        (0, 0, 1),
        (0, 1, 0),
        (2026, 0, 0),
        (2026, 13, 1),
        (1999, 1, 1),
        (2200, 1, 1),
        (-1, 1, 1),
        (2**31 - 1, 1, 1),
        (0, 2**31 - 1, 1),
        (0, 1, -(2**31)),
    ],
)
def test_what_is_no_day_is_refused(world: World, year: int, month: int, day: int) -> None:
    refused_draft(world, "calendar.holidays[1].date", holidays=[holiday(0, 1, 1), holiday(year, month, day)])


@pytest.mark.parametrize(("year", "month", "day"), [(0, 2, 29), (2028, 2, 29), (2000, 1, 1), (2199, 12, 31)])
def test_days(service: Any, year: int, month: int, day: int) -> None:
    assert upsert(service, holidays=[holiday(year, month, day)]).holidays == [holiday(year, month, day)]


def test_a_thousand_holidays_and_not_one_more(world: World, service: Any) -> None:
    days = [holiday(2000 + number % 200, 1 + number % 12, 1 + number % 28, NAME_OF_100) for number in range(1_001)]
    assert len(upsert(service, holidays=days[:1_000]).holidays) == 1_000
    refused_draft(world, "calendar.holidays", holidays=days)
    refused_draft(world, "calendar.holidays[0].date", holidays=[sla_pb2.Holiday(display_name="No date")])


def test_a_calendar_that_is_never_open_is_refused(world: World) -> None:
    every_day = [holiday(0, month, day) for month in range(1, 13) for day in range(1, 32) if _exists(month, day)]
    assert len(every_day) == 366
    refused_draft(world, "calendar.windows", windows=[window(day) for day in range(1, 8)], holidays=every_day)


def _exists(month: int, day: int) -> bool:
    return day <= {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}.get(month, 31)


def test_policies_move_to_the_new_version(fresh_server: Running) -> None:
    service = fresh_server.client(Role.ADMIN, "calendar-admin").sla_policies
    made = upsert(service)
    for priority in (t.TICKET_PRIORITY_LOW, t.TICKET_PRIORITY_HIGH):
        policy = sla_pb2.SlaPolicy(priority=priority, calendar_id=made.id)
        service.UpdateSlaPolicy(
            pb.UpdateSlaPolicyRequest(sla_policy=policy, update_mask=FieldMask(paths=["calendar_id"]))
        )
    before = service.ListSlaPolicies(pb.ListSlaPoliciesRequest()).sla_policies
    other = fresh_server.client(Role.ADMIN, "another-admin").sla_policies
    changed = upsert(other, id=made.id, windows=[window(day, at(8), at(20)) for day in range(1, 8)])
    after = service.ListSlaPolicies(pb.ListSlaPoliciesRequest()).sla_policies
    assert [policy.version for policy in after] == [before[0].version + 1, 1, before[2].version + 1, 1]
    assert [policy.updated_by_id for policy in after] == ["another-admin", "SYSTEM", "another-admin", "SYSTEM"]
    with fresh_server.database.connect() as connection:
        pinned = connection.execute(
            "SELECT priority::text, version, calendar_version FROM sla_policy_versions WHERE calendar_id = %s"
            " ORDER BY sla_policy_versions.priority, version",
            [made.id],
        ).fetchall()
    assert pinned == [("LOW", 2, 1), ("LOW", 3, changed.version), ("HIGH", 2, 1), ("HIGH", 3, changed.version)]
    rare = draft(id=made.id, windows=[window(1, at(9), at(9, 1))])
    error = refused(service.UpsertCalendar, pb.UpsertCalendarRequest(calendar=rare), field="calendar.windows")
    assert "LOW" in error.message
    assert listed(service)[made.id] == changed


def test_calendars_are_listed_by_id_in_pages(service: Any) -> None:
    mark = f"paged-{uuid4().hex[:8]}"
    for suffix in "cab":
        upsert(service, id=f"{mark}-{suffix}")
    upsert(service, id=f"{mark}-a", display_name="Another version")
    assert [name for name in listed(service) if name.startswith(mark)] == [f"{mark}-{suffix}" for suffix in "abc"]
    assert list(listed(service)) == sorted(listed(service))
    first = service.ListCalendars(pb.ListCalendarsRequest(page_size=1))
    again = pb.ListCalendarsRequest(page_size=2, page_token=first.next_page_token)
    assert service.ListCalendars(again).calendars[0].id > first.calendars[0].id


@pytest.mark.slow
def test_the_largest_calendars_are_paged_too(service: Any) -> None:
    days = [holiday(2000 + number % 200, 1 + number % 12, 1 + number % 28, "😀" * 100) for number in range(1_000)]
    ids = [f"large-{number:02}" for number in range(12)]
    for calendar_id in ids:
        upsert(service, id=calendar_id, holidays=days)
    assert set(ids) <= listed(service).keys()


def test_the_same_request_is_one_version(service: Any) -> None:
    asked = pb.UpsertCalendarRequest(calendar=draft(), request_id=str(uuid4()))
    first = service.UpsertCalendar(asked)
    upsert(service, id=first.calendar.id, display_name="Meanwhile")
    assert service.UpsertCalendar(asked) == first
    assert listed(service)[first.calendar.id].version == 2
    asked.calendar.display_name = "Other"
    refused(service.UpsertCalendar, asked, code=grpc.StatusCode.ALREADY_EXISTS, reason="REQUEST_ID_REUSED")


EXISTS: dict[str, Any] = {"code": grpc.StatusCode.ALREADY_EXISTS, "reason": "CALENDAR_EXISTS"}


def test_create_only_makes_no_new_version_of_what_is_there(service: Any) -> None:
    asked = pb.UpsertCalendarRequest(calendar=draft(), create_only=True)
    made = service.UpsertCalendar(asked).calendar
    assert made.version == 1
    refused(service.UpsertCalendar, asked, **EXISTS)  # though nothing of it would change
    asked.calendar.display_name = "Somebody else's"
    refused(service.UpsertCalendar, asked, **EXISTS)
    assert listed(service)[made.id] == made
    assert upsert(service, id=made.id, display_name="Without the condition").version == 2


def test_create_only_repeated_gives_the_first_answer(service: Any) -> None:
    asked = pb.UpsertCalendarRequest(calendar=draft(), create_only=True, request_id=str(uuid4()))
    first = service.UpsertCalendar(asked)
    assert service.UpsertCalendar(asked) == first
    asked.create_only = False
    refused(service.UpsertCalendar, asked, code=grpc.StatusCode.ALREADY_EXISTS, reason="REQUEST_ID_REUSED")


def test_of_many_that_create_one_id_at_once_one_does(world: World, service: Any) -> None:
    asked = [
        pb.UpsertCalendarRequest(calendar=draft(id=f"race-{uuid4().hex[:8]}", display_name=f"Number {number}"))
        for number in range(8)
    ]
    for each in asked:
        each.calendar.id, each.create_only = asked[0].calendar.id, True

    def create(request: pb.UpsertCalendarRequest) -> sla_pb2.Calendar | str | None:
        try:
            made: sla_pb2.Calendar = service.UpsertCalendar(request).calendar
        except TicketsError as error:
            return error.reason
        return made

    with ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(create, asked))
    (made,) = [answer for answer in answers if isinstance(answer, sla_pb2.Calendar)]
    assert answers.count("CALENDAR_EXISTS") == len(asked) - 1
    assert listed(service)[made.id] == made


def test_what_was_never_read_has_no_etag(world: World) -> None:
    request = pb.UpsertCalendarRequest(calendar=draft(etag='"1"'), create_only=True)
    refused(world.admin.sla_policies.UpsertCalendar, request, field="create_only")


MISSING: dict[str, Any] = {"code": grpc.StatusCode.NOT_FOUND, "reason": "CALENDAR_NOT_FOUND"}


def test_update_only_creates_nothing(service: Any) -> None:
    asked = pb.UpsertCalendarRequest(calendar=draft(), update_only=True, request_id=str(uuid4()))
    refused(service.UpsertCalendar, asked, **MISSING)
    assert asked.calendar.id not in listed(service)
    made = upsert(service, id=asked.calendar.id, display_name="Meanwhile")
    # A call that failed is no answer to be repeated.
    changed = service.UpsertCalendar(asked).calendar
    assert (changed.version, changed.display_name) == (made.version + 1, asked.calendar.display_name)
    assert service.UpsertCalendar(asked).calendar == changed
    asked.request_id, asked.calendar.etag = str(uuid4()), made.etag
    refused(service.UpsertCalendar, asked, code=grpc.StatusCode.ABORTED, reason="ETAG_MISMATCH")
    asked.calendar.etag = changed.etag
    assert service.UpsertCalendar(asked).calendar == changed


def test_nothing_and_something_cannot_both_be_there(service: Any) -> None:
    request = pb.UpsertCalendarRequest(calendar=draft(), create_only=True, update_only=True)
    refused(service.UpsertCalendar, request, field="create_only")


def test_of_many_that_update_and_one_that_creates_at_once_each_finds_it_or_says_that_it_does_not(service: Any) -> None:
    calendar_id = f"race-{uuid4().hex[:8]}"

    def put(number: int) -> int | str:
        draft_of_one = draft(id=calendar_id, display_name=f"Number {number}")
        request = pb.UpsertCalendarRequest(calendar=draft_of_one, create_only=number == 0, update_only=number > 0)
        try:
            version: int = service.UpsertCalendar(request).calendar.version
        except TicketsError as error:
            return error.reason
        return version

    with ThreadPoolExecutor(8) as pool:
        created, *updated = pool.map(put, range(8))
    assert created == 1
    versions = sorted(version for version in updated if isinstance(version, int))
    assert versions == list(range(2, 2 + len(versions)))
    assert updated.count("CALENDAR_NOT_FOUND") == len(updated) - len(versions)
    assert listed(service)[calendar_id].version == 1 + len(versions)


def test_staff_read_and_admin_changes(world: World) -> None:
    for role in (Role.FINANCE, Role.CEO_ONCALL, Role.SYSTEM):
        service = world.running.client(role, "calendars-other").sla_policies
        service.ListCalendars(pb.ListCalendarsRequest())
        refused(service.UpsertCalendar, pb.UpsertCalendarRequest(calendar=draft()), **DENIED)
    outside = world.running.client(Role.DRIVER, "calendars-driver").sla_policies
    refused(outside.ListCalendars, pb.ListCalendarsRequest(), **DENIED)


def test_a_request_without_a_calendar_says_so_and_an_empty_one_all_that_is_missing(service: Any) -> None:
    refused(service.UpsertCalendar, pb.UpsertCalendarRequest(), field="calendar")
    error = refused(service.UpsertCalendar, pb.UpsertCalendarRequest(calendar=sla_pb2.Calendar()))
    assert {violation.field for violation in error.field_violations} == {
        "calendar.id",
        "calendar.display_name",
        "calendar.time_zone",
        "calendar.windows",
    }


def test_policies_and_calendars_that_change_at_once_end_at_the_newest(fresh_server: Running) -> None:
    """Whoever comes first, a policy never stays with a version of its calendar that is not the newest."""
    service = fresh_server.client(Role.ADMIN, "calendar-admin").sla_policies
    ids = ("one", "two")
    for calendar_id in ids:
        upsert(service, id=calendar_id)

    def enter(number: int) -> None:
        upsert(service, id=ids[number % 2], display_name=f"Version {number}")

    def choose(number: int) -> None:
        policy = sla_pb2.SlaPolicy(priority=t.TicketPriority.values()[1 + number % 4], calendar_id=ids[number // 4 % 2])
        request = pb.UpdateSlaPolicyRequest(sla_policy=policy, update_mask=FieldMask(paths=["calendar_id"]))
        service.UpdateSlaPolicy(request)

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(change, number) for number in range(40) for change in (enter, choose)]
    for each in done:
        each.result()
    with fresh_server.database.connect() as connection:
        stale = connection.execute(
            "SELECT priority FROM sla_config WHERE calendar_version <>"
            " (SELECT max(version) FROM sla_calendars WHERE id = calendar_id)"
        ).fetchall()
    assert stale == []
    assert {calendar.version for calendar in listed(service).values()} == {21}
