"""SLA policies from rows, the newest versions (``sla_config``) and the kept ones (``sla_policy_versions``) alike."""

import logging
from collections.abc import Iterable
from typing import Any

from psycopg.rows import TupleRow
from sqlalchemy import ARRAY, Select, Table, Text, and_, cast, select

from server.adapters.postgres.calendar_repository import CALENDAR_COLUMNS, to_calendar
from server.adapters.postgres.tables import sla_calendars
from server.domain.fsm import TicketStatus
from server.domain.ids import Minutes, UserId, Version
from server.domain.roles import Role
from server.domain.sla import SlaPolicy
from server.domain.tickets import TicketPriority

log = logging.getLogger(__name__)

_COLUMNS = (
    "priority",
    "response_time_minutes",
    "resolution_time_minutes",
    "escalation_chain",
    "version",
    "escalation_interval_minutes",
    "paused_statuses",
    "updated_at",
    "updated_by_id",
)


def policies_in(table: Table) -> Select[Any]:
    """Rows for ``to_policy``, each with the version of its calendar that it pins."""
    pinned = and_(sla_calendars.c.id == table.c.calendar_id, sla_calendars.c.version == table.c.calendar_version)
    # psycopg reads an array of an enum it does not know as one text.
    columns = [
        cast(table.c[name], ARRAY(Text)).label(name) if name == "paused_statuses" else table.c[name]
        for name in _COLUMNS
    ]
    return select(*columns, *CALENDAR_COLUMNS).select_from(table.outerjoin(sla_calendars, pinned))


def readable(rows: Iterable[TupleRow]) -> list[SlaPolicy]:
    """The policies of rows, without those that somebody in psql has spoilt: they are logged, and spoil no other."""
    policies: list[SlaPolicy] = []
    for row in rows:
        try:
            policies.append(to_policy(row))
        except Exception:
            log.exception("the SLA policy of %s cannot be read", row[0])
    return policies


def to_policy(row: TupleRow) -> SlaPolicy:
    """A row of ``policies_in``."""
    calendar = row[len(_COLUMNS) :]
    return SlaPolicy(
        priority=TicketPriority(row[0]),
        response_time=Minutes(row[1]),
        resolution_time=Minutes(row[2]),
        # Only psql can name a role twice; the chain would have no end.
        escalation_chain=tuple(dict.fromkeys(map(Role, row[3]))),
        version=Version(row[4]),
        escalation_interval=None if row[5] is None else Minutes(row[5]),
        pausing_statuses=frozenset(map(TicketStatus, row[6])),
        calendar=None if calendar[0] is None else to_calendar(calendar),
        updated_at=row[7],
        updated_by_id=UserId(row[8]),
    )
