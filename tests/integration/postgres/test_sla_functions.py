"""The SQL functions for psql: boundaries to the microsecond, and agreement with the domain's clock."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from server.domain.fsm import DONE, TicketStatus
from server.domain.ids import Minutes
from server.domain.roles import Role
from server.domain.sla import SlaPolicy, clock_status, sla_status
from server.domain.sla_clock import Phase, SlaHistory, deadlines
from server.domain.tickets import TicketPriority
from tests.database import Database
from tests.integration.postgres.rows import insert_ticket

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def value(connection: psycopg.Connection, statement: Any, *parameters: object) -> Any:
    row = connection.execute(statement, parameters).fetchone()
    assert row is not None
    return row[0]


def status_at(
    connection: psycopg.Connection, due: object, status: str, start: object = None, at: datetime = NOW
) -> Any:
    return value(connection, "SELECT get_sla_status(%s, %s::ticket_status, %s, %s)", due, status, start, at)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(hours=20), "on_track"),
        (timedelta(hours=4) + TICK, "on_track"),
        (timedelta(hours=4), "near_breach"),
        (TICK, "near_breach"),
        (timedelta(0), "breached"),
        (-TICK, "breached"),
    ],
)
def test_boundaries_of_a_window(connection: psycopg.Connection, left: timedelta, expected: str) -> None:
    due = NOW + left
    assert status_at(connection, due, "OPEN", due - timedelta(hours=20)) == expected


def test_without_a_start_the_window_is_a_day(connection: psycopg.Connection) -> None:
    fifth = timedelta(hours=4, minutes=48)
    assert status_at(connection, NOW + fifth, "OPEN") == "near_breach"
    assert status_at(connection, NOW + fifth + TICK, "OPEN") == "on_track"


@pytest.mark.parametrize("due", [None, NOW - TICK, NOW + timedelta(days=9), "infinity", "-infinity"])
def test_done_comes_before_everything(connection: psycopg.Connection, due: object) -> None:
    assert status_at(connection, due, "RESOLVED") == "completed"
    assert status_at(connection, due, "CLOSED") == "completed"


def test_without_a_deadline_there_is_no_sla(connection: psycopg.Connection) -> None:
    assert status_at(connection, None, "OPEN", NOW) == "no_sla"


@pytest.mark.parametrize("start", [None, NOW, "infinity", "-infinity"])
def test_infinite_deadlines_are_never_near(connection: psycopg.Connection, start: object) -> None:
    assert status_at(connection, "infinity", "OPEN", start) == "on_track"
    assert status_at(connection, "-infinity", "OPEN", start) == "breached"


def test_now_is_the_start_of_the_transaction(connection: psycopg.Connection) -> None:
    with connection.transaction():
        assert value(connection, "SELECT get_sla_status(now(), 'OPEN')") == "breached"
        assert value(connection, "SELECT get_sla_status(now() + interval '1us', 'OPEN')") == "near_breach"
        statement = "SELECT get_sla_status(now() + interval '1h', 'OPEN', now() - interval '3h')"
        assert value(connection, statement) == "on_track"


def test_sql_and_the_domain_agree(connection: psycopg.Connection) -> None:
    draw = random.Random(20260329)
    spans = [timedelta(0), TICK, timedelta(hours=24), timedelta(hours=4, minutes=48), timedelta(days=400)]

    def moment() -> datetime:
        return NOW + draw.choice([-1, 1]) * draw.choice(spans) * draw.choice([1, draw.random()])

    for _ in range(2000):
        due, start = draw.choice([None, moment()]), draw.choice([None, moment()])
        if due is not None and draw.random() < 0.5:
            # Exactly on the boundary, or one tick beside it: where the two would part first.
            window = timedelta(microseconds=5 * draw.randrange(1, 10**12))
            start, due = NOW + window // 5 - window, NOW + window // 5 + draw.choice([-TICK, 0 * TICK, TICK])
        status = draw.choice(list(TicketStatus))
        expected = sla_status(due, status, start=start, now=NOW)
        assert status_at(connection, due, status, start) == expected, (due, status, start)
        window = timedelta(hours=24) if due is None or start is None else due - start
        clock = clock_status(
            due_at=due,
            near_breach_at=due and due - window // 5,
            paused_at=None,
            status=status,
            now=NOW,
        )
        assert clock == expected, (due, status, start)


def test_sql_dates_and_judges_tickets_as_the_clock_does(database: Database) -> None:
    """Any targets, 24x7, no pause: what psql says of a ticket at any instant is what the server says."""
    draw = random.Random(20261025)
    status_statement = "SELECT get_sla_status(%s, %s::ticket_status, %s, %s)"
    with database.connect() as connection:
        for _ in range(500):
            resolution = draw.choice([1, 5, 7, draw.randrange(1, 525_600)])
            response = draw.randrange(1, resolution + 1)
            priority = draw.choice(list(TicketPriority))
            created_at = NOW + timedelta(days=draw.randrange(-400, 400), microseconds=draw.randrange(10**12))
            policy = SlaPolicy(priority, Minutes(response), Minutes(resolution), (Role.OPS_AGENT,))
            connection.execute(
                "UPDATE sla_config SET response_time_minutes = %s, resolution_time_minutes = %s WHERE priority = %s",
                [response, resolution, priority],
            )
            dates = deadlines(SlaHistory((Phase(created_at, TicketStatus.OPEN, policy),)))
            due_at = value(connection, "SELECT calculate_sla_due_at(%s::ticket_priority, %s)", priority, created_at)
            assert due_at == dates.due_at == policy.resolution_due_at(created_at)

            edge = draw.choice([created_at, dates.near_breach_at, due_at])
            now = edge + draw.choice([-TICK, 0 * TICK, TICK, draw.random() * timedelta(days=9)])
            status = draw.choice(list(TicketStatus))
            expected = clock_status(
                due_at=due_at, near_breach_at=dates.near_breach_at, paused_at=None, status=status, now=now
            )
            assert value(connection, status_statement, due_at, status, created_at, now) == expected


@pytest.mark.parametrize(
    ("priority", "response", "resolution"),
    [("LOW", 1440, 4320), ("MEDIUM", 480, 2880), ("HIGH", 120, 1440), ("CRITICAL", 30, 240)],
)
def test_policies_are_seeded_and_date_new_tickets(
    connection: psycopg.Connection, priority: str, response: int, resolution: int
) -> None:
    created = datetime(2026, 3, 28, 23, 59, tzinfo=UTC)
    connection.execute("SET timezone = 'Europe/Berlin'")
    due = value(connection, "SELECT calculate_sla_due_at(%s::ticket_priority, %s)", priority, created)
    assert due == created + timedelta(minutes=resolution)

    ticket_id = insert_ticket(connection, priority=priority, created_at=created)
    row = connection.execute(
        "SELECT sla_due_at, first_response_due_at, sla_policy_version FROM tickets WHERE id = %s", [ticket_id]
    ).fetchone()
    assert row == (due, created + timedelta(minutes=response), 1)


def test_a_deadline_counts_from_now_by_default(connection: psycopg.Connection) -> None:
    assert value(connection, "SELECT calculate_sla_due_at('HIGH') = now() + interval '24 hours'") is True


def test_given_deadlines_are_kept(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection, sla_due_at=NOW)
    row = connection.execute(
        "SELECT sla_due_at, first_response_due_at IS NOT NULL FROM tickets WHERE id = %s", [ticket_id]
    ).fetchone()
    assert row == (NOW, True)


def test_business_hours_are_not_guessed_at(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            """
            INSERT INTO sla_calendars (id, version, display_name, time_zone, windows)
            VALUES ('office', 1, 'Office', 'Asia/Kolkata', '[{"day": 1, "opens": 540, "closes": 1080}]')
            """
        )
        connection.execute("UPDATE sla_config SET calendar_id = 'office' WHERE priority = 'LOW'")
        assert value(connection, "SELECT calculate_sla_due_at('LOW')") is None
        assert value(connection, "SELECT calculate_sla_due_at('HIGH')") is not None


def test_without_a_policy_there_is_no_deadline(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("DELETE FROM sla_config WHERE priority = 'LOW'")
        assert value(connection, "SELECT calculate_sla_due_at('LOW')") is None
        ticket_id = insert_ticket(connection, priority="LOW", sla_due_at=NOW)
        row = connection.execute(
            "SELECT sla_due_at, first_response_due_at FROM tickets WHERE id = %s", [ticket_id]
        ).fetchone()
        assert row == (NOW, None)


def test_done_means_the_same_here_and_there(connection: psycopg.Connection) -> None:
    for status in TicketStatus:
        assert (status_at(connection, NOW, status) == "completed") == (status in DONE)
