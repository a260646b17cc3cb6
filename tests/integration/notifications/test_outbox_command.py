"""`tickets outbox`, as an operator runs it."""

from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner, Result

from server.application.notifications.channels import DeliveryFailed, OutgoingMessage, WebhookAnswer
from server.cli import main
from tests.database import Database
from tests.integration.notifications import test_deliver_webhooks as webhooks
from tests.integration.notifications.conftest import Pool
from tests.integration.notifications.pipeline import member, relay_all, told, webhook
from tests.integration.notifications.providers import Provider, Receivers
from tests.integration.notifications.test_deliver_notifications import close, deliver, waiting
from tests.integration.notifications.test_outbox_books import refuse
from tests.integration.postgres.rows import insert_message, insert_ticket


def fail(_message: OutgoingMessage) -> None:
    raise DeliveryFailed("The provider is away.")


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
    line = f"{letter} webhook {target} Booking TKT-1001 STATUS_CHANGED, 9 attempts: The receiver answered 500."
    assert line in listed.stdout
    assert "@" not in listed.stdout
    one = run(database, "retry", str(letter))
    assert (one.exit_code, one.stdout) == (0, "1 delivery put back\n")
    again = run(database, "retry", str(letter))
    assert (again.exit_code, again.stdout.splitlines()) == (
        1,
        [f"{letter}: waits for its next try already; --now has it tried at once", "0 deliveries put back"],
    )
    all_ = run(database, "retry", "--channel", "email", "--webhook", str(target))
    assert (all_.exit_code, all_.stdout) == (0, "2 deliveries put back\n")
    assert run(database, "list").exit_code == 0


def test_what_cannot_be_put_back_is_named_with_the_reason(database: Database, connection: psycopg.Connection) -> None:
    target = webhook(connection)
    delivered = webhooks.event(connection, target, status="delivered")
    absent = UUID(int=1)
    result = run(database, "retry", str(delivered), str(absent), "--webhook", str(absent), "--webhook", str(target))
    assert (result.exit_code, result.stdout.splitlines()) == (
        1,
        [
            f"{delivered}: was delivered",
            f"{absent}: there is no such delivery",
            f"{absent}: there is no such webhook",
            "0 deliveries put back",
        ],
    )


def test_what_waits_is_listed_singly_and_tried_at_once_when_asked(
    database: Database, pool: Pool, connection: psycopg.Connection
) -> None:
    waiting(connection, 1)
    close(pool)
    deliver(pool, Provider(fail))
    target = webhook(connection, display_name="Booking")
    post = webhooks.event(connection, target, attempts=3, next_attempt_at="2035-03-01T12:00:00Z")
    plain, listed = run(database, "list"), run(database, "list", "--pending")
    assert (plain.exit_code, listed.exit_code) == (0, 0)
    assert str(post) not in plain.stdout
    assert (
        f"  {post} webhook {target} Booking TKT-1001 STATUS_CHANGED, 3 attempts, next try 2035-03-01 12:00:00Z\n"
        in listed.stdout
    )
    mail = next(line for line in listed.stdout.splitlines() if ", 1 attempt, next try 20" in line)
    assert mail.endswith("Z; last error: The provider is away.")
    both = run(database, "retry", "--now", mail.split()[0], "--webhook", str(target))
    assert (both.exit_code, both.stdout) == (0, "2 deliveries put back\n")
    assert deliver(pool, Provider()).delivered == 1
    assert webhooks.deliver(pool, Receivers()).delivered == 1
    assert connection.execute("SELECT attempts FROM webhook_deliveries").fetchone() == (4,)


def test_disabled_webhooks_are_listed_with_what_waits_for_them(
    database: Database, pool: Pool, connection: psycopg.Connection
) -> None:
    gone, by_admin = webhook(connection, display_name="Booking"), webhook(connection, display_name="Old", enabled=False)
    webhooks.event(connection, gone)
    webhooks.deliver(pool, Receivers(lambda _post: WebhookAnswer(410)))
    webhooks.event(connection, by_admin)
    lines = run(database, "list").stdout.splitlines()
    at = lines.index("disabled webhooks, to which events are lost:")
    assert lines[at + 1].startswith(f"  {gone} Booking, last changed 20")
    assert lines[at + 1].endswith("Z, 0 deliveries waiting; its receiver answered 410")
    assert lines[at + 2].startswith(f"  {by_admin} Old, last changed 20")
    assert lines[at + 2].endswith("Z, 1 delivery waiting")


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
    assert run(database, "retry", "--events").stdout == "1 of 1 events dealt with\n"
    assert run(database, "retry", number).stdout.startswith(f"{number}: no such event was passed over")
    assert {row.user_id for row in told(connection)} == {"owner", "shipper-1"}


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["1-x"], ["--webhook", "x"], ["--channel", "pigeon"]])
def test_what_is_not_understood_changes_nothing(database: Database, arguments: list[str]) -> None:
    assert run(database, "retry", *arguments).exit_code == 2
