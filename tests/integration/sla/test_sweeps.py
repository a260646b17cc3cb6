"""The sweeps on PostgreSQL: what falls due happens once, is audited and told, and one bad ticket harms no other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from server.adapters.postgres.unit_of_work import PostgresUnitOfWork
from server.application.answers import Answer
from server.application.call import Call
from server.application.sla.derive_stale_clocks import DeriveStaleClocks
from server.application.sla.draining import drain
from server.application.sla.sweep_clock_events import SweepClockEvents
from server.application.tickets.escalate_ticket import EscalateTicket
from server.application.tickets.update_ticket import TicketPatch, UpdateTicket
from server.domain.clock_events import ClockEventKind
from server.domain.ids import TicketId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.tickets import Ticket, TicketPriority
from tests.integration.sla.conftest import CALL, insert_tickets, now, rows

Connection = psycopg.Connection[dict[str, Any]]
BREACH, NEAR, RESPONSE = (
    ClockEventKind.BREACH,
    ClockEventKind.NEAR_BREACH,
    ClockEventKind.FIRST_RESPONSE_BREACHED,
)


def sweep(uow: PostgresUnitOfWork, kind: ClockEventKind, *, at: datetime | None = None, limit: int = 100) -> int:
    return SweepClockEvents(uow, now if at is None else lambda: at, kind)(CALL, limit=limit)


def ticket(connection: Connection, ticket_id: str) -> dict[str, Any]:
    (row,) = rows(connection, "SELECT * FROM tickets WHERE id = %s", ticket_id)
    return row


def audit(connection: Connection, ticket_id: str) -> list[str]:
    return [
        row["action"]
        for row in rows(connection, "SELECT action FROM ticket_audit WHERE ticket_id = %s ORDER BY chain_no", ticket_id)
    ]


def test_a_breach_moves_the_ticket_up(uow: PostgresUnitOfWork, connection: Connection) -> None:
    (due,) = insert_tickets(connection, age="25 hours")
    insert_tickets(connection, age="23 hours")
    connection.execute("UPDATE tickets SET owner_id = 'asha.menon' WHERE id = %s", [due])
    at = now()
    assert sweep(uow, BREACH, at=at) == 1
    after = ticket(connection, due)
    assert (after["status"], after["owner_role"], after["owner_id"]) == ("ESCALATED", "regional_manager", None)
    assert (after["sla_breached"], after["sla_escalation_level"]) == (True, 1)
    assert after["sla_next_escalation_at"] == at + timedelta(hours=2)
    assert audit(connection, due)[-1] == "AUTO_ESCALATED"
    (told,) = rows(connection, "SELECT * FROM outbox WHERE ticket_id = %s AND event_type = 'AUTO_ESCALATED'", due)
    assert told["payload"]["actor_id"] == "SYSTEM"
    (escalation,) = rows(connection, "SELECT * FROM ticket_escalations WHERE ticket_id = %s", due)
    assert escalation == {
        "ticket_id": due,
        "cycle": 1,
        "level": 1,
        "from_role": "ops_manager",
        "to_role": "regional_manager",
        "due_at": after["sla_due_at"],
        "escalated_at": at,
        "automatic": True,
        "actor_id": "SYSTEM",
        "reason": None,
    }
    assert sweep(uow, BREACH, at=at) == 0


def test_levels_follow_at_the_interval_until_the_chain_ends(uow: PostgresUnitOfWork, connection: Connection) -> None:
    (due,) = insert_tickets(connection, age="25 hours")
    at = now()
    for expected in ("regional_manager", "hq_support"):
        assert sweep(uow, BREACH, at=at) == 1
        assert sweep(uow, BREACH, at=at + timedelta(hours=2, microseconds=-1)) == 0
        assert ticket(connection, due)["owner_role"] == expected
        at += timedelta(hours=2)
    assert sweep(uow, BREACH, at=at + timedelta(days=30)) == 0
    assert ticket(connection, due)["sla_next_escalation_at"] is None


def test_at_the_end_of_its_chain_a_ticket_is_only_marked(uow: PostgresUnitOfWork, connection: Connection) -> None:
    (due,) = insert_tickets(connection, age="25 hours")
    connection.execute("UPDATE tickets SET owner_id = 'rohan', owner_role = 'ceo_oncall' WHERE id = %s", [due])
    assert sweep(uow, BREACH) == 1
    after = ticket(connection, due)
    assert (after["sla_breached"], after["status"], after["owner_id"]) == (True, "OPEN", "rohan")
    assert after["sla_next_escalation_at"] is None
    assert audit(connection, due)[-1] == "SLA_BREACHED"
    assert sweep(uow, BREACH) == 0


def by_hand(uow: PostgresUnitOfWork, ticket_id: str, at: datetime) -> None:
    answer: Answer[Ticket, None] = Answer(None, lambda _: None, lambda _: b"", lambda _: None)
    admin = Call(Principal(UserId("admin-1"), Role.ADMIN))
    EscalateTicket(uow, lambda: at)(admin, TicketId(ticket_id), "The shipper has called us twice.", None, answer)


def prioritize(uow: PostgresUnitOfWork, ticket_id: str, priority: TicketPriority, at: datetime) -> None:
    answer: Answer[Ticket, None] = Answer(None, lambda _: None, lambda _: b"", lambda _: None)
    admin = Call(Principal(UserId("admin-1"), Role.ADMIN))
    patch = TicketPatch({"priority": priority}, "The shipper has called us twice.", reason_is_long_enough=True)
    UpdateTicket(uow, lambda: at)(admin, TicketId(ticket_id), patch, None, answer)


def test_an_escalation_before_the_deadline_puts_off_no_breach(uow: PostgresUnitOfWork, connection: Connection) -> None:
    (mine,) = insert_tickets(connection, age="23 hours 50 minutes")
    due_at: datetime = ticket(connection, mine)["sla_due_at"]
    by_hand(uow, mine, due_at - timedelta(seconds=1))
    assert sweep(uow, BREACH, at=due_at - timedelta(microseconds=1)) == 0
    assert not ticket(connection, mine)["sla_breached"]
    assert [sweep(uow, BREACH, at=due_at), sweep(uow, BREACH, at=due_at)] == [1, 0]
    after = ticket(connection, mine)
    assert (after["sla_breached"], after["sla_escalation_level"], after["owner_role"]) == (True, 2, "hq_support")
    assert audit(connection, mine)[-2:] == ["ESCALATED", "AUTO_ESCALATED"]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(milliseconds=40)])
def test_an_escalation_between_the_deadline_and_the_sweep_is_its_level(
    uow: PostgresUnitOfWork, connection: Connection, late: timedelta
) -> None:
    (mine,) = insert_tickets(connection, age="23 hours 50 minutes")
    due_at: datetime = ticket(connection, mine)["sla_due_at"]
    by_hand(uow, mine, due_at + late)
    next_at = due_at + late + timedelta(hours=2)
    assert ticket(connection, mine)["sla_breached"]
    assert [sweep(uow, BREACH, at=at) for at in (due_at + timedelta(seconds=5), next_at - timedelta(seconds=1))] == [
        0,
        0,
    ]
    assert sweep(uow, BREACH, at=next_at) == 1
    assert ticket(connection, mine)["sla_escalation_level"] == 2


@pytest.mark.parametrize("late", [timedelta(microseconds=-1), timedelta(minutes=1)])
def test_a_breach_marked_under_another_priority_puts_off_no_level(
    uow: PostgresUnitOfWork, connection: Connection, late: timedelta
) -> None:
    """A microsecond before the deadline, too: changes of one instant are told a microsecond apart, and go past it."""
    (mine,) = insert_tickets(connection, age="23 hours 50 minutes")
    due_at: datetime = ticket(connection, mine)["sla_due_at"]
    by_hand(uow, mine, due_at - timedelta(microseconds=1))
    for priority in (TicketPriority.CRITICAL, TicketPriority.HIGH):
        prioritize(uow, mine, priority, due_at + late)
    back = ticket(connection, mine)
    assert back["sla_changed_at"] > due_at
    assert (back["sla_breached"], back["sla_escalation_level"]) == (True, 1)
    assert back["sla_due_at"] == back["sla_next_escalation_at"] == due_at
    before, at = due_at - timedelta(microseconds=1), max(due_at, due_at + late)
    assert [sweep(uow, BREACH, at=moment) for moment in (before, at, at)] == [0, 1, 0]
    after = ticket(connection, mine)
    assert (after["sla_escalation_level"], after["owner_role"]) == (2, "hq_support")
    made = rows(connection, "SELECT * FROM ticket_escalations WHERE ticket_id = %s ORDER BY level", mine)
    assert [(row["level"], row["automatic"], row["due_at"]) for row in made] == [(1, False, None), (2, True, due_at)]


@pytest.mark.parametrize(
    ("kind", "age", "action"),
    [(NEAR, "20 hours", "SLA_NEAR_BREACH"), (RESPONSE, "3 hours", "FIRST_RESPONSE_BREACHED")],
)
def test_near_breach_and_late_response_are_noted_once(
    uow: PostgresUnitOfWork, connection: Connection, kind: ClockEventKind, age: str, action: str
) -> None:
    (due,) = insert_tickets(connection, age=age)
    insert_tickets(connection, age="1 hour")
    assert [sweep(uow, kind), sweep(uow, kind)] == [1, 0]
    assert audit(connection, due).count(action) == 1
    assert ticket(connection, due)["status"] == "OPEN"


def test_what_is_paused_done_or_archived_is_left_alone(uow: PostgresUnitOfWork, connection: Connection) -> None:
    paused, resolved, archived = insert_tickets(connection, age="25 hours", count=3)
    connection.execute("UPDATE tickets SET status = 'AWAITING_SHIPPER' WHERE id = %s", [paused])
    connection.execute("UPDATE tickets SET status = 'RESOLVED' WHERE id = %s", [resolved])
    connection.execute("UPDATE tickets SET archived = true WHERE id = %s", [archived])
    DeriveStaleClocks(uow, now)(CALL, limit=10)
    assert [sweep(uow, kind) for kind in (BREACH, NEAR)] == [0, 0]


def test_the_longest_overdue_come_first(uow: PostgresUnitOfWork, connection: Connection) -> None:
    (later,) = insert_tickets(connection, age="25 hours")
    (sooner,) = insert_tickets(connection, age="26 hours")
    assert sweep(uow, BREACH, limit=1) == 1
    assert [ticket(connection, each)["sla_breached"] for each in (sooner, later)] == [True, False]


def test_a_ticket_in_other_hands_waits_and_holds_up_nobody(uow: PostgresUnitOfWork, connection: Connection) -> None:
    taken, free = insert_tickets(connection, age="25 hours", count=2)
    with connection.transaction():
        connection.execute("SELECT FROM tickets WHERE id = %s FOR UPDATE", [taken])
        assert sweep(uow, BREACH) == 1
    assert ticket(connection, free)["sla_breached"]
    assert sweep(uow, BREACH) == 1


def test_many_sweeps_at_once_escalate_each_ticket_once(uow: PostgresUnitOfWork, connection: Connection) -> None:
    insert_tickets(connection, age="25 hours", count=600)
    at = now()
    with ThreadPoolExecutor(4) as pool:
        counts = list(
            pool.map(
                lambda _: drain(lambda limit: sweep(uow, BREACH, at=at, limit=limit), limit=40, threads=1, go_on=bool_),
                range(4),
            )
        )
    assert sum(counts) == 600
    (found,) = rows(
        connection,
        """
        SELECT (SELECT count(*) FROM ticket_escalations) AS escalations,
            (SELECT count(*) FROM ticket_audit WHERE action = 'AUTO_ESCALATED') AS audited,
            (SELECT count(*) FROM outbox WHERE event_type = 'AUTO_ESCALATED') AS told,
            (SELECT count(*) FROM tickets WHERE sla_escalation_level = 1) AS moved
        """,
    )
    assert found == {"escalations": 600, "audited": 600, "told": 600, "moved": 600}


def bool_() -> bool:
    return True


def test_a_poisoned_ticket_is_put_off_and_the_others_go_on(uow: PostgresUnitOfWork, connection: Connection) -> None:
    poisoned, *others = insert_tickets(connection, age="25 hours", count=5)
    # Its level was made before: the key refuses a second one.
    connection.execute(
        """
        INSERT INTO ticket_escalations (ticket_id, cycle, level, escalated_at, automatic, actor_id)
        VALUES (%s, 1, 1, now(), true, 'SYSTEM')
        """,
        [poisoned],
    )
    at = now()
    assert sweep(uow, BREACH, at=at) == 5
    assert [ticket(connection, each)["sla_escalation_level"] for each in others] == [1] * 4
    put_off = ticket(connection, poisoned)
    assert (put_off["sla_escalation_level"], put_off["sla_breached"]) == (0, False)
    assert put_off["sla_next_escalation_at"] == at + timedelta(minutes=5)
    assert sweep(uow, BREACH, at=at) == 0


@pytest.fixture
def refusing(connection: Connection) -> Callable[[str], None]:
    """From the call on, nothing that is audited can be changed on that ticket."""

    def refuse(ticket_id: str) -> None:
        body = "BEGIN RAISE EXCEPTION 'refused by a test' USING ERRCODE = 'data_exception'; END"
        connection.execute(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${body}$$".encode())
        connection.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON ticket_audit FOR EACH ROW"
            f" WHEN (NEW.ticket_id = '{ticket_id}') EXECUTE FUNCTION refuse()".encode()
        )

    return refuse


@pytest.mark.parametrize(("kind", "age"), [(NEAR, "20 hours"), (RESPONSE, "3 hours")])
def test_what_fails_on_one_ticket_does_not_keep_others_waiting(
    uow: PostgresUnitOfWork, connection: Connection, refusing: Callable[[str], None], kind: ClockEventKind, age: str
) -> None:
    poisoned, other = insert_tickets(connection, age=age, count=2)
    refusing(poisoned)
    before, at = ticket(connection, poisoned), now()
    assert [sweep(uow, kind, at=at, limit=1) for _ in range(3)] == [1, 1, 0]
    assert len(audit(connection, other)) == 2
    after = ticket(connection, poisoned)
    assert after["sla_put_off_until"] == at + timedelta(minutes=5)
    for shown in ("sla_near_breach_at", "first_response_due_at", "version"):
        assert after[shown] == before[shown]
    assert sweep(uow, BREACH, at=at + timedelta(hours=24)) == 2  # it is tried
    connection.execute("DROP TRIGGER refuse ON ticket_audit")
    assert sweep(uow, kind, at=at + timedelta(minutes=5)) == 1


def test_a_clock_that_cannot_be_derived_keeps_no_other_waiting(
    uow: PostgresUnitOfWork, connection: Connection, refusing: Callable[[str], None]
) -> None:
    poisoned, other = sorted(insert_tickets(connection, age="1 hour", count=2))
    connection.execute("UPDATE tickets SET sla_stale = true, sla_due_at = now()")
    refusing(poisoned)
    at = now()
    assert [DeriveStaleClocks(uow, lambda: at)(CALL, limit=1) for _ in range(3)] == [0, 1, 0]
    assert [ticket(connection, each)["sla_stale"] for each in (poisoned, other)] == [True, False]
    connection.execute("DROP TRIGGER refuse ON ticket_audit")
    assert DeriveStaleClocks(uow, lambda: at + timedelta(minutes=5))(CALL, limit=1) == 1


def test_hands_in_psql_are_followed_by_a_derivation(uow: PostgresUnitOfWork, connection: Connection) -> None:
    (mine,) = insert_tickets(connection, age="10 hours")
    before = ticket(connection, mine)
    connection.execute("UPDATE tickets SET status = 'AWAITING_OPERATOR' WHERE id = %s", [mine])
    assert ticket(connection, mine)["sla_stale"]
    assert DeriveStaleClocks(uow, now)(CALL, limit=10) == 1
    paused = ticket(connection, mine)
    assert not paused["sla_stale"]
    assert paused["sla_paused_at"] == paused["sla_changed_at"]
    assert (paused["sla_due_at"], paused["sla_next_escalation_at"]) == (before["sla_due_at"], None)
    connection.execute("UPDATE tickets SET status = 'IN_PROGRESS' WHERE id = %s", [mine])
    assert DeriveStaleClocks(uow, now)(CALL, limit=10) == 1
    resumed = ticket(connection, mine)
    pause = resumed["sla_changed_at"] - paused["sla_changed_at"]
    assert pause > timedelta(0)
    assert resumed["sla_due_at"] == before["sla_due_at"] + pause == resumed["sla_next_escalation_at"]
    assert audit(connection, mine)[-1] == "SLA_DERIVED"
    assert DeriveStaleClocks(uow, now)(CALL, limit=10) == 0


@pytest.mark.parametrize(("age", "missed"), [("25 hours", True), ("23 hours", False)])
def test_resolving_in_psql_after_the_deadline_is_a_breach(
    uow: PostgresUnitOfWork, connection: Connection, age: str, missed: bool
) -> None:
    (mine,) = insert_tickets(connection, age=age)
    connection.execute("UPDATE tickets SET status = 'RESOLVED' WHERE id = %s", [mine])
    assert DeriveStaleClocks(uow, now)(CALL, limit=10) == 0
    assert ticket(connection, mine)["sla_breached"] == missed
    connection.execute("UPDATE tickets SET status = 'REOPENED' WHERE id = %s", [mine])
    assert DeriveStaleClocks(uow, now)(CALL, limit=10) == 1
    assert ticket(connection, mine)["sla_breached"] == missed
    assert sweep(uow, BREACH) == missed


def test_resolving_a_paused_ticket_in_psql_is_no_breach(uow: PostgresUnitOfWork, connection: Connection) -> None:
    (mine,) = insert_tickets(connection, age="23 hours 59 minutes")
    for status in ("AWAITING_SHIPPER", "IN_PROGRESS", "AWAITING_SHIPPER"):
        connection.execute("UPDATE tickets SET status = %s WHERE id = %s", [status, mine])
    connection.execute("UPDATE tickets SET sla_due_at = now() - interval '1 minute' WHERE id = %s", [mine])
    # What is stored of the deadline is stale, and says nothing.
    connection.execute("UPDATE tickets SET status = 'RESOLVED' WHERE id = %s", [mine])
    assert not ticket(connection, mine)["sla_breached"]


def test_readings_that_are_not_derived_yet_escalate_nobody(uow: PostgresUnitOfWork, connection: Connection) -> None:
    (mine,) = insert_tickets(connection, age="23 hours 59 minutes")
    connection.execute("UPDATE tickets SET status = 'AWAITING_SHIPPER' WHERE id = %s", [mine])
    later = now() + timedelta(minutes=5)
    assert [sweep(uow, kind, at=later) for kind in (BREACH, NEAR, RESPONSE)] == [0, 0, 0]
    DeriveStaleClocks(uow, now)(CALL, limit=10)
    assert [sweep(uow, kind, at=later) for kind in (BREACH, NEAR)] == [0, 0]
    assert ticket(connection, mine)["sla_paused_at"] is not None
    assert sweep(uow, RESPONSE, at=later) == 1
