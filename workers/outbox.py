"""From the outbox to notifications and webhook deliveries, both quick and in the database alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from server.settings import Settings
from workers.use_cases import UseCases
from workers.work import ONCE, Work

QUEUE = "outbox"
RELAY = "outbox.relay"
CLOSE_GATHERING = "notifications.close"


def outbox_work(settings: Settings) -> Sequence[Work[UseCases]]:
    """The use cases see to batches and budgets themselves."""
    every = timedelta(seconds=settings.notification_sweep_seconds)
    return (
        Work(RELAY, QUEUE, every, ONCE, lambda uses: uses.relay_outbox),
        Work(CLOSE_GATHERING, QUEUE, every, ONCE, lambda uses: uses.close_gathering),
    )
