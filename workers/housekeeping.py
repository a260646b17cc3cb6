"""What keeps the tables small: when it runs, and nothing of what it does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from workers.use_cases import UseCases
from workers.work import ONCE, Work

QUEUE = "housekeeping"
PURGE_IDEMPOTENCY_KEYS = "housekeeping.purge_idempotency_keys"
PURGE_NOTIFICATIONS = "housekeeping.purge_notifications"
MAINTAIN_OUTBOX = "housekeeping.maintain_outbox"

HOUR = timedelta(hours=1)
LIMIT = timedelta(minutes=5)
"""A backlog of millions takes its time, and loses nothing when it is cut short."""


def housekeeping_work() -> Sequence[Work[UseCases]]:
    """All of it each time; every case sees to it that no transaction is long."""
    return (
        Work(PURGE_IDEMPOTENCY_KEYS, QUEUE, HOUR, ONCE, lambda uses: uses.purge_idempotency_keys, time_limit=LIMIT),
        Work(PURGE_NOTIFICATIONS, QUEUE, HOUR, ONCE, lambda uses: uses.purge_notifications, time_limit=LIMIT),
        Work(MAINTAIN_OUTBOX, QUEUE, HOUR, ONCE, lambda uses: uses.maintain_outbox, time_limit=LIMIT),
    )
