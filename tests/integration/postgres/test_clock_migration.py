"""Tickets that are older than the SLA clock: migration 0006 finds them, and a sweep can read their clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from migrations import runner
from server.domain.audit_chain import verify_chain
from server.domain.fsm import TicketStatus
from server.domain.sla_clock import deadlines
from tests.database import Database, TestServer
from tests.integration.postgres.clock_desk import ClockDesk
from tests.integration.postgres.rows import (
    AGENT,
    REASON,
    audit_of,
    insert_ticket,
    set_context,
    stored_chain,
    update_ticket,
)

S = TicketStatus
HOUR = timedelta(hours=1)


@pytest.fixture
def old(postgres: TestServer) -> Iterator[Database]:
    """A database as it was before the clock."""
    with postgres.new_database(migrated=False) as created:
        runner.upgrade(created.dsn, "0005")
        yield created


def change(connection: psycopg.Connection, ticket_id: str, action: str | None = None, **columns: object) -> None:
    """As the server of that time did it."""
    with connection.transaction():
        set_context(connection, {**AGENT, "action": action, "reason": REASON})
        update_ticket(connection, ticket_id, **columns)


def escalated_twelve_times(connection: psycopg.Connection) -> str:
    ticket_id = insert_ticket(connection, owner_role="ops_agent", created_at=datetime.now(UTC) - 9 * HOUR)
    for level in range(1, 13):
        role = "ops_manager" if level % 2 else "ops_agent"
        action = "AUTO_ESCALATED" if level == 1 else "ESCALATED"
        change(connection, ticket_id, action, status="ESCALATED", owner_role=role, sla_escalation_level=level)
    return ticket_id


def test_old_tickets_wait_to_be_derived_and_keep_their_escalations(old: Database) -> None:
    with old.connect() as connection:
        ticket_id = escalated_twelve_times(connection)
        done = insert_ticket(connection, status="RESOLVED")
        chain = stored_chain(connection, ticket_id)
        runner.upgrade(old.dsn, "0006")

        desk = ClockDesk(connection)
        assert desk.is_stale(ticket_id)
        assert desk.is_stale(done)
        assert not desk.is_stale(insert_ticket(connection))
        kept = desk.clocks.escalations(desk.ticket(ticket_id).id)
        assert [each.level for each in kept] == list(range(1, 13))
        first, second = kept[:2]
        assert (first.automatic, second.automatic) == (True, False)
        assert (first.cycle, first.from_role, first.to_role) == (1, "ops_agent", "ops_manager")
        assert (first.due_at, first.actor_id, first.reason) == (None, "u-7", REASON)
        assert first.escalated_at == audit_of(connection, ticket_id)[1].created_at
        # Marking is no change of the ticket.
        assert stored_chain(connection, ticket_id) == chain


def test_the_clock_of_an_old_ticket_follows_from_its_audit(old: Database) -> None:
    with old.connect() as connection:
        created_at = datetime.now(UTC) - 20 * HOUR
        ticket_id = insert_ticket(connection, priority="LOW", created_at=created_at)
        for status in ("OPEN", "AWAITING_SHIPPER", "IN_PROGRESS"):
            change(connection, ticket_id, status=status)
        # As the server did it: the two priorities have the same number of a version.
        change(connection, ticket_id, "PRIORITY_CHANGED", priority="HIGH", sla_due_at=created_at + 24 * HOUR)
        runner.upgrade(old.dsn)
        connection.execute("UPDATE sla_config SET resolution_time_minutes = 1")

        desk = ClockDesk(connection)
        before = desk.ticket(ticket_id)
        assert (before.sla_near_breach_at, before.sla_next_escalation_at) == (None, None)
        assert before.sla_changed_at == created_at
        written = [entry.created_at for entry in audit_of(connection, ticket_id)]
        history = desk.history(ticket_id)
        assert [phase.start for phase in history.phases] == [created_at, *written[1:]]
        assert [(phase.status, phase.policy.priority, phase.policy.version) for phase in history.phases] == [
            (S.NEW, "LOW", 1),
            (S.OPEN, "LOW", 1),
            (S.AWAITING_SHIPPER, "LOW", 1),
            (S.IN_PROGRESS, "LOW", 1),
            (S.IN_PROGRESS, "HIGH", 1),
        ]

        after = desk.derive(ticket_id)
        assert after.sla_due_at == created_at + 24 * HOUR + (written[3] - written[2])
        assert after.sla_next_escalation_at == after.sla_due_at
        assert after.sla_near_breach_at == deadlines(history).near_breach_at
        update_ticket(connection, ticket_id, status="AWAITING_OPERATOR")
        paused = desk.derive(ticket_id)
        assert paused.sla_paused_at == paused.sla_changed_at > after.sla_changed_at


def test_back_again_tickets_and_their_audit_are_as_they_were(old: Database) -> None:
    columns = "array_agg(column_name::text ORDER BY column_name)"
    schema = f"SELECT {columns} FROM information_schema.columns WHERE table_name IN ('tickets', 'sla_config')"
    with old.connect() as connection:
        before = connection.execute(schema).fetchone()
        ticket_id = escalated_twelve_times(connection)
        runner.upgrade(old.dsn, "0006")
        desk = ClockDesk(connection)
        desk.derive(ticket_id)
        connection.execute("UPDATE sla_config SET response_time_minutes = 7 WHERE priority = 'HIGH'")

        runner.downgrade(old.dsn, "0005")
        assert connection.execute(schema).fetchone() == before
        assert connection.execute(
            "SELECT version, response_time_minutes FROM sla_config WHERE priority = 'HIGH'"
        ).fetchone() == (2, 7)
        change(connection, ticket_id, status="RESOLVED")
        last = audit_of(connection, ticket_id)[-1]
        assert (last.action, last.payload["new"]) == ("STATUS_CHANGED", {"status": "RESOLVED"})
        entries, head = stored_chain(connection, ticket_id)
        assert verify_chain(entries, head) is None

        runner.upgrade(old.dsn, "0006")
        assert desk.is_stale(ticket_id)
        assert len(desk.clocks.escalations(desk.ticket(ticket_id).id)) == 12
        versions = connection.execute("SELECT version FROM sla_policy_versions WHERE priority = 'HIGH'").fetchall()
        assert versions == [(2,)]
        assert desk.derive(ticket_id).sla_paused_at == last.created_at
