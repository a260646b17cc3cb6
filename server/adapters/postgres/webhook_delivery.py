"""Deliveries to webhooks as they are claimed and what became of them. See ``WebhookDeliveries``."""

import json
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from server.adapters.postgres.pool import Pool
from server.application.notifications.deliver_webhooks import ClaimedPost

# The first of each webhook, those under way counted, before the second of any, and of firsts the one that was served
# longest ago: whoever has many waiting does not push the others aside. Who is served at this moment by somebody else is
# not waited for: its turn is noted there.
_CLAIM = """
    WITH under_way AS (
        SELECT * FROM unnest(%(busy)s::uuid[], %(counts)s::int[]) AS under_way (webhook_id, count)
    ), due AS (
        SELECT webhook.id AS webhook_id, waiting.id, waiting.next_attempt_at, webhook.url, webhook.secret,
            CASE WHEN webhook.previous_secret_until > now() THEN webhook.previous_secret END AS previous_secret,
            webhook.served_at, coalesce(under_way.count, 0) AS busy,
            coalesce(webhook.failing_since, webhook.slow_since) IS NOT NULL AS is_troubled
        FROM webhooks AS webhook
        LEFT JOIN under_way ON under_way.webhook_id = webhook.id
        CROSS JOIN LATERAL (
            SELECT id, next_attempt_at FROM webhook_deliveries
            WHERE webhook_id = webhook.id AND status = 'pending' AND next_attempt_at <= now()
            ORDER BY next_attempt_at
            LIMIT least(%(limit)s, greatest(
                0, CASE WHEN webhook.failing_since IS NULL THEN %(each)s ELSE 1 END - coalesce(under_way.count, 0)
            ))
            FOR UPDATE SKIP LOCKED
        ) AS waiting
        WHERE webhook.enabled
    ), turns AS (
        SELECT *, busy + row_number() OVER (PARTITION BY webhook_id ORDER BY next_attempt_at) AS turn FROM due
    ), placed AS (
        SELECT *, row_number() OVER (
            PARTITION BY is_troubled ORDER BY turn, served_at NULLS FIRST, next_attempt_at
        ) AS place
        FROM turns
    ), chosen AS (
        SELECT * FROM placed
        WHERE NOT is_troubled OR place <= %(troubled)s - (
            SELECT coalesce(sum(count), 0) FROM under_way JOIN webhooks ON webhooks.id = under_way.webhook_id
            WHERE coalesce(failing_since, slow_since) IS NOT NULL
        )
        ORDER BY turn, served_at NULLS FIRST, next_attempt_at LIMIT %(limit)s
    ), served AS (
        UPDATE webhooks SET served_at = clock_timestamp() WHERE id IN (
            SELECT id FROM webhooks WHERE id IN (SELECT webhook_id FROM chosen) FOR NO KEY UPDATE SKIP LOCKED
        )
    )
    UPDATE webhook_deliveries AS delivery
    SET attempts = delivery.attempts + 1, next_attempt_at = now() + %(lease)s
    FROM chosen WHERE delivery.id = chosen.id
    RETURNING delivery.id, delivery.webhook_id, delivery.attempts, chosen.url, delivery.payload, chosen.secret,
        chosen.previous_secret
"""
_DELIVERED = """
    UPDATE webhook_deliveries
    SET status = 'delivered', delivered_at = now(), last_response_code = %s, last_error = NULL WHERE id = %s
"""
_ANSWERED = """
    UPDATE webhooks SET failing_since = NULL, slow_since = CASE WHEN %(slow)s THEN coalesce(slow_since, now()) END
    WHERE id = %(id)s AND (failing_since IS NOT NULL OR (slow_since IS NOT NULL) <> %(slow)s)
"""
_FAILED = """
    UPDATE webhook_deliveries
    SET status = CASE WHEN %(again_in)s::interval IS NULL THEN 'dead' ELSE 'pending' END,
        next_attempt_at = now() + coalesce(%(again_in)s::interval, '0'),
        last_response_code = %(code)s, last_error = %(error)s
    WHERE id = %(id)s AND status = 'pending' AND attempts = %(attempts)s
"""
_FAILING = "UPDATE webhooks SET failing_since = now() WHERE id = %s AND failing_since IS NULL"
_DISABLE = """
    UPDATE webhooks SET enabled = false, version = version + 1, updated_at = now() WHERE id = %s AND enabled
    RETURNING display_name
"""


class PostgresWebhookDelivery:
    """See ``WebhookDeliveries``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def claim(
        self, limit: int, *, each: int, troubled: int, under_way: Mapping[UUID, int], lease: timedelta
    ) -> list[ClaimedPost]:
        values = {
            "limit": limit,
            "each": each,
            "troubled": troubled,
            "busy": list(under_way),
            "counts": list(under_way.values()),
            "lease": lease,
        }
        with self._pool.connection() as connection:
            rows = connection.execute(_CLAIM, values).fetchall()
        return [
            ClaimedPost(
                id=row[0],
                webhook_id=row[1],
                attempts=row[2],
                url=row[3],
                body=json.dumps(row[4], ensure_ascii=False, separators=(",", ":")).encode(),
                secrets=tuple(secret for secret in row[5:7] if secret is not None),
            )
            for row in rows
        ]

    def delivered(self, claimed: ClaimedPost, status_code: int, *, slow: bool) -> None:
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(_DELIVERED, [status_code, claimed.id])
            connection.execute(_ANSWERED, {"id": claimed.webhook_id, "slow": slow})

    def failed(self, claimed: ClaimedPost, error: str, *, status_code: int | None, again_in: timedelta | None) -> None:
        values = {
            "id": claimed.id,
            "attempts": claimed.attempts,
            "error": error,
            "code": status_code,
            "again_in": again_in,
        }
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(_FAILED, values)
            connection.execute(_FAILING, [claimed.webhook_id])

    def disable(self, webhook_id: UUID) -> str | None:
        with self._pool.connection() as connection:
            row = connection.execute(_DISABLE, [webhook_id]).fetchone()
        return None if row is None else row[0]
