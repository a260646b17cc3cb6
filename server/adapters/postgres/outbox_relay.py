"""The outbox as the relay reads it (docs/adr/0012). See ``server.application.notifications.relay_outbox``."""

import random
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from server.adapters.postgres import outbox_surroundings
from server.adapters.postgres.webhook_matching import matching_tickets, read_subscriptions
from server.application.notifications.relay_outbox import (
    EventKey,
    NewDelivery,
    OutboxRow,
    RelayBatch,
    Subscription,
    Surroundings,
)
from server.domain.filters import TicketFilter
from server.domain.ids import Seq, TicketId, UserId
from server.domain.notices import NotificationKind
from server.domain.notifications import LONGEST_EXCERPT, Event, Told, Way
from server.domain.tickets import PROTECTED_FIELDS

T = TypeVar("T")
Connection = psycopg.Connection[TupleRow]

CONSUMER = "relay"
_ATTEMPTS = 5
_PART = 1_000
"""Rows that one statement stores."""

_LOCK_CURSOR = "SELECT xid::text, id FROM outbox_cursors WHERE consumer = %s FOR UPDATE"
_MOVE_CURSOR = "UPDATE outbox_cursors SET xid = %s::text::xid8, id = %s, updated_at = now() WHERE consumer = %s"

# The relay's own transaction has an id of its own by now, so it sees nothing at or above that; the next batch does.
_NEXT = """
    SELECT * FROM outbox
    WHERE (xid, id) > (%(xid)s::text::xid8, %(id)s) AND xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY xid, id
    LIMIT %(limit)s
"""
_ONE = "SELECT * FROM outbox WHERE xid = %(xid)s::text::xid8 AND id = %(id)s"


def _events(source: str) -> str:
    """What a ticket was created with is left out: it may be long, and nobody is told of it.

    Protected columns keep their name and lose their value.
    """
    changed = """
        CASE WHEN event.event_type <> 'TICKET_CREATED' AND jsonb_typeof(audit.payload -> '{side}') = 'object' THEN (
            SELECT jsonb_object_agg(key, CASE WHEN key = ANY (%(protected)s) THEN 'null' ELSE value END)
            FROM jsonb_each(audit.payload -> '{side}')
        ) END
    """
    return f"""
        SELECT event.xid::text, event.id, event.ticket_id, event.seq, event.event_type, event.created_at,
            coalesce(event.payload ->> 'actor_id', 'SYSTEM'), coalesce(event.payload ->> 'actor_role', 'system'),
            {changed.format(side="old")}, {changed.format(side="new")},
            coalesce(event.payload -> 'is_internal_note' = 'true', false), event.payload ->> 'message_id',
            CASE WHEN NOT ticket.is_sensitive THEN left(message.message, %(excerpt)s) END
        FROM ({source}) AS event
        LEFT JOIN tickets AS ticket ON ticket.id = event.ticket_id
        LEFT JOIN ticket_messages AS message ON event.kind = 'message'
            AND message.ticket_id = event.ticket_id AND message.seq = event.seq
        LEFT JOIN ticket_audit AS audit ON event.kind = 'audit'
            AND audit.ticket_id = event.ticket_id AND audit.seq = event.seq
        ORDER BY event.xid, event.id
    """  # noqa: S608 - the parts are constants of this module


_NEXT_EVENTS = _events(_NEXT).encode()
_ONE_EVENT = _events(_ONE).encode()
_NEXT_KEYS = f"""
    SELECT xid::text, id, ticket_id, event_type FROM ({_NEXT}) AS event ORDER BY event.xid, event.id
""".encode()  # noqa: S608 - as above

_GATHERING = """
    SELECT told.id, told.user_id, told.ticket_id, told.kind, told.title, told.body, told.is_critical, told.channels,
        told.event_count, told.for_staff
    FROM unnest(%s::text[], %s::text[]) AS wanted (user_id, ticket_id)
    JOIN notifications AS told ON told.user_id = wanted.user_id AND told.ticket_id = wanted.ticket_id AND told.gathering
    ORDER BY told.user_id, told.ticket_id
    FOR UPDATE OF told
"""
_COLUMNS = """
    user_id text, ticket_id text, kind text, title text, body text, event_count integer, is_critical boolean,
    for_staff boolean, channels text[], id uuid
"""
_TELL = f"""
    INSERT INTO notifications (
        user_id, ticket_id, kind, title, body, event_count, is_critical, for_staff, channels, gathering, gather_until
    )
    SELECT user_id, ticket_id, kind, title, body, event_count, is_critical, for_staff, channels, true, now() + %s
    FROM jsonb_to_recordset(%s) AS told ({_COLUMNS})
""".encode()  # noqa: S608 - as above
_JOIN = f"""
    UPDATE notifications
    SET kind = told.kind, title = told.title, body = told.body, event_count = told.event_count,
        is_critical = told.is_critical, for_staff = told.for_staff, channels = told.channels,
        updated_at = now(), read_at = NULL
    FROM jsonb_to_recordset(%s) AS told ({_COLUMNS})
    WHERE notifications.id = told.id
""".encode()  # noqa: S608 - as above
_POST = """
    INSERT INTO webhook_deliveries (webhook_id, xid, outbox_id, event_type, ticket_id, payload, created_at)
    SELECT webhook_id, xid::xid8, outbox_id, event_type, ticket_id, payload, created_at
    FROM jsonb_to_recordset(%s) AS delivery (
        webhook_id uuid, xid text, outbox_id bigint, event_type text, ticket_id text, payload jsonb,
        created_at timestamptz
    )
    ON CONFLICT (webhook_id, xid, outbox_id) DO NOTHING
"""
_WRITE_DOWN = """
    INSERT INTO outbox_failures AS failure (consumer, xid, id, ticket_id, event_type, error)
    VALUES (%s, %s::text::xid8, %s, %s, %s, %s)
    ON CONFLICT (consumer, xid, id) DO UPDATE
    SET error = excluded.error, attempts = failure.attempts + 1, last_failed_at = now(), resolved_at = NULL
"""
_RESOLVE = """
    UPDATE outbox_failures SET resolved_at = now(), attempts = attempts + 1
    WHERE consumer = %s AND xid = %s::text::xid8 AND id = %s AND resolved_at IS NULL
"""
_FAILED_AGAIN = """
    UPDATE outbox_failures SET error = %s, attempts = attempts + 1, last_failed_at = now()
    WHERE consumer = %s AND xid = %s::text::xid8 AND id = %s
"""
_FAILED = """
    SELECT 1 FROM outbox_failures
    WHERE consumer = %s AND xid = %s::text::xid8 AND id = %s AND resolved_at IS NULL FOR UPDATE
"""


class PostgresOutboxFeed:
    """See ``OutboxFeed``. The lock on the cursor's row is what keeps relays from working at the same time."""

    def __init__(self, pool: ConnectionPool[Connection]) -> None:
        self._pool = pool

    def relay(self, limit: int, body: Callable[[RelayBatch], T]) -> T | None:
        return self._retrying(lambda connection: self._relay(connection, limit, body))

    def retry(self, key: EventKey, body: Callable[[RelayBatch], str | None]) -> str | None:
        return self._retrying(lambda connection: self._retry(connection, key, body))

    def _relay(self, connection: Connection, limit: int, body: Callable[[RelayBatch], T]) -> T | None:
        cursor = connection.execute(f"{_LOCK_CURSOR} SKIP LOCKED", [CONSUMER]).fetchone()
        if cursor is None:
            return None
        batch = _next_batch(connection, EventKey(*cursor), limit)
        if not batch.places:
            return None
        result = body(batch)
        end = batch.places[-1]
        for event in batch.unreadable:
            if event.key in batch.places:
                _write_down(connection, event)
        connection.execute(_MOVE_CURSOR, [end.xid, end.id, CONSUMER])
        return result

    def _retry(self, connection: Connection, key: EventKey, body: Callable[[RelayBatch], str | None]) -> str | None:
        # Waits for a relay at work: only who holds the cursor stores notifications.
        connection.execute(_LOCK_CURSOR, [CONSUMER])
        place = [CONSUMER, key.xid, key.id]
        if connection.execute(_FAILED, place).fetchone() is None:
            raise LookupError("no such event was passed over, or it was dealt with since")
        batch = _Batch(connection, [], [key])

        def read() -> None:
            batch.rows = _news(_read(connection, _ONE_EVENT, xid=key.xid, id=key.id))

        failure = batch.attempt(read)
        if failure is None:
            if not batch.rows:
                raise LookupError("the outbox no longer holds this event")
            failure = body(batch)
        if failure is None:
            connection.execute(_RESOLVE, place)
        else:
            connection.execute(_FAILED_AGAIN, [failure, *place])
        return failure

    def _retrying(self, attempt: Callable[[Connection], T]) -> T:
        """One transaction, again when it lost against another one (somebody marks as read what an event joins)."""
        for number in range(1, _ATTEMPTS):
            try:
                with self._pool.connection() as connection, connection.transaction():
                    return attempt(connection)
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                time.sleep(random.uniform(0, 0.02 * 2**number))  # noqa: S311 - spreads retries, keeps no secret
        with self._pool.connection() as connection, connection.transaction():
            return attempt(connection)


def _next_batch(connection: Connection, after: EventKey, limit: int) -> "_Batch":
    """One that holds nothing where there is nothing to read. Of several events each is read alone when not all of them
    can be."""
    batch = _Batch(connection, [], [])

    def read_all() -> None:
        found = _read(connection, _NEXT_EVENTS, xid=after.xid, id=after.id, limit=limit)
        batch.rows, batch.places = _news(found), [EventKey(*row[:2]) for row in found]

    if batch.attempt(read_all) is None:
        return batch
    rows: list[OutboxRow] = []

    def read_one(key: EventKey) -> None:
        rows.extend(_news(_read(connection, _ONE_EVENT, xid=key.xid, id=key.id)))

    unreadable = []
    found = connection.execute(_NEXT_KEYS, {"xid": after.xid, "id": after.id, "limit": limit}).fetchall()
    for xid, id_, ticket_id, event_type in found:
        key = EventKey(xid, id_)
        failure = batch.attempt(partial(read_one, key))
        if failure is not None:
            unreadable.append(_FailedEvent(key, ticket_id, event_type, failure))
    return _Batch(connection, rows, [EventKey(*row[:2]) for row in found], unreadable)


def _read(connection: Connection, statement: bytes, **parameters: object) -> list[TupleRow]:
    given = {"protected": list(PROTECTED_FIELDS), "excerpt": LONGEST_EXCERPT + 1, **parameters}
    return connection.execute(statement, given).fetchall()


def _news(found: Sequence[TupleRow]) -> list[OutboxRow]:
    """Who watches a ticket is published for live streams. It has no place in the timeline, and nobody is told of it."""
    return [
        OutboxRow(
            EventKey(row[0], row[1]),
            Event(
                ticket_id=TicketId(row[2]),
                seq=Seq(row[3]),
                action=row[4],
                at=row[5],
                actor_id=UserId(row[6]),
                actor_role=row[7],
                old=row[8] or {},
                new=row[9] or {},
                is_internal_note=row[10],
                message_id=row[11],
                excerpt=row[12],
            ),
        )
        for row in found
        if row[3] is not None
    ]


@dataclass(frozen=True, slots=True)
class _FailedEvent:
    """What is written down of an event that was passed over."""

    key: EventKey
    ticket_id: str
    event_type: str
    error: str


def _write_down(connection: Connection, event: _FailedEvent) -> None:
    place = [CONSUMER, event.key.xid, event.key.id]
    connection.execute(_WRITE_DOWN, [*place, event.ticket_id, event.event_type, event.error])


@dataclass(slots=True)
class _Batch:
    """See ``RelayBatch``."""

    connection: Connection
    rows: Sequence[OutboxRow]
    places: Sequence[EventKey]
    """Of all events that were read, up to where the batch ends."""
    unreadable: Sequence[_FailedEvent] = ()
    """Those of which no Python value can be made, such as one that happened at infinity."""

    @property
    def silent(self) -> int:
        told = {row.key for row in self.rows} | {event.key for event in self.unreadable}
        return sum(place not in told for place in self.places)

    @property
    def unread(self) -> int:
        places = set(self.places)
        return sum(event.key in places for event in self.unreadable)

    def end_at(self, row: OutboxRow) -> None:
        self.places = self.places[: self.places.index(row.key) + 1]

    def attempt(self, body: Callable[[], None]) -> str | None:
        try:
            with self.connection.transaction():
                body()
        except psycopg.errors.ProgramLimitExceeded as error:
            return _described(error)  # it says too much for one value, index entry or statement
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise  # the connection, a lock, a full disk: nothing of the event's own
        except Exception as error:  # noqa: BLE001 - whatever it is, the events behind it must go on
            return _described(error)
        return None

    def surroundings(self, rows: Sequence[OutboxRow]) -> Surroundings:
        return outbox_surroundings.read(self.connection, rows)

    def gathering(self, keys: Collection[tuple[UserId, TicketId]]) -> list[tuple[UUID, Told]]:
        # All of them are locked in one order, part by part.
        return [each for part in _parts(sorted(keys)) for each in self._gathering(part)]

    def _gathering(self, keys: Sequence[tuple[UserId, TicketId]]) -> list[tuple[UUID, Told]]:
        users, tickets = [user for user, _ in keys], [ticket for _, ticket in keys]
        return [
            (
                row[0],
                Told(
                    user_id=UserId(row[1]),
                    ticket_id=TicketId(row[2]),
                    kind=NotificationKind(row[3]),
                    title=row[4],
                    body=row[5],
                    is_critical=row[6],
                    ways=frozenset(Way(name) for name in row[7]),
                    event_count=row[8],
                    for_staff=row[9],
                ),
            )
            for row in self.connection.execute(_GATHERING, [users, tickets])
        ]

    def tell(self, new: Sequence[Told], joined: Sequence[tuple[UUID, Told]], *, window: timedelta) -> None:
        for part in _parts(sorted(new, key=lambda told: (told.user_id, told.ticket_id))):
            self.connection.execute(_TELL, [window, Jsonb([_told(told) for told in part])])
        for pairs in _parts(joined):
            self.connection.execute(_JOIN, [Jsonb([{**_told(told), "id": str(id_)} for id_, told in pairs])])

    def subscriptions(self) -> list[Subscription]:
        return read_subscriptions(self.connection)

    def matching(self, where: TicketFilter, tickets: Collection[TicketId], *, now: datetime) -> set[TicketId]:
        return matching_tickets(self.connection, where, tickets, now=now)

    def post(self, deliveries: Sequence[NewDelivery]) -> int:
        return sum(
            self.connection.execute(_POST, [Jsonb([_posted(delivery) for delivery in part])]).rowcount
            for part in _parts(deliveries)
        )

    def pass_over(self, row: OutboxRow, error: str) -> None:
        _write_down(self.connection, _FailedEvent(row.key, row.event.ticket_id, row.event.action, error))


def _parts(things: Sequence[T]) -> Iterator[Sequence[T]]:
    """So that no statement grows with how many are told."""
    return (things[start : start + _PART] for start in range(0, len(things), _PART))


def _posted(delivery: NewDelivery) -> dict[str, Any]:
    return {
        "webhook_id": str(delivery.webhook_id),
        "xid": delivery.row.key.xid,
        "outbox_id": delivery.row.key.id,
        "event_type": delivery.row.event.action,
        "ticket_id": delivery.row.event.ticket_id,
        "payload": delivery.payload,
        "created_at": delivery.row.event.at.isoformat(),
    }


def _told(told: Told) -> dict[str, Any]:
    return {
        "user_id": told.user_id,
        "ticket_id": told.ticket_id,
        "kind": told.kind.value,
        "title": told.title,
        "body": told.body,
        "event_count": told.event_count,
        "is_critical": told.is_critical,
        "for_staff": told.for_staff,
        "channels": sorted(way.value for way in told.ways),
    }


def _described(error: Exception) -> str:
    """What and where, without the error's own words: they may quote protected values."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" at {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in place)
    if not isinstance(error, psycopg.Error):
        return f"{type(error).__name__}{where}"
    names = [error.diag.table_name, error.diag.column_name, error.diag.constraint_name]
    found = ", ".join(name for name in names if name)
    return f"{type(error).__name__} ({error.sqlstate}{': ' if found else ''}{found}){where}"
