"""One outbox row a timeline row, readable in commit order, kept for as long as asked."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from tests.database import Database
from tests.integration.postgres.rows import (
    AGENT,
    insert,
    insert_message,
    insert_ticket,
    set_context,
    timeline_of,
    update_ticket,
)


def outbox_of(connection: psycopg.Connection, ticket_id: str) -> list[Any]:
    cursor = connection.cursor(row_factory=namedtuple_row)
    return cursor.execute("SELECT * FROM outbox WHERE ticket_id = %s ORDER BY xid, id", [ticket_id]).fetchall()


def partitions(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'outbox'::regclass")
    return {name for (name,) in rows}


def named(day: datetime) -> str:
    return f"outbox_p{day:%Y%m%d}"


def test_every_timeline_row_is_published_once(connection: psycopg.Connection) -> None:
    with connection.transaction():
        set_context(connection, AGENT)
        ticket_id = insert_ticket(connection)
        message = insert_message(connection, ticket_id, message="secret")
        update_ticket(connection, ticket_id, status="OPEN")
        insert(connection, "ticket_audit", ticket_id=ticket_id, action="SENSITIVE_VIEWED")
    rows = outbox_of(connection, ticket_id)
    assert [row.seq for row in rows] == [row.seq for row in timeline_of(connection, ticket_id)]
    assert [(row.kind, row.event_type) for row in rows] == [
        ("audit", "TICKET_CREATED"),
        ("message", "MESSAGE_ADDED"),
        ("audit", "STATUS_CHANGED"),
    ]
    assert rows[1].payload == {
        "actor_id": "u-7",
        "actor_role": "ops_manager",
        "message_id": str(message["id"]),
        "is_internal_note": False,
    }
    assert rows[2].payload == {"actor_id": "u-7", "actor_role": "ops_manager", "chain_no": 3}


def test_who_watches_is_published_outside_of_the_timeline(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    with connection.transaction():
        set_context(connection, AGENT)
        insert(connection, "ticket_watchers", ticket_id=ticket_id, user_id="driver-1")
    connection.execute("DELETE FROM ticket_watchers WHERE ticket_id = %s", [ticket_id])
    _, began, ended = outbox_of(connection, ticket_id)
    assert (began.kind, began.seq, began.event_type) == ("watch", None, "WATCH_CHANGED")
    assert began.payload == {"actor_id": "u-7", "actor_role": "ops_manager", "chain_no": 2}
    assert ended.payload == {"actor_id": "SYSTEM", "actor_role": "system", "chain_no": 3}


@pytest.mark.parametrize(("kind", "seq"), [("watch", 1), ("audit", None), ("message", None)])
def test_only_what_is_no_part_of_the_timeline_has_no_number(
    connection: psycopg.Connection, kind: str, seq: int | None
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="outbox_seq_check"):
        insert(connection, "outbox", ticket_id="TKT-1", seq=seq, kind=kind, event_type="X", payload="{}")


def test_a_rolled_back_write_is_not_published(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    with connection.transaction(force_rollback=True):
        insert_message(connection, ticket_id)
    assert len(outbox_of(connection, ticket_id)) == 1


def test_a_late_commit_is_not_skipped(database: Database) -> None:
    """A reader below pg_snapshot_xmin never passes over a transaction that began early and commits late."""
    ready = "SELECT ticket_id FROM outbox WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, id"
    with database.connect() as early, database.connect() as late, database.connect() as reader:
        with early.transaction():
            first = insert_ticket(early)
            second = insert_ticket(late)
            assert reader.execute(ready).fetchall() == []
        # Transaction ids are the whole cluster's: a test in another database may hold readers back for a moment.
        deadline = time.monotonic() + 30
        while not (rows := reader.execute(ready).fetchall()) and time.monotonic() < deadline:
            continue
        assert rows == [(first,), (second,)]


def test_readers_sort_nothing(database: Database) -> None:
    """The next rows after a cursor come off the partitions' keys in order, however long the outbox is."""
    with database.connect() as connection:
        connection.execute(
            """
            INSERT INTO outbox (xid, ticket_id, seq, kind, event_type, payload, created_at)
            SELECT n::text::xid8, 'TKT-1', n, 'audit', 'X', '{}', now() + n % 3 * interval '1 day'
            FROM generate_series(1, 30000) AS n
            """
        )
        connection.execute("ANALYZE outbox")
        plan = connection.execute(
            """
            EXPLAIN SELECT * FROM outbox
            WHERE (xid, id) > ('9000'::xid8, 5) AND xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY xid, id LIMIT 500
            """
        ).fetchall()
    steps = "\n".join(step for (step,) in plan)
    assert "Merge Append" in steps
    assert "->  Sort" not in steps
    assert "Index Scan using outbox_p" in steps


def test_partitions_are_made_ahead_and_dropped_after_retention(database: Database) -> None:
    today = datetime.now(UTC)
    with database.connect() as connection:
        connection.execute("SELECT outbox_maintain(6)")
        assert {named(today + timedelta(days=ahead)) for ahead in range(7)} <= partitions(connection)
        assert connection.execute("SELECT * FROM outbox_maintain(6)").fetchall() == []
        insert_ticket(connection)

        changes = connection.execute("SELECT * FROM outbox_maintain(0, interval '-2 days')").fetchall()
        assert changes == [(named(today), "dropped"), (named(today + timedelta(days=1)), "dropped")]
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
        assert "outbox_default" in partitions(connection)


def horizon(connection: psycopg.Connection) -> Any:
    return connection.execute("SELECT xid::text, id FROM outbox_horizon").fetchone()


def test_the_last_of_what_is_dropped_is_written_down(database: Database) -> None:
    with database.connect() as connection:
        begins_at = horizon(connection)
        connection.execute("SELECT outbox_maintain(1)")
        assert horizon(connection) == begins_at
        ticket_id = insert_ticket(connection)
        insert_message(connection, ticket_id)
        last = outbox_of(connection, ticket_id)[-1]
        connection.execute("SELECT outbox_maintain(0, interval '-2 days')")
        assert horizon(connection) == (last.xid, last.id)

        insert_message(connection, ticket_id)  # finds no partition
        (later,) = outbox_of(connection, ticket_id)
        connection.execute("SELECT outbox_maintain(-1, interval '-2 days')")
        assert outbox_of(connection, ticket_id) == []
        assert horizon(connection) == (later.xid, later.id)


def test_rows_within_retention_are_kept(database: Database) -> None:
    with database.connect() as connection:
        ticket_id = insert_ticket(connection)
        connection.execute("SELECT outbox_maintain(1, interval '1 day')")
        assert len(outbox_of(connection, ticket_id)) == 1


def test_without_a_partition_rows_wait_in_the_default_one(database: Database) -> None:
    today = datetime.now(UTC)
    with database.connect() as connection:
        for name in partitions(connection) - {"outbox_default"}:
            connection.execute(f"DROP TABLE {name}")
        ticket_id = insert_ticket(connection)
        before = outbox_of(connection, ticket_id)
        assert connection.execute("SELECT count(*) FROM outbox_default").fetchone() == (1,)

        changes = connection.execute("SELECT * FROM outbox_maintain(0)").fetchall()
        assert (named(today), "created") in changes
        assert connection.execute("SELECT count(*) FROM outbox_default").fetchone() == (0,)
        assert outbox_of(connection, ticket_id) == before
        insert_message(connection, ticket_id)
        assert [row.seq for row in outbox_of(connection, ticket_id)] == [1, 2]


def test_maintenance_gives_way_to_whoever_holds_the_table(database: Database) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with database.connect() as holder, database.connect() as maintainer:
        maintainer.execute("SELECT outbox_maintain(2)")
        begins_at = horizon(maintainer)
        with holder.transaction():
            insert_ticket(holder)
            changes = maintainer.execute("SELECT * FROM outbox_maintain(0, interval '-2 days')").fetchall()
            assert (named(tomorrow), "postponed") in changes
            assert horizon(maintainer) == begins_at
        assert named(tomorrow) in partitions(maintainer)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/Los_Angeles"])
def test_days_are_utc_whatever_the_session_says(database: Database, zone: str) -> None:
    with database.connect() as connection:
        connection.execute("SELECT set_config('timezone', %s, false)", [zone])
        for name in partitions(connection) - {"outbox_default"}:
            connection.execute(f"DROP TABLE {name}")
        connection.execute("SELECT outbox_maintain(1)")
        connection.execute("SET timezone = 'UTC'")
        bounds = connection.execute(
            "SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname ~ '^outbox_p[0-9]+$' ORDER BY 1"
        ).fetchall()
        today = datetime.now(UTC).date()
        for (name, bound), ahead in zip(bounds, range(2), strict=True):
            day = today + timedelta(days=ahead)
            assert name == f"outbox_p{day:%Y%m%d}"
            assert bound == f"FOR VALUES FROM ('{day} 00:00:00+00') TO ('{day + timedelta(days=1)} 00:00:00+00')"
