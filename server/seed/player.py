"""Plays a scene on the database: every step by the domain's rules, every write through the ordinary triggers.

Deadlines, messages and dates of resolution lie in the past, as the scene has them. Audit rows do not: the trigger dates
them by its own clock. When they should have been written is kept in ``moments``, for ``dating``.
"""

import json
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from server.domain import changes, permissions
from server.domain.clock_events import simulate
from server.domain.ids import ChainNo, TicketId
from server.domain.principal import SYSTEM, Principal
from server.domain.roles import STAFF, Role
from server.domain.sla import SlaPolicies, SlaPolicy
from server.domain.sla_clock import Phase, SlaHistory
from server.domain.tickets import PROTECTED_FIELDS, Ticket, TicketDraft
from server.domain.timeline import Action
from server.seed.dating import Moment
from server.seed.rules import take
from server.seed.scene import AnyStep, Note, Say, Scene, View, Watch

MARK = "demo"
"""``metadata.seed`` of every demonstration ticket."""
_ADDRESS = "10.20.30.{}"
"""Where people of the demonstration sit."""
_NOT_WRITTEN = frozenset({"id", "version", "updated_at"})
_COLUMNS = tuple(field.name for field in fields(Ticket) if field.name not in _NOT_WRITTEN)


@dataclass
class Player:
    """Plays scenes in the connection's transaction. Raises the domain's errors when a scene breaks its rules."""

    connection: psycopg.Connection
    policies: SlaPolicies
    now: datetime
    moments: list[Moment] = field(default_factory=list)
    """Of every audit row of the tickets played so far."""
    _phases: list[Phase] = field(default_factory=list)
    """Of the ticket in play."""
    _escalated_at: datetime | None = None

    def play(self, scene: Scene) -> TicketId:
        """Create the ticket and take its steps; return its id."""
        created_at = self.now - timedelta(hours=scene.hours_ago) - _some_seconds(scene.title)
        ticket = self._create(scene, created_at)
        self._note_moment(ticket.id, created_at)
        self._phases = [Phase(created_at, ticket.status, self._policy(ticket))]
        self._escalated_at = None
        for step in scene.steps:
            at = created_at + timedelta(hours=step.hour) + _some_seconds(f"{scene.title} {step.hour}")
            ticket = self._let_pass(ticket, at)
            ticket = self._take(step, ticket, at)
            self._note_moment(ticket.id, at)
        return self._let_pass(ticket, self.now).id

    def _let_pass(self, ticket: Ticket, until: datetime) -> Ticket:
        """What the clock did by itself meanwhile, as its sweeps would have."""
        for happening in simulate(ticket, self._policy(ticket), start=ticket.created_at, until=until):
            outcome = happening.outcome
            ticket = self._save(ticket, outcome.ticket, SYSTEM, outcome.action)
            self._note_moment(ticket.id, happening.event.due_at)
        return ticket

    def _policy(self, ticket: Ticket) -> SlaPolicy:
        return self.policies[ticket.priority]

    def _past(self) -> SlaHistory:
        return SlaHistory(tuple(self._phases), self._escalated_at)

    def _note_moment(self, ticket_id: TicketId, at: datetime) -> None:
        """All rows that the chain has got since the last call were written then."""
        row = self.connection.execute(
            "SELECT last_chain_no FROM public.ticket_timeline_heads WHERE ticket_id = %s", [ticket_id]
        ).fetchone()
        last = self.moments[-1] if self.moments and self.moments[-1].ticket_id == ticket_id else None
        first_new = 1 if last is None else last.chain_no + 1
        for chain_no in range(first_new, (0 if row is None else row[0]) + 1):
            self.moments.append(Moment(ticket_id, ChainNo(chain_no), at))

    def _create(self, scene: Scene, created_at: datetime) -> Ticket:
        linked_type, linked_id = scene.linked
        draft = TicketDraft(
            title=scene.title,
            description=scene.description,
            priority=scene.priority,
            severity=scene.severity,
            assigned_franchise_id=scene.franchise,
            linked_type=linked_type,
            linked_id=linked_id,
            tags=tuple(dict.fromkeys((scene.template.tags[0], *scene.extra_tags))),
            is_sensitive=scene.is_sensitive,
            metadata={"seed": MARK, "template": scene.template.key, **scene.metadata},
        )
        policy = self.policies[scene.priority]
        ticket = changes.open_ticket(draft, scene.creator, policy, ticket_id=TicketId(""), now=created_at)
        self._act_as(scene.creator)
        row = self.connection.execute(
            sql.SQL("INSERT INTO public.tickets ({}) VALUES ({}) RETURNING id").format(
                sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)), sql.SQL(", ").join(map(sql.Placeholder, _COLUMNS))
            ),
            {name: _stored(getattr(ticket, name)) for name in _COLUMNS},
        ).fetchone()
        if row is None:
            raise LookupError("an INSERT returned no row")
        return replace(ticket, id=TicketId(row[0]))

    def _take(self, step: AnyStep, ticket: Ticket, at: datetime) -> Ticket:
        match step:
            case Say():
                if step.by.role in STAFF and ticket.first_responded_at is None:
                    ticket = self._save(ticket, changes.first_response(ticket, now=at), step.by)
                self._add_message(step, ticket, at)
            case Note():
                permissions.require_staff(step.by, "An internal note is")
                self._add_message(step, ticket, at)
            case View():
                payload = {"reason": step.reason, "new": {"fields": list(PROTECTED_FIELDS)}}
                self._audit(step.by, ticket, Action.SENSITIVE_VIEWED, payload)
            case Watch():
                self._watch(step, ticket, at)
            case _:
                outcome = take(step, ticket, self.policies, self._past, now=at)
                ticket = self._save(ticket, outcome.ticket, step.by, outcome.action, step.reason)
        return ticket

    def _watch(self, step: Watch, ticket: Ticket, at: datetime) -> None:
        user_id = step.by.user_id
        settings = {"notify_email": True, "notify_push": True, "notify_sms": step.notify_sms}
        self._act_as(step.by)
        self.connection.execute(
            """
            INSERT INTO public.ticket_watchers
                (ticket_id, user_id, notify_email, notify_push, notify_sms, created_at)
            VALUES (%(ticket_id)s, %(user_id)s, %(notify_email)s, %(notify_push)s, %(notify_sms)s, %(at)s)
            """,
            {"ticket_id": ticket.id, "user_id": user_id, "at": at, **settings},
        )

    def _save(
        self, before: Ticket, after: Ticket, by: Principal, action: str | None = None, reason: str | None = None
    ) -> Ticket:
        if after.sla_changed_at != before.sla_changed_at:
            self._phases.append(Phase(after.sla_changed_at, after.status, self._policy(after)))
        if after.sla_cycle == before.sla_cycle and after.sla_escalation_level > before.sla_escalation_level:
            self._escalated_at = after.sla_changed_at
        changed = {name: value for name in _COLUMNS if (value := getattr(after, name)) != getattr(before, name)}
        if changed:
            self._act_as(by, action, reason)
            assignments = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in changed]
            self.connection.execute(
                sql.SQL("UPDATE public.tickets SET {} WHERE id = {}").format(
                    sql.SQL(", ").join(assignments), sql.Placeholder("ticket_id")
                ),
                {name: _stored(value) for name, value in changed.items()} | {"ticket_id": before.id},
            )
        return after

    def _add_message(self, step: Say | Note, ticket: Ticket, at: datetime) -> None:
        changes.require_not_archived(ticket)
        self._act_as(step.by)
        self.connection.execute(
            """
            INSERT INTO public.ticket_messages
                (ticket_id, actor_id, actor_role, message, is_internal_note, created_at)
            VALUES (%s, %s, %s, %s, %s, %s)
            """,
            [ticket.id, step.by.user_id, step.by.role, step.text, isinstance(step, Note), at],
        )

    def _audit(self, by: Principal, ticket: Ticket, action: str, payload: dict[str, Any]) -> None:
        self._act_as(by)
        self.connection.execute(
            "INSERT INTO public.ticket_audit (ticket_id, action, payload) VALUES (%s, %s, %s)",
            [ticket.id, action, Jsonb(payload)],
        )

    def _act_as(self, by: Principal, action: str | None = None, reason: str | None = None) -> None:
        """Tell the triggers who acts, for what follows in the transaction."""
        context = {"actor_id": by.user_id, "actor_role": by.role, "action": action, "reason": reason}
        if by.role is not Role.SYSTEM:
            # The same address for the same person: the text's bytes, not Python's hash, which differs from run to run.
            context["ip_address"] = _ADDRESS.format(sum(by.user_id.encode()) % 250 + 1)
        self.connection.execute("SELECT set_config('tickets.context', %s, true)", [json.dumps(context)])


def _some_seconds(text: str) -> timedelta:
    """Less than a minute, always the same for a text: people do not act on the stroke of a tenth of an hour."""
    return timedelta(microseconds=crc32(text.encode()) % 60_000_000)


def _stored(value: Any) -> Any:  # noqa: ANN401 - any field of a ticket
    if isinstance(value, dict):
        return Jsonb(value)
    return list(value) if isinstance(value, tuple) else value
