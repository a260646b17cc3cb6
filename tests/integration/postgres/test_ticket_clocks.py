"""What a ticket's clock rests on in the database, also when somebody changes tickets in psql."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, NamedTuple

import psycopg
import pytest
from sqlalchemy import DateTime, bindparam, select

from server.adapters.postgres.predicates import sla_conditions
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import tickets
from server.domain.changes import breach, change_priority, escalate, reapply_policy, transition
from server.domain.errors import NotFound
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.sla import SlaPolicy, SlaStatus, clock_status
from server.domain.sla_clock import deadlines
from server.domain.tickets import Ticket, TicketPriority
from tests.database import Database
from tests.integration.postgres.clock_desk import ClockDesk
from tests.integration.postgres.rows import AGENT, REASON, audit_of, insert, insert_ticket, set_context, update_ticket

S = TicketStatus
HOUR = timedelta(hours=1)


class EscalationRow(NamedTuple):
    cycle: int
    level: int
    from_role: str | None
    to_role: str | None
    due_at: datetime | None
    automatic: bool
    actor_id: str
    reason: str | None


@pytest.fixture
def desk(connection: psycopg.Connection) -> ClockDesk:
    return ClockDesk(connection)


def escalations(connection: psycopg.Connection, ticket_id: str) -> list[EscalationRow]:
    rows = connection.execute(
        """
        SELECT cycle, level, from_role, to_role, due_at, automatic, actor_id, reason FROM ticket_escalations
        WHERE ticket_id = %s ORDER BY cycle, level
        """,
        [ticket_id],
    )
    return [EscalationRow(*row) for row in rows]


def phases(desk: ClockDesk, ticket_id: str) -> list[tuple[TicketStatus, TicketPriority, int]]:
    history = desk.history(ticket_id)
    return [(each.status, each.policy.priority, each.policy.version) for each in history.phases]


def ago(hours: float) -> datetime:
    return datetime.now(UTC) - hours * HOUR


# Tickets changed in psql.


def test_a_ticket_inserted_in_psql_has_the_readings_of_its_history(
    connection: psycopg.Connection, desk: ClockDesk
) -> None:
    for status in S:
        ticket_id = insert_ticket(connection, status=status, priority="HIGH", created_at=ago(3))
        inserted = desk.ticket(ticket_id)
        assert not desk.is_stale(ticket_id)
        assert desk.derive(ticket_id) == inserted, status
        assert (inserted.sla_paused_at is None) == (
            status not in (S.AWAITING_SHIPPER, S.AWAITING_OPERATOR, S.RESOLVED, S.CLOSED)
        )


@pytest.mark.parametrize(
    "change",
    [{"status": "IN_PROGRESS"}, {"priority": "LOW"}, {"sla_escalation_level": 1}, {"sla_policy_version": None}],
    ids=str,
)
def test_what_the_clock_rests_on_cannot_change_unnoticed(
    connection: psycopg.Connection, desk: ClockDesk, change: dict[str, object]
) -> None:
    ticket_id = insert_ticket(connection, created_at=ago(1))
    before = desk.ticket(ticket_id)
    update_ticket(connection, ticket_id, **change)
    after = desk.ticket(ticket_id)
    assert desk.is_stale(ticket_id)
    assert before.sla_changed_at < after.sla_changed_at <= datetime.now(UTC)
    assert audit_of(connection, ticket_id)[-1].payload["new"]["sla_changed_at"] == _as_json(after.sla_changed_at)


def _as_json(instant: datetime) -> Any:
    class Like(str):
        """JSON of the same instant, whatever zone PostgreSQL writes it in."""

        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return isinstance(other, str) and datetime.fromisoformat(other) == instant

        __hash__ = str.__hash__

    return Like()


@pytest.mark.parametrize("change", [{"title": "Payment received in part"}, {"owner_id": "asha"}, {"archived": True}])
def test_any_other_change_leaves_the_clock_alone(
    connection: psycopg.Connection, desk: ClockDesk, change: dict[str, object]
) -> None:
    ticket_id = insert_ticket(connection)
    changed_at = desk.ticket(ticket_id).sla_changed_at
    update_ticket(connection, ticket_id, **change)
    assert (desk.is_stale(ticket_id), desk.ticket(ticket_id).sla_changed_at) == (False, changed_at)


def test_a_change_that_says_when_it_was_made_is_believed(connection: psycopg.Connection, desk: ClockDesk) -> None:
    ticket_id = insert_ticket(connection, created_at=ago(5))
    update_ticket(connection, ticket_id, status="AWAITING_SHIPPER", sla_changed_at=ago(3))
    update_ticket(connection, ticket_id, status="IN_PROGRESS", sla_changed_at=ago(1))
    assert not desk.is_stale(ticket_id)
    due_at = desk.derive(ticket_id).sla_due_at
    assert due_at is not None
    assert abs(due_at - ago(5 - 48 - 2)) < timedelta(minutes=1)


def test_changes_in_one_transaction_and_with_a_clock_behind_keep_their_order(
    connection: psycopg.Connection, desk: ClockDesk
) -> None:
    future = datetime.now(UTC) + HOUR
    ticket_id = insert_ticket(connection, created_at=future)
    with connection.transaction():
        update_ticket(connection, ticket_id, status="OPEN")
        update_ticket(connection, ticket_id, status="IN_PROGRESS")
    tick = timedelta(microseconds=1)
    assert [phase.start for phase in desk.history(ticket_id).phases] == [future, future + tick, future + 2 * tick]


def test_a_pause_made_in_psql_counts_once_it_is_derived(connection: psycopg.Connection, desk: ClockDesk) -> None:
    ticket_id = insert_ticket(connection, created_at=ago(1))
    due_at = desk.ticket(ticket_id).sla_due_at
    update_ticket(connection, ticket_id, status="AWAITING_SHIPPER")
    paused = desk.derive(ticket_id)
    assert (paused.sla_paused_at, paused.sla_due_at) == (paused.sla_changed_at, due_at)
    assert paused.sla_next_escalation_at is None
    update_ticket(connection, ticket_id, status="IN_PROGRESS")
    running = desk.derive(ticket_id)
    assert (running.sla_paused_at, desk.is_stale(ticket_id)) == (None, False)
    assert due_at is not None
    assert running.sla_due_at == due_at + (running.sla_changed_at - paused.sla_changed_at)
    assert running.sla_next_escalation_at == running.sla_due_at


@pytest.mark.parametrize("done", ["RESOLVED", "CLOSED"])
def test_reopening_in_psql_begins_another_cycle(connection: psycopg.Connection, desk: ClockDesk, done: str) -> None:
    ticket_id = insert_ticket(connection)
    update_ticket(connection, ticket_id, status="ESCALATED", owner_role="ops_manager", sla_escalation_level=1)
    update_ticket(connection, ticket_id, status=done)
    assert (desk.ticket(ticket_id).sla_cycle, desk.ticket(ticket_id).sla_escalation_level) == (1, 1)
    update_ticket(connection, ticket_id, status="REOPENED")
    reopened = desk.ticket(ticket_id)
    assert (reopened.sla_cycle, reopened.sla_escalation_level) == (2, 0)
    new = audit_of(connection, ticket_id)[-1].payload["new"]
    assert (new["sla_cycle"], new["sla_escalation_level"]) == (2, 0)

    update_ticket(connection, ticket_id, sla_escalation_level=1)
    assert [(each.cycle, each.level) for each in escalations(connection, ticket_id)] == [(1, 1), (2, 1)]


def test_another_priority_in_psql_pins_its_newest_policy(database: Database) -> None:
    with database.connect() as connection:
        desk = ClockDesk(connection)
        ticket_id = insert_ticket(connection, priority="MEDIUM", created_at=ago(1))
        connection.execute("UPDATE sla_config SET resolution_time_minutes = 90 WHERE priority = 'HIGH'")
        update_ticket(connection, ticket_id, priority="HIGH")
        after = desk.derive(ticket_id)
        assert (after.sla_policy_version, after.sla_due_at) == (2, after.created_at + 1.5 * HOUR)
        assert phases(desk, ticket_id) == [(S.NEW, "MEDIUM", 1), (S.NEW, "HIGH", 2)]


def test_the_history_is_what_was_done(connection: psycopg.Connection, desk: ClockDesk) -> None:
    ticket_id = insert_ticket(connection, priority="LOW", created_at=ago(1))
    update_ticket(connection, ticket_id, status="OPEN")
    update_ticket(connection, ticket_id, title="Payment received in part")
    update_ticket(connection, ticket_id, priority="HIGH", owner_id="asha")
    update_ticket(connection, ticket_id, status="AWAITING_SHIPPER", priority="CRITICAL")
    assert phases(desk, ticket_id) == [
        (S.NEW, "LOW", 1),
        (S.OPEN, "LOW", 1),
        (S.OPEN, "HIGH", 1),
        (S.AWAITING_SHIPPER, "CRITICAL", 1),
    ]
    ticket, history = desk.ticket(ticket_id), desk.history(ticket_id)
    assert history.created_at == ticket.created_at
    assert history.phases[-1].start == ticket.sla_changed_at
    assert history.escalated_at is None


def test_a_ticket_brought_here_in_the_middle_of_its_life_was_open_before(
    connection: psycopg.Connection, desk: ClockDesk
) -> None:
    ticket_id = insert_ticket(connection, status="AWAITING_SHIPPER", created_at=ago(9), sla_changed_at=ago(2))
    history, ticket = desk.history(ticket_id), desk.ticket(ticket_id)
    assert [each.status for each in history.phases] == [S.OPEN, S.AWAITING_SHIPPER]
    assert [each.start for each in history.phases] == [ticket.created_at, ticket.sla_changed_at]
    assert ticket.sla_paused_at == ticket.sla_changed_at


def test_tickets_keep_the_version_they_were_made_under(database: Database) -> None:
    with database.connect() as connection:
        desk = ClockDesk(connection)
        ticket_id = insert_ticket(connection, priority="LOW", created_at=ago(1))
        update_ticket(connection, ticket_id, priority="HIGH")
        before = desk.derive(ticket_id)
        connection.execute("UPDATE sla_config SET resolution_time_minutes = 1, paused_statuses = '{}'")
        update_ticket(connection, ticket_id, status="AWAITING_SHIPPER")
        after = desk.derive(ticket_id)
        assert (after.sla_due_at, after.sla_policy_version) == (before.sla_due_at, 1)
        assert after.sla_paused_at == after.sla_changed_at
        assert phases(desk, ticket_id) == [(S.NEW, "LOW", 1), (S.NEW, "HIGH", 1), (S.AWAITING_SHIPPER, "HIGH", 1)]


def test_business_hours_are_derived_for_a_ticket_from_psql(database: Database) -> None:
    with database.connect() as connection:
        desk = ClockDesk(connection)
        windows = '[{"day": 1, "opens": 540, "closes": 600}]'
        columns = {"id": "mondays", "version": 1, "display_name": "Mondays", "time_zone": "UTC", "windows": windows}
        insert(connection, "sla_calendars", **columns)
        connection.execute(
            "UPDATE sla_config SET calendar_id = 'mondays', resolution_time_minutes = 90 WHERE priority = 'HIGH'"
        )
        ticket_id = insert_ticket(connection, priority="HIGH", created_at="2026-03-02T08:00:00Z")
        assert desk.is_stale(ticket_id)
        assert desk.derive(ticket_id).sla_due_at == datetime(2026, 3, 9, 9, 30, tzinfo=UTC)


def test_without_a_policy_there_is_no_clock(database: Database) -> None:
    with database.connect() as connection:
        desk = ClockDesk(connection)
        connection.execute("DELETE FROM sla_config WHERE priority = 'HIGH'")
        ticket_id = insert_ticket(connection, priority="HIGH")
        made = desk.ticket(ticket_id)
        assert (made.sla_due_at, made.sla_near_breach_at, made.sla_next_escalation_at) == (None, None, None)
        with pytest.raises(NotFound):
            desk.clocks.policy(made)
        with pytest.raises(NotFound):
            desk.clocks.history(made)


# Escalations.


def moved(desk: ClockDesk, ticket_id: str, action: str) -> Ticket:
    """One level up, by hand or as the sweep does it."""
    before, now = desk.ticket(ticket_id), datetime.now(UTC)
    policy = desk.clocks.policy(before)
    if action == "AUTO_ESCALATED":
        after = breach(before, policy, now=now)
    else:
        after = escalate(before, policy, lambda: desk.clocks.history(before), now=now)
    with desk.connection.transaction():
        set_context(desk.connection, {**AGENT, "action": action, "reason": REASON})
        columns = ("status", "owner_role", "sla_escalation_level", "sla_breached", "sla_changed_at")
        values = {name: getattr(after, name) for name in columns}
        update_ticket(
            desk.connection, ticket_id, **values, owner_id=None, sla_next_escalation_at=after.sla_next_escalation_at
        )
    return desk.ticket(ticket_id)


def test_each_level_is_kept_with_how_it_came_about(connection: psycopg.Connection, desk: ClockDesk) -> None:
    ticket_id = insert_ticket(connection, owner_role="ops_agent", priority="MEDIUM", created_at=ago(60))
    due_at = desk.ticket(ticket_id).sla_due_at
    first = moved(desk, ticket_id, "AUTO_ESCALATED")
    second = moved(desk, ticket_id, "ESCALATED")
    assert escalations(connection, ticket_id) == [
        (1, 1, "ops_agent", "ops_manager", due_at, True, "u-7", REASON),
        (1, 2, "ops_manager", "regional_manager", None, False, "u-7", REASON),
    ]
    known = desk.clocks.escalations(first.id)
    assert [(each.level, each.escalated_at) for each in known] == [
        (1, first.sla_changed_at),
        (2, second.sla_changed_at),
    ]
    assert known[0].to_role is Role.OPS_MANAGER
    assert desk.history(ticket_id).escalated_at == second.sla_changed_at


def test_an_escalation_in_psql_is_kept_too(connection: psycopg.Connection, desk: ClockDesk) -> None:
    ticket_id = insert_ticket(connection, owner_role=None)
    update_ticket(connection, ticket_id, sla_escalation_level=1, owner_role="finance")
    assert escalations(connection, ticket_id) == [(1, 1, None, "finance", None, False, "SYSTEM", None)]


def test_no_level_of_a_cycle_comes_about_twice(connection: psycopg.Connection, desk: ClockDesk) -> None:
    ticket_id = insert_ticket(connection, owner_role="ops_agent")
    moved(desk, ticket_id, "ESCALATED")
    with connection.transaction():  # as it could be brought about before the triggers refused it
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("UPDATE tickets SET sla_escalation_level = 0 WHERE id = %s", [ticket_id])
    number = len(audit_of(connection, ticket_id))
    with pytest.raises(psycopg.errors.UniqueViolation):
        moved(desk, ticket_id, "AUTO_ESCALATED")
    assert (len(escalations(connection, ticket_id)), len(audit_of(connection, ticket_id))) == (1, number)
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("INSERT INTO ticket_escalations SELECT * FROM ticket_escalations")


def test_an_escalation_that_is_rolled_back_was_none(connection: psycopg.Connection, desk: ClockDesk) -> None:
    ticket_id = insert_ticket(connection)
    with connection.transaction(force_rollback=True):
        update_ticket(connection, ticket_id, sla_escalation_level=1)
        assert len(escalations(connection, ticket_id)) == 1
    assert escalations(connection, ticket_id) == []


def test_another_priority_never_repeats_a_level(connection: psycopg.Connection, desk: ClockDesk) -> None:
    """Not even when it moves the deadline into the future, so that it is missed once more."""
    ticket_id = insert_ticket(connection, owner_role="ops_agent", priority="MEDIUM", created_at=ago(50))
    escalated = moved(desk, ticket_id, "AUTO_ESCALATED")
    assert escalated.sla_breached

    priorities = {
        TicketPriority(row[0]): SlaPolicy(TicketPriority(row[0]), row[1], row[2], tuple(map(Role, row[3])))
        for row in connection.execute(
            "SELECT priority, response_time_minutes, resolution_time_minutes, escalation_chain FROM sla_policy_versions"
            " WHERE version = 1"
        )
    }
    for priority, breached in ((TicketPriority.LOW, False), (TicketPriority.CRITICAL, True)):
        before = desk.ticket(ticket_id)
        after = change_priority(before, priorities[priority], lambda: desk.history(ticket_id), now=datetime.now(UTC))
        stored = desk.save(before, after)
        assert (stored.sla_escalation_level, stored.sla_breached) == (1, breached)
        next_at = escalated.sla_changed_at + timedelta(minutes=30) if breached else stored.sla_due_at
        assert stored.sla_next_escalation_at == next_at

    moved(desk, ticket_id, "AUTO_ESCALATED")
    assert [(each.cycle, each.level) for each in escalations(connection, ticket_id)] == [(1, 1), (1, 2)]


def test_reapplying_a_policy_keeps_pauses_and_levels(database: Database) -> None:
    with database.connect() as connection:
        desk = ClockDesk(connection)
        ticket_id = insert_ticket(connection, owner_role="ops_agent", created_at=ago(60))
        moved(desk, ticket_id, "AUTO_ESCALATED")
        connection.execute("UPDATE sla_config SET resolution_time_minutes = 6000 WHERE priority = 'MEDIUM'")
        before, now = desk.ticket(ticket_id), datetime.now(UTC)
        newest = desk.clocks.versions.read(desk.clocks.session, TicketPriority.MEDIUM, 2)  # type: ignore[arg-type] # a Version
        assert newest is not None
        after = desk.save(before, reapply_policy(before, newest, lambda: desk.history(ticket_id), now=now))
        assert (after.sla_due_at, after.sla_breached) == (after.created_at + 100 * HOUR, False)
        assert (after.sla_escalation_level, after.sla_policy_version) == (1, 2)
        assert deadlines(desk.history(ticket_id)).due_at == after.sla_due_at


def test_a_reopened_ticket_goes_on_from_its_last_escalation(connection: psycopg.Connection, desk: ClockDesk) -> None:
    ticket_id = insert_ticket(connection, owner_role="ops_agent", priority="MEDIUM", created_at=ago(60))
    escalated = moved(desk, ticket_id, "AUTO_ESCALATED")
    times = []
    for target in (S.RESOLVED, S.REOPENED):
        before, now = desk.ticket(ticket_id), datetime.now(UTC)
        policy = desk.clocks.policy(before)
        times.append(now)
        after = transition(
            before,
            target,
            resolution_summary="Paid.",
            policy=policy,
            past=lambda: desk.history(ticket_id),
            now=now,
        )
        desk.save(before, after)
    reopened = desk.ticket(ticket_id)
    assert (reopened.sla_cycle, reopened.sla_escalation_level, reopened.sla_breached) == (2, 0, True)
    assert reopened.sla_next_escalation_at == escalated.sla_changed_at + 8 * HOUR + (times[1] - times[0])
    moved(desk, ticket_id, "AUTO_ESCALATED")
    assert [(each.cycle, each.level) for each in escalations(connection, ticket_id)] == [(1, 1), (2, 1)]


# The state of the clock in SQL.

_NOW = bindparam("now", type_=DateTime(timezone=True))
CONDITIONS = Statement(
    select(tickets.c.id, *(condition.label(name) for name, condition in sla_conditions(_NOW).items())), prepare=False
)


def test_sql_and_python_agree_on_the_state_of_every_clock(database: Database) -> None:
    dice, moment = random.Random(6), datetime(2026, 3, 1, 12, tzinfo=UTC)
    around = [moment + minutes * timedelta(minutes=1) for minutes in (-90, -1, 0, 0, 1, 90)]
    around += [moment + offset for offset in (timedelta(microseconds=-1), timedelta(microseconds=1))]
    update: LiteralString = """
        UPDATE tickets SET sla_due_at = %s, sla_near_breach_at = %s, sla_paused_at = %s WHERE id = %s
    """
    with database.connect() as connection:
        with connection.transaction():
            for _ in range(800):
                ticket_id = insert_ticket(connection, status=dice.choice(list(S)), created_at=moment - 5 * HOUR)
                near, due = sorted(dice.choices(around, k=2))
                paused = dice.choice((None, None, *around))
                values = [dice.choice((due, due, due, None)), dice.choice((near, near, None)), paused]
                connection.execute(update, [*values, ticket_id])
        found = {row[0]: row[1:] for row in connection.execute(CONDITIONS.sql, {"now": moment})}
        rows = connection.execute("SELECT id, sla_due_at, sla_near_breach_at, sla_paused_at, status FROM tickets")
        seen: Counter[SlaStatus] = Counter()
        for ticket_id, due_at, near_breach_at, paused_at, status in rows:
            expected = clock_status(
                due_at=due_at,
                near_breach_at=near_breach_at,
                paused_at=paused_at,
                status=S(status),
                now=moment,
            )
            told = dict(zip(sla_conditions(_NOW), found[ticket_id], strict=True))
            assert [state for state, holds in told.items() if holds] == [expected], (
                due_at,
                near_breach_at,
                paused_at,
                status,
            )
            seen[expected] += 1
    assert min(seen[state] for state in SlaStatus) > 20
