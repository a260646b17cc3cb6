"""Messages and audit rows in PostgreSQL."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, BigInteger, Boolean, Text, Uuid, any_, bindparam, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from server.adapters.postgres.context import context_cte, context_of
from server.adapters.postgres.rows import (
    ATTACHMENT_COLUMNS,
    AUDIT_COLUMNS,
    CHAIN_COLUMNS,
    MESSAGE_COLUMNS,
    to_attachment,
    to_audit_entry,
    to_message,
)
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import ticket_attachments, ticket_audit, ticket_messages, ticket_timeline_heads
from server.application.repositories import Change
from server.domain.audit_chain import ChainHead, StoredEntry
from server.domain.ids import ChainNo, Seq, TicketId
from server.domain.timeline import AttachmentRef, AuditEntry, Message, TimelineKind

_ID = bindparam("ticket_id", type_=Text(collation="C"))
_AFTER = bindparam("after", type_=BigInteger())
_LIMIT = bindparam("limit", type_=BigInteger())
_m = ticket_messages.c

_a = ticket_audit.c
_BEYOND_ALL = 2**63 - 1


def _messages(*, descending: bool, public_only: bool) -> Statement:
    rows = select(*MESSAGE_COLUMNS).where(_m.ticket_id == _ID).limit(_LIMIT)
    if public_only:
        rows = rows.where(~_m.is_internal_note)
    if descending:
        return Statement(rows.where(_m.seq < _AFTER).order_by(_m.seq.desc()))
    return Statement(rows.where(_m.seq > _AFTER).order_by(_m.seq))


def _events(*, descending: bool) -> Statement:
    rows = select(*AUDIT_COLUMNS).where(_a.ticket_id == _ID).limit(_LIMIT)
    if descending:
        return Statement(rows.where(_a.seq < _AFTER).order_by(_a.seq.desc()))
    return Statement(rows.where(_a.seq > _AFTER).order_by(_a.seq))


MESSAGES = {
    (descending, public_only): _messages(descending=descending, public_only=public_only)
    for descending in (False, True)
    for public_only in (False, True)
}
"""By whether newest first, and whether public ones alone."""
EVENTS = {descending: _events(descending=descending) for descending in (False, True)}
"""By whether newest first."""
_AUDIT_PAGE = Statement(
    select(*AUDIT_COLUMNS)
    .where(ticket_audit.c.ticket_id == _ID, ticket_audit.c.chain_no > _AFTER)
    .order_by(ticket_audit.c.chain_no)
    .limit(_LIMIT)
)
_CHAIN = Statement(
    select(*CHAIN_COLUMNS)
    .where(ticket_audit.c.ticket_id == _ID, ticket_audit.c.chain_no > _AFTER)
    .order_by(ticket_audit.c.chain_no)
    .limit(_LIMIT)
)
_HEAD = Statement(
    select(ticket_timeline_heads.c.last_chain_no, ticket_timeline_heads.c.last_hash).where(
        ticket_timeline_heads.c.ticket_id == _ID
    )
)
_ATTACHMENTS = Statement(
    select(*ATTACHMENT_COLUMNS).where(
        ticket_attachments.c.ticket_id == _ID,
        ticket_attachments.c.id == any_(bindparam("ids", type_=ARRAY(Uuid()))),
    )
)


def _insert_message() -> Statement:
    context = context_cte()
    values = select(
        bindparam("message_id", type_=Uuid()),
        _ID,
        bindparam("actor_id", type_=Text()),
        bindparam("actor_role", type_=Text()),
        bindparam("message", type_=Text()),
        bindparam("attachments", type_=ARRAY(Uuid())),
        bindparam("is_internal_note", type_=Boolean()),
    ).where(context.c.applied.is_not(None))
    columns = ["id", "ticket_id", "actor_id", "actor_role", "message", "attachments", "is_internal_note"]
    statement = insert(ticket_messages).from_select(columns, values, include_defaults=False)
    return Statement(statement.returning(_m.seq, _m.created_at))


def _insert_audit() -> Statement:
    context = context_cte()
    values = select(_ID, bindparam("action", type_=Text()), bindparam("payload", type_=JSONB())).where(
        context.c.applied.is_not(None)
    )
    statement = insert(ticket_audit).from_select(["ticket_id", "action", "payload"], values, include_defaults=False)
    return Statement(statement)


_ADD_MESSAGE = _insert_message()
_ADD_AUDIT = _insert_audit()
_CHAIN_CHUNK = 50
"""Rows fetched at a time; one may hold two descriptions of 80 000 bytes."""


@dataclass(frozen=True, slots=True)
class PostgresTimelineRepository:
    """See ``TimelineRepository``."""

    session: Session

    def page(
        self,
        ticket_id: TicketId,
        *,
        after: Seq | None,
        descending: bool,
        kinds: frozenset[TimelineKind],
        limit: int,
        public_only: bool,
    ) -> list[Message | AuditEntry]:
        beginning = _BEYOND_ALL if descending else 0
        values = {"ticket_id": ticket_id, "after": beginning if after is None else after, "limit": limit}
        items: list[Message | AuditEntry] = []
        if TimelineKind.MESSAGE in kinds:
            items += self._messages(ticket_id, self.session.all(MESSAGES[descending, public_only], values))
        if TimelineKind.AUDIT_ENTRY in kinds and not public_only:
            items += [to_audit_entry(row) for row in self.session.all(EVENTS[descending], values)]
            items.sort(key=lambda item: item.seq or 0, reverse=descending)
        return items[:limit]

    def add_message(
        self,
        ticket_id: TicketId,
        text: str,
        *,
        attachment_ids: Sequence[UUID],
        is_internal_note: bool,
    ) -> Message:
        principal = self.session.call.principal
        message_id = uuid4()
        row = self.session.first(
            _ADD_MESSAGE,
            {
                "message_id": message_id,
                "ticket_id": ticket_id,
                "actor_id": principal.user_id,
                "actor_role": principal.role,
                "message": text,
                "attachments": list(attachment_ids),
                "is_internal_note": is_internal_note,
                "context": context_of(self.session.call, Change()),
            },
        )
        if row is None:
            raise LookupError(f"no message was inserted on {ticket_id}")
        return Message(
            id=str(message_id),
            ticket_id=ticket_id,
            seq=Seq(row[0]),
            actor_id=principal.user_id,
            actor_role=principal.role,
            message=text,
            attachments=self._references(ticket_id, attachment_ids),
            is_internal_note=is_internal_note,
            created_at=row[1],
        )

    def attachments(self, ticket_id: TicketId, ids: Sequence[UUID]) -> Mapping[UUID, AttachmentRef | None]:
        rows = self.session.all(_ATTACHMENTS, {"ticket_id": ticket_id, "ids": list(ids)})
        found = (to_attachment(row) for row in rows)
        return {attachment_id: reference if complete else None for attachment_id, reference, complete in found}

    def _messages(self, ticket_id: TicketId, rows: list[tuple[Any, ...]]) -> Iterator[Message]:
        wanted = [attachment_id for row in rows for attachment_id in row[6]]
        known = self.attachments(ticket_id, wanted) if wanted else {}
        yield from (to_message(row, known) for row in rows)

    def _references(self, ticket_id: TicketId, ids: Sequence[UUID]) -> tuple[AttachmentRef, ...]:
        if not ids:
            return ()
        known = self.attachments(ticket_id, ids)
        return tuple(reference for i in ids if (reference := known.get(i)) is not None)


@dataclass(frozen=True, slots=True)
class PostgresAuditTrail:
    """See ``AuditTrail``."""

    session: Session

    def append(self, ticket_id: TicketId, action: str, payload: Mapping[str, Any]) -> None:
        self.session.run(
            _ADD_AUDIT,
            {
                "ticket_id": ticket_id,
                "action": action,
                "payload": Jsonb(payload, dumps=lambda value: json.dumps(value, ensure_ascii=False)),
                "context": context_of(self.session.call, Change()),
            },
        )

    def page(self, ticket_id: TicketId, *, after: ChainNo, limit: int) -> list[AuditEntry]:
        rows = self.session.all(_AUDIT_PAGE, {"ticket_id": ticket_id, "after": after, "limit": limit})
        return [to_audit_entry(row) for row in rows]

    def chain(self, ticket_id: TicketId) -> tuple[Iterator[StoredEntry], ChainHead | None]:
        row = self.session.first(_HEAD, {"ticket_id": ticket_id})
        head = None if row is None else ChainHead(ChainNo(row[0]), None if row[1] is None else bytes(row[1]))
        return self._entries(ticket_id), head

    def _entries(self, ticket_id: TicketId) -> Iterator[StoredEntry]:
        after = -(2**62)  # below any number that a forger may have given
        while True:
            rows = self.session.all(_CHAIN, {"ticket_id": ticket_id, "after": after, "limit": _CHAIN_CHUNK})
            yield from (StoredEntry(*row) for row in rows)
            if len(rows) < _CHAIN_CHUNK:
                return
            after = rows[-1][1]
