"""The one question that every worker asks each second: right, and cheap whatever the tables hold."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from server.adapters.postgres.due_work import NAMES, STATEMENT, PostgresDueWork
from server.adapters.postgres.overdue_clocks import PostgresOverdueClocks
from tests.database import Database
from tests.integration.notifications.conftest import Pool
from tests.integration.notifications.pipeline import now, relay_all, webhook
from tests.integration.notifications.test_deliver_notifications import close, notify
from tests.integration.notifications.test_deliver_webhooks import event
from tests.integration.postgres.rows import insert, insert_ticket
from tests.integration.postgres.test_indexes import names_in
from tests.waiting import eventually

LATER = timedelta(days=400)


def due(pool: Pool) -> set[str]:
    return set(PostgresDueWork(pool).due())


def quiet_ticket(connection: psycopg.Connection, **columns: Any) -> str:
    """One whose clock has nothing to say for a long time."""
    far = now() + LATER
    return insert_ticket(connection, **({"sla_due_at": far, "first_response_due_at": far} | columns))


def test_nothing_is_due_where_there_is_nothing(pool: Pool) -> None:
    assert due(pool) == set()


def test_an_event_is_due_until_it_is_read(pool: Pool, connection: psycopg.Connection) -> None:
    quiet_ticket(connection)
    eventually(lambda: due(pool) == {"outbox.relay"})
    relay_all(pool)
    assert due(pool) == set()


def test_an_event_is_not_due_while_an_older_transaction_might_come_before_it(
    pool: Pool, connection: psycopg.Connection, database: Database
) -> None:
    with database.connect() as long, long.transaction():
        long.execute("SELECT pg_current_xact_id()")
        quiet_ticket(connection)
        assert due(pool) == set()
    eventually(lambda: due(pool) == {"outbox.relay"})


def test_windows_and_deliveries(pool: Pool, connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO staff_members (user_id, role, display_name, email, phone, push_token)"
        " VALUES ('u', 'ops_agent', 'u', 'u@example.com', '+1', 't')"
    )
    open_window = notify(connection, "u", gather_until=now() + LATER, channels=["email", "push", "sms"])
    assert due(pool) == set()
    connection.execute("UPDATE notifications SET gather_until = now() WHERE id = %s", [open_window])
    assert due(pool) == {"notifications.close"}
    close(pool)
    assert due(pool) == {"notifications.email", "notifications.push", "notifications.sms"}
    connection.execute(
        "UPDATE notification_deliveries SET next_attempt_at = now() + interval '1h' WHERE channel = 'sms'"
    )
    connection.execute("UPDATE notification_deliveries SET status = 'dead' WHERE channel = 'push'")
    assert due(pool) == {"notifications.email"}


def test_webhooks(pool: Pool, connection: psycopg.Connection) -> None:
    target = webhook(connection)
    event(connection, target)
    assert due(pool) == {"webhooks.deliver"}
    connection.execute("UPDATE webhooks SET enabled = false")
    assert due(pool) == set()


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("sla.near_breach", {"sla_near_breach_at": "-1s"}),
        ("sla.breach", {"sla_next_escalation_at": "-1s"}),
        ("sla.first_response", {"first_response_due_at": "-1s"}),
        ("sla.stale", {"sla_stale": True}),
    ],
)
def test_the_clock_of_a_ticket(pool: Pool, connection: psycopg.Connection, name: str, columns: dict[str, Any]) -> None:
    ticket = quiet_ticket(connection)
    relay_all(pool)
    assert due(pool) == set()
    for column, value in columns.items():
        moment = sql.SQL("now() + {}::interval").format(value) if isinstance(value, str) else sql.Literal(value)
        statement = sql.SQL("UPDATE tickets SET {} = {}").format(sql.Identifier(column), moment)
        connection.execute(statement)
    relay_all(pool)
    assert due(pool) == {name}
    overdue = PostgresOverdueClocks(pool).oldest_seconds()
    assert {f"sla.{kind}" for kind, seconds in overdue.items() if seconds > 0} == {name} - {"sla.stale"}
    if name != "sla.breach":
        connection.execute("UPDATE tickets SET sla_put_off_until = now() + interval '1h'")
        assert due(pool) == set()
        assert not any(PostgresOverdueClocks(pool).oldest_seconds().values())
        connection.execute("UPDATE tickets SET sla_put_off_until = now() - interval '1s'")
        assert due(pool) == {name}
    if name != "sla.stale":
        connection.execute("UPDATE tickets SET sla_stale = true")
        assert due(pool) == {"sla.stale"}
        assert not any(PostgresOverdueClocks(pool).oldest_seconds().values())
    connection.execute("UPDATE tickets SET archived = true WHERE id = %s", [ticket])
    relay_all(pool)
    assert due(pool) == set()


def test_exports(pool: Pool, connection: psycopg.Connection) -> None:
    def export(status: str, **columns: Any) -> None:
        connection.execute("DELETE FROM ticket_export_jobs")
        insert(connection, "ticket_export_jobs", requested_by_id="u", requested_by_role="r", status=status, **columns)

    moment = timedelta(seconds=5)
    export("pending")
    assert due(pool) == {"exports.run"}
    export("pending", next_attempt_at=now() + LATER)
    assert due(pool) == set()
    export("processing", lease_until=now() + LATER)
    assert due(pool) == set()
    export("processing", lease_until=now() - moment)
    assert due(pool) == {"exports.run"}
    for finished in ("completed", "failed", "cancelled"):
        export(finished, lease_until=now() - moment)
        assert due(pool) == set()


def test_each_question_is_one_look_into_an_index(pool: Pool, connection: psycopg.Connection) -> None:
    """Also where the planner must think that a third of a table would do: 20 000 rows of each, none of them due."""
    fill(connection)
    ((plan,),) = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {STATEMENT}").fetchall()
    assert names_in(plan) >= {
        "notifications_window_idx",
        "notification_deliveries_due_idx",
        "webhook_deliveries_due_idx",
        "tickets_near_breach_sweep_idx",
        "tickets_escalation_sweep_idx",
        "tickets_first_response_sweep_idx",
        "tickets_stale_idx",
        "ticket_export_jobs_unfinished_idx",
    }
    assert scanned(plan) <= {"webhooks", "outbox_cursors"}
    assert plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"] < 100


def test_behind_a_long_transaction_a_backlog_is_not_read(
    pool: Pool, connection: psycopg.Connection, database: Database
) -> None:
    with database.connect() as long, long.transaction():
        long.execute("SELECT pg_current_xact_id()")
        fill(connection)
        ((plan,),) = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {STATEMENT}").fetchall()
        assert plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"] < 100
        assert due(pool) == set()


def test_names(pool: Pool) -> None:
    assert len(NAMES) == 11


def scanned(plan: Any) -> set[str]:
    """Tables that are read from end to end, but those without rows."""
    if isinstance(plan, list):
        return set[str]().union(*map(scanned, plan))
    if not isinstance(plan, dict):
        return set()
    found = scanned(list(plan.values()))
    if plan.get("Node Type") == "Seq Scan" and plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] > 0:
        found |= {plan["Relation Name"]}
    return found


def fill(connection: psycopg.Connection) -> None:
    connection.execute("SET session_replication_role = replica")
    connection.execute(
        "INSERT INTO tickets (id, title, description, created_by_id, created_by_role, sla_due_at, sla_near_breach_at,"
        " sla_next_escalation_at, first_response_due_at) SELECT 'TKT-' || n, 'Payment not received',"
        " 'The shipper has not paid yet.', 's', 'shipper', later, later, later, later"
        " FROM generate_series(1, 20000) AS n, (SELECT now() + interval '1 year' AS later) AS moment"
    )
    connection.execute(
        "INSERT INTO outbox (ticket_id, seq, kind, event_type, payload)"
        " SELECT 'TKT-' || n, 1, 'audit', 'TICKET_CREATED', '{}' FROM generate_series(1, 20000) AS n"
    )
    connection.execute(
        "INSERT INTO notifications (user_id, ticket_id, kind, title, body, gathering, gather_until)"
        " SELECT 'u', 'TKT-' || n, 'ASSIGNED', 'x', 'x', n % 2 = 0, now() + interval '1 day'"
        " FROM generate_series(1, 20000) AS n"
    )
    connection.execute(
        "INSERT INTO notification_deliveries (notification_id, channel, address, next_attempt_at)"
        " SELECT id, channel, 'x', now() + interval '1 day'"
        " FROM notifications, unnest('{email,push,sms}'::text[]) AS channel"
    )
    target = webhook(connection)
    connection.execute(
        "INSERT INTO webhook_deliveries (webhook_id, xid, outbox_id, event_type, ticket_id, payload, created_at,"
        " next_attempt_at) SELECT %s, '1', n, 'X', 'x', '{}', now(), now() + interval '1 day'"
        " FROM generate_series(1, 20000) AS n",
        [target],
    )
    connection.execute(
        "INSERT INTO ticket_export_jobs (requested_by_id, requested_by_role, status)"
        " SELECT 'u', 'ops_manager', 'completed' FROM generate_series(1, 20000)"
    )
    connection.execute("SET session_replication_role = origin")
    connection.execute("ANALYZE")
