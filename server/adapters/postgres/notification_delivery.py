"""Notifications on their way out: windows that close, deliveries that are claimed, sent and forgotten."""

from collections.abc import Sequence
from datetime import timedelta

from server.adapters.postgres.pool import Pool
from server.application.notifications.channels import OutgoingMessage
from server.application.notifications.close_gathering import Closed
from server.application.notifications.deliver_notifications import Claimed
from server.domain.notifications import Channel

# What is critical goes before all else, each by an index of its own. Who left the staff gets nothing: the directory is
# asked when a window closes, and again at each attempt.
_REACHABLE = """
        JOIN staff_members AS member ON member.user_id = told.user_id AND member.active
        CROSS JOIN LATERAL (
            VALUES ('email', member.email), ('push', member.push_token), ('sms', member.phone)
        ) AS way (channel, address)
"""
_CLOSE = f"""
    WITH critical AS (
        SELECT id FROM notifications WHERE gathering AND is_critical AND gather_until <= now()
        ORDER BY gather_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), others AS (
        SELECT id FROM notifications WHERE gathering AND NOT is_critical AND gather_until <= now()
        ORDER BY gather_until LIMIT %(limit)s - (SELECT count(*) FROM critical) FOR UPDATE SKIP LOCKED
    ), told AS (
        UPDATE notifications SET gathering = false WHERE id IN (SELECT id FROM critical UNION ALL SELECT id FROM others)
        RETURNING id, user_id, channels, is_critical
    ), sending AS (
        INSERT INTO notification_deliveries (notification_id, channel, address, is_critical)
        SELECT told.id, way.channel, way.address, told.is_critical
        FROM told {_REACHABLE}
        WHERE way.channel = ANY (told.channels) AND way.address <> ''
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM sending)
""".encode()  # noqa: S608 - the parts are constants of this module
_CLAIM = f"""
    WITH critical AS (
        SELECT id FROM notification_deliveries
        WHERE status = 'pending' AND channel = %(channel)s AND is_critical AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), others AS (
        SELECT id FROM notification_deliveries
        WHERE status = 'pending' AND channel = %(channel)s AND NOT is_critical AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT %(limit)s - (SELECT count(*) FROM critical) FOR UPDATE SKIP LOCKED
    ), due AS (
        SELECT id FROM critical UNION ALL SELECT id FROM others
    ), reachable AS (
        SELECT delivery.id, way.address
        FROM due
        JOIN notification_deliveries AS delivery ON delivery.id = due.id
        JOIN notifications AS told ON told.id = delivery.notification_id {_REACHABLE}
        WHERE way.channel = %(channel)s AND way.address <> ''
    ), dropped AS (
        DELETE FROM notification_deliveries
        WHERE id IN (SELECT id FROM due) AND id NOT IN (SELECT id FROM reachable)
    ), claimed AS (
        UPDATE notification_deliveries AS delivery
        SET attempts = delivery.attempts + 1, next_attempt_at = now() + %(lease)s, address = reachable.address
        FROM reachable WHERE delivery.id = reachable.id
        RETURNING delivery.id, delivery.attempts, delivery.notification_id, delivery.address
    )
    SELECT claimed.id, claimed.attempts, told.id::text, claimed.address, told.title, told.body,
        coalesce(told.ticket_id, ''), told.kind, told.is_critical
    FROM claimed JOIN notifications AS told ON told.id = claimed.notification_id
    ORDER BY told.is_critical DESC, claimed.id
""".encode()  # noqa: S608 - as above
_DELIVERED = """
    UPDATE notification_deliveries SET status = 'delivered', delivered_at = now(), last_error = NULL WHERE id = %s
"""
_FAILED = """
    UPDATE notification_deliveries
    SET status = CASE WHEN %(again_in)s::interval IS NULL THEN 'dead' ELSE 'pending' END,
        next_attempt_at = now() + coalesce(%(again_in)s::interval, '0'), last_error = %(error)s
    WHERE id = %(id)s AND status = 'pending' AND attempts = %(attempts)s
"""
_PUT_BACK = """
    UPDATE notification_deliveries AS delivery
    SET attempts = delivery.attempts - 1, next_attempt_at = now() + %(again_in)s
    FROM unnest(%(ids)s::uuid[], %(attempts)s::int[]) AS claimed (id, attempts)
    WHERE delivery.id = claimed.id AND delivery.status = 'pending' AND delivery.attempts = claimed.attempts
"""

# Ids are UUIDs of version 7 and begin with the time, so the primary key finds the oldest.
_PURGE_NOTIFICATIONS = """
    DELETE FROM notifications WHERE id IN (
        SELECT id FROM notifications WHERE id < uuidv7(-%s::interval) AND NOT gathering
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""
_PURGE_DELIVERIES = """
    DELETE FROM notification_deliveries WHERE id IN (
        SELECT id FROM notification_deliveries WHERE id < uuidv7(-%s::interval) AND status = 'delivered'
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""
_PURGE_WEBHOOK_DELIVERIES = """
    DELETE FROM webhook_deliveries WHERE id IN (
        SELECT id FROM webhook_deliveries WHERE id < uuidv7(-%s::interval)
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""
_PURGE_FAILURES = """
    DELETE FROM outbox_failures WHERE (consumer, xid, id) IN (
        SELECT consumer, xid, id FROM outbox_failures WHERE resolved_at < now() - %s::interval
        ORDER BY xid, id LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""


class PostgresNotificationDelivery:
    """See ``Gatherings``, ``Deliveries`` and ``NotificationStore``. Each call is one statement and one transaction."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def close(self, limit: int) -> Closed:
        with self._pool.connection() as connection:
            row = connection.execute(_CLOSE, {"limit": limit}).fetchone()
        return Closed(0, 0) if row is None else Closed(*row)

    def claim(self, channel: Channel, limit: int, lease: timedelta) -> list[Claimed]:
        values = {"channel": channel.value, "limit": limit, "lease": lease}
        with self._pool.connection() as connection:
            rows = connection.execute(_CLAIM, values).fetchall()
        return [Claimed(row[0], row[1], OutgoingMessage(*row[2:])) for row in rows]

    def delivered(self, claimed: Claimed) -> None:
        with self._pool.connection() as connection:
            connection.execute(_DELIVERED, [claimed.id])

    def failed(self, claimed: Claimed, error: str, *, again_in: timedelta | None) -> None:
        values = {"id": claimed.id, "attempts": claimed.attempts, "error": error, "again_in": again_in}
        with self._pool.connection() as connection:
            connection.execute(_FAILED, values)

    def put_back(self, claimed: Sequence[Claimed], *, again_in: timedelta) -> None:
        values = {
            "ids": [each.id for each in claimed],
            "attempts": [each.attempts for each in claimed],
            "again_in": again_in,
        }
        with self._pool.connection() as connection:
            connection.execute(_PUT_BACK, values)

    def purge_notifications(self, older_than: timedelta, limit: int) -> int:
        return self._purge(_PURGE_NOTIFICATIONS, older_than, limit)

    def purge_deliveries(self, older_than: timedelta, limit: int) -> int:
        return self._purge(_PURGE_DELIVERIES, older_than, limit)

    def purge_webhook_deliveries(self, older_than: timedelta, limit: int) -> int:
        return self._purge(_PURGE_WEBHOOK_DELIVERIES, older_than, limit)

    def purge_failures(self, older_than: timedelta, limit: int) -> int:
        return self._purge(_PURGE_FAILURES, older_than, limit)

    def _purge(self, statement: str, older_than: timedelta, limit: int) -> int:
        with self._pool.connection() as connection:
            return connection.execute(statement.encode(), [older_than, limit]).rowcount
