"""The outbox as the relay reads it (docs/adr/0012). See ``server.application.notifications.relay_outbox``."""

import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import psycopg
from psycopg.rows import TupleRow

from server.adapters.postgres.outbox_batch import CONSUMER, PassedOver, StoringBatch, write_down
from server.adapters.postgres.pool import Connection, Pool
from server.application.notifications.relay_outbox import EventKey, OutboxRow, RelayBatch
from server.domain.ids import Seq, TicketId, UserId
from server.domain.notifications import LONGEST_EXCERPT, Event
from server.domain.timeline import PROTECTED_VALUES

T = TypeVar("T")

_ATTEMPTS = 5

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

    def __init__(self, pool: Pool) -> None:
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
                write_down(connection, event)
        connection.execute(_MOVE_CURSOR, [end.xid, end.id, CONSUMER])
        return result

    def _retry(self, connection: Connection, key: EventKey, body: Callable[[RelayBatch], str | None]) -> str | None:
        # Waits for a relay at work: only who holds the cursor stores notifications.
        connection.execute(_LOCK_CURSOR, [CONSUMER])
        place = [CONSUMER, key.xid, key.id]
        if connection.execute(_FAILED, place).fetchone() is None:
            raise LookupError("no such event was passed over, or it was dealt with since")
        batch = StoringBatch(connection, [], [key])

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


def _next_batch(connection: Connection, after: EventKey, limit: int) -> StoringBatch:
    """One that holds nothing where there is nothing to read. Of several events each is read alone when not all of them
    can be."""
    batch = StoringBatch(connection, [], [])

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
            unreadable.append(PassedOver(key, ticket_id, event_type, failure))
    return StoringBatch(connection, rows, [EventKey(*row[:2]) for row in found], unreadable)


def _read(connection: Connection, statement: bytes, **parameters: object) -> list[TupleRow]:
    given = {"protected": sorted(PROTECTED_VALUES), "excerpt": LONGEST_EXCERPT + 1, **parameters}
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
