"""`tickets outbox`, as an operator runs it."""

import psycopg
import pytest
from click.testing import CliRunner, Result

from server.cli import main
from tests.database import Database
from tests.integration.notifications import test_deliver_webhooks as webhooks
from tests.integration.notifications.conftest import Pool
from tests.integration.notifications.pipeline import member, relay_all, told, webhook
from tests.integration.notifications.providers import Provider
from tests.integration.notifications.test_deliver_notifications import close, deliver, waiting
from tests.integration.notifications.test_outbox_books import refuse
from tests.integration.postgres.rows import insert_message, insert_ticket


def run(database: Database, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["outbox", *arguments], env={"TICKETS_DATABASE_URL": database.dsn})


def test_a_quiet_pipeline_is_one_line_a_part(database: Database) -> None:
    result = run(database, "list")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "relay: 0 events behind, the oldest for 0 s; 0 passed over",
        "gathering: 0 notifications",
        *(f"{name}: 0 pending, the oldest for 0 s; 0 dead" for name in ("email", "push", "sms", "webhooks")),
    ]


def test_what_was_given_up_is_listed_and_put_back(
    database: Database, pool: Pool, connection: psycopg.Connection
) -> None:
    waiting(connection, 2)
    close(pool)
    deliver(pool, Provider(refuse))
    target = webhook(connection, display_name="Booking")
    letter = webhooks.event(connection, target, status="dead", attempts=9, last_error="The receiver answered 500.")
    listed = run(database, "list")
    assert listed.exit_code == 1
    assert "email: 0 pending, the oldest for 0 s; 2 dead; last error: No such mailbox." in listed.stdout
    assert f"{letter} Booking TKT-1001 STATUS_CHANGED, 9 attempts: The receiver answered 500." in listed.stdout
    assert "@" not in listed.stdout
    one = run(database, "retry", str(letter))
    assert (one.exit_code, one.stdout) == (0, "0 of 0 events dealt with, 1 deliveries put back\n")
    again = run(database, "retry", str(letter))
    assert (again.exit_code, again.stdout) == (1, "0 of 0 events dealt with, 0 deliveries put back\n")
    assert run(database, "retry", "--channel", "email", "--webhook", str(target)).stdout.endswith(
        " 2 deliveries put back\n"
    )
    assert run(database, "list").exit_code == 0


def test_a_passed_over_event_is_listed_and_put_back(
    database: Database, pool: Pool, connection: psycopg.Connection
) -> None:
    member(connection, "owner")
    ticket = insert_ticket(connection, owner_id="owner")
    connection.execute("ALTER TABLE notifications ADD CONSTRAINT trap CHECK (user_id <> 'owner')")
    insert_message(connection, ticket)
    relay_all(pool)
    listed = run(database, "list")
    assert listed.exit_code == 1
    line = next(line for line in listed.stdout.splitlines() if ticket in line)
    assert f"{ticket} MESSAGE_ADDED, 1 attempt: CheckViolation" in line
    number = line.split()[0]
    failed = run(database, "retry", number)
    assert (failed.exit_code, failed.stdout.startswith(f"{number}: CheckViolation")) == (1, True)
    connection.execute("ALTER TABLE notifications DROP CONSTRAINT trap")
    assert run(database, "retry", "--events").stdout == "1 of 1 events dealt with, 0 deliveries put back\n"
    assert run(database, "retry", number).stdout.startswith(f"{number}: no such event was passed over")
    assert {row.user_id for row in told(connection)} == {"owner", "shipper-1"}


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["1-x"], ["--webhook", "x"], ["--channel", "pigeon"]])
def test_what_is_not_understood_changes_nothing(database: Database, arguments: list[str]) -> None:
    assert run(database, "retry", *arguments).exit_code == 2
