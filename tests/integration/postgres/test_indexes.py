"""Each index is what the planner takes for the query it was made for, and there is none without such a query."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from server.adapters.postgres.attachment_repository import PAGES, SHARED
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import OPEN_TICKETS
from server.adapters.postgres.timeline_repository import EVENTS, MESSAGES
from tests.database import TestServer

OPEN: LiteralString = "status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived"
PAGE: LiteralString = "LIMIT 26"

QUERIES: list[tuple[str, LiteralString]] = [
    # The orders of a list, first page and further pages, both directions.
    ("tickets_created_idx", f"SELECT * FROM tickets ORDER BY created_at, id {PAGE}"),
    ("tickets_created_idx", f"SELECT * FROM tickets ORDER BY created_at DESC, id DESC {PAGE}"),
    (
        "tickets_created_idx",
        f"""SELECT * FROM tickets WHERE (created_at, id) < (now() - interval '20 days', 'TKT-9')
        ORDER BY created_at DESC, id DESC {PAGE}""",
    ),
    ("tickets_updated_idx", f"SELECT * FROM tickets ORDER BY updated_at DESC, id DESC {PAGE}"),
    (
        "tickets_updated_idx",
        f"""SELECT * FROM tickets WHERE (updated_at, id) > (now() - interval '20 days', 'TKT-9')
        ORDER BY updated_at, id {PAGE}""",
    ),
    ("tickets_due_order_idx", f"SELECT * FROM tickets ORDER BY coalesce(sla_due_at, 'infinity'), id {PAGE}"),
    (
        "tickets_due_order_idx",
        f"""SELECT * FROM tickets WHERE (coalesce(sla_due_at, 'infinity'), id) < (now(), 'TKT-9')
        ORDER BY coalesce(sla_due_at, 'infinity') DESC, id DESC {PAGE}""",
    ),
    (
        "tickets_priority_created_idx",
        f"SELECT * FROM tickets ORDER BY priority DESC, created_at DESC, id DESC {PAGE}",
    ),
    (
        "tickets_priority_created_idx",
        f"""SELECT * FROM tickets WHERE (priority, created_at, id) > ('HIGH', now() - interval '20 days', 'TKT-9')
        ORDER BY priority, created_at, id {PAGE}""",
    ),
    (
        "tickets_active_created_idx",
        f"SELECT * FROM tickets WHERE NOT archived ORDER BY created_at DESC, id DESC {PAGE}",
    ),
    (
        "tickets_open_created_idx",
        f"SELECT * FROM tickets WHERE {OPEN} AND tags && '{{region-7}}' ORDER BY created_at DESC, id DESC {PAGE}",
    ),
    (
        "tickets_open_due_order_idx",
        f"SELECT * FROM tickets WHERE {OPEN} ORDER BY coalesce(sla_due_at, 'infinity'), id {PAGE}",
    ),
    ("tickets_archived_updated_idx", f"SELECT * FROM tickets WHERE archived ORDER BY updated_at DESC, id DESC {PAGE}"),
    # Filters.
    (
        "tickets_status_created_idx",
        f"SELECT * FROM tickets WHERE status = 'NEW' ORDER BY created_at DESC, id DESC {PAGE}",
    ),
    (
        "tickets_priority_due_idx",
        f"SELECT * FROM tickets WHERE priority = 'CRITICAL' ORDER BY sla_due_at, id {PAGE}",
    ),
    (
        "tickets_owner_status_idx",
        "SELECT status, count(*) FROM tickets WHERE owner_id = 'u-7' AND status IN ('OPEN', 'IN_PROGRESS') GROUP BY 1",
    ),
    (
        "tickets_owner_created_idx",
        f"SELECT * FROM tickets WHERE owner_id = 'u-7' ORDER BY created_at DESC, id DESC {PAGE}",
    ),
    (
        "tickets_owner_resolved_idx",
        """SELECT avg(resolved_at - created_at) FROM tickets
        WHERE owner_id = 'u-7' AND resolved_at IS NOT NULL AND resolved_at > now() - interval '9 days'""",
    ),
    (
        "tickets_resolved_idx",
        """SELECT width_bucket(resolved_at, ARRAY[now() - interval '2 days', now() - interval '1 day', now()]), count(*)
        FROM tickets WHERE NOT archived AND resolved_at >= now() - interval '2 days' GROUP BY 1""",
    ),
    (
        "tickets_owner_role_status_idx",
        f"""SELECT * FROM tickets WHERE owner_role = 'ops_agent' AND status = 'ESCALATED'
        ORDER BY created_at DESC, id DESC {PAGE}""",
    ),
    (
        "tickets_role_open_idx",
        f"""SELECT * FROM tickets WHERE owner_role = 'ops_agent' AND {OPEN}
        ORDER BY created_at DESC, id DESC {PAGE}""",
    ),
    (
        "tickets_role_due_idx",
        f"""SELECT * FROM tickets WHERE owner_role = 'ops_agent' AND {OPEN}
        ORDER BY coalesce(sla_due_at, 'infinity'), id {PAGE}""",
    ),
    (
        "tickets_role_priority_idx",
        f"""SELECT * FROM tickets WHERE owner_role = 'ops_agent' AND priority = 'HIGH'
        ORDER BY created_at DESC, id DESC {PAGE}""",
    ),
    (
        "tickets_unassigned_idx",
        f"SELECT * FROM tickets WHERE owner_id IS NULL AND {OPEN} ORDER BY created_at DESC, id DESC {PAGE}",
    ),
    (
        "tickets_franchise_created_idx",
        f"SELECT * FROM tickets WHERE assigned_franchise_id = 'FR-001' ORDER BY created_at DESC, id DESC {PAGE}",
    ),
    ("tickets_linked_entity_idx", "SELECT * FROM tickets WHERE linked_type = 'booking' AND linked_id = 'BKG-123'"),
    (
        "tickets_creator_idx",
        f"SELECT * FROM tickets WHERE created_by_id = 'shipper-7' ORDER BY created_at DESC, id DESC {PAGE}",
    ),
    ("tickets_sensitive_idx", f"SELECT * FROM tickets WHERE is_sensitive ORDER BY created_at DESC, id DESC {PAGE}"),
    ("tickets_search_idx", "SELECT * FROM tickets WHERE search @@ websearch_to_tsquery('english', 'payment issue')"),
    ("tickets_tags_idx", "SELECT * FROM tickets WHERE tags @> '{lane-7}'"),
    ("tickets_tags_idx", "SELECT * FROM tickets WHERE tags && '{lane-7,lane-8}'"),
    # Deadlines.
    (
        "tickets_open_due_idx",
        f"""SELECT * FROM tickets WHERE {OPEN} AND sla_due_at BETWEEN now() AND now() + interval '1 hour'
        ORDER BY sla_due_at, id""",
    ),
    (
        "tickets_near_breach_sweep_idx",
        f"""SELECT id FROM tickets
        WHERE NOT sla_near_breach_notified AND sla_paused_at IS NULL AND {OPEN} AND sla_near_breach_at <= now()
        ORDER BY sla_near_breach_at, id LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED""",
    ),
    (
        "tickets_escalation_sweep_idx",
        f"""SELECT id FROM tickets
        WHERE sla_next_escalation_at IS NOT NULL AND sla_paused_at IS NULL AND {OPEN}
            AND sla_next_escalation_at <= now()
        ORDER BY sla_next_escalation_at, id LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED""",
    ),
    ("tickets_stale_idx", f"SELECT id FROM tickets WHERE sla_stale AND {OPEN} ORDER BY id LIMIT 100"),
    (
        "tickets_first_response_sweep_idx",
        f"""SELECT id FROM tickets
        WHERE first_responded_at IS NULL AND NOT first_response_breached AND {OPEN} AND first_response_due_at <= now()
        ORDER BY first_response_due_at, id LIMIT 100 FOR UPDATE SKIP LOCKED""",
    ),
    # One ticket's own rows, and the other tables.
    ("tickets_pkey", "SELECT * FROM tickets WHERE id = 'TKT-77'"),
    ("ticket_messages_pkey", "SELECT * FROM ticket_messages WHERE ticket_id = 'TKT-7' AND seq > 2 ORDER BY seq"),
    (
        "ticket_messages_attachments_idx",
        "SELECT unnest(attachments) FROM ticket_messages WHERE ticket_id = 'TKT-7' AND attachments <> '{}'",
    ),
    (
        "ticket_messages_id_key",
        """SELECT * FROM ticket_messages
        WHERE ticket_id = 'TKT-7' AND id = '01a2074e-1fa7-7f03-8bda-8cfecba65f99'""",
    ),
    ("ticket_audit_pkey", "SELECT * FROM ticket_audit WHERE ticket_id = 'TKT-7' ORDER BY chain_no LIMIT 5"),
    (
        "ticket_audit_seq_idx",
        "SELECT * FROM ticket_audit WHERE ticket_id = 'TKT-7' AND seq > 2 ORDER BY seq LIMIT 5",
    ),
    ("ticket_audit_actor_idx", "SELECT * FROM ticket_audit WHERE actor_id = 'u-7' ORDER BY created_at DESC LIMIT 50"),
    (
        "ticket_audit_created_idx",
        """SELECT * FROM ticket_audit
        WHERE created_at >= now() - interval '29 days' AND created_at < now() - interval '28 days'""",
    ),
    ("ticket_watchers_pkey", "SELECT * FROM ticket_watchers WHERE ticket_id = 'TKT-7'"),
    ("ticket_watchers_user_idx", "SELECT ticket_id FROM ticket_watchers WHERE user_id = 'u-7'"),
    ("ticket_attachments_pkey", "SELECT * FROM ticket_attachments WHERE ticket_id = 'TKT-7'"),
    (
        "ticket_attachments_id_idx",
        "SELECT * FROM ticket_attachments WHERE id = '01a2074e-1fa7-7f03-8bda-8cfecba65f99'",
    ),
    (
        "ticket_attachments_pending_idx",
        """SELECT ticket_id, id FROM ticket_attachments
        WHERE status = 'pending' AND created_at < now() - interval '48 hours'
        ORDER BY created_at LIMIT 500 FOR UPDATE SKIP LOCKED""",
    ),
    (
        "ticket_export_jobs_requester_idx",
        "SELECT * FROM ticket_export_jobs WHERE requested_by_id = 'u-7' ORDER BY created_at DESC, id DESC LIMIT 20",
    ),
    (
        "ticket_attachments_uploads_idx",
        """SELECT count(*) FROM (
            SELECT id FROM ticket_attachments WHERE uploaded_by_id = 'u-7' AND status = 'pending' LIMIT 200
        ) AS under_way""",
    ),
    (
        "ticket_export_jobs_created_idx",
        "SELECT * FROM ticket_export_jobs ORDER BY created_at DESC, id DESC LIMIT 20",
    ),
    (
        "ticket_export_jobs_unfinished_idx",
        """SELECT * FROM ticket_export_jobs
        WHERE status IN ('pending', 'processing') AND CASE status
            WHEN 'pending' THEN next_attempt_at <= now() ELSE coalesce(lease_until <= now(), true)
        END
        ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED""",
    ),
    (
        "ticket_export_jobs_expiry_idx",
        """SELECT id FROM ticket_export_jobs WHERE object_key IS NOT NULL AND expires_at <= now()
        ORDER BY expires_at LIMIT 500 FOR UPDATE SKIP LOCKED""",
    ),
    (
        "object_deletions_due_idx",
        """SELECT object_key FROM object_deletions WHERE delete_after <= now()
        ORDER BY delete_after LIMIT 20 FOR UPDATE SKIP LOCKED""",
    ),
    (
        "idempotency_keys_created_idx",
        "DELETE FROM idempotency_keys WHERE created_at < now() - interval '2 days'",
    ),
    ("staff_members_role_idx", "SELECT * FROM staff_members WHERE active AND role = 'hq_support'"),
    ("staff_members_franchises_idx", "SELECT * FROM staff_members WHERE franchise_ids @> '{FR-7}'"),
    ("saved_views_shared_idx", "SELECT * FROM saved_views WHERE is_shared ORDER BY name, id"),
    # Notifications and webhooks.
    (
        "notifications_user_idx",
        f"SELECT * FROM notifications WHERE user_id = 'u-7' ORDER BY created_at DESC, id DESC {PAGE}",
    ),
    (
        "notifications_unread_idx",
        f"""SELECT * FROM notifications WHERE user_id = 'u-7' AND read_at IS NULL
        ORDER BY created_at DESC, id DESC {PAGE}""",
    ),
    (
        "notifications_gathering_idx",
        "SELECT * FROM notifications WHERE user_id = 'u-7' AND ticket_id = 'TKT-7' AND gathering FOR UPDATE",
    ),
    (
        "notifications_window_idx",
        """SELECT id FROM notifications WHERE gathering AND gather_until <= now()
        ORDER BY gather_until LIMIT 500 FOR UPDATE SKIP LOCKED""",
    ),
    (
        "notifications_critical_window_idx",
        """SELECT id FROM notifications WHERE gathering AND is_critical AND gather_until <= now()
        ORDER BY gather_until LIMIT 500 FOR UPDATE SKIP LOCKED""",
    ),
    ("notifications_pkey", "SELECT id FROM notifications WHERE id < uuidv7('-90 days'::interval) ORDER BY id LIMIT 9"),
    (
        "notification_deliveries_due_idx",
        """SELECT id FROM notification_deliveries
        WHERE status = 'pending' AND channel = 'email' AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT 100 FOR UPDATE SKIP LOCKED""",
    ),
    (
        "notification_deliveries_critical_idx",
        """SELECT id FROM notification_deliveries
        WHERE status = 'pending' AND channel = 'email' AND is_critical AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT 100 FOR UPDATE SKIP LOCKED""",
    ),
    (
        "notification_deliveries_dead_idx",
        """SELECT * FROM notification_deliveries WHERE status = 'dead' AND channel = 'email'
        ORDER BY id DESC LIMIT 20""",
    ),
    (
        "webhook_deliveries_webhook_idx",
        f"""SELECT * FROM webhook_deliveries WHERE webhook_id = '01a2074e-1fa7-7f03-8bda-8cfecba65f99'
        ORDER BY created_at DESC, id DESC {PAGE}""",
    ),
    (
        "webhook_deliveries_due_idx",
        """SELECT due.id FROM webhooks CROSS JOIN LATERAL (
            SELECT id FROM webhook_deliveries
            WHERE webhook_id = webhooks.id AND status = 'pending' AND next_attempt_at <= now()
            ORDER BY next_attempt_at LIMIT 5 FOR UPDATE SKIP LOCKED
        ) AS due WHERE webhooks.enabled""",
    ),
    (
        "webhook_deliveries_dead_idx",
        f"""SELECT * FROM webhook_deliveries
        WHERE webhook_id = '01a2074e-1fa7-7f03-8bda-8cfecba65f99' AND status = 'dead'
        ORDER BY created_at DESC, id DESC {PAGE}""",
    ),
]


@pytest.fixture(scope="module")
def loaded(postgres: TestServer) -> Iterator[psycopg.Connection]:
    with postgres.new_database() as database, database.connect() as connection:
        load_rows(connection)
        yield connection


def load_rows(connection: psycopg.Connection) -> None:
    """Rows enough for the planner to want indexes."""
    statements = (Path(__file__).parent / "load.sql").read_text()
    for statement in statements.split(";\n"):
        connection.execute(statement.encode())


@pytest.mark.parametrize(("index", "query"), QUERIES)
def test_the_index_serves_its_query(loaded: psycopg.Connection, index: str, query: LiteralString) -> None:
    row = loaded.execute(f"EXPLAIN (FORMAT JSON) {query}").fetchone()
    assert row is not None
    assert index in names_in(row[0]), json.dumps(row[0], indent=1)


def test_there_is_no_index_without_a_query(loaded: psycopg.Connection) -> None:
    created = loaded.execute(
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE '%\\_idx'"
    ).fetchall()
    named = {index for index, _ in QUERIES}
    assert {name for (name,) in created} - named == set()
    assert len(created) >= 20


def test_a_partial_index_is_found_by_statuses_that_are_all_open(loaded: psycopg.Connection) -> None:
    row = loaded.execute(
        """
        EXPLAIN (FORMAT JSON) SELECT * FROM tickets
        WHERE owner_id IS NULL AND NOT archived AND status = ANY ('{NEW,OPEN,ESCALATED}')
        ORDER BY created_at DESC, id DESC LIMIT 26
        """
    ).fetchone()
    assert row is not None
    assert "tickets_unassigned_idx" in names_in(row[0])


def test_what_was_resolved_is_counted_without_reading_tickets(loaded: psycopg.Connection) -> None:
    """The index holds all that the dashboard narrows by, and all that decides who sees a ticket."""
    with loaded.transaction(force_rollback=True):
        # Of so few tickets PostgreSQL would rather read them all; whether it could do without is the question.
        loaded.execute("SET LOCAL enable_seqscan = off")
        loaded.execute("SET LOCAL enable_bitmapscan = off")
        row = loaded.execute(
            """
            EXPLAIN (FORMAT JSON) SELECT width_bucket(resolved_at, ARRAY[now() - interval '1 day', now()]), count(*)
            FROM tickets
            WHERE NOT archived AND resolved_at >= now() - interval '1 day' AND priority = 'HIGH'
                AND (owner_role = 'ops_agent' OR owner_id = 'u-7' OR created_by_id = 'u-7' OR id = ANY ('{TKT-7}')
                    OR assigned_franchise_id = 'FR-001')
            GROUP BY 1
            """
        ).fetchone()
    assert row is not None
    assert '"Index Only Scan"' in json.dumps(row[0])
    assert names_in(row[0]) == {"tickets_resolved_idx"}


def test_the_predicate_of_partial_indexes_is_the_one_python_knows() -> None:
    assert OPEN_TICKETS == OPEN


FILE = UUID("01a2074e-1fa7-7f03-8bda-8cfecba65f99")
ASKED = {
    "ticket_id": "TKT-7",
    "attachment_id": FILE,
    "viewer": "shipper-7",
    "limit": 51,
    "after_at": datetime(2026, 1, 1, tzinfo=UTC),
    "after_id": FILE,
}
NAMED_BY_MESSAGES = {"is public": SHARED, "page": PAGES[False, True], "further page": PAGES[True, True]}


TIMELINES = {
    **{f"messages {way}": ("ticket_messages_pkey", each) for way, each in MESSAGES.items()},
    **{f"events {way}": ("ticket_audit_seq_idx", each) for way, each in EVENTS.items()},
}


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", TIMELINES)
def test_a_page_of_a_timeline_reads_no_more_than_itself(loaded: psycopg.Connection, name: str, mode: str) -> None:
    """In both directions, from the beginning and from the middle, of a few entries, and of 20 000 messages and three
    changes, so that who asks for changes alone reads no messages."""
    index, statement = TIMELINES[name]
    for ticket in ("TKT-7", "TKT-7000"):
        for after in (0, 3, 10_000, 2**63 - 1):
            with loaded.transaction():
                loaded.execute("SELECT set_config('plan_cache_mode', %s, true)", [mode])
                plan = plan_of(loaded, statement, {"ticket_id": ticket, "after": after, "limit": 26})
            assert names_in(plan) == {index}, json.dumps(plan, indent=1)
            assert "Sort" not in json.dumps(plan)
            assert plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"] < 40


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", NAMED_BY_MESSAGES)
def test_which_files_messages_name_is_read_from_the_index(loaded: psycopg.Connection, name: str, mode: str) -> None:
    """As the repository asks, with plans for one ticket and for any: of a few messages, of 20 000 three of which name
    files, and of none."""
    statement = NAMED_BY_MESSAGES[name]
    for ticket in ("TKT-7", "TKT-7000", "TKT-39999"):
        with loaded.transaction():
            loaded.execute("SELECT set_config('plan_cache_mode', %s, true)", [mode])
            plan = plan_of(loaded, statement, {**ASKED, "ticket_id": ticket})
        assert "ticket_messages_attachments_idx" in names_in(plan), json.dumps(plan, indent=1)
        assert "ticket_messages_pkey" not in names_in(plan)
        assert plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"] < 30


def plan_of(connection: psycopg.Connection, statement: Statement, given: dict[str, Any]) -> Any:
    """Executed as a prepared statement, which alone may have a plan for any parameters."""
    values = statement.parameters(given)
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement.sql.decode())))
    text = re.sub(rb"%\((\w+)\)s", lambda found: b"$%d" % (names.index(found[1].decode()) + 1), statement.sql)
    connection.execute(b"PREPARE asked AS " + text)
    places = ", ".join(["%s"] * len(names))
    cursor = psycopg.ClientCursor(connection)
    query = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked ({places})"
    ((plan,),) = cursor.execute(query.encode(), [values[name] for name in names]).fetchall()
    connection.execute("DEALLOCATE asked")
    return plan


def names_in(plan: Any) -> set[str]:
    """Every index that occurs anywhere in a plan."""
    if isinstance(plan, list):
        return set[str]().union(*map(names_in, plan))
    if isinstance(plan, dict):
        found = names_in(list(plan.values()))
        return found | {plan["Index Name"]} if "Index Name" in plan else found
    return set()
