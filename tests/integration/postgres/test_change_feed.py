"""What live streams read: every committed event once and in one order, from any position that is still there."""

import time
from collections.abc import Iterator

import psycopg
import pytest

from server.adapters.postgres.change_feed import PostgresChangeFeed
from server.application.call import Call
from server.application.watching.change_feed import FeedEvent, Position
from server.domain.errors import DeadlineExceeded, OutOfRange, Reason
from server.domain.principal import SYSTEM
from tests.database import Database
from tests.integration.notifications.test_due_work import scanned
from tests.integration.postgres.feeds import CALL, news, settled
from tests.integration.postgres.rows import insert, insert_message, insert_ticket, update_ticket
from tests.integration.postgres.test_indexes import names_in
from tests.waiting import eventually


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    with database.connect() as opened:
        yield opened


def told(events: list[FeedEvent]) -> list[tuple[str, str, int | None, int | None]]:
    return [(event.ticket_id, event.action, event.seq, event.chain_no) for event in events]


# --- the order of events


def test_each_event_comes_once_with_its_place(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    start = settled(feed, connection)
    ticket = insert_ticket(connection)
    insert_message(connection, ticket)
    insert(connection, "ticket_watchers", ticket_id=ticket, user_id="driver-1")
    insert(connection, "ticket_audit", ticket_id=ticket, action="SENSITIVE_VIEWED")
    update_ticket(connection, ticket, status="OPEN")
    events = news(feed, connection, start)
    assert told(events) == [
        (ticket, "TICKET_CREATED", 1, 1),
        (ticket, "MESSAGE_ADDED", 2, None),
        (ticket, "WATCH_CHANGED", None, 3),
        (ticket, "STATUS_CHANGED", 3, 5),
    ]
    places = [event.position for event in events]
    assert places == sorted(set(places))
    assert news(feed, connection, places[1]) == events[2:]


def test_an_event_that_somebody_made_up_stops_nobody(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    start = settled(feed, connection)
    for payload in ('{"chain_no": "x"}', '{"chain_no": null}', "[]", "{}"):
        insert(connection, "outbox", ticket_id="TKT-404", seq=1, kind="audit", event_type="X", payload=payload)
    ticket = insert_ticket(connection)
    assert told(news(feed, connection, start)) == [("TKT-404", "X", 1, None)] * 4 + [(ticket, "TICKET_CREATED", 1, 1)]


def test_a_page_ends_at_its_last_event_and_an_empty_one_where_it_began(
    feed: PostgresChangeFeed, connection: psycopg.Connection
) -> None:
    start = settled(feed, connection)
    tickets = [insert_ticket(connection) for _ in range(5)]
    settled(feed, connection)
    first = feed.read(CALL, start, limit=2)
    second = feed.read(CALL, first.end, limit=2)
    third = feed.read(CALL, second.end, limit=2)
    assert [event.ticket_id for page in (first, second, third) for event in page.events] == tickets
    assert [page.end for page in (first, third)] == [page.events[-1].position for page in (first, third)]
    last = feed.read(CALL, third.end, limit=2)
    assert last.events == ()
    assert last.end == third.end


def test_nothing_comes_from_beyond_the_bound(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    start = settled(feed, connection)
    with connection.transaction():
        tickets = [insert_ticket(connection) for _ in range(3)]
    settled(feed, connection)
    events = feed.read(CALL, start, limit=10).events
    bound = events[1].position
    page = feed.read(CALL, start, upto=bound, limit=10)
    assert [event.ticket_id for event in page.events] == tickets[:2]
    assert page.end == bound
    assert feed.read(CALL, bound, upto=bound, limit=10).end == bound
    assert feed.read(CALL, events[2].position, upto=bound, limit=10).end == events[2].position


def test_a_late_commit_is_not_skipped(
    feed: PostgresChangeFeed, connection: psycopg.Connection, database: Database
) -> None:
    place = settled(feed, connection)
    seen: list[str] = []

    def read_on() -> None:
        nonlocal place
        page = feed.read(CALL, place, limit=10)
        seen.extend(event.ticket_id for event in page.events)
        assert page.end >= place
        place = page.end

    with database.connect() as slow, slow.transaction():
        early = insert_ticket(slow)
        quick = insert_ticket(connection)
        read_on()
        assert seen == []
    later = insert_ticket(connection)

    def all_of_them() -> bool:
        read_on()
        return len(seen) >= 3

    eventually(all_of_them, within=60)
    assert seen == [early, quick, later]


def test_what_is_held_back_is_named_early(
    feed: PostgresChangeFeed, connection: psycopg.Connection, database: Database
) -> None:
    start = settled(feed, connection)
    with database.connect() as slow, slow.transaction():
        insert_ticket(slow)
        quick = insert_ticket(connection)
        page = feed.read(CALL, start, limit=10)
        assert (page.events, page.end) == ((), start)
        assert [ticket_id for _, ticket_id in page.early] == [quick]
        assert feed.read(CALL, start, upto=start, limit=10).early == ()
    events = news(feed, connection, start)
    assert page.early[0] in [(event.position, event.ticket_id) for event in events]
    assert feed.read(CALL, start, limit=10).early == ()


def test_what_was_rolled_back_never_comes(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    start = settled(feed, connection)
    with connection.transaction(force_rollback=True):
        insert_ticket(connection)
    ticket = insert_ticket(connection)
    with connection.transaction(), connection.transaction(force_rollback=True):
        insert_message(connection, ticket)
    assert [event.action for event in news(feed, connection, start)] == ["TICKET_CREATED"]


def test_whoever_starts_at_the_head_gets_all_that_commits_later(
    feed: PostgresChangeFeed, connection: psycopg.Connection, database: Database
) -> None:
    insert_ticket(connection)
    settled(feed, connection)
    with database.connect() as slow, slow.transaction():
        ticket = insert_ticket(slow)
        head = feed.head(CALL)
    assert [event.ticket_id for event in news(feed, connection, head)] == [ticket]


def test_the_deadline_holds(feed: PostgresChangeFeed) -> None:
    with pytest.raises(DeadlineExceeded):
        feed.read(Call(SYSTEM, deadline=time.monotonic() - 1), Position(3, 0), limit=1)


@pytest.mark.parametrize("behind", [True, False], ids=["behind a backlog", "at the end"])
def test_the_next_events_are_one_look_into_each_index(database: Database, behind: bool) -> None:
    """However many there are, and over all partitions."""
    with database.connect() as connection:
        connection.execute(
            """
            INSERT INTO outbox (xid, ticket_id, seq, kind, event_type, payload, created_at)
            SELECT n::text::xid8, 'TKT-1', n, 'audit', 'X', '{}', now() + n % 3 * interval '1 day'
            FROM generate_series(1, 30000) AS n
            """
        )
        connection.execute("ANALYZE outbox")
        from server.adapters.postgres import change_feed  # the statements themselves are under test

        row = connection.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text").fetchone()
        assert row is not None
        after = max(1, int(row[0]) // 2) if behind else int(row[0]) - 1
        values = {"after_xid": str(after), "after_id": 0, "upto_xid": row[0], "upto_id": 0, "limit": 50}
        for statement in (change_feed._NEXT, change_feed._NEXT_UPTO, change_feed._HEAD):
            explained = b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement.sql
            ((plan,),) = connection.execute(explained, statement.parameters(values)).fetchall()
            root = plan[0]["Plan"]
            assert any(name.startswith("outbox_p") for name in names_in(plan))
            assert scanned(plan) <= {"outbox_horizon"}  # which has one row
            assert root["Shared Hit Blocks"] + root["Shared Read Blocks"] < 100


# --- the horizon


def assert_gone(feed: PostgresChangeFeed, position: Position) -> None:
    with pytest.raises(OutOfRange, match="list again") as refused:
        feed.check(CALL, position)
    assert refused.value.reason is Reason.CURSOR_EXPIRED


def test_a_position_is_good_until_events_after_it_are_dropped(
    feed: PostgresChangeFeed, connection: psycopg.Connection
) -> None:
    start = settled(feed, connection)
    ticket = insert_ticket(connection)
    insert_message(connection, ticket)
    end = settled(feed, connection)
    first, last = feed.read(CALL, start, upto=end, limit=10).events
    for position in (start, first.position, last.position, end):
        feed.check(CALL, position)
    connection.execute("SELECT outbox_maintain(3, interval '-2 days')")
    assert_gone(feed, start)
    with pytest.raises(OutOfRange):
        feed.read(CALL, start, limit=10)
    assert_gone(feed, first.position)
    feed.check(CALL, last.position)  # nothing that came after it is gone
    feed.check(CALL, end)
    insert_message(connection, ticket)
    connection.execute("SELECT outbox_maintain(3, interval '-2 days')")
    assert_gone(feed, last.position)


def test_a_position_where_the_feed_has_never_been(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    """As those of a database that was set back to a backup."""
    head = settled(feed, connection)
    feed.check(CALL, head)
    for position in (Position(head.xid + 1_000_000, 0), Position(2**64, 0), Position(-1, 0), Position(head.xid, 2**63)):
        assert_gone(feed, position)


def test_a_lost_horizon_lets_nobody_go_on(feed: PostgresChangeFeed, connection: psycopg.Connection) -> None:
    head = settled(feed, connection)
    connection.execute("DELETE FROM outbox_horizon")
    assert_gone(feed, head)
