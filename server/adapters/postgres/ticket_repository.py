"""Tickets in PostgreSQL: one round trip a read."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from psycopg import errors as pg
from psycopg.types.json import Jsonb
from sqlalchemy import (
    BigInteger,
    DateTime,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import ColumnElement

from server.adapters.postgres.context import context_cte, context_of
from server.adapters.postgres.predicates import (
    Shape,
    filtered,
    parts_of,
    predicate,
    shape_of,
    text_query,
    values_of,
    visibility_values,
    visible,
    visible_apart,
)
from server.adapters.postgres.rows import TICKET_COLUMNS, to_ticket
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import ticket_priority, tickets
from server.adapters.postgres.ticket_search import search_block
from server.adapters.postgres.ticket_stats import ticket_stats
from server.application.repositories import Change, ListPosition, SearchBlock, SearchPosition, StatsQuery, TicketStats
from server.domain.errors import FailedPrecondition, Reason
from server.domain.filters import Order, OrderField, TicketFilter
from server.domain.ids import TicketId
from server.domain.tickets import Ticket
from server.domain.visibility import Visibility

_ID = bindparam("id", type_=Text(collation="C"))
_NOT_STORED_BY_SAVE = frozenset({"id", "created_at", "updated_at", "version"})
_FIELDS = tuple(field.name for field in fields(Ticket) if field.name not in _NOT_STORED_BY_SAVE)


@dataclass(frozen=True, slots=True)
class PostgresTicketRepository:
    """See ``TicketRepository``."""

    session: Session

    def get(self, ticket_id: TicketId, visibility: Visibility) -> Ticket | None:
        return self._one(_get(parts_of(visibility), lock=False), ticket_id, visibility)

    def lock(self, ticket_id: TicketId, visibility: Visibility) -> Ticket | None:
        return self._one(_get(parts_of(visibility), lock=True), ticket_id, visibility)

    def _one(self, statement: Statement, ticket_id: TicketId, visibility: Visibility) -> Ticket | None:
        row = self.session.first(statement, {"id": ticket_id, **visibility_values(visibility)})
        return None if row is None else to_ticket(row)

    def save(self, before: Ticket, after: Ticket, change: Change) -> Ticket:
        changed = {name: value for name in _FIELDS if (value := getattr(after, name)) != getattr(before, name)}
        if not changed:
            return before
        values = {f"new_{name}": to_column(name, value) for name, value in changed.items()}
        values |= {"id": before.id, "context": context_of(self.session.call, change)}
        try:
            row = self.session.first(_update(frozenset(changed)), values)
        except pg.UniqueViolation as error:
            if error.diag.constraint_name != "ticket_escalations_pkey":
                raise
            raise FailedPrecondition(
                f"Ticket {before.id} has been escalated to level {after.sla_escalation_level} in this cycle before.",
                reason=Reason.ESCALATION_CHAIN_EXHAUSTED,
            ) from error
        if row is None:
            raise LookupError(f"ticket {before.id} was locked and is gone")
        return to_ticket(row)

    def page(
        self,
        where: TicketFilter,
        visibility: Visibility,
        order: Order,
        *,
        after: ListPosition | None,
        limit: int,
    ) -> list[Ticket]:
        statement = _page(shape_of(where, visibility), order, continued=after is not None)
        values = values_of(where, visibility, now=datetime.now(UTC)) | {"limit": limit}
        if after is not None:
            values |= {"after_value": after.value, "after_created_at": after.created_at, "after_id": after.id}
            if order.field is OrderField.SLA_DUE_AT and after.value is None:
                values["after_value"] = "infinity"
        return [to_ticket(row) for row in self.session.all(statement, values)]

    def count(self, where: TicketFilter, visibility: Visibility, *, query: str | None, at_most: int) -> int:
        statement = _count(shape_of(where, visibility, counting=True), searched=query is not None)
        values = values_of(where, visibility, now=datetime.now(UTC)) | {"limit": at_most}
        row = self.session.first(statement, values | ({"query": query} if query is not None else {}))
        return 0 if row is None else int(row[0])

    def ids(self, where: TicketFilter, visibility: Visibility, *, at_most: int) -> list[TicketId]:
        values = values_of(where, visibility, now=datetime.now(UTC)) | {"limit": at_most}
        return [row[0] for row in self.session.all(_ids(shape_of(where, visibility)), values)]

    def search_block(
        self,
        query: str,
        where: TicketFilter,
        visibility: Visibility,
        *,
        start: SearchPosition | None,
        limit: int,
    ) -> SearchBlock:
        return search_block(self.session, query, where, visibility, start=start, limit=limit)

    def stats(self, query: StatsQuery, visibility: Visibility) -> TicketStats:
        return ticket_stats(self.session, query, visibility)


def to_column(name: str, value: Any) -> Any:  # noqa: ANN401 - any field of a ticket
    """A field's value as psycopg stores it."""
    if name == "metadata":
        return Jsonb(value)
    return list(value) if name == "tags" else value


@lru_cache(maxsize=32)
def _get(parts: frozenset[str], *, lock: bool) -> Statement:
    query = select(*TICKET_COLUMNS).where(tickets.c.id == _ID, visible(parts))
    # NO KEY UPDATE: rows that refer to the ticket may still be inserted meanwhile.
    return Statement(query.with_for_update(key_share=True) if lock else query)


@lru_cache(maxsize=256)
def _update(changed: frozenset[str]) -> Statement:
    context = context_cte()
    assignments: Mapping[Any, Any] = {
        tickets.c[name]: bindparam(f"new_{name}", type_=tickets.c[name].type) for name in sorted(changed)
    }
    statement = update(tickets).where(tickets.c.id == _ID, context.c.applied.is_not(None)).values(assignments)
    return Statement(statement.returning(*TICKET_COLUMNS).add_cte(context))


_LIMIT = bindparam("limit", type_=BigInteger())


def _key(columns: ReadOnlyColumnCollection[str, Any], order: Order) -> list[ColumnElement[Any]]:
    """What an order compares, of tickets or of a query that gives their columns."""
    if order.field is OrderField.SLA_DUE_AT:
        return [func.coalesce(columns.sla_due_at, literal_column("'infinity'::timestamptz")), columns.id]
    if order.field is OrderField.PRIORITY:
        return [columns.priority, columns.created_at, columns.id]
    return [columns[order.field.value], columns.id]


def _mark(order: Order) -> list[ColumnElement[Any]]:
    """The parameters that hold a position in an order."""
    moment = DateTime(timezone=True)
    after_id = bindparam("after_id", type_=Text(collation="C"))
    if order.field is OrderField.PRIORITY:
        after = bindparam("after_value", type_=ticket_priority)
        return [after, bindparam("after_created_at", type_=moment), after_id]
    return [bindparam("after_value", type_=moment), after_id]


@lru_cache(maxsize=1024)
def _page(shape: Shape, order: Order, *, continued: bool) -> Statement:
    """One ordered query for each reason to see a ticket, and the first rows of them all."""

    def first(query: Select[Any], key: list[ColumnElement[Any]]) -> Select[Any]:
        return query.order_by(*(column.desc() if order.descending else column for column in key)).limit(_LIMIT)

    key = _key(tickets.c, order)
    pages = []
    for reason in visible_apart(shape.visibility):
        query = select(*TICKET_COLUMNS).where(filtered(shape), reason)
        if continued:
            here, mark = tuple_(*key), tuple_(*_mark(order))
            query = query.where(here < mark if order.descending else here > mark)
        pages.append(first(query, key))
    if len(pages) == 1:
        return Statement(pages[0], prepare=False)
    together = union_all(*(page.subquery().select() for page in pages)).subquery("pages")
    return Statement(first(together.select(), _key(together.c, order)), prepare=False)


@lru_cache(maxsize=256)
def _count(shape: Shape, *, searched: bool) -> Statement:
    found: Select[Any] = select(literal_column("1")).select_from(tickets).where(predicate(shape))
    if searched:
        found = found.where(tickets.c.search.op("@@", is_comparison=True)(text_query("query")))
    return Statement(select(func.count()).select_from(found.limit(_LIMIT).subquery()), prepare=False)


@lru_cache(maxsize=256)
def _ids(shape: Shape) -> Statement:
    query = select(tickets.c.id).where(predicate(shape)).order_by(tickets.c.created_at.desc(), tickets.c.id.desc())
    return Statement(query.limit(_LIMIT), prepare=False)
