"""Numbers without gaps and a chain that verifies, whoever writes at the same time, whatever is rolled back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from typing import LiteralString

import psycopg
import pytest

from server.domain.audit_chain import Finding, FindingKind, entry_hash, verify_chain
from server.domain.ids import ChainNo
from tests.database import Database
from tests.integration.postgres.rows import (
    AGENT,
    TimelineRow,
    audit_of,
    insert,
    insert_message,
    insert_ticket,
    set_context,
    stored_chain,
    timeline_of,
    update_ticket,
)


def test_messages_and_events_share_one_order(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    insert_message(connection, ticket_id)
    update_ticket(connection, ticket_id, status="OPEN")
    insert(connection, "ticket_audit", ticket_id=ticket_id, action="WATCH_CHANGED")
    insert_message(connection, ticket_id)
    assert timeline_of(connection, ticket_id) == [
        TimelineRow(1, "TICKET_CREATED"),
        TimelineRow(2, "message"),
        TimelineRow(3, "STATUS_CHANGED"),
        TimelineRow(4, "message"),
    ]
    assert [(entry.chain_no, entry.seq) for entry in audit_of(connection, ticket_id)] == [
        (1, 1),
        (2, None),
        (3, 3),
        (4, None),
        (5, None),
    ]


def test_every_field_is_hashed_as_python_does(connection: psycopg.Connection) -> None:
    with connection.transaction():
        set_context(connection, {**AGENT, "ip_address": "2001:db8::1", "reason": 'भाड़ा "नहीं" मिला, 12:3~'})
        ticket_id = insert_ticket(connection, title="भाड़ा नहीं मिला ₹5,000", metadata='{"n": 1.50, "k": [null]}')
        update_ticket(connection, ticket_id, status="OPEN", owner_id="u-1")
        insert_message(connection, ticket_id)
    update_ticket(connection, ticket_id, archived=True)
    entries, head = stored_chain(connection, ticket_id)
    assert [entry.hash for entry in entries] == [entry_hash(entry) for entry in entries]
    assert entries[0].prev_hash is None
    assert verify_chain(entries, head) is None


def test_dates_never_run_backwards(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    for number in range(20):
        update_ticket(connection, ticket_id, title=f"Payment not received {number}")
        insert_message(connection, ticket_id)
    dates = connection.execute(
        """
        SELECT created_at FROM (
            SELECT seq, created_at FROM ticket_messages WHERE ticket_id = %(id)s
            UNION ALL
            SELECT seq, created_at FROM ticket_audit WHERE ticket_id = %(id)s AND seq IS NOT NULL
        ) AS timeline ORDER BY seq
        """,
        {"id": ticket_id},
    ).fetchall()
    assert all(earlier <= later for earlier, later in pairwise(dates))


def test_a_message_may_be_dated_by_its_writer(connection: psycopg.Connection) -> None:
    message = insert_message(connection, insert_ticket(connection), created_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert message["created_at"] == datetime(2025, 1, 1, tzinfo=UTC)


def test_a_rollback_takes_its_numbers_back(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    for _ in range(3):
        with connection.transaction(force_rollback=True):
            insert_message(connection, ticket_id)
            update_ticket(connection, ticket_id, status="ESCALATED")
        with connection.transaction():
            insert_message(connection, ticket_id)
            with connection.transaction(force_rollback=True):
                insert_message(connection, ticket_id)
                update_ticket(connection, ticket_id, status="ESCALATED")
            insert_message(connection, ticket_id)
    assert [row.seq for row in timeline_of(connection, ticket_id)] == list(range(1, 8))
    assert verify_chain(*stored_chain(connection, ticket_id)) is None


@pytest.mark.parametrize("writers", [8])
def test_concurrent_writers_leave_no_gap_and_no_fork(shared_database: Database, writers: int) -> None:
    rounds = 25
    with shared_database.connect() as connection:
        ticket_id = insert_ticket(connection)

    def write(writer: int) -> None:
        with shared_database.connect() as own:
            for number in range(rounds):
                with own.transaction(force_rollback=number % 5 == 4):
                    set_context(own, {"actor_id": f"u-{writer}", "actor_role": "ops_agent"})
                    if number % 2:
                        insert_message(own, ticket_id)
                    else:
                        update_ticket(own, ticket_id, title=f"Payment not received {writer} {number}")

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))

    with shared_database.connect() as connection:
        kept = writers * rounds * 4 // 5
        assert [row.seq for row in timeline_of(connection, ticket_id)] == list(range(1, kept + 2))
        entries, head = stored_chain(connection, ticket_id)
        assert len(entries) == kept + 1
        assert verify_chain(entries, head) is None


def test_a_ticket_loaded_without_triggers_starts_its_chain_with_the_first_change(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        ticket_id = insert_ticket(connection)
        connection.execute("SET session_replication_role = origin")
        insert_message(connection, ticket_id)
        update_ticket(connection, ticket_id, status="OPEN")
        assert timeline_of(connection, ticket_id) == [TimelineRow(1, "message"), TimelineRow(2, "STATUS_CHANGED")]
        assert verify_chain(*stored_chain(connection, ticket_id)) is None


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        (["UPDATE ticket_audit SET actor_id = 'x' WHERE chain_no = 2"], Finding(ChainNo(2), FindingKind.EDITED)),
        (["UPDATE ticket_audit SET payload = payload || '{}' WHERE chain_no = 2"], None),
        (["UPDATE ticket_audit SET payload = '{}' WHERE chain_no = 3"], Finding(ChainNo(3), FindingKind.EDITED)),
        (
            ["UPDATE ticket_audit SET created_at = created_at + interval '1us' WHERE chain_no = 1"],
            Finding(ChainNo(1), FindingKind.EDITED),
        ),
        (
            ["UPDATE ticket_audit SET ip_address = '10.1.2.3/24' WHERE chain_no = 1"],
            Finding(ChainNo(1), FindingKind.EDITED),
        ),
        (["DELETE FROM ticket_audit WHERE chain_no = 2"], Finding(ChainNo(2), FindingKind.REMOVED)),
        (["DELETE FROM ticket_audit WHERE chain_no = 4"], Finding(ChainNo(4), FindingKind.TAIL_REMOVED)),
        (["DELETE FROM ticket_audit"], Finding(ChainNo(1), FindingKind.TAIL_REMOVED)),
        (
            [
                "UPDATE ticket_audit SET chain_no = 9 WHERE chain_no = 2",
                "UPDATE ticket_audit SET chain_no = 2 WHERE chain_no = 3",
                "UPDATE ticket_audit SET chain_no = 3 WHERE chain_no = 9",
            ],
            Finding(ChainNo(2), FindingKind.REORDERED),
        ),
        (
            ["UPDATE ticket_timeline_heads SET last_chain_no = 3"],
            Finding(ChainNo(4), FindingKind.HEAD_MISMATCH),
        ),
    ],
)
def test_what_a_superuser_does_behind_the_triggers_is_found(
    database: Database, tampering: list[LiteralString], finding: Finding | None
) -> None:
    with database.connect() as connection:
        with connection.transaction():
            set_context(connection, AGENT)
            ticket_id = insert_ticket(connection)
            for status in ("OPEN", "IN_PROGRESS", "ESCALATED"):
                update_ticket(connection, ticket_id, status=status)
        connection.execute("SET session_replication_role = replica")
        for statement in tampering:
            assert connection.execute(statement).rowcount > 0
        assert verify_chain(*stored_chain(connection, ticket_id)) == finding
