"""Counts, ages and lists of what waits and of what was given up. See ``OutboxBooks``."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from server.application.notifications.channels import Channel
from server.application.notifications.outbox_status import (
    COUNT_CAP,
    ConsumerLag,
    DeadDelivery,
    FailedEvent,
    OutboxStatus,
    QueueState,
)
from server.application.notifications.relay_outbox import EventKey

Connection = psycopg.Connection[TupleRow]

_LAG = """
    SELECT place.consumer, behind.count, coalesce(now() - oldest.created_at, '0'),
        (
            SELECT count(*) FROM outbox_failures AS failure
            WHERE failure.consumer = place.consumer AND failure.resolved_at IS NULL
        )
    FROM outbox_cursors AS place
    CROSS JOIN LATERAL (
        SELECT count(*) FROM (
            SELECT 1 FROM outbox WHERE (xid, id) > (place.xid, place.id) ORDER BY xid, id LIMIT %s
        ) AS counted
    ) AS behind
    LEFT JOIN LATERAL (
        SELECT created_at FROM outbox WHERE (xid, id) > (place.xid, place.id) ORDER BY xid, id LIMIT 1
    ) AS oldest ON true
    ORDER BY place.consumer
"""
_GATHERING = "SELECT count(*) FROM notifications WHERE gathering"
_PENDING = """
    SELECT channel, count(*), now() - min(created_at), (array_agg(last_error ORDER BY next_attempt_at DESC)
        FILTER (WHERE last_error IS NOT NULL))[1]
    FROM notification_deliveries WHERE status = 'pending' GROUP BY channel
    UNION ALL
    SELECT 'webhooks', count(*), now() - min(delivery.created_at), (array_agg(last_error ORDER BY next_attempt_at DESC)
        FILTER (WHERE last_error IS NOT NULL))[1]
    FROM webhooks AS webhook JOIN webhook_deliveries AS delivery ON delivery.webhook_id = webhook.id
    WHERE delivery.status = 'pending' AND webhook.enabled
"""
_DEAD = """
    SELECT channel, count(*), (array_agg(last_error ORDER BY id DESC) FILTER (WHERE last_error IS NOT NULL))[1]
    FROM notification_deliveries WHERE status = 'dead' GROUP BY channel
    UNION ALL
    SELECT 'webhooks', count(*), (array_agg(last_error ORDER BY created_at DESC)
        FILTER (WHERE last_error IS NOT NULL))[1]
    FROM webhook_deliveries WHERE status = 'dead'
"""
_FAILED_EVENTS = """
    SELECT xid::text, id, ticket_id, event_type, error, attempts, last_failed_at FROM outbox_failures
    WHERE resolved_at IS NULL ORDER BY last_failed_at DESC, id DESC LIMIT %s
"""
_DEAD_MESSAGES = """
    SELECT dead.id, dead.channel, coalesce(told.ticket_id, ''), told.kind, dead.attempts, coalesce(dead.last_error, ''),
        dead.created_at
    FROM (VALUES ('email'), ('push'), ('sms')) AS way (channel)
    CROSS JOIN LATERAL (
        SELECT * FROM notification_deliveries AS delivery
        WHERE delivery.status = 'dead' AND delivery.channel = way.channel ORDER BY delivery.id DESC LIMIT %s
    ) AS dead
    JOIN notifications AS told ON told.id = dead.notification_id
"""
_DEAD_LETTERS = """
    SELECT dead.id, webhook.display_name, dead.ticket_id, dead.event_type, dead.attempts, coalesce(dead.last_error, ''),
        dead.created_at
    FROM webhooks AS webhook
    CROSS JOIN LATERAL (
        SELECT * FROM webhook_deliveries AS delivery
        WHERE delivery.webhook_id = webhook.id AND delivery.status = 'dead'
        ORDER BY delivery.created_at DESC, delivery.id DESC LIMIT %s
    ) AS dead
    ORDER BY dead.created_at DESC LIMIT %s
"""
_AGAIN = "SET status = 'pending', attempts = 0, next_attempt_at = now() WHERE status = 'dead'"
_REQUEUE_MESSAGES = f"UPDATE notification_deliveries {_AGAIN} AND id = ANY (%s)"
_REQUEUE_POSTS = f"UPDATE webhook_deliveries {_AGAIN} AND id = ANY (%s)"
_REQUEUE_CHANNEL = f"UPDATE notification_deliveries {_AGAIN} AND channel = %s"
_REQUEUE_WEBHOOK = f"UPDATE webhook_deliveries {_AGAIN} AND webhook_id = %s"

_NONE = timedelta(0)


class PostgresOutboxBooks:
    """See ``OutboxBooks``."""

    def __init__(self, pool: ConnectionPool[Connection]) -> None:
        self._pool = pool

    def status(self) -> OutboxStatus:
        with self._pool.connection() as connection:
            consumers = tuple(ConsumerLag(*row) for row in connection.execute(_LAG, [COUNT_CAP]))
            gathering = connection.execute(_GATHERING).fetchall()[0][0]
            pending = {row[0]: row[1:] for row in connection.execute(_PENDING)}
            dead = {row[0]: row[1:] for row in connection.execute(_DEAD)}
        queues = []
        for name in (*(channel.value for channel in Channel), "webhooks"):
            waiting, oldest, error = pending.get(name, (0, None, None))
            given_up, last_error = dead.get(name, (0, None))
            queues.append(QueueState(name, waiting, oldest or _NONE, given_up, error or last_error))
        return OutboxStatus(consumers, gathering, tuple(queues))

    def failed_events(self, limit: int) -> Sequence[FailedEvent]:
        with self._pool.connection() as connection:
            return [
                FailedEvent(EventKey(row[0], row[1]), *row[2:]) for row in connection.execute(_FAILED_EVENTS, [limit])
            ]

    def dead_deliveries(self, limit: int) -> Sequence[DeadDelivery]:
        with self._pool.connection() as connection:
            messages = connection.execute(_DEAD_MESSAGES, [limit]).fetchall()
            letters = connection.execute(_DEAD_LETTERS, [limit, limit]).fetchall()
        return [DeadDelivery(*row) for row in (*messages, *letters)]

    def requeue(self, ids: Sequence[UUID]) -> int:
        with self._pool.connection() as connection, connection.transaction():
            messages = connection.execute(_REQUEUE_MESSAGES, [list(ids)]).rowcount
            return messages + connection.execute(_REQUEUE_POSTS, [list(ids)]).rowcount

    def requeue_channel(self, channel: Channel) -> int:
        with self._pool.connection() as connection:
            return connection.execute(_REQUEUE_CHANNEL, [channel.value]).rowcount

    def requeue_webhook(self, webhook_id: UUID) -> int:
        with self._pool.connection() as connection:
            return connection.execute(_REQUEUE_WEBHOOK, [webhook_id]).rowcount
