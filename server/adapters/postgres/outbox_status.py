"""Counts, ages and lists of what waits and of what was given up. See ``OutboxBooks``."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from server.adapters.postgres.pool import Pool
from server.application.notifications.outbox_status import (
    COUNT_CAP,
    Chosen,
    ConsumerLag,
    DisabledWebhook,
    FailedEvent,
    OutboxStatus,
    QueueState,
    UnsentDelivery,
)
from server.application.notifications.relay_outbox import EventKey
from server.domain.notifications import Channel

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
    SELECT dead.id, dead.channel, NULL, coalesce(told.ticket_id, ''), told.kind, dead.attempts,
        coalesce(dead.last_error, ''), NULL
    FROM (VALUES ('email'), ('push'), ('sms')) AS way (channel)
    CROSS JOIN LATERAL (
        SELECT * FROM notification_deliveries AS delivery
        WHERE delivery.status = 'dead' AND delivery.channel = way.channel ORDER BY delivery.id DESC LIMIT %s
    ) AS dead
    JOIN notifications AS told ON told.id = dead.notification_id
"""
_DEAD_LETTERS = """
    SELECT dead.id, webhook.display_name, webhook.id, dead.ticket_id, dead.event_type, dead.attempts,
        coalesce(dead.last_error, ''), NULL
    FROM webhooks AS webhook
    CROSS JOIN LATERAL (
        SELECT * FROM webhook_deliveries AS delivery
        WHERE delivery.webhook_id = webhook.id AND delivery.status = 'dead'
        ORDER BY delivery.created_at DESC, delivery.id DESC LIMIT %s
    ) AS dead
    ORDER BY dead.created_at DESC LIMIT %s
"""
_PENDING_MESSAGES = """
    SELECT waiting.id, waiting.channel, NULL, coalesce(told.ticket_id, ''), told.kind, waiting.attempts,
        coalesce(waiting.last_error, ''), waiting.next_attempt_at
    FROM notification_deliveries AS waiting JOIN notifications AS told ON told.id = waiting.notification_id
    WHERE waiting.status = 'pending' ORDER BY waiting.next_attempt_at, waiting.id LIMIT %s
"""
_PENDING_POSTS = """
    SELECT waiting.id, webhook.display_name, webhook.id, waiting.ticket_id, waiting.event_type, waiting.attempts,
        coalesce(waiting.last_error, ''), waiting.next_attempt_at
    FROM webhook_deliveries AS waiting JOIN webhooks AS webhook ON webhook.id = waiting.webhook_id
    WHERE waiting.status = 'pending' ORDER BY waiting.next_attempt_at, waiting.id LIMIT %s
"""
_COUNT_DISABLED = "SELECT count(*) FROM webhooks WHERE NOT enabled"
_DISABLED = """
    SELECT webhook.id, webhook.display_name, webhook.updated_at,
        (SELECT count(*) FROM webhook_deliveries WHERE webhook_id = webhook.id AND status = 'pending'),
        coalesce((
            SELECT last_response_code = 410 FROM webhook_deliveries
            WHERE webhook_id = webhook.id AND status = 'dead' ORDER BY created_at DESC, id DESC LIMIT 1
        ), false)
    FROM webhooks AS webhook WHERE NOT webhook.enabled ORDER BY webhook.display_name, webhook.id
"""
_MESSAGES_CHOSEN = "(id = ANY (%(ids)s) OR channel = ANY (%(channels)s)) RETURNING id"
_POSTS_CHOSEN = "(id = ANY (%(ids)s) OR webhook_id = ANY (%(webhooks)s)) RETURNING id"
_AGAIN = "SET status = 'pending', attempts = 0, next_attempt_at = now() WHERE status = 'dead'"
_SOONER = "SET next_attempt_at = now() WHERE status = 'pending'"
_REQUEUE = (
    f"UPDATE notification_deliveries {_AGAIN} AND {_MESSAGES_CHOSEN}",
    f"UPDATE webhook_deliveries {_AGAIN} AND {_POSTS_CHOSEN}",
)
_HURRY = (
    f"UPDATE notification_deliveries {_SOONER} AND {_MESSAGES_CHOSEN}",
    f"UPDATE webhook_deliveries {_SOONER} AND {_POSTS_CHOSEN}",
)
_STATUS_OF = """
    SELECT id, status FROM notification_deliveries WHERE id = ANY (%(ids)s)
    UNION ALL SELECT id, status FROM webhook_deliveries WHERE id = ANY (%(ids)s)
"""
_WEBHOOKS = "SELECT id FROM webhooks WHERE id = ANY (%s)"

_NONE = timedelta(0)


class PostgresOutboxBooks:
    """See ``OutboxBooks``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def status(self) -> OutboxStatus:
        with self._pool.connection() as connection:
            consumers = tuple(ConsumerLag(*row) for row in connection.execute(_LAG, [COUNT_CAP]))
            gathering = connection.execute(_GATHERING).fetchall()[0][0]
            pending = {row[0]: row[1:] for row in connection.execute(_PENDING)}
            dead = {row[0]: row[1:] for row in connection.execute(_DEAD)}
            disabled = connection.execute(_COUNT_DISABLED).fetchall()[0][0]
        queues = []
        for name in (*(channel.value for channel in Channel), "webhooks"):
            waiting, oldest, error = pending.get(name, (0, None, None))
            given_up, last_error = dead.get(name, (0, None))
            queues.append(QueueState(name, waiting, oldest or _NONE, given_up, error or last_error))
        return OutboxStatus(consumers, gathering, tuple(queues), disabled)

    def failed_events(self, limit: int) -> Sequence[FailedEvent]:
        with self._pool.connection() as connection:
            return [
                FailedEvent(EventKey(row[0], row[1]), *row[2:]) for row in connection.execute(_FAILED_EVENTS, [limit])
            ]

    def dead_deliveries(self, limit: int) -> Sequence[UnsentDelivery]:
        with self._pool.connection() as connection:
            messages = connection.execute(_DEAD_MESSAGES, [limit]).fetchall()
            letters = connection.execute(_DEAD_LETTERS, [limit, limit]).fetchall()
        return [UnsentDelivery(*row) for row in (*messages, *letters)]

    def pending_deliveries(self, limit: int) -> Sequence[UnsentDelivery]:
        with self._pool.connection() as connection:
            messages = connection.execute(_PENDING_MESSAGES, [limit]).fetchall()
            posts = connection.execute(_PENDING_POSTS, [limit]).fetchall()
        return [UnsentDelivery(*row) for row in (*messages, *posts)]

    def disabled_webhooks(self) -> Sequence[DisabledWebhook]:
        with self._pool.connection() as connection:
            return [DisabledWebhook(*row) for row in connection.execute(_DISABLED)]

    def requeue(self, chosen: Chosen) -> Collection[UUID]:
        return self._update(_REQUEUE, chosen)

    def hurry(self, chosen: Chosen) -> Collection[UUID]:
        return self._update(_HURRY, chosen)

    def status_of(self, ids: Sequence[UUID]) -> Mapping[UUID, str]:
        with self._pool.connection() as connection:
            return {row[0]: row[1] for row in connection.execute(_STATUS_OF, {"ids": list(ids)})}

    def webhooks_among(self, ids: Sequence[UUID]) -> Collection[UUID]:
        with self._pool.connection() as connection:
            return {row[0] for row in connection.execute(_WEBHOOKS, [list(ids)])}

    def _update(self, statements: tuple[str, str], chosen: Chosen) -> Collection[UUID]:
        values = {
            "ids": list(chosen.ids),
            "channels": [channel.value for channel in chosen.channels],
            "webhooks": list(chosen.webhooks),
        }
        with self._pool.connection() as connection, connection.transaction():
            return {row[0] for statement in statements for row in connection.execute(statement, values)}
