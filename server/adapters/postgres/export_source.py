"""The tickets of an export, read in one transaction that sees one instant and writes nothing.

It locks nothing that others write and has no transaction id, so neither writers nor the feed of changes wait for it;
but what VACUUM could clear away stays until it ends.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from psycopg import ClientCursor
from psycopg.rows import TupleRow
from sqlalchemy import Select, func, select

from server.adapters.postgres.export_columns import csv_record
from server.adapters.postgres.fitting import fitting, to_fitting_ticket
from server.adapters.postgres.pool import Connection
from server.adapters.postgres.predicates import Shape, predicate, shape_of, values_of
from server.adapters.postgres.rows import MESSAGE_COLUMNS, TICKET_COLUMNS, to_message
from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import ticket_messages, tickets
from server.application.call import Call
from server.domain.filters import TicketFilter
from server.domain.principal import SYSTEM
from server.domain.tickets import Ticket
from server.domain.timeline import Message
from server.domain.visibility import Visibility

T = TypeVar("T")

_t = tickets.c
_ROWS_AT_A_TIME = 500
"""Of tickets whose longest texts are 80 000 bytes each."""
_MESSAGES_AT_A_TIME = 200
_CANCEL_SECONDS = 5.0

# The first statement takes the snapshot. Each of the others may last as long as the export, and so may the silence
# while a workbook is packed and sent.
_BEGIN = """
    SELECT statement_timestamp(), set_config('timezone', 'UTC', true), set_config('statement_timeout', '0', true),
        set_config('idle_in_transaction_session_timeout', '0', true), set_config('transaction_timeout', '0', true)
"""


@dataclass(frozen=True, slots=True)
class PostgresExportSource:
    """See ``ExportSource``."""

    sessions: Sessions

    @contextmanager
    def snapshot(self, where: TicketFilter, visibility: Visibility) -> Iterator["PostgresExportSnapshot"]:
        with self.sessions.transaction(Call(SYSTEM), snapshot=True) as session:
            row = session.connection.execute(_BEGIN).fetchone()
            if row is None:
                raise LookupError("the beginning of a snapshot gave nothing")
            as_of: datetime = row[0]
            values = values_of(where, visibility, now=as_of) | {"now": as_of}
            with ExitStack() as readings:
                yield PostgresExportSnapshot(session.connection, shape_of(where, visibility), values, as_of, readings)


@dataclass(frozen=True, slots=True)
class PostgresExportSnapshot:
    """See ``ExportSnapshot``."""

    connection: Connection
    shape: Shape
    values: Mapping[str, Any]
    as_of: datetime
    readings: ExitStack
    """Closes what is half read: a connection in the middle of a COPY could not end its transaction."""

    def count(self) -> int:
        statement = _count(self.shape)
        row = self.connection.execute(statement.sql, statement.parameters(self.values), prepare=False).fetchone()
        return 0 if row is None else int(row[0])

    def csv(self, *, include_messages: bool) -> Iterator[bytes]:
        return self.readings.enter_context(closing(self._csv(include_messages=include_messages)))

    def _csv(self, *, include_messages: bool) -> Generator[bytes, None, None]:
        # COPY takes no parameters: the client puts the values in, quoted.
        with ClientCursor(self.connection) as cursor:
            statement = _csv(self.shape, include_messages=include_messages)
            with cursor.copy(statement.sql, statement.parameters(self.values)) as copy:
                for line in copy:  # the server sends each record, ended by a line feed, on its own
                    yield b"".join((memoryview(line)[:-1], b"\r\n"))  # one copy: with messages it may be long

    def tickets(self) -> Iterator[Ticket]:
        rows = self._each("export_tickets", _tickets(self.shape), _ROWS_AT_A_TIME, to_fitting_ticket)
        return self.readings.enter_context(closing(rows))

    def messages(self) -> Iterator[Message]:
        rows = self._each(
            "export_messages", _messages(self.shape), _MESSAGES_AT_A_TIME, lambda row: to_message(row, {})
        )
        return self.readings.enter_context(closing(rows))

    def interrupt(self) -> None:
        try:
            self.connection.cancel_safe(timeout=_CANCEL_SECONDS)
        except psycopg.Error:
            # Nothing may be under way, or the database may be away: then the reading ends by itself.
            return

    def _each(
        self, name: str, statement: Statement, at_a_time: int, convert: Callable[[TupleRow], T]
    ) -> Generator[T, None, None]:
        with self.connection.cursor(name=name) as cursor:
            cursor.itersize = at_a_time
            cursor.execute(statement.sql, statement.parameters(self.values))
            for row in cursor:
                yield convert(row)


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(_t.created_at.desc(), _t.id.desc())


@lru_cache(maxsize=64)
def _count(shape: Shape) -> Statement:
    return Statement(select(func.count()).select_from(tickets).where(predicate(shape)), prepare=False)


class _Copied(Statement):
    """A query as the source of a COPY in CSV."""

    __slots__ = ()

    def __init__(self, query: Select[Any]) -> None:
        super().__init__(query, prepare=False)
        self.sql = b"COPY (" + self.sql + b") TO STDOUT (FORMAT csv, HEADER)"


@lru_cache(maxsize=64)
def _csv(shape: Shape, *, include_messages: bool) -> Statement:
    record = csv_record(include_messages=include_messages)
    return _Copied(_newest_first(select(*record).select_from(tickets).where(predicate(shape))))


@lru_cache(maxsize=64)
def _tickets(shape: Shape) -> Statement:
    return Statement(_newest_first(select(*map(fitting, TICKET_COLUMNS)).where(predicate(shape))), prepare=False)


@lru_cache(maxsize=64)
def _messages(shape: Shape) -> Statement:
    beside = tickets.join(ticket_messages, ticket_messages.c.ticket_id == _t.id)
    query = _newest_first(select(*map(fitting, MESSAGE_COLUMNS)).select_from(beside).where(predicate(shape)))
    return Statement(query.order_by(ticket_messages.c.seq), prepare=False)
