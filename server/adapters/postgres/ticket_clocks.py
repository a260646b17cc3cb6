"""What a ticket's SLA clock rests on, in PostgreSQL: the audit, the versions of policies, the escalations."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Integer, Text, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from server.adapters.postgres.sessions import Session
from server.adapters.postgres.sla_rows import policies_in, to_policy
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import (
    sla_config,
    sla_policy_versions,
    ticket_audit,
    ticket_escalations,
    ticket_priority,
)
from server.domain.errors import NotFound, Reason
from server.domain.fsm import TicketStatus
from server.domain.ids import TicketId, UserId, Version
from server.domain.roles import Role
from server.domain.sla import SlaPolicy
from server.domain.sla_clock import Phase, SlaHistory
from server.domain.sla_escalations import Escalation
from server.domain.tickets import Ticket, TicketPriority

PolicyKey = tuple[TicketPriority, Version]

_TICKET = bindparam("ticket_id", type_=Text(collation="C"))
_a, _e, _v = ticket_audit.c, ticket_escalations.c, sla_policy_versions.c
_new = _a.payload.op("->", return_type=JSONB())(literal_column("'new'"))
_CHANGES = Statement(
    select(
        _a.created_at,
        _new.op("->>")(literal_column("'sla_changed_at'")),
        _new.op("->>")(literal_column("'status'")),
        _new.op("->>")(literal_column("'priority'")),
        _new.op("?", is_comparison=True)(literal_column("'sla_policy_version'")),
        _new.op("->>")(literal_column("'sla_policy_version'")).cast(Integer),
    )
    .where(
        _a.ticket_id == _TICKET,
        _new.op("?|", is_comparison=True)(literal_column("'{status,priority,sla_policy_version}'::text[]")),
    )
    .order_by(_a.chain_no)
)
_LAST_ESCALATION = Statement(select(func.max(_e.escalated_at)).where(_e.ticket_id == _TICKET))
_ESCALATIONS = Statement(
    select(
        _e.level, _e.cycle, _e.from_role, _e.to_role, _e.due_at, _e.escalated_at, _e.automatic, _e.actor_id, _e.reason
    )
    .where(_e.ticket_id == _TICKET)
    .order_by(_e.cycle, _e.level)
)
_VERSION = Statement(
    policies_in(sla_policy_versions).where(
        _v.priority == bindparam("priority", type_=ticket_priority),
        _v.version == bindparam("version", type_=Integer()),
    )
)
_NEWEST = Statement(
    policies_in(sla_config).where(sla_config.c.priority == bindparam("priority", type_=ticket_priority))
)


@dataclass(frozen=True, slots=True)
class PolicyVersions:
    """Versions of policies that the process has met. They never change, so they are kept for good."""

    known: dict[PolicyKey, SlaPolicy] = field(default_factory=dict)

    def read(self, session: Session, priority: TicketPriority, version: Version) -> SlaPolicy | None:
        """One version."""
        policy = self.known.get((priority, version))
        if policy is None:
            row = session.first(_VERSION, {"priority": priority.value, "version": version})
            if row is None:
                return None
            policy = self.known[priority, version] = to_policy(row)
        return policy


@dataclass(frozen=True, slots=True)
class PostgresTicketClocks:
    """See ``TicketClocks``."""

    session: Session
    versions: PolicyVersions

    def policy(self, ticket: Ticket) -> SlaPolicy:
        return self._policy(ticket.priority, ticket.sla_policy_version)

    def history(self, ticket: Ticket) -> SlaHistory:
        status, priority, version = ticket.status, ticket.priority, ticket.sla_policy_version
        phases: list[Phase] = []
        for written_at, changed_at, new_status, new_priority, names_version, new_version in self.session.all(
            _CHANGES, {"ticket_id": ticket.id}
        ):
            status = TicketStatus(new_status) if new_status else status
            priority = TicketPriority(new_priority) if new_priority else priority
            # A change tells what differs: two priorities may have the same number of a version. The creation tells
            # all, and leaves out what is not there.
            version = new_version if names_version or not phases else version
            # Rows that are older than the clock have no instant of their own.
            start = datetime.fromisoformat(changed_at) if changed_at else written_at
            policy = self._policy(priority, version)
            if not phases and (changed_at is None or start <= ticket.created_at):
                start = ticket.created_at
            elif not phases and start > ticket.created_at:
                # Brought here in the middle of its life: it was open until it came to its state.
                phases.append(Phase(ticket.created_at, TicketStatus.OPEN, policy))
            phases.append(Phase(start, status, policy))
        if not phases:
            phases.append(Phase(ticket.created_at, ticket.status, self.policy(ticket)))
        row = self.session.first(_LAST_ESCALATION, {"ticket_id": ticket.id})
        return SlaHistory(tuple(phases), None if row is None else row[0])

    def escalations(self, ticket_id: TicketId) -> list[Escalation]:
        return [
            Escalation(
                level=row[0],
                cycle=row[1],
                from_role=None if row[2] is None else Role(row[2]),
                to_role=None if row[3] is None else Role(row[3]),
                due_at=row[4],
                escalated_at=row[5],
                automatic=row[6],
                actor_id=UserId(row[7]),
                reason=row[8],
            )
            for row in self.session.all(_ESCALATIONS, {"ticket_id": ticket_id})
        ]

    def _policy(self, priority: TicketPriority, version: int | None) -> SlaPolicy:
        policy = None if version is None else self.versions.read(self.session, priority, Version(version))
        if policy is not None:
            return policy
        row = self.session.first(_NEWEST, {"priority": priority.value})
        if row is None:
            raise NotFound(f"There is no SLA policy for priority {priority}.", reason=Reason.SLA_POLICY_NOT_FOUND)
        return to_policy(row)
