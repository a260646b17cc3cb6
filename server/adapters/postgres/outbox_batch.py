"""What a batch of the relay stores, and which failures are its events' own. See ``RelayBatch``."""

import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from server.adapters.postgres import outbox_surroundings
from server.adapters.postgres.pool import Connection
from server.adapters.postgres.webhook_matching import matching_tickets, read_subscriptions
from server.application.notifications.relay_outbox import (
    EventKey,
    NewDelivery,
    OutboxRow,
    Subscription,
    Surroundings,
)
from server.domain.filters import TicketFilter
from server.domain.ids import TicketId, UserId
from server.domain.notices import NotificationKind
from server.domain.notifications import Channel, Told

T = TypeVar("T")

CONSUMER = "relay"
_PART = 1_000
"""Rows that one statement stores."""

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
""".encode()  # noqa: S608 - the parts are constants of this module
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


@dataclass(frozen=True, slots=True)
class PassedOver:
    """What is written down of an event that was passed over."""

    key: EventKey
    ticket_id: str
    event_type: str
    error: str


def write_down(connection: Connection, event: PassedOver) -> None:
    """A first failure of the event, or a further one."""
    place = [CONSUMER, event.key.xid, event.key.id]
    connection.execute(_WRITE_DOWN, [*place, event.ticket_id, event.event_type, event.error])


@dataclass(slots=True)
class StoringBatch:
    """See ``RelayBatch``."""

    connection: Connection
    rows: Sequence[OutboxRow]
    places: Sequence[EventKey]
    """Of all events that were read, up to where the batch ends."""
    unreadable: Sequence[PassedOver] = ()
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
                    channels=frozenset(Channel(name) for name in row[7]),
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
        write_down(self.connection, PassedOver(row.key, row.event.ticket_id, row.event.action, error))


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
        "channels": sorted(channel.value for channel in told.channels),
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
