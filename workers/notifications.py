"""Messages by the channels, each with a queue and a task of its own: one provider that hangs delays no other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from server.domain.notifications import Channel
from server.settings import Settings
from workers.use_cases import UseCases
from workers.work import ONCE, Step, Work

LIMIT = timedelta(minutes=3)
"""Of a task: above the use case's own budget and one message that hangs."""


def delivers(channel: Channel) -> str:
    """The name of the channel's task."""
    return f"notifications.{channel.value}"


def notification_work(settings: Settings) -> Sequence[Work[UseCases]]:
    """One for each channel; its name is also that of the queue."""
    return tuple(_delivery(channel, settings) for channel in Channel)


def _delivery(channel: Channel, settings: Settings) -> Work[UseCases]:
    def step(uses: UseCases) -> Step:
        return uses.deliver[channel]

    every = timedelta(seconds=settings.notification_sweep_seconds)
    return Work(delivers(channel), channel.value, every, ONCE, step, time_limit=LIMIT)
