"""`tickets audit verify`, as an auditor runs it: the real command beside the real database, no server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.database import Database
from tests.integration.postgres.rows import AGENT, insert_ticket, set_context, update_ticket
from tests.tampering import LENGTH, TAMPERINGS, rewrite_chain, tamper, triggers_disabled

Verify = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def verify(database: Database) -> Verify:
    """Runs the command: exit status 0 for a clean trail, 1 for findings."""

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "server.cli", "audit", "verify", *map(str, arguments)],
            env={**os.environ, "TICKETS_DATABASE_URL": database.dsn},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def ticket_with_a_chain(connection: psycopg.Connection) -> str:
    """A ticket with LENGTH audit rows, written as the server writes them."""
    with connection.transaction():
        set_context(connection, AGENT)
        ticket_id = insert_ticket(connection)
        for number in range(2, LENGTH + 1):
            update_ticket(connection, ticket_id, title=f"Payment is late, part {number}")
    return ticket_id


def findings(output: str) -> dict[str, int]:
    """The first bad row by ticket, as the command says it."""
    return {ticket_id: int(row) for ticket_id, row in re.findall(r"^(TKT-\d+): row (\d+) ", output, re.MULTILINE)}


def test_an_untouched_trail_is_clean(database: Database, verify: Verify) -> None:
    with database.connect() as connection:
        for _ in range(3):
            ticket_with_a_chain(connection)
    result = verify()
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{3 * LENGTH} audit rows of 3 tickets checked, 0 findings\n"


def test_an_empty_database_is_clean(verify: Verify) -> None:
    result = verify()
    assert (result.returncode, result.stdout) == (0, "0 audit rows of 0 tickets checked, 0 findings\n")


def test_every_tampering_is_found_where_it_began(database: Database, verify: Verify) -> None:
    tampered = {}
    with database.connect() as connection:
        for name in TAMPERINGS:
            tampered[ticket_with_a_chain(connection)] = name
            ticket_with_a_chain(connection)  # a bystander
    for ticket_id, name in tampered.items():
        tamper(database, ticket_id, TAMPERINGS[name])
    result = verify()
    assert result.returncode == 1
    found = findings(result.stdout)
    assert {tampered[ticket_id]: row for ticket_id, row in found.items()} == {
        name: tampering.first_bad for name, tampering in TAMPERINGS.items()
    }
    assert f"of {2 * len(TAMPERINGS)} tickets checked, {len(TAMPERINGS)} findings" in result.stdout


def test_only_the_tickets_that_are_named_are_checked(database: Database, verify: Verify) -> None:
    with database.connect() as connection:
        good, bad = ticket_with_a_chain(connection), ticket_with_a_chain(connection)
    tamper(database, bad, TAMPERINGS["actor edited"])
    assert verify(good).returncode == 0
    result = verify(good, bad)
    assert (result.returncode, findings(result.stdout)) == (1, {bad: TAMPERINGS["actor edited"].first_bad})


def test_a_ticket_that_is_not_there_is_a_finding(verify: Verify) -> None:
    result = verify("TKT-404")
    assert result.returncode == 1
    assert "TKT-404: there is no such ticket" in result.stdout


def test_rows_of_a_ticket_that_was_removed_are_a_finding(database: Database, verify: Verify) -> None:
    with database.connect() as connection:
        ticket_id = ticket_with_a_chain(connection)
    with triggers_disabled(database) as connection:
        connection.execute("DELETE FROM tickets WHERE id = %s", [ticket_id])
    result = verify()
    assert result.returncode == 1
    assert ticket_id in findings(result.stdout)


def test_a_wholly_rewritten_chain_is_shown_by_the_ends_that_were_kept(
    database: Database, verify: Verify, tmp_path: Path
) -> None:
    kept = tmp_path / "heads.jsonl"
    with database.connect() as connection:
        good, bad = ticket_with_a_chain(connection), ticket_with_a_chain(connection)
        assert verify("--heads-out", kept).returncode == 0
        tamper(database, bad, TAMPERINGS["actor edited"])
        rewrite_chain(database, bad)
        # Going on after the forgery does not hide it, and going on is no forgery.
        update_ticket(connection, bad, title="Payment is late after all")
        update_ticket(connection, good, title="Payment is late after all")
    assert verify().returncode == 0
    result = verify("--heads-in", kept)
    assert (result.returncode, findings(result.stdout)) == (1, {bad: LENGTH})
    assert verify("--heads-in", kept, good).returncode == 0


@pytest.mark.parametrize("truncate", ["tail deleted", "all deleted and the head too"])
def test_a_chain_cut_short_and_rewritten_is_shown_by_the_ends_that_were_kept(
    database: Database, verify: Verify, tmp_path: Path, truncate: str
) -> None:
    kept = tmp_path / "heads.jsonl"
    with database.connect() as connection:
        ticket_id = ticket_with_a_chain(connection)
    verify("--heads-out", kept)
    tamper(database, ticket_id, TAMPERINGS[truncate])
    with triggers_disabled(database) as connection:
        connection.execute("UPDATE ticket_timeline_heads SET last_chain_no = 4")
    rewrite_chain(database, ticket_id)
    assert f"{ticket_id}: row {LENGTH} is not the one" in verify("--heads-in", kept).stdout


def test_the_ends_are_one_line_a_ticket(database: Database, verify: Verify, tmp_path: Path) -> None:
    kept = tmp_path / "heads.jsonl"
    with database.connect() as connection:
        ticket_id = ticket_with_a_chain(connection)
        row = connection.execute("SELECT last_hash FROM ticket_timeline_heads").fetchone()
    verify("--heads-out", kept)
    assert row is not None
    assert [json.loads(line) for line in kept.read_text().splitlines()] == [
        {"ticket_id": ticket_id, "chain_no": LENGTH, "hash": row[0].hex()}
    ]


def test_a_ticket_that_vanished_with_its_chain_is_shown_by_the_ends_that_were_kept(
    database: Database, verify: Verify, tmp_path: Path
) -> None:
    kept = tmp_path / "heads.jsonl"
    with database.connect() as connection:
        ticket_id = ticket_with_a_chain(connection)
    verify("--heads-out", kept)
    with triggers_disabled(database) as connection:
        for table, column in (("ticket_audit", "ticket_id"), ("ticket_timeline_heads", "ticket_id"), ("tickets", "id")):
            connection.execute(f"DELETE FROM {table} WHERE {column} = %s".encode(), [ticket_id])
    assert verify().returncode == 0
    result = verify("--heads-in", kept)
    assert (result.returncode, findings(result.stdout)) == (1, {ticket_id: LENGTH})
