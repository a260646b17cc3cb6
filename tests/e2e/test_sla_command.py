"""`tickets sla simulate`, as an engineer runs it: the real command beside the real database, no server."""

from __future__ import annotations

import os
import subprocess
import sys

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


def test_nothing_is_foretold_where_nothing_is_due(database: Database) -> None:
    with database.connect() as connection:
        ticket_id = insert_ticket(connection, created_at="2035-03-01T00:00:00Z")
    result = simulate(database, ticket_id, "--at", "2035-03-01T00:00:01Z")
    assert result.stdout.splitlines()[-1] == "Until 2035-03-01 00:00:01Z nothing would happen."


def test_bad_arguments_are_told_in_a_line(database: Database) -> None:
    absent = simulate(database, "TKT-99", "--at", "2035-03-01")
    assert (absent.returncode, absent.stderr) == (1, "Error: there is no ticket TKT-99\n")
    bad = simulate(database, "TKT-99", "--at", "tomorrow")
    assert bad.returncode == 2
    assert "must be a time such as" in bad.stderr
