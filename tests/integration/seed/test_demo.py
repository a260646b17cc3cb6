"""The demonstration shows everything there is, and each of its histories could have happened."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.adapters.postgres.filter_json import filter_from_json, order_from_text
from server.demo_users import demo_franchises, demo_user
from server.domain.fsm import TRANSITIONS, TicketStatus
from server.domain.roles import STAFF, Role
from server.domain.tickets import LinkedType, TicketPriority
from server.domain.validation import Checker
from server.seed import SeedReport, seed_demo
from server.seed.templates import TEMPLATES
from server.seed.views import SHARED_VIEWS
from tests.database import Database, TestServer
from tests.integration.seed.chains import broken_chains
from tests.running import Running


@pytest.fixture(scope="module")
def seeded(postgres: TestServer) -> Iterator[Database]:
    """A database with the demonstration in it, for reading only."""
    with postgres.new_database() as database:
        seed_demo(database.dsn)
        yield database


@pytest.fixture
def connection(seeded: Database) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(seeded.dsn, row_factory=dict_row) as open_connection:
        open_connection.read_only = True
        yield open_connection


def rows(connection: psycopg.Connection[dict[str, Any]], query: str) -> list[dict[str, Any]]:
    return connection.execute(query).fetchall()


def values(connection: psycopg.Connection[dict[str, Any]], query: str) -> set[Any]:
    return {next(iter(row.values())) for row in rows(connection, query)}


def test_demo_users_have_open_tickets_of_their_own(connection: psycopg.Connection[dict[str, Any]]) -> None:
    owners = values(connection, "SELECT owner_id FROM tickets WHERE status NOT IN ('RESOLVED', 'CLOSED')")
    without = {demo_user(role) for role in STAFF} - owners
    # To these two comes what is escalated, and the demonstration leaves it to them whether to take it.
    assert without == {demo_user(Role.CEO_ONCALL), demo_user(Role.ADMIN)}


def test_there_is_one_of_everything(connection: psycopg.Connection[dict[str, Any]]) -> None:
    assert len(rows(connection, "SELECT FROM tickets")) == 30
    assert len(rows(connection, "SELECT FROM ticket_messages")) >= 60
    assert len(rows(connection, "SELECT FROM ticket_audit")) >= 60
    assert values(connection, "SELECT status::text FROM tickets") == set(TicketStatus)
    assert values(connection, "SELECT priority::text FROM tickets") == set(TicketPriority)
    assert values(connection, "SELECT linked_type::text FROM tickets") == set(LinkedType)
    assert values(connection, "SELECT metadata ->> 'template' FROM tickets") == {t.key for t in TEMPLATES}
    assert values(connection, "SELECT role FROM staff_members") == STAFF
    assert values(connection, "SELECT is_internal_note FROM ticket_messages") == {True, False}
    assert len(values(connection, "SELECT user_id FROM ticket_watchers")) >= 5


def test_sla_in_every_state(connection: psycopg.Connection[dict[str, Any]]) -> None:
    states = Counter(
        row["state"]
        for row in rows(connection, "SELECT get_sla_status(sla_due_at, status, created_at) AS state FROM tickets")
    )
    assert states["on_track"] >= 5
    assert states["near_breach"] >= 3
    assert states["breached"] >= 2
    assert states["completed"] >= 5


def test_the_sweeps_would_find_nothing_left_to_mark(connection: psycopg.Connection[dict[str, Any]]) -> None:
    overdue = """
        SELECT id FROM tickets WHERE status NOT IN ('RESOLVED', 'CLOSED') AND (
            (sla_due_at < now() AND NOT sla_breached)
            OR (first_response_due_at < now() AND first_responded_at IS NULL AND NOT first_response_breached)
        )
    """
    assert rows(connection, overdue) == []


def test_well_known_entities(connection: psycopg.Connection[dict[str, Any]]) -> None:
    first = rows(connection, "SELECT linked_id FROM tickets WHERE id = 'TKT-1001'")
    assert first == [{"linked_id": "BKG-123"}]
    assert len(rows(connection, "SELECT FROM tickets WHERE linked_id = 'BKG-123'")) >= 3
    assert rows(connection, "SELECT FROM tickets WHERE linked_type = 'franchise' AND linked_id = 'FR-001'")
    assert len(rows(connection, "SELECT FROM tickets WHERE assigned_franchise_id = 'FR-001'")) >= 5


def test_histories_walk_the_state_machine(connection: psycopg.Connection[dict[str, Any]]) -> None:
    audit = rows(connection, "SELECT ticket_id, action, payload FROM ticket_audit ORDER BY ticket_id, chain_no")
    final = {row["id"]: row["status"] for row in rows(connection, "SELECT id, status::text FROM tickets")}
    walked = {}
    for ticket_id, entries in groupby(audit, key=lambda row: row["ticket_id"]):
        created, *later = entries
        assert created["action"] == "TICKET_CREATED"
        assert created["payload"]["new"]["status"] == "NEW"
        status = TicketStatus.NEW
        for entry in later:
            if "status" in entry["payload"].get("new", {}):
                target = TicketStatus(entry["payload"]["new"]["status"])
                assert entry["payload"]["old"]["status"] == status
                assert target in TRANSITIONS[status], (ticket_id, status, target)
                status = target
        walked[ticket_id] = str(status)
    assert walked == final


def test_payments_are_resolved_by_finance(connection: psycopg.Connection[dict[str, Any]]) -> None:
    resolvers = values(
        connection,
        """
        SELECT audit.actor_role FROM ticket_audit AS audit JOIN tickets AS ticket ON ticket.id = audit.ticket_id
        WHERE ticket.linked_type = 'payment' AND audit.payload #>> '{new,status}' = 'RESOLVED'
        """,
    )
    assert resolvers == {"finance"}


def test_the_audit_names_who_acted(connection: psycopg.Connection[dict[str, Any]]) -> None:
    systems = values(connection, "SELECT action FROM ticket_audit WHERE actor_id = 'SYSTEM'")
    assert systems == {"AUTO_ESCALATED", "SLA_NEAR_BREACH"}
    people = rows(
        connection,
        """
        SELECT FROM ticket_audit AS audit
        LEFT JOIN staff_members AS member ON member.user_id = audit.actor_id AND member.role = audit.actor_role
        WHERE member.user_id IS NULL AND audit.actor_role NOT IN ('shipper', 'operator', 'driver', 'system')
        """,
    )
    assert people == []
    unexplained = """
        SELECT ticket_id, action FROM ticket_audit
        WHERE action IN ('ASSIGNMENT_CHANGED', 'ESCALATED', 'PRIORITY_CHANGED', 'SENSITIVE_VIEWED')
            AND char_length(coalesce(payload ->> 'reason', '')) < 20
    """
    assert rows(connection, unexplained) == []


def test_nothing_lies_in_the_future_or_before_its_ticket(connection: psycopg.Connection[dict[str, Any]]) -> None:
    wrong = """
        SELECT ticket.id FROM tickets AS ticket LEFT JOIN ticket_messages AS message ON message.ticket_id = ticket.id
        WHERE greatest(ticket.created_at, ticket.resolved_at, ticket.closed_at, message.created_at) > now()
            OR least(ticket.resolved_at, ticket.closed_at, message.created_at, ticket.first_responded_at)
                < ticket.created_at
    """
    assert rows(connection, wrong) == []
    in_order = """
        SELECT ticket_id FROM (
            SELECT ticket_id, created_at < lag(created_at) OVER (PARTITION BY ticket_id ORDER BY seq) AS backwards
            FROM ticket_messages
        ) AS messages WHERE backwards
    """
    assert rows(connection, in_order) == []


def test_audit_and_last_changes_are_dated_as_told(connection: psycopg.Connection[dict[str, Any]]) -> None:
    astray = """
        SELECT ticket.id, audit.chain_no
        FROM ticket_audit AS audit JOIN tickets AS ticket ON ticket.id = audit.ticket_id
        LEFT JOIN ticket_messages AS message ON message.id::text = audit.payload #>> '{new,message_id}'
        WHERE audit.created_at > now() OR audit.created_at < ticket.created_at
            OR (audit.action = 'TICKET_CREATED' AND audit.created_at <> ticket.created_at)
            OR (audit.action = 'MESSAGE_ADDED' AND audit.created_at <> message.created_at)
            OR (audit.payload #>> '{new,status}' = 'RESOLVED'
                AND audit.created_at <> (audit.payload #>> '{new,resolved_at}')::timestamptz)
    """
    assert rows(connection, astray) == []
    backwards = """
        SELECT ticket_id FROM (
            SELECT ticket_id, created_at < lag(created_at) OVER (PARTITION BY ticket_id ORDER BY seq) AS backwards
            FROM (
                SELECT ticket_id, seq, created_at FROM ticket_audit WHERE seq IS NOT NULL
                UNION ALL SELECT ticket_id, seq, created_at FROM ticket_messages
            ) AS entries
        ) AS timeline WHERE backwards
    """
    assert rows(connection, backwards) == []
    changed_at_another_time = """
        SELECT ticket.id FROM tickets AS ticket WHERE ticket.updated_at NOT IN (
            SELECT created_at FROM ticket_audit AS audit WHERE audit.ticket_id = ticket.id AND audit.seq IS NOT NULL
            UNION ALL SELECT ticket.first_responded_at
            UNION ALL SELECT ticket.first_response_due_at
        )
    """
    assert rows(connection, changed_at_another_time) == []
    assert (
        rows(connection, "SELECT FROM tickets WHERE status = 'CLOSED' AND updated_at > now() - interval '1 day'") == []
    )


def test_a_role_that_triggers_watch_seeds_with_the_present_and_says_so(database: Database) -> None:
    role = f"seeder_{conninfo_to_dict(database.dsn)['dbname']}"
    with database.connect() as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN IN ROLE pg_read_all_data, pg_write_all_data".encode())
        try:
            report = seed_demo(make_conninfo(database.dsn, user=role))
            assert (report.tickets, report.dated_as_told) == (30, False)
            assert "session_replication_role" in report.sentence()
            assert broken_chains(connection) == {}
        finally:
            connection.execute(f"DROP ROLE {role}".encode())


def test_every_demo_token_finds_tickets_and_every_demo_member_may_own_one(fresh_server: Running) -> None:
    seed_demo(fresh_server.database.dsn)
    for role in Role:
        tickets = fresh_server.client(role, demo_user(role), demo_franchises(role)).tickets
        found = tickets.ListTickets(reads.ListTicketsRequest(page_size=200)).tickets
        assert found, role
    manager = fresh_server.client(Role.OPS_MANAGER, demo_user(Role.OPS_MANAGER)).tickets
    for role in STAFF:
        owner = demo_user(role)
        request = writes.AssignTicketRequest(id="TKT-1001", owner_id=owner, reason="Trying out who may own a ticket")
        assert manager.AssignTicket(request).ticket.owner_id == owner


def test_compliance_has_open_tickets_about_documents(connection: psycopg.Connection[dict[str, Any]]) -> None:
    kinds = values(
        connection,
        """
        SELECT metadata ->> 'template' FROM tickets
        WHERE owner_role = 'compliance_officer' AND status NOT IN ('RESOLVED', 'CLOSED')
        """,
    )
    assert kinds == {"truck_kyc_expired", "driver_licence_expiring"}


def test_the_api_would_have_accepted_the_words(connection: psycopg.Connection[dict[str, Any]]) -> None:
    checker = Checker()
    for row in rows(connection, "SELECT title, description, tags FROM tickets"):
        checker.text("title", row["title"], (10, 500))
        checker.text("description", row["description"], (20, 20_000), multiline=True)
        checker.tags("tags", row["tags"])
    checker.done()


def test_shared_views_can_be_read_back(connection: psycopg.Connection[dict[str, Any]]) -> None:
    views = rows(connection, "SELECT name, filter, order_by FROM saved_views WHERE is_shared")
    stored = {view["name"]: (filter_from_json(view["filter"]), order_from_text(view["order_by"])) for view in views}
    assert stored == {view.name: (view.filter, view.order) for view in SHARED_VIEWS}


def test_chains_verify(seeded: Database) -> None:
    with seeded.connect() as open_connection:
        assert broken_chains(open_connection) == {}


def test_a_second_run_adds_nothing(database: Database) -> None:
    first = seed_demo(database.dsn)
    second = seed_demo(database.dsn)
    assert (first.tickets, first.staff) == (30, 29)
    assert SeedReport(0, 0, 0, 0, second.seconds) == second
    assert first.sentence().startswith("Added 30 tickets with ")
    assert second.sentence() == "Everything is there already; nothing was added."


def test_two_runs_at_once_add_one_demonstration(database: Database) -> None:
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(seed_demo, [database.dsn] * 2))
    assert sorted(report.tickets for report in reports) == [0, 30]


def test_numbers_go_on_from_existing_tickets(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            """
            INSERT INTO tickets (title, description, created_by_id, created_by_role)
            VALUES ('A ticket of our own', 'It was here before the demonstration.', 'x', 'shipper')
            """
        )
        assert seed_demo(database.dsn).tickets == 30
        found = connection.execute("SELECT id FROM tickets WHERE linked_id = 'BKG-123' ORDER BY id LIMIT 1").fetchone()
        assert found == ("TKT-1002",)
