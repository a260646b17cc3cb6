"""Files of tickets in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import TupleRow
from sqlalchemy import (
    BigInteger,
    DateTime,
    LargeBinary,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from server.adapters.postgres.context import SET_CONTEXT, context_of
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import ticket_attachments, ticket_messages
from server.application.repositories import Change
from server.domain.attachments import Attachment, AttachmentState
from server.domain.ids import TicketId, UserId

_a, _m = ticket_attachments.c, ticket_messages.c
_INSTANT = DateTime(timezone=True)
_ID = bindparam("attachment_id", type_=Uuid())
_TICKET = bindparam("ticket_id", type_=Text(collation="C"))
_LIMIT = bindparam("limit", type_=BigInteger())
# The public messages that name files, which is spelled as in the partial index: it alone finds them among thousands.
_SHARING = and_(_m.ticket_id == _TICKET, _m.attachments != literal_column("'{}'"), ~_m.is_internal_note)
_COLUMNS = (
    _a.id,
    _a.ticket_id,
    _a.uploaded_by_id,
    _a.file_name,
    _a.object_key,
    _a.file_type,
    _a.file_size_bytes,
    # Rows that somebody in psql made may have none.
    func.coalesce(_a.checksum_sha256, literal_column("''::bytea", type_=LargeBinary)),
    _a.is_sensitive,
    _a.status,
    _a.created_at,
    _a.completed_at,
)
_STORED = tuple(_a[name] for name in ticket_attachments.c.keys())  # noqa: SIM118 - a collection of columns, no dict

_get = select(*_COLUMNS).where(_a.id == _ID)
_GET = Statement(_get)
_LOCK = Statement(_get.with_for_update())
_ADD = Statement(
    insert(ticket_attachments).values({each.name: bindparam(f"new_{each.name}", type_=each.type) for each in _STORED})
)
_COMPLETE = Statement(
    update(ticket_attachments)
    .where(_a.ticket_id == _TICKET, _a.id == _ID)
    .values(status=literal_column("'completed'"), completed_at=bindparam("now", type_=_INSTANT))
    .returning(*_COLUMNS)
)
_counted = select(_a.id).where(_a.ticket_id == _TICKET).limit(_LIMIT).subquery("counted")
_COUNT = Statement(select(func.count()).select_from(_counted))

_UPLOADER = bindparam("uploaded_by", type_=Text(collation="C"))
_LOCK_UPLOADER = Statement(
    select(func.pg_advisory_xact_lock(func.hashtextextended(func.concat("uploads:", _UPLOADER), 0)))
)
_under_way = select(_a.id).where(_a.uploaded_by_id == _UPLOADER, _a.status == literal_column("'pending'")).limit(_LIMIT)
COUNT_UNDER_WAY = Statement(select(func.count()).select_from(_under_way.subquery("under_way")))


def _page(*, further: bool, public_only: bool) -> Statement:
    """A ticket has some hundreds at most, which its part of the primary key has together."""
    mine = _a.uploaded_by_id == bindparam("viewer", type_=Text(collation="C"))
    others = _a.status == literal_column("'completed'")
    if public_only:
        # Read once for the whole page, not once for each attachment.
        others = and_(others, _a.id.in_(select(func.unnest(_m.attachments)).where(_SHARING)))
    statement = (
        select(*_COLUMNS).where(_a.ticket_id == _TICKET, or_(mine, others)).order_by(_a.created_at, _a.id).limit(_LIMIT)
    )
    if further:
        after = tuple_(bindparam("after_at", type_=_INSTANT), bindparam("after_id", type_=Uuid()))
        statement = statement.where(tuple_(_a.created_at, _a.id) > after)
    return Statement(statement)


PAGES = {
    (further, public_only): _page(further=further, public_only=public_only)
    for further in (False, True)
    for public_only in (False, True)
}
SHARED = Statement(select(literal_column("1")).where(_SHARING, any_(_m.attachments) == _ID).limit(literal_column("1")))


@dataclass(frozen=True, slots=True)
class PostgresAttachmentRepository:
    """See ``AttachmentRepository``."""

    session: Session

    def get(self, attachment_id: UUID) -> Attachment | None:
        row = self.session.first(_GET, {"attachment_id": attachment_id})
        return None if row is None else _to_attachment(row)

    def lock(self, attachment_id: UUID) -> Attachment | None:
        row = self.session.first(_LOCK, {"attachment_id": attachment_id})
        return None if row is None else _to_attachment(row)

    def add(self, attachment: Attachment) -> Attachment:
        values = {
            "new_id": attachment.id,
            "new_ticket_id": attachment.ticket_id,
            "new_uploaded_by_id": attachment.uploaded_by_id,
            "new_file_name": attachment.file_name,
            "new_object_key": attachment.object_key,
            "new_file_type": attachment.file_type,
            "new_file_size_bytes": attachment.file_size_bytes,
            "new_checksum_sha256": attachment.sha256,
            "new_is_sensitive": attachment.is_sensitive,
            "new_status": attachment.state.value,
            "new_created_at": attachment.created_at,
            "new_completed_at": attachment.completed_at,
        }
        self.session.run(_ADD, values)
        return attachment

    def complete(self, attachment: Attachment, *, now: datetime) -> Attachment:
        self.session.run(SET_CONTEXT, {"context": context_of(self.session.call, Change())})
        values = {"ticket_id": attachment.ticket_id, "attachment_id": attachment.id, "now": now}
        row = self.session.first(_COMPLETE, values)
        if row is None:
            raise LookupError(f"attachment {attachment.id} was locked and is gone")
        return _to_attachment(row)

    def count(self, ticket_id: TicketId, *, at_most: int) -> int:
        row = self.session.first(_COUNT, {"ticket_id": ticket_id, "limit": at_most})
        return 0 if row is None else int(row[0])

    def count_under_way(self, uploaded_by: UserId, *, at_most: int) -> int:
        """The lock first, in a statement of its own: the count then sees what its last holder committed."""
        values = {"uploaded_by": uploaded_by, "limit": at_most}
        self.session.run(_LOCK_UPLOADER, values)
        row = self.session.first(COUNT_UNDER_WAY, values)
        return 0 if row is None else int(row[0])

    def page(
        self, ticket_id: TicketId, viewer: UserId, *, after: tuple[datetime, UUID] | None, limit: int, public_only: bool
    ) -> list[Attachment]:
        values: dict[str, Any] = {"ticket_id": ticket_id, "viewer": viewer, "limit": limit}
        if after is not None:
            values |= {"after_at": after[0], "after_id": after[1]}
        rows = self.session.all(PAGES[after is not None, public_only], values)
        return [_to_attachment(row) for row in rows]

    def is_public(self, attachment: Attachment) -> bool:
        values = {"ticket_id": attachment.ticket_id, "attachment_id": attachment.id}
        return self.session.first(SHARED, values) is not None


def _to_attachment(row: TupleRow) -> Attachment:
    return Attachment(
        id=row[0],
        ticket_id=TicketId(row[1]),
        uploaded_by_id=UserId(row[2]),
        file_name=row[3],
        object_key=row[4],
        file_type=row[5],
        file_size_bytes=row[6],
        sha256=bytes(row[7]),
        is_sensitive=row[8],
        state=AttachmentState(row[9]),
        created_at=row[10],
        completed_at=row[11],
    )
