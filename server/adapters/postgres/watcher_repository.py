"""Watchers in PostgreSQL."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from server.adapters.postgres.context import SET_CONTEXT, context_of
from server.adapters.postgres.rows import WATCHER_COLUMNS, to_watcher
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import ticket_watchers
from server.application.repositories import Change
from server.domain.ids import TicketId, UserId
from server.domain.timeline import Watcher

_w = ticket_watchers.c
_TICKET = bindparam("ticket_id", type_=Text(collation="C"))
_USER = bindparam("user_id", type_=Text(collation="C"))
_CHANNELS = ("notify_email", "notify_push", "notify_sms")

_GET = Statement(select(*WATCHER_COLUMNS).where(_w.ticket_id == _TICKET, _w.user_id == _USER))
_REMOVE = Statement(delete(ticket_watchers).where(_w.ticket_id == _TICKET, _w.user_id == _USER))
_page = (
    select(*WATCHER_COLUMNS)
    .where(_w.ticket_id == _TICKET, _w.user_id > bindparam("after", type_=Text(collation="C")))
    .order_by(_w.user_id)
    .limit(bindparam("limit", type_=BigInteger()))
)
_PAGE = Statement(_page)
_PAGE_OF_ONE = Statement(_page.where(_w.user_id == _USER))


def _put() -> Statement:
    values = {column.name: bindparam(column.name, type_=column.type) for column in WATCHER_COLUMNS}
    statement = insert(ticket_watchers).values(values)
    update = {name: statement.excluded[name] for name in _CHANNELS}
    return Statement(
        statement.on_conflict_do_update(index_elements=[_w.ticket_id, _w.user_id], set_=update).returning(
            *WATCHER_COLUMNS
        )
    )


_PUT = _put()


@dataclass(frozen=True, slots=True)
class PostgresWatcherRepository:
    """See ``WatcherRepository``."""

    session: Session

    def get(self, ticket_id: TicketId, user_id: UserId) -> Watcher | None:
        row = self.session.first(_GET, {"ticket_id": ticket_id, "user_id": user_id})
        return None if row is None else to_watcher(row)

    def put(self, watcher: Watcher) -> Watcher:
        self._say_who()
        values: dict[str, Any] = {column.name: getattr(watcher, column.name) for column in WATCHER_COLUMNS}
        row = self.session.first(_PUT, values)
        if row is None:
            raise LookupError(f"no watcher was stored on {watcher.ticket_id}")
        return to_watcher(row)

    def remove(self, ticket_id: TicketId, user_id: UserId) -> None:
        self._say_who()
        self.session.run(_REMOVE, {"ticket_id": ticket_id, "user_id": user_id})

    def page(self, ticket_id: TicketId, *, after: UserId | None, limit: int, only: UserId | None) -> list[Watcher]:
        values: dict[str, Any] = {"ticket_id": ticket_id, "after": after or "", "limit": limit}
        if only is None:
            rows = self.session.all(_PAGE, values)
        else:
            rows = self.session.all(_PAGE_OF_ONE, values | {"user_id": only})
        return [to_watcher(row) for row in rows]

    def _say_who(self) -> None:
        self.session.run(SET_CONTEXT, {"context": context_of(self.session.call, Change())})
