"""An outbox that is older than the change feed: migrations 0008 and 0009, up and down, with events in it."""

from collections.abc import Iterator

import psycopg
import pytest

from migrations import runner
from server.application.watching.change_feed import Position
from server.domain.errors import OutOfRange
from tests.database import Database, TestServer
from tests.integration.postgres.feeds import CALL, feed_of, settled, wait_for_all_at_work
from tests.integration.postgres.rows import insert, insert_message, insert_ticket

CHECKS = """
    SELECT DISTINCT conname, convalidated FROM pg_constraint
    WHERE conrelid::regclass::text LIKE 'outbox%' AND conname IN ('outbox_kind_check', 'outbox_seq_check') ORDER BY 1, 2
"""
NULLABLE = """
    SELECT DISTINCT is_nullable FROM information_schema.columns
    WHERE table_name ~ '^outbox(_default|_p[0-9]+)?$' AND column_name = 'seq'
"""


@pytest.fixture
def old(postgres: TestServer) -> Iterator[Database]:
    """A database as it was before the feed, with partitions beyond today's."""
    with postgres.new_database(migrated=False) as created:
        runner.upgrade(created.dsn, "0007")
        yield created


def kinds(connection: psycopg.Connection) -> list[str]:
    return [kind for (kind,) in connection.execute("SELECT kind FROM outbox ORDER BY xid, id")]


def watch(connection: psycopg.Connection, ticket_id: str, user_id: str) -> None:
    insert(connection, "ticket_watchers", ticket_id=ticket_id, user_id=user_id)


def test_the_feed_begins_with_its_migration(old: Database) -> None:
    with old.connect() as connection, feed_of(old.dsn) as feed:
        ticket_id = insert_ticket(connection)
        watch(connection, ticket_id, "driver-1")
        ((before,),) = connection.execute("SELECT max(xid::text::bigint) FROM outbox").fetchall()
        wait_for_all_at_work(connection)
        runner.upgrade(old.dsn, "0009")
        assert kinds(connection) == ["audit"]
        start = settled(feed, connection)
        feed.check(CALL, start)
        with pytest.raises(OutOfRange):
            feed.check(CALL, Position(before - 1, 0))
        watch(connection, ticket_id, "driver-2")
        page = feed.read(CALL, start, upto=settled(feed, connection), limit=10)
        assert [event.action for event in page.events] == ["WATCH_CHANGED"]


def test_down_and_up_with_events_that_older_readers_do_not_know(old: Database) -> None:
    with old.connect() as connection:
        runner.upgrade(old.dsn, "0009")
        ticket_id = insert_ticket(connection)
        watch(connection, ticket_id, "driver-1")
        insert_message(connection, ticket_id)
        assert kinds(connection) == ["audit", "watch", "message"]
        assert connection.execute(NULLABLE).fetchall() == [("YES",)]
        runner.downgrade(old.dsn, "0007")
        assert kinds(connection) == ["audit", "message"]
        assert connection.execute(NULLABLE).fetchall() == [("NO",)]
        watch(connection, ticket_id, "driver-2")
        connection.execute("SELECT outbox_maintain(8)")
        runner.upgrade(old.dsn, "0009")
        watch(connection, ticket_id, "driver-3")
        assert kinds(connection) == ["audit", "message", "watch"]
        assert connection.execute(NULLABLE).fetchall() == [("YES",)]
        connection.execute("SELECT outbox_maintain(9)")
        assert connection.execute(NULLABLE).fetchall() == [("YES",)]


def test_old_rows_are_checked_in_a_step_of_their_own_that_keeps_no_writer_waiting(old: Database) -> None:
    with old.connect() as connection, old.connect() as writer:
        insert_ticket(connection)
        runner.upgrade(old.dsn, "0008")
        assert connection.execute(CHECKS).fetchall() == [("outbox_kind_check", False), ("outbox_seq_check", False)]
        with writer.transaction():
            insert_ticket(writer)
            runner.upgrade(old.dsn, "0009")
            insert_ticket(connection)
        assert connection.execute(CHECKS).fetchall() == [("outbox_kind_check", True), ("outbox_seq_check", True)]
