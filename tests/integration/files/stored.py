"""Attachments and objects as the tests of their sweeps make them, and look at what is left."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row

from server.adapters.postgres.deletion_queue import PostgresDeletionQueue
from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.application.object_store import ObjectStore
from server.domain.attachments import object_key_of
from server.domain.ids import TicketId
from tests.integration.postgres.rows import insert

HOUR = timedelta(hours=1)
ABANDONED = timedelta(hours=48, minutes=1)


class Breakable:
    """A directory that can be put out of reach, for root as well, and back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._aside = path.with_name(f"{path.name}.aside")

    def break_off(self) -> None:
        """As if a disk was gone: whatever is looked for below it is an error."""
        self.path.rename(self._aside)
        self.path.write_bytes(b"")

    def mend(self) -> None:
        """With all that was in it."""
        self.path.unlink()
        self._aside.rename(self.path)


@contextmanager
def queue_of(
    dsn: str,
    *,
    session_settings: bool = True,
    hold: timedelta = HOUR,
    wait_seconds: float = 10,
) -> Iterator[PostgresDeletionQueue]:
    pool = open_pool(dsn, min_size=1, max_size=8, wait_seconds=wait_seconds, prepare_statements=session_settings)
    sessions = Sessions(pool, session_settings=session_settings, default_timeout_ms=30_000)
    try:
        yield PostgresDeletionQueue(sessions, hold=hold)
    finally:
        pool.close()


def attach(
    connection: psycopg.Connection,
    store: ObjectStore,
    ticket_id: str,
    *,
    age: timedelta = ABANDONED,
    status: str = "pending",
) -> str:
    """An attachment of that age with its object; the object's key, which ends in the attachment's id."""
    attachment = uuid4()
    key = object_key_of(TicketId(ticket_id), attachment)
    insert(
        connection,
        "ticket_attachments",
        id=attachment,
        ticket_id=ticket_id,
        uploaded_by_id="u-7",
        file_name="pod.pdf",
        object_key=key,
        file_type="application/pdf",
        file_size_bytes=3,
        status=status,
    )
    connection.execute("UPDATE ticket_attachments SET created_at = now() - %s WHERE id = %s", [age, attachment])
    store.put(key, [b"pod"], content_type="application/pdf")
    return key


def condemn(connection: psycopg.Connection, store: ObjectStore, count: int, *, due_for: timedelta = HOUR) -> list[str]:
    """So many objects that are to be deleted, the first for the longest time."""
    keys = [f"exports/{uuid4()}/1.csv" for _ in range(count)]
    for place, key in enumerate(keys):
        store.put(key, [b"a,b"], content_type="text/csv")
        connection.execute(
            "INSERT INTO object_deletions (object_key, delete_after) VALUES (%s, now() - %s)",
            [key, due_for - timedelta(seconds=place)],
        )
    return keys


def stored(store: ObjectStore, keys: list[str]) -> list[str]:
    """Which of these objects there are."""
    return [key for key in keys if store.stat(key) is not None]


def noted(connection: psycopg.Connection) -> list[str]:
    """What is to be deleted, in the order in which it is due."""
    return [key for (key,) in connection.execute("SELECT object_key FROM object_deletions ORDER BY delete_after")]


def attached(connection: psycopg.Connection) -> dict[str, str]:
    """State of each attachment by its key."""
    return dict(connection.execute("SELECT object_key, status FROM ticket_attachments").fetchall())


def waits(connection: psycopg.Connection, key: str) -> tuple[int, timedelta]:
    """How often an object's deletion was tried, and how long it has to wait from now on, to the minute."""
    row = connection.cursor(row_factory=dict_row).execute(
        "SELECT attempts, date_trunc('minute', delete_after - now() + interval '30s') AS wait"
        " FROM object_deletions WHERE object_key = %s",
        [key],
    )
    found = row.fetchone()
    assert found is not None
    return found["attempts"], found["wait"]


def due_again(connection: psycopg.Connection) -> None:
    """As when their time has come."""
    connection.execute("UPDATE object_deletions SET delete_after = now() - interval '1s' WHERE delete_after > now()")


def id_in(key: str) -> UUID:
    """Of the attachment of that key."""
    return UUID(key.rpartition("/")[2])
