"""Ten gigabytes of attachments, as rows: whatever is asked about files is a look into an index, not into the table."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from server.adapters.postgres import deletion_queue, file_status
from server.adapters.postgres.attachment_repository import PostgresAttachmentRepository
from server.adapters.postgres.deletion_queue import PostgresDeletionQueue
from server.adapters.postgres.due_work import PostgresDueWork
from server.adapters.postgres.export_queue import PostgresExportQueue
from server.adapters.postgres.file_status import PostgresFileBooks
from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.application.call import Call
from server.application.files.file_status import COUNT_CAP
from server.domain.ids import TicketId, UserId
from server.domain.principal import SYSTEM
from tests.database import TestServer
from tests.integration.postgres.test_indexes import names_in
from tests.waiting import eventually

pytestmark = pytest.mark.slow

ATTACHMENTS = 400_000
SIZE = 25_000
LOAD = """
    SET session_replication_role = replica;
    INSERT INTO tickets (id, title, description, created_by_id, created_by_role)
    SELECT 'TKT-' || n, 'Payment not received', 'The shipper has not paid yet.', 's', 'shipper'
    FROM generate_series(0, 19999) AS n;
    INSERT INTO ticket_attachments (
        ticket_id, uploaded_by_id, file_name, object_key, file_type, file_size_bytes, status, created_at
    )
    SELECT 'TKT-' || n % 20000, 'u-' || n % 500, 'pod.pdf', 'attachments/TKT-' || n % 20000 || '/' || n,
        'application/pdf', {size}, CASE WHEN n % 200 = 0 THEN 'pending' ELSE 'completed' END,
        now() - n * interval '1 minute'
    FROM generate_series(1, {attachments}) AS n;
    INSERT INTO ticket_messages (
        ticket_id, seq, actor_id, actor_role, message, created_at, is_internal_note, attachments
    )
    SELECT 'TKT-' || n % 20000, 1 + n / 20000, 'u-1', 'ops_agent', 'x', now(), n % 9 = 0,
        CASE WHEN n % 20 = 0 THEN ARRAY[uuidv7()] ELSE '{{}}' END
    FROM generate_series(0, 199999) AS n;
    INSERT INTO object_deletions (object_key, delete_after)
    SELECT 'k-' || n, now() + (n - 20000) * interval '1 minute' FROM generate_series(1, 200000) AS n;
    INSERT INTO ticket_export_jobs (requested_by_id, requested_by_role, status, created_at, object_key, expires_at)
    SELECT 'u-' || n % 300, 'ops_manager', 'completed', now() - n * interval '1 minute',
        CASE WHEN n < 4320 THEN 'exports/' || n END, now() + (4300 - n) * interval '1 minute'
    FROM generate_series(1, 100000) AS n;
"""
STATEMENTS: dict[str, tuple[LiteralString, dict[str, Any], set[str]]] = {
    "give up": (
        deletion_queue.GIVE_UP,
        {"before": datetime.now(UTC) - timedelta(hours=48), "limit": 500},
        {"ticket_attachments_pending_idx"},
    ),
    "claim": (deletion_queue.CLAIM, {"limit": 20}, {"object_deletions_due_idx", "object_deletions_pkey"}),
    "gone": (deletion_queue.GONE, {"keys": [f"k-{n}" for n in range(20)]}, {"object_deletions_pkey"}),
    "hand back": (
        deletion_queue.HAND_BACK,
        {"keys": [f"k-{n}" for n in range(20)], "attempts": [1] * 20, "was_due": [datetime.now(UTC)] * 20},
        {"object_deletions_pkey"},
    ),
    "uploads": (file_status.UPLOADS, {"cap": COUNT_CAP}, {"ticket_attachments_pending_idx"}),
    "deletions": (file_status.DELETIONS, {"cap": COUNT_CAP}, {"object_deletions_due_idx"}),
    "exports": (file_status.EXPORTS, {"cap": COUNT_CAP}, {"ticket_export_jobs_unfinished_idx"}),
    # What the repository asks of one ticket.
    "list": (
        """SELECT * FROM ticket_attachments
        WHERE ticket_id = %(ticket)s AND (status = 'completed' OR uploaded_by_id = 'u-7')
        ORDER BY created_at, id LIMIT 51""",
        {"ticket": "TKT-7777"},
        {"ticket_attachments_pkey"},
    ),
    "pending": (
        "SELECT count(*) FROM ticket_attachments WHERE ticket_id = %(ticket)s AND status = 'pending'",
        {"ticket": "TKT-7777"},
        {"ticket_attachments_pkey"},
    ),
}
BIG = ["ticket_attachments", "object_deletions", "ticket_export_jobs", "ticket_messages"]
SCANS = "SELECT sum(seq_scan), sum(idx_scan) FROM pg_stat_user_tables WHERE relname = ANY (%s)"
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def many(postgres: TestServer) -> Iterator[psycopg.Connection]:
    with postgres.new_database() as database, database.connect() as connection:
        connection.execute(LOAD.format(attachments=ATTACHMENTS, size=SIZE).encode())
        connection.execute("SET session_replication_role = origin")
        connection.execute("VACUUM ANALYZE")
        yield connection


@pytest.fixture(scope="module")
def dsn(many: psycopg.Connection) -> str:
    return many.info.dsn


def test_there_are_ten_gigabytes(many: psycopg.Connection) -> None:
    assert many.execute("SELECT sum(file_size_bytes) FROM ticket_attachments").fetchone() == (10**10,)


@pytest.mark.parametrize("name", STATEMENTS)
def test_each_statement_has_its_index(many: psycopg.Connection, name: str) -> None:
    statement, parameters, indexes = STATEMENTS[name]
    ((plan,),) = psycopg.ClientCursor(many).execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters).fetchall()
    assert names_in(plan) >= indexes
    assert "Seq Scan" not in nodes_in(plan)


def test_nothing_that_is_done_with_files_reads_a_table_from_end_to_end(many: psycopg.Connection, dsn: str) -> None:
    """As often as it takes PostgreSQL to settle for one plan, by its own count."""
    before = scans(many)
    pool = open_pool(dsn, min_size=1, max_size=2, wait_seconds=10, prepare_statements=True)
    sessions = Sessions(pool, session_settings=True, default_timeout_ms=30_000)
    deletions, exports = PostgresDeletionQueue(sessions), PostgresExportQueue(sessions)
    key, long_ago = (datetime(2026, 1, 1, tzinfo=UTC), UUID(int=7)), datetime.now(UTC) - timedelta(hours=48)
    try:
        for number in range(1, 9):
            ticket = TicketId(f"TKT-{number}")
            with sessions.transaction(Call(SYSTEM)) as session:
                attachments = PostgresAttachmentRepository(session)
                assert attachments.count(ticket, at_most=501) > 0
                for after, public_only in product((None, key), (False, True)):
                    page = attachments.page(ticket, UserId("u-7"), after=after, limit=5, public_only=public_only)
                    assert len(page) == (0 if public_only and number != 7 else 5), "all of TKT-7 are u-7's"
                    for each in page:
                        assert attachments.get(each.id) == attachments.lock(each.id) == each
                        assert not attachments.is_public(each)
            assert deletions.give_up_uploads(created_before=long_ago, limit=100) == 100
            assert deletions.delete_due(lambda _: None, limit=20) == (20, 0)
            assert exports.expire(limit=2) == 2
            assert exports.claim() is None
            assert PostgresFileBooks(pool).status().due_deletions == COUNT_CAP
            assert PostgresDueWork(pool).due() == frozenset()
    finally:
        pool.close()
    # They say what they did when they end.
    eventually(lambda: many.execute(OTHERS).fetchone() == (0,), what="the end of the sessions")
    after_all = scans(many)
    assert after_all[0] == before[0]
    assert after_all[1] > before[1]


def scans(connection: psycopg.Connection) -> tuple[int, int]:
    """Of the big tables: how often one was read from end to end, and how often an index."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    ((sequential, indexed),) = connection.execute(SCANS, [BIG]).fetchall()
    return sequential, indexed


def nodes_in(plan: Any) -> set[str]:
    """Kinds of the nodes of a plan."""
    if isinstance(plan, list):
        return set[str]().union(*map(nodes_in, plan))
    if isinstance(plan, dict):
        found = nodes_in(list(plan.values()))
        return found | {plan["Node Type"]} if "Node Type" in plan else found
    return set()
