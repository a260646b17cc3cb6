"""Short ways to drive the pipeline and to see what it did."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import TupleRow, namedtuple_row
from psycopg_pool import ConnectionPool

from server.adapters.postgres.outbox_relay import PostgresOutboxFeed
from server.application.notifications.relay_outbox import Relayed, RelayOutbox
from tests.integration.postgres.rows import insert
from tests.waiting import eventually

WINDOW = timedelta(seconds=30)


def now() -> datetime:
    return datetime.now(UTC)


def relay(pool: ConnectionPool[psycopg.Connection[TupleRow]], *, batch: int = 500) -> RelayOutbox:
    return RelayOutbox(PostgresOutboxFeed(pool), now, batch=batch, window=WINDOW)


def relay_all(pool: ConnectionPool[psycopg.Connection[TupleRow]], *, batch: int = 500) -> Relayed:
    """Until everything that was written is read. Transactions of other tests' databases hold readers back at times."""
    total = Relayed()
    run = relay(pool, batch=batch)

    def nothing_left() -> bool:
        nonlocal total
        total += run()
        with pool.connection() as connection:
            row = connection.execute(
                "SELECT 1 FROM outbox, outbox_cursors AS place WHERE (outbox.xid, outbox.id) > (place.xid, place.id)"
            ).fetchone()
        return row is None

    eventually(nothing_left, within=60, what="reading the whole outbox")
    return total


def member(connection: psycopg.Connection, user_id: str, role: str = "ops_agent", **columns: Any) -> str:
    given = {
        "display_name": f"Name of {user_id}",
        "email": f"{user_id}@example.com",
        "phone": "+911234567890",
        "push_token": f"token-{user_id}",
    }
    insert(connection, "staff_members", user_id=user_id, role=role, **(given | columns))
    return user_id


def watch(connection: psycopg.Connection, ticket_id: str, user_id: str, **columns: Any) -> None:
    insert(connection, "ticket_watchers", ticket_id=ticket_id, user_id=user_id, **columns)


def told(connection: psycopg.Connection) -> list[Any]:
    cursor = connection.cursor(row_factory=namedtuple_row)
    return cursor.execute("SELECT * FROM notifications ORDER BY user_id, created_at, id").fetchall()


def deliveries(connection: psycopg.Connection) -> list[Any]:
    cursor = connection.cursor(row_factory=namedtuple_row)
    return cursor.execute(
        "SELECT delivery.*, told.user_id FROM notification_deliveries AS delivery"
        " JOIN notifications AS told ON told.id = delivery.notification_id ORDER BY told.user_id, channel"
    ).fetchall()


def posts(connection: psycopg.Connection) -> list[Any]:
    cursor = connection.cursor(row_factory=namedtuple_row)
    return cursor.execute("SELECT * FROM webhook_deliveries ORDER BY webhook_id, xid, outbox_id").fetchall()


def webhook(connection: psycopg.Connection, **columns: Any) -> Any:
    given = {
        "display_name": "Booking",
        "url": "https://hooks.example.com/x",
        "secret": "whsec_eA==",
        "created_by_id": "a",
    }
    return insert(connection, "webhooks", **(given | columns))["id"]
