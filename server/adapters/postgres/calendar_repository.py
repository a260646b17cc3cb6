"""Business calendars in PostgreSQL: a row a version, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from sqlalchemy import BigInteger, Integer, Text, bindparam, exists, func, insert, select, update

from server.adapters.postgres.context import SET_CONTEXT, context_of
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import sla_calendars, sla_config
from server.application.repositories import Change
from server.domain.calendars import Calendar, Holiday, Window

_c = sla_calendars.c
_newer = sla_calendars.alias("newer")
_ID = bindparam("calendar_id", type_=Text(collation="C"))
_LIMIT = bindparam("limit", type_=BigInteger())

CALENDAR_COLUMNS = (_c.id, _c.version, _c.display_name, _c.time_zone, _c.windows, _c.holidays, _c.updated_at)

_newest = select(*CALENDAR_COLUMNS).where(
    ~exists(select(_newer.c.id).where(_newer.c.id == _c.id, _newer.c.version > _c.version))
)
_LOCK_ID = Statement(select(func.pg_advisory_xact_lock(func.hashtextextended(func.concat("sla_calendars:", _ID), 0))))
"""A calendar that is not there yet cannot be locked; its id can."""
_NEWEST = Statement(select(*CALENDAR_COLUMNS).where(_c.id == _ID).order_by(_c.version.desc()).limit(1))
_PAGE = Statement(_newest.where(_c.id > bindparam("after", type_=Text(collation="C"))).order_by(_c.id).limit(_LIMIT))
_NAMES = ("id", "version", "display_name", "time_zone", "windows", "holidays", "updated_by_id")
_PUT = Statement(
    insert(sla_calendars)
    .values({name: bindparam(f"new_{name}", type_=_c[name].type) for name in _NAMES})
    .returning(*CALENDAR_COLUMNS)
)
_MOVE_POLICIES = Statement(
    update(sla_config)
    .where(sla_config.c.calendar_id == _ID)
    .values(calendar_version=bindparam("to_version", type_=Integer()))
)
"""The trigger of sla_config makes a version of each."""


def to_calendar(row: TupleRow) -> Calendar:
    """A row of CALENDAR_COLUMNS."""
    return Calendar(
        id=row[0],
        version=row[1],
        display_name=row[2],
        time_zone=row[3],
        windows=tuple(Window(each["day"], each["opens"], each["closes"]) for each in row[4]),
        holidays=tuple(Holiday(each["year"], each["month"], each["day"], each["name"]) for each in row[5]),
        updated_at=row[6],
    )


@dataclass(frozen=True, slots=True)
class PostgresCalendarRepository:
    """See ``CalendarRepository``."""

    session: Session

    def lock(self, calendar_id: str) -> Calendar | None:
        self.session.run(_LOCK_ID, {"calendar_id": calendar_id})
        row = self.session.first(_NEWEST, {"calendar_id": calendar_id})
        return None if row is None else to_calendar(row)

    def put(self, calendar: Calendar) -> Calendar:
        call = self.session.call
        self.session.run(SET_CONTEXT, {"context": context_of(call, Change())})
        row = self.session.first(
            _PUT,
            {
                "new_id": calendar.id,
                "new_version": calendar.version,
                "new_display_name": calendar.display_name,
                "new_time_zone": calendar.time_zone,
                "new_windows": Jsonb([_window(window) for window in calendar.windows]),
                "new_holidays": Jsonb([_holiday(holiday) for holiday in calendar.holidays]),
                "new_updated_by_id": call.principal.user_id,
            },
        )
        if row is None:
            raise LookupError(f"calendar {calendar.id} was not stored")
        self.session.run(_MOVE_POLICIES, {"calendar_id": calendar.id, "to_version": calendar.version})
        return to_calendar(row)

    def page(self, *, after: str | None, limit: int) -> list[Calendar]:
        return [to_calendar(row) for row in self.session.all(_PAGE, {"after": after or "", "limit": limit})]


def _window(window: Window) -> Mapping[str, Any]:
    return {"day": window.day, "opens": window.opens, "closes": window.closes}


def _holiday(holiday: Holiday) -> Mapping[str, Any]:
    return {"year": holiday.year, "month": holiday.month, "day": holiday.day, "name": holiday.name}
