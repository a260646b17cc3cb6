"""Posts to the receivers of webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from server.settings import Settings
from workers.use_cases import UseCases
from workers.work import ONCE, Work

QUEUE = "webhooks"
DELIVER = "webhooks.deliver"
LIMIT = timedelta(minutes=3)


def webhook_work(settings: Settings) -> Sequence[Work[UseCases]]:
    """One task for all receivers: the use case posts to several at a time, so that none waits for another."""
    every = timedelta(seconds=settings.notification_sweep_seconds)
    return (Work(DELIVER, QUEUE, every, ONCE, lambda uses: uses.deliver_webhooks, time_limit=LIMIT),)
