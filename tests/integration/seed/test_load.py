"""Loaded tickets are whole, alike whichever way they came, and told to nobody."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from server.seed.load import PERIOD, seed_load
from server.seed.loader import Loader, may_bypass_triggers
from server.seed.staff import add_staff, load_staff
from tests.database import Database, TestServer
from tests.integration.seed.chains import broken_chains

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"


def value(connection: psycopg.Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def contents(connection: psycopg.Connection) -> list[Any]:
    """Tickets, messages and what the audit says of them."""
    return connection.execute(
        """
        SELECT ticket.*, message.id, message.actor_id, message.message, message.created_at, audit.payload
        FROM tickets AS ticket
        LEFT JOIN ticket_messages AS message ON message.ticket_id = ticket.id
        LEFT JOIN ticket_audit AS audit ON audit.ticket_id = ticket.id
        ORDER BY ticket.id, audit.chain_no
        """
    ).fetchall()


def test_every_ticket_has_its_audit_its_head_and_a_valid_chain(database: Database) -> None:
    report = seed_load(database.dsn, 1_500, progress=False)
    with database.connect() as connection:
        assert value(connection, "SELECT count(*) FROM tickets") == report.tickets == 1_500
        assert value(connection, "SELECT count(*) FROM ticket_audit WHERE action = 'TICKET_CREATED'") == 1_500
        assert value(connection, "SELECT count(*) FROM ticket_messages") == report.messages
        assert value(connection, "SELECT count(*) FROM ticket_audit") == report.audit_entries
        assert value(connection, "SELECT count(*) FROM ticket_timeline_heads") == 1_500
        assert value(connection, "SELECT count(*) FROM staff_members") == report.staff == 2_000
        assert 0.15 < report.messages / report.tickets < 0.25
        assert broken_chains(connection) == {}


def test_loaded_history_is_not_news(database: Database) -> None:
    seed_load(database.dsn, 200, progress=False)
    with database.connect() as connection:
        assert value(connection, "SELECT count(*) FROM outbox") == 0


def test_a_loaded_ticket_goes_on_like_any_other(database: Database) -> None:
    seed_load(database.dsn, 50, progress=False)
    with database.connect() as connection:
        connection.execute("UPDATE tickets SET archived = true WHERE id = 'TKT-1001'")
        connection.execute(
            """
            INSERT INTO ticket_messages (ticket_id, actor_id, actor_role, message)
            VALUES ('TKT-1001', 'asha.menon', 'ops_agent', 'Archived as agreed.')
            """
        )
        assert broken_chains(connection) == {}
        assert value(connection, "SELECT count(*) FROM outbox WHERE ticket_id = 'TKT-1001'") == 2


def test_the_triggers_would_have_written_the_same(postgres: TestServer) -> None:
    loaded = []
    for bypass_triggers in (True, False):
        with postgres.new_database() as database, database.connect() as connection:
            members = load_staff()
            add_staff(connection, members)
            run = {"origin": 1001, "begin": NOW - PERIOD, "step": PERIOD / 400, "now": NOW}
            loader = Loader(database.dsn, members, seed_number=3, parameters=run, bypass_triggers=bypass_triggers)
            with loader.session() as session:
                session.load(range(1001, 1401))
            loaded.append(contents(connection))
            assert broken_chains(connection) == {}
            assert value(connection, "SELECT count(*) FROM outbox") == 0
            assert value(connection, "SELECT count(*) FROM ticket_timeline_heads WHERE last_seq <> last_chain_no") == 0
    assert len(loaded[0]) > 400
    assert loaded[0] == loaded[1]


def test_triggers_stay_on_for_a_role_that_may_not_bypass_them(database: Database) -> None:
    with database.connect() as connection:
        assert may_bypass_triggers(connection)
        connection.execute("SET ROLE pg_monitor")
        assert not may_bypass_triggers(connection)


def test_the_seed_number_decides_the_tickets(postgres: TestServer) -> None:
    loaded = []
    for seed_number in (1, 1, 2):
        with postgres.new_database() as database, database.connect() as connection:
            seed_load(database.dsn, 300, progress=False, seed_number=seed_number, now=NOW)
            loaded.append(contents(connection))
    assert loaded[0] == loaded[1]
    assert loaded[0] != loaded[2]


def test_loading_again_adds_tickets_and_no_staff(database: Database) -> None:
    seed_load(database.dsn, 40, progress=False)
    again = seed_load(database.dsn, 30, progress=False)
    with database.connect() as connection:
        assert (again.tickets, again.staff) == (30, 0)
        numbers = [int(id_.removeprefix("TKT-")) for (id_,) in connection.execute("SELECT id FROM tickets ORDER BY id")]
        assert numbers == list(range(1001, 1071))
        assert value(connection, "SELECT nextval('ticket_number_seq')") == 1071


def test_numbers_ascend_with_creation(database: Database) -> None:
    seed_load(database.dsn, 500, progress=False, now=NOW)
    with database.connect() as connection:
        created = [at for (at,) in connection.execute("SELECT created_at FROM tickets ORDER BY id")]
    assert created == sorted(created)
    assert NOW - PERIOD <= created[0] < created[-1] <= NOW


def test_a_run_that_fails_half_way_leaves_whole_batches_and_can_be_repeated(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            """
            INSERT INTO tickets (id, title, description, created_by_id, created_by_role)
            VALUES ('TKT-15000', 'In the way of the load', 'Somebody typed this number by hand.', 'x', 'system')
            """
        )
        with pytest.raises(psycopg.errors.UniqueViolation):
            seed_load(database.dsn, 20_000, progress=False, connections=1)
        assert value(connection, "SELECT count(*) FROM tickets") == 10_001
        seed_load(database.dsn, 100, progress=False)
        assert value(connection, "SELECT count(*) FROM tickets") == 10_101
        assert broken_chains(connection) == {}


def test_indexes_are_as_the_migrations_made_them(database: Database) -> None:
    with database.connect() as connection:
        before = connection.execute(INDEXES).fetchall()
        seed_load(database.dsn, 100, progress=False)
        assert connection.execute(INDEXES).fetchall() == before
        assert value(connection, "SELECT bool_and(indisvalid AND indisready) FROM pg_index")


def test_the_mix_is_that_of_a_busy_marketplace(database: Database) -> None:
    count = 6_000
    seed_load(database.dsn, count, progress=False, now=NOW)
    with database.connect() as connection:

        def share(condition: str) -> float:
            return float(value(connection, f"SELECT count(*) FROM tickets WHERE {condition}")) / count

        assert 0.02 <= share("search @@ websearch_to_tsquery('english', 'payment issue')") <= 0.05
        assert 0.07 <= share("status NOT IN ('RESOLVED', 'CLOSED')") <= 0.13
        assert 0.01 <= share("is_sensitive") <= 0.03
        assert 0.005 <= share("archived") <= 0.015
        assert share("priority = 'MEDIUM'") > share("priority = 'LOW'") > share("priority = 'CRITICAL'") > 0.02
        assert share("char_length(description) BETWEEN 150 AND 450") == 1
        assert value(connection, "SELECT count(DISTINCT status) FROM tickets") == 11
        assert value(connection, "SELECT count(DISTINCT linked_type) FROM tickets") == 8
        assert value(connection, "SELECT count(DISTINCT assigned_franchise_id) FROM tickets") > 400
        assert value(connection, "SELECT count(DISTINCT owner_id) FROM tickets") > 1_000
        assert value(connection, "SELECT count(DISTINCT created_by_id) FROM tickets") > 2_000


def test_loaded_tickets_keep_the_rules(database: Database) -> None:
    seed_load(database.dsn, 3_000, progress=False, now=NOW)
    wrong = {
        "resolved without a summary": "status IN ('RESOLVED', 'CLOSED') AND resolution_summary IS NULL",
        "done without a date": "(status IN ('RESOLVED', 'CLOSED')) <> (resolved_at IS NOT NULL)",
        "closed without a date": "(status = 'CLOSED') <> (closed_at IS NOT NULL)",
        "dates out of order": "NOT (created_at <= resolved_at AND coalesce(closed_at >= resolved_at, true))",
        "in the future": f"greatest(created_at, updated_at, resolved_at, closed_at) > '{NOW}'",
        "owned while new or escalated": "status IN ('NEW', 'ESCALATED') AND owner_id IS NOT NULL",
        "payment not resolved by finance": "linked_type = 'payment' AND status = 'CLOSED' AND owner_role <> 'finance'",
        "overdue and unmarked": f"sla_due_at < coalesce(resolved_at, '{NOW}') AND NOT sla_breached",
        "unanswered and unmarked": f"first_response_due_at < coalesce(first_responded_at, resolved_at, '{NOW}') "
        "AND NOT first_response_breached",
        "owner of another role": "owner_id IS NOT NULL AND NOT EXISTS (SELECT FROM staff_members AS member "
        "WHERE member.user_id = owner_id AND member.role = owner_role)",
        "agent of another franchise": "owner_role = 'franchise_agent' AND NOT EXISTS (SELECT FROM staff_members "
        "AS member WHERE assigned_franchise_id = ANY (member.franchise_ids) AND member.user_id = owner_id) "
        "AND owner_id IS NOT NULL",
        "unfilled": r"concat(title, description) ~ '[{}]'",
    }
    with database.connect() as connection:
        found = {
            name: value(connection, f"SELECT count(*) FROM tickets WHERE {condition}")
            for name, condition in wrong.items()
        }
    assert found == dict.fromkeys(wrong, 0)


@pytest.mark.parametrize("shown", [True, False])
def test_progress_is_shown_when_asked_for(database: Database, capfd: pytest.CaptureFixture[str], shown: bool) -> None:
    seed_load(database.dsn, 20, progress=shown)
    printed = capfd.readouterr()
    assert ("20/20" in printed.err) is shown
    assert printed.out == ""
