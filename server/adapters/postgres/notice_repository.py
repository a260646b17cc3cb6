"""In-app notifications in PostgreSQL, as their reader uses them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import TupleRow
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from server.adapters.postgres.notification_tables import notifications
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.application.notification_repositories import NoticeReader, Position
from server.domain.ids import TicketId, UserId
from server.domain.notices import Notice, NotificationKind

_n = notifications.c
_COLUMNS = (
    _n.id,
    _n.user_id,
    _n.kind,
    _n.ticket_id,
    _n.title,
    _n.body,
    _n.event_count,
    _n.is_critical,
    _n.created_at,
    _n.read_at,
)
_INSTANT = DateTime(timezone=True)
_MINE = and_(
    _n.user_id == bindparam("user_id", type_=Text(collation="C")),
    or_(not_(_n.for_staff), not_(bindparam("is_outside", type_=Boolean()))),
)
_UNREAD: ColumnElement[bool] = literal_column("notifications.read_at IS NULL")
"""As text, so that the partial index on unread ones fits."""
_AFTER = tuple_(_n.created_at, _n.id) < tuple_(
    bindparam("after_at", type_=_INSTANT), bindparam("after_id", type_=Uuid())
)
_LIMIT = bindparam("limit", type_=BigInteger())

_all = select(*_COLUMNS).where(_MINE).order_by(_n.created_at.desc(), _n.id.desc()).limit(_LIMIT)
_unread = _all.where(_UNREAD)
_PAGES = {
    (False, False): Statement(_all),
    (False, True): Statement(_all.where(_AFTER)),
    (True, False): Statement(_unread),
    (True, True): Statement(_unread.where(_AFTER)),
}
"""By whether unread ones alone are meant, and whether the page is a further one."""
_counted = select(_n.id).where(_MINE, _UNREAD).limit(_LIMIT).subquery("counted")
_COUNT_UNREAD = Statement(select(func.count()).select_from(_counted))
_read = update(notifications).where(_MINE, _UNREAD).values(read_at=bindparam("now", type_=_INSTANT))
_MARK = Statement(_read.where(_n.id == any_(bindparam("ids", type_=ARRAY(Uuid())))))
_MARK_UNTIL = Statement(_read.where(_n.created_at <= bindparam("until", type_=_INSTANT)))


@dataclass(frozen=True, slots=True)
class PostgresNoticeRepository:
    """See ``NoticeRepository``."""

    session: Session

    def page(self, reader: NoticeReader, *, unread_only: bool, after: Position | None, limit: int) -> list[Notice]:
        values: dict[str, Any] = {**_of(reader), "limit": limit}
        if after is not None:
            values |= {"after_at": after[0], "after_id": after[1]}
        statement = _PAGES[unread_only, after is not None]
        return [_to_notice(row) for row in self.session.all(statement, values)]

    def count_unread(self, reader: NoticeReader, *, at_most: int) -> int:
        row = self.session.first(_COUNT_UNREAD, {**_of(reader), "limit": at_most})
        return 0 if row is None else int(row[0])

    def mark_read(self, reader: NoticeReader, ids: Sequence[UUID], *, now: datetime) -> int:
        return self.session.run(_MARK, {**_of(reader), "ids": list(ids), "now": now})

    def mark_read_until(self, reader: NoticeReader, until: datetime, *, now: datetime) -> int:
        return self.session.run(_MARK_UNTIL, {**_of(reader), "until": until, "now": now})


def _of(reader: NoticeReader) -> dict[str, Any]:
    return {"user_id": reader.user_id, "is_outside": reader.is_outside}


def _to_notice(row: TupleRow) -> Notice:
    return Notice(
        id=row[0],
        user_id=UserId(row[1]),
        kind=NotificationKind(row[2]),
        ticket_id=None if row[3] is None else TicketId(row[3]),
        title=row[4],
        body=row[5],
        event_count=row[6],
        is_critical=row[7],
        created_at=row[8],
        read_at=row[9],
    )
