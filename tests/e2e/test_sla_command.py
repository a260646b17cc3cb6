"""`tickets sla simulate`, as an engineer runs it: the real command beside the real database, no server."""

from __future__ import annotations

import os
import subprocess
import sys
from calendar import monthrange

from psycopg.types.json import Jsonb

from tests.database import Database
from tests.integration.postgres.rows import insert_ticket


def simulate(database: Database, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.cli", "sla", "simulate", *arguments],
        env={**os.environ, "TICKETS_DATABASE_URL": database.dsn},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_tells_the_whole_climb_and_does_nothing(database: Database) -> None:
    with database.connect() as connection:
        ticket_id = insert_ticket(
            connection, priority="HIGH", owner_role="ops_manager", created_at="2035-03-01T00:00:00Z"
        )
        before = connection.execute("SELECT to_jsonb(tickets) FROM tickets").fetchall()
        result = simulate(database, ticket_id, "--at", "2035-03-02T12:00:00+05:30")
        assert connection.execute("SELECT to_jsonb(tickets) FROM tickets").fetchall() == before
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"{ticket_id}: HIGH, NEW, on_track, level 0 of cycle 1, owner - (ops_manager)",
        "policy version 1, due 2035-03-02 00:00:00Z, clock running, first response due 2035-03-01 02:00:00Z",
        "Until 2035-03-02 06:30:00Z the sweeps would, if nobody touches it:",
        "  2035-03-01 02:00:00Z  flag the missing first response and notify (due 2035-03-01 02:00:00Z)",
        "  2035-03-01 19:12:00Z  warn of the near breach (due 2035-03-01 19:12:00Z)",
        "  2035-03-02 00:00:00Z  escalate to level 1, regional_manager (due 2035-03-02 00:00:00Z)",
        "  2035-03-02 02:00:00Z  escalate to level 2, hq_support (due 2035-03-02 02:00:00Z)",
    ]


def test_the_end_of_a_chain_is_told(database: Database) -> None:
    with database.connect() as connection:
        ticket_id = insert_ticket(
            connection,
            priority="HIGH",
            owner_role="hq_support",
            created_at="2035-03-01T00:00:00Z",
            first_responded_at="2035-03-01T00:01:00Z",
        )
    result = simulate(database, ticket_id, "--at", "2035-03-03")
    assert result.stdout.splitlines()[-1] == (
        "  2035-03-02 00:00:00Z  mark it as breached; its chain has no further role (due 2035-03-02 00:00:00Z)"
    )


def test_nothing_is_foretold_where_nothing_is_due(database: Database) -> None:
    with database.connect() as connection:
        ticket_id = insert_ticket(connection, created_at="2035-03-01T00:00:00Z")
    result = simulate(database, ticket_id, "--at", "2035-03-01T00:00:01Z")
    assert result.stdout.splitlines()[-1] == (
        "Until 2035-03-01 00:00:01Z nothing would happen: the next thing is due 2035-03-01 08:00:00Z."
    )


def test_it_says_why_nothing_would_ever_happen(database: Database) -> None:
    with database.connect() as connection:
        given = {"created_at": "2025-03-01T00:00:00Z", "first_responded_at": "2025-03-01T00:01:00Z"}
        tickets = {
            insert_ticket(connection, **given, archived=True): "the ticket is archived",
            insert_ticket(
                connection,
                **given,
                status="RESOLVED",
                resolution_summary="Paid at last.",
                resolved_at=given["created_at"],
            ): "the ticket is RESOLVED",
            insert_ticket(
                connection, **given, status="AWAITING_SHIPPER"
            ): "its clock is paused while it is AWAITING_SHIPPER",
            insert_ticket(
                connection, **given, owner_role="ceo_oncall", sla_breached=True, sla_near_breach_notified=True
            ): "it is breached, and its chain has no further role",
        }
    for ticket_id, why in tickets.items():
        result = simulate(database, ticket_id, "--at", "2045-03-01T00:00:00Z")
        assert result.stdout.splitlines()[-1] == f"Until 2045-03-01 00:00:00Z nothing would happen: {why}."


def test_closed_hours_are_told_with_their_calendar(database: Database) -> None:
    """Open on the last day of February alone, so that no test ever runs within these hours."""
    holidays = [
        {"year": None, "month": month, "day": day, "name": "closed"}
        for month in range(1, 13)
        for day in range(1, monthrange(2000, month)[1] + 1)
        if (month, day) != (2, 29)
    ]
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO sla_calendars (id, version, display_name, time_zone, windows, holidays)"
            " VALUES ('leap-days', 1, 'Leap days', 'Asia/Kolkata', %s, %s)",
            [Jsonb([{"day": day, "opens": 540, "closes": 1080} for day in range(1, 8)]), Jsonb(holidays)],
        )
        connection.execute(
            "UPDATE sla_config SET calendar_id = 'leap-days', calendar_version = 1, resolution_time_minutes = 60,"
            " response_time_minutes = 60 WHERE priority = 'HIGH'"
        )
        ticket_id = insert_ticket(connection, priority="HIGH", created_at="2026-03-01T00:00:00Z")
    head = simulate(database, ticket_id, "--at", "2026-03-02").stdout.splitlines()[1]
    assert "clock closed until 20" in head
    assert "-02-29 03:30:00Z (calendar leap-days, Asia/Kolkata), " in head


def test_a_ticket_without_a_policy_is_told_apart_from_one_that_is_not_there(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("DELETE FROM sla_config WHERE priority = 'LOW'")
        ticket_id = insert_ticket(connection, priority="LOW")
    result = simulate(database, ticket_id, "--at", "2035-03-01")
    assert (result.returncode, result.stderr) == (1, "Error: There is no SLA policy for priority LOW.\n")


def test_bad_arguments_are_told_in_a_line(database: Database) -> None:
    absent = simulate(database, "TKT-99", "--at", "2035-03-01")
    assert (absent.returncode, absent.stderr) == (1, "Error: there is no ticket TKT-99\n")
    bad = simulate(database, "TKT-99", "--at", "tomorrow")
    assert bad.returncode == 2
    assert "must be a time such as" in bad.stderr
