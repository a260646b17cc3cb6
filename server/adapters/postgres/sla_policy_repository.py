"""SLA policies in PostgreSQL. ``sla_config`` holds the newest versions; its trigger numbers, dates and keeps them."""

from dataclasses import dataclass
from typing import Any

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, Text, and_, bindparam, cast, select, update

from server.adapters.postgres.calendar_repository import CALENDAR_COLUMNS, to_calendar
from server.adapters.postgres.context import SET_CONTEXT, context_of
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import sla_calendars, sla_config
from server.application.repositories import Change
from server.domain.fsm import TicketStatus
from server.domain.ids import Minutes, UserId, Version
from server.domain.roles import Role
from server.domain.sla import SlaPolicy
from server.domain.tickets import TicketPriority

_p = sla_config.c
_PRIORITY = bindparam("priority", type_=_p.priority.type)
_COLUMNS = (
    _p.priority,
    _p.response_time_minutes,
    _p.resolution_time_minutes,
    _p.escalation_chain,
    _p.version,
    _p.escalation_interval_minutes,
    cast(_p.paused_statuses, ARRAY(Text)),
    _p.updated_at,
    _p.updated_by_id,
)
_pinned = and_(sla_calendars.c.id == _p.calendar_id, sla_calendars.c.version == _p.calendar_version)
_policies = select(*_COLUMNS, *CALENDAR_COLUMNS).select_from(sla_config.outerjoin(sla_calendars, _pinned))

_ALL = Statement(_policies.order_by(_p.priority))
_GET = Statement(_policies.where(_p.priority == _PRIORITY))
_LOCK = Statement(select(_p.priority).where(_p.priority == _PRIORITY).with_for_update())
_CHANGING = (
    "response_time_minutes",
    "resolution_time_minutes",
    "escalation_chain",
    "escalation_interval_minutes",
    "paused_statuses",
    "calendar_id",
    "calendar_version",
)
_SAVE = Statement(
    update(sla_config)
    .where(_p.priority == _PRIORITY)
    .values({name: bindparam(f"new_{name}", type_=_p[name].type) for name in _CHANGING})
)


def _to_policy(row: TupleRow) -> SlaPolicy:
    calendar = row[len(_COLUMNS) :]
    return SlaPolicy(
        priority=TicketPriority(row[0]),
        response_time=Minutes(row[1]),
        resolution_time=Minutes(row[2]),
        escalation_chain=tuple(map(Role, row[3])),
        version=Version(row[4]),
        escalation_interval=None if row[5] is None else Minutes(row[5]),
        pausing_statuses=frozenset(map(TicketStatus, row[6])),
        calendar=None if calendar[0] is None else to_calendar(calendar),
        updated_at=row[7],
        updated_by_id=UserId(row[8]),
    )


@dataclass(frozen=True, slots=True)
class PostgresSlaPolicyRepository:
    """See ``SlaPolicyRepository``."""

    session: Session

    def all(self) -> list[SlaPolicy]:
        return [_to_policy(row) for row in self.session.all(_ALL, {})]

    def lock(self, priority: TicketPriority) -> SlaPolicy | None:
        # Two statements: a locking join would put the new policy together with the calendar as it was before the wait.
        if self.session.first(_LOCK, {"priority": priority}) is None:
            return None
        return self._get(priority)

    def save(self, policy: SlaPolicy) -> SlaPolicy:
        self.session.run(SET_CONTEXT, {"context": context_of(self.session.call, Change())})
        calendar = policy.calendar
        values: dict[str, Any] = {
            "priority": policy.priority,
            "new_response_time_minutes": policy.response_time,
            "new_resolution_time_minutes": policy.resolution_time,
            "new_escalation_chain": Jsonb([role.value for role in policy.escalation_chain]),
            "new_escalation_interval_minutes": policy.escalation_interval,
            "new_paused_statuses": [status.value for status in TicketStatus if status in policy.pausing_statuses],
            "new_calendar_id": None if calendar is None else calendar.id,
            "new_calendar_version": None if calendar is None else calendar.version,
        }
        self.session.run(_SAVE, values)
        stored = self._get(policy.priority)
        if stored is None:
            raise LookupError(f"the policy of {policy.priority} was locked and is gone")
        return stored

    def _get(self, priority: TicketPriority) -> SlaPolicy | None:
        row = self.session.first(_GET, {"priority": priority})
        return None if row is None else _to_policy(row)
