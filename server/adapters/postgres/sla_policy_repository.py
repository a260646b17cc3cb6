"""SLA policies in PostgreSQL. ``sla_config`` holds the newest versions; its trigger numbers, dates and keeps them."""

from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import bindparam, select, update

from server.adapters.postgres.context import SET_CONTEXT, context_of
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.sla_rows import policies_in, readable, to_policy
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import sla_config
from server.application.repositories import Change
from server.domain.fsm import TicketStatus
from server.domain.sla import SlaPolicy
from server.domain.tickets import TicketPriority

_p = sla_config.c
_PRIORITY = bindparam("priority", type_=_p.priority.type)
_policies = policies_in(sla_config)

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


@dataclass(frozen=True, slots=True)
class PostgresSlaPolicyRepository:
    """See ``SlaPolicyRepository``."""

    session: Session

    def all(self) -> list[SlaPolicy]:
        return readable(self.session.all(_ALL, {}))

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
        return None if row is None else to_policy(row)
