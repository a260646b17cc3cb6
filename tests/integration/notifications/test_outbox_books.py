"""What operators see of the pipeline, what they can put back, and what is forgotten in time."""

from datetime import timedelta
from uuid import UUID

import psycopg

from server.adapters.postgres.notification_delivery import PostgresNotificationDelivery
from server.adapters.postgres.outbox_status import PostgresOutboxBooks
from server.application.notifications.channels import DeliveryFailed, OutgoingMessage, WebhookAnswer
from server.application.notifications.outbox_status import Chosen
from server.application.notifications.purge_notifications import PurgeNotifications
from server.domain.notifications import Channel
from tests.database import Database
from tests.integration.notifications import test_deliver_webhooks as webhooks
from tests.integration.notifications.conftest import Pool
from tests.integration.notifications.pipeline import relay_all, webhook
from tests.integration.notifications.providers import Provider, Receivers
from tests.integration.notifications.test_deliver_notifications import close, deliver, waiting
from tests.integration.postgres.rows import insert_ticket


def refuse(_message: OutgoingMessage) -> None:
    raise DeliveryFailed("No such mailbox.", permanent=True)


def test_lag_counts_what_is_not_read_yet(pool: Pool, connection: psycopg.Connection, database: Database) -> None:
    books = PostgresOutboxBooks(pool)
    with database.connect() as long, long.transaction():
        long.execute("SELECT pg_current_xact_id()")
        for _ in range(3):
            insert_ticket(connection)
        (lag,) = books.status().consumers
        assert (lag.consumer, lag.rows, lag.failures) == ("relay", 3, 0)
        assert lag.age > timedelta(0)
    relay_all(pool)
    (lag,) = books.status().consumers
    assert (lag.rows, lag.age) == (0, timedelta(0))


def test_queues_are_counted_with_their_age_and_last_error(pool: Pool, connection: psycopg.Connection) -> None:
    waiting(connection, 3)
    books = PostgresOutboxBooks(pool)
    assert books.status().gathering == 3
    close(pool)
    connection.execute("UPDATE notification_deliveries SET created_at = now() - interval '1 hour'")
    email, push, sms, posting = books.status().queues
    assert (email.name, email.pending, email.dead, email.last_error) == ("email", 3, 0, None)
    assert email.oldest_pending >= timedelta(hours=1)
    assert [(queue.pending, queue.oldest_pending) for queue in (push, sms, posting)] == [(0, timedelta(0))] * 3
    deliver(pool, Provider(refuse))
    target = webhook(connection, display_name="Booking")
    webhooks.event(connection, target)
    webhooks.deliver(pool, Receivers(lambda _post: WebhookAnswer(410)))
    email, _, _, posting = books.status().queues
    assert (email.pending, email.dead, email.last_error) == (0, 3, "No such mailbox.")
    assert (posting.name, posting.dead, posting.last_error) == ("webhooks", 1, "The receiver answered 410.")
    assert books.status().disabled_webhooks == 1
    dead = books.dead_deliveries(2)
    assert [(each.queue, each.subject, each.error) for each in dead] == [
        ("email", "ASSIGNED", "No such mailbox."),
        ("email", "ASSIGNED", "No such mailbox."),
        ("Booking", "STATUS_CHANGED", "The receiver answered 410."),
    ]


def test_dead_ones_are_put_back_one_by_one_or_all(pool: Pool, connection: psycopg.Connection) -> None:
    waiting(connection, 3)
    close(pool)
    deliver(pool, Provider(refuse))
    target = webhook(connection)
    for _ in range(2):
        webhooks.event(connection, target, status="dead", attempts=9)
    books = PostgresOutboxBooks(pool)
    one, *_, letter = books.dead_deliveries(5)
    assert books.requeue(Chosen([one.id, letter.id, UUID(int=1)])) == {one.id, letter.id}
    assert not books.requeue(Chosen([one.id]))
    assert not books.requeue(Chosen(channels=[Channel.PUSH]))
    assert len(books.requeue(Chosen(channels=[Channel.EMAIL]))) == 2
    assert len(books.requeue(Chosen(webhooks=[target]))) == 1
    assert deliver(pool, Provider()).delivered == 3
    assert webhooks.deliver(pool, Receivers()).delivered == 2


def test_what_is_old_is_forgotten_in_batches(pool: Pool, connection: psycopg.Connection) -> None:
    for days in (29, 31, 89, 91):
        connection.execute(
            "INSERT INTO notifications (id, user_id, kind, title, body) VALUES (uuidv7(%s), %s, 'ASSIGNED', 'x', 'x')",
            [timedelta(days=-days), str(days)],
        )
    connection.execute(
        "INSERT INTO notification_deliveries (id, notification_id, channel, address, status)"
        " SELECT uuidv7(-make_interval(days => user_id::int)), id, channel, 'x', status FROM notifications,"
        " (VALUES ('email', 'delivered'), ('push', 'dead')) AS way (channel, status)"
    )
    target = webhook(connection)
    for number, days in enumerate((29, 31, 31, 31)):
        connection.execute(
            "INSERT INTO webhook_deliveries"
            " (id, webhook_id, xid, outbox_id, event_type, ticket_id, payload, created_at)"
            " VALUES (uuidv7(%s), %s, '1', %s, 'X', 'x', '{}', now())",
            [timedelta(days=-days), target, number],
        )
    for resolved in ("now() - interval '31 days'", "now()", "NULL"):
        connection.execute(
            "INSERT INTO outbox_failures (consumer, xid, id, ticket_id, event_type, error, resolved_at)"
            f" VALUES ('relay', '1', (SELECT count(*) FROM outbox_failures), 'x', 'X', 'x', {resolved})".encode()
        )
    assert PurgeNotifications(PostgresNotificationDelivery(pool), batch=2)() == 3 + 3 + 1 + 1
    left = "SELECT user_id, string_agg(channel, ',') FROM notifications LEFT JOIN notification_deliveries AS delivery"
    assert connection.execute(f"{left} ON notification_id = notifications.id GROUP BY 1 ORDER BY 1").fetchall() == [
        ("29", "email,push"),
        ("31", "push"),
        ("89", "push"),
    ]
    assert connection.execute("SELECT count(*) FROM webhook_deliveries").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM outbox_failures").fetchone() == (2,)
    assert PurgeNotifications(PostgresNotificationDelivery(pool))() == 0
