"""Windows close, channels send what is due, failures are tried again and given up in the end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from server.adapters.postgres.notification_delivery import PostgresNotificationDelivery
from server.application.notifications.channels import ChannelProvider, DeliveryFailed, OutgoingMessage
from server.application.notifications.close_gathering import Closed, CloseGathering
from server.application.notifications.deliver_notifications import LEASE, DeliverNotifications, Sent
from server.domain.notifications import Channel
from tests.integration.notifications.conftest import Pool
from tests.integration.notifications.pipeline import deliveries, member, now
from tests.integration.notifications.providers import Provider
from tests.integration.postgres.rows import insert


def notify(connection: psycopg.Connection, user_id: str, **columns: Any) -> Any:
    given = {
        "ticket_id": "TKT-1001",
        "kind": "ASSIGNED",
        "title": "TKT-1001 was given to you: Payment not received",
        "body": "Asha (ops manager) gave it to you.",
        "channels": ["email", "push"],
        "gathering": True,
    }
    return insert(connection, "notifications", user_id=user_id, **(given | columns))["id"]


def close(pool: Pool) -> Closed:
    return CloseGathering(PostgresNotificationDelivery(pool), batch=3)()


def deliver(pool: Pool, provider: ChannelProvider, channel: Channel = Channel.EMAIL, **options: Any) -> Sent:
    given: dict[str, Any] = {"batch": 10, "roll": lambda: 0.5}
    return DeliverNotifications(PostgresNotificationDelivery(pool), channel, provider, **(given | options))()


def waiting(connection: psycopg.Connection, users: int = 1) -> None:
    for number in range(users):
        notify(connection, member(connection, f"u-{number}"), channels=["email"])


def make_due(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE notification_deliveries SET next_attempt_at = now()")


def test_a_window_that_has_passed_makes_a_delivery_for_each_address(pool: Pool, connection: psycopg.Connection) -> None:
    notify(connection, member(connection, "both"))
    notify(connection, member(connection, "no-device", push_token=None))
    notify(connection, member(connection, "retired", active=False))
    notify(connection, member(connection, "app-alone"), channels=[])
    notify(connection, "shipper-1")
    still = notify(connection, member(connection, "later"), gather_until="2400-01-01Z")
    assert close(pool) == Closed(notifications=5, deliveries=3)
    assert [(row.user_id, row.channel, row.address) for row in deliveries(connection)] == [
        ("both", "email", "both@example.com"),
        ("both", "push", "token-both"),
        ("no-device", "email", "no-device@example.com"),
    ]
    assert connection.execute("SELECT id FROM notifications WHERE gathering").fetchall() == [(still,)]
    assert close(pool) == Closed(0, 0)


def test_closing_at_the_same_time_closes_once(pool: Pool, connection: psycopg.Connection) -> None:
    waiting(connection, 40)
    with ThreadPoolExecutor(4) as threads:
        closed = list(threads.map(lambda _: close(pool), range(4)))
    assert sum(each.notifications for each in closed) == 40
    assert len(deliveries(connection)) == 40


def test_what_is_due_is_sent_with_its_notification_as_dedupe_key(pool: Pool, connection: psycopg.Connection) -> None:
    id_ = notify(connection, member(connection, "u-1"), is_critical=True)
    close(pool)
    provider = Provider()
    assert deliver(pool, provider) == Sent(delivered=1)
    assert provider.seen == [
        OutgoingMessage(
            dedupe_key=str(id_),
            address="u-1@example.com",
            title="TKT-1001 was given to you: Payment not received",
            body="Asha (ops manager) gave it to you.",
            ticket_id="TKT-1001",
            kind="ASSIGNED",
            is_critical=True,
        )
    ]
    email, push = deliveries(connection)
    assert (email.status, email.attempts, email.delivered_at is None) == ("delivered", 1, False)
    assert push.status == "pending"
    assert deliver(pool, provider) == Sent()


def test_channels_at_the_same_time_send_each_message_once(pool: Pool, connection: psycopg.Connection) -> None:
    waiting(connection, 60)
    close(pool)
    provider = Provider()
    with ThreadPoolExecutor(4) as threads:
        sent = list(threads.map(lambda _: deliver(pool, provider, batch=7), range(4)))
    assert sum(each.delivered for each in sent) == 60
    assert len({message.dedupe_key for message in provider.seen}) == len(provider.seen) == 60


def test_a_failure_is_tried_again_later_and_given_up_in_the_end(pool: Pool, connection: psycopg.Connection) -> None:
    waiting(connection)
    close(pool)

    def refuse(_message: OutgoingMessage) -> None:
        raise DeliveryFailed("The provider answered 500.")

    provider = Provider(refuse)
    assert deliver(pool, provider, max_attempts=3) == Sent(failed=1)
    assert deliver(pool, provider, max_attempts=3) == Sent()
    due_in = "SELECT next_attempt_at - now() FROM notification_deliveries"
    row = connection.execute(due_in).fetchone()
    assert row is not None
    assert timedelta(seconds=20) < row[0] <= timedelta(seconds=30)
    make_due(connection)
    assert deliver(pool, provider, max_attempts=3) == Sent(failed=1)
    make_due(connection)
    assert deliver(pool, provider, max_attempts=3) == Sent(dead=1)
    make_due(connection)
    assert deliver(pool, provider, max_attempts=3) == Sent()
    (dead,) = deliveries(connection)
    assert (dead.status, dead.attempts, dead.last_error) == ("dead", 3, "The provider answered 500.")
    assert len({message.dedupe_key for message in provider.seen}) == 1


@pytest.mark.parametrize(
    ("error", "expected", "reason"),
    [
        (DeliveryFailed("No such mailbox.", permanent=True), "dead", "No such mailbox."),
        (UnicodeError("words of the message"), "pending", "The message could not be sent: UnicodeError."),
    ],
)
def test_one_bad_message_does_not_keep_the_others(
    pool: Pool, connection: psycopg.Connection, error: Exception, expected: str, reason: str
) -> None:
    waiting(connection, 3)
    close(pool)

    def refuse_one(message: OutgoingMessage) -> None:
        if message.address == "u-1@example.com":
            raise error

    deliver(pool, Provider(refuse_one))
    assert [(row.status, row.last_error) for row in deliveries(connection)] == [
        ("delivered", None),
        (expected, reason),
        ("delivered", None),
    ]


def test_a_provider_that_is_down_is_left_alone_for_a_while(pool: Pool, connection: psycopg.Connection) -> None:
    waiting(connection, 9)
    close(pool)

    def hang(_message: OutgoingMessage) -> None:
        raise DeliveryFailed("The provider did not answer in time.", retry_after=timedelta(hours=1))

    assert deliver(pool, Provider(hang)) == Sent(failed=3, put_back=6)
    counts = connection.execute(
        "SELECT attempts, count(*), min(next_attempt_at) > now() FROM notification_deliveries GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert counts == [(0, 6, True), (1, 3, True)]
    make_due(connection)
    assert deliver(pool, Provider()) == Sent(delivered=9)


def test_a_run_out_of_time_puts_back_what_it_has_not_sent(pool: Pool, connection: psycopg.Connection) -> None:
    waiting(connection, 3)
    close(pool)
    assert deliver(pool, Provider(), budget=timedelta(0)) == Sent()
    assert {row.attempts for row in deliveries(connection)} == {0}


def test_a_claim_of_a_dead_worker_runs_out_and_is_sent_under_the_same_key(
    pool: Pool, connection: psycopg.Connection
) -> None:
    waiting(connection)
    close(pool)
    store = PostgresNotificationDelivery(pool)
    (lost,) = store.claim(Channel.EMAIL, 10, LEASE)
    provider = Provider()
    assert deliver(pool, provider) == Sent()
    make_due(connection)  # as when the lease has run out
    assert deliver(pool, provider) == Sent(delivered=1)
    assert provider.seen[0].dedupe_key == lost.message.dedupe_key
    # What the dead one would have said comes too late to matter.
    store.failed(lost, "too late", again_in=None)
    store.put_back([lost], again_in=timedelta(0))
    (row,) = deliveries(connection)
    assert (row.status, row.attempts) == ("delivered", 2)


def test_what_is_critical_passes_a_backlog(pool: Pool, connection: psycopg.Connection) -> None:
    """It was told last and closes last, and is still closed and sent before what does not fit into one batch."""
    waiting(connection, 9)
    boss = notify(connection, member(connection, "boss"), is_critical=True, gather_until=now())
    connection.execute("UPDATE notifications SET gather_until = gather_until - interval '1h' WHERE id <> %s", [boss])
    store = PostgresNotificationDelivery(pool)
    assert store.close(4) == Closed(notifications=4, deliveries=5)
    assert connection.execute("SELECT gathering FROM notifications WHERE id = %s", [boss]).fetchone() == (False,)
    close(pool)
    connection.execute(
        "UPDATE notification_deliveries SET next_attempt_at = next_attempt_at - interval '1h' WHERE NOT is_critical"
    )
    claimed = store.claim(Channel.EMAIL, 4, LEASE)
    assert [each.message.is_critical for each in claimed] == [True, False, False, False]
    assert len(store.claim(Channel.EMAIL, 10, LEASE)) == 6


def test_a_retry_goes_to_the_present_address_and_to_nobody_who_left(pool: Pool, connection: psycopg.Connection) -> None:
    for user in ("moved", "no-address", "retired"):
        notify(connection, member(connection, user), channels=["email"])
    close(pool)

    def refuse(_message: OutgoingMessage) -> None:
        raise DeliveryFailed("No.")

    assert deliver(pool, Provider(refuse)) == Sent(failed=3)
    connection.execute("UPDATE staff_members SET email = 'new@example.com' WHERE user_id = 'moved'")
    connection.execute("UPDATE staff_members SET email = NULL WHERE user_id = 'no-address'")
    connection.execute("UPDATE staff_members SET active = false WHERE user_id = 'retired'")
    make_due(connection)
    provider = Provider()
    assert deliver(pool, provider) == Sent(delivered=1)
    assert [message.address for message in provider.seen] == ["new@example.com"]
    assert [(row.user_id, row.address) for row in deliveries(connection)] == [("moved", "new@example.com")]


def test_critical_messages_go_first(pool: Pool, connection: psycopg.Connection) -> None:
    for number in range(4):
        notify(connection, member(connection, f"u-{number}"), is_critical=number == 2, channels=["sms"])
    close(pool)
    provider = Provider()
    deliver(pool, provider, Channel.SMS)
    assert [message.is_critical for message in provider.seen] == [True, False, False, False]
