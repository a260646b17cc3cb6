"""The change feed over a test's own database, and waiting until it has all that was written."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from server.adapters.postgres.change_feed import PostgresChangeFeed
from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.application.call import Call
from server.application.watching.change_feed import FeedEvent, Position
from server.domain.principal import SYSTEM
from tests.waiting import eventually

CALL = Call(SYSTEM)


@contextmanager
def feed_of(dsn: str, *, session_settings: bool = True) -> Iterator[PostgresChangeFeed]:
    pool = open_pool(dsn, min_size=1, max_size=4, wait_seconds=5, prepare_statements=session_settings)
    try:
        yield PostgresChangeFeed(Sessions(pool, session_settings=session_settings, default_timeout_ms=30_000))
    finally:
        pool.close()


def settled(feed: PostgresChangeFeed, connection: psycopg.Connection) -> Position:
    """The head, once nothing that was written is held back."""
    wait_for_all_at_work(connection)
    return feed.head(CALL)


def wait_for_all_at_work(connection: psycopg.Connection) -> None:
    """Transactions of other tests' databases hold back what was written in this one."""
    row = connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
    assert row is not None
    begun = [row[0]]

    def all_are_over() -> bool:
        query = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::text::xid8"
        return connection.execute(query, begun).fetchone() == (True,)

    eventually(all_are_over, within=60, what="the end of all transactions that were at work")


def news(feed: PostgresChangeFeed, connection: psycopg.Connection, after: Position) -> list[FeedEvent]:
    """All that was written since then."""
    upto = settled(feed, connection)
    page = feed.read(CALL, after, upto=upto, limit=1000)
    assert page.end == upto
    return list(page.events)
