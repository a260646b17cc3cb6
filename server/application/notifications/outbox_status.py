"""How the way from the outbox to people and programs is doing: for operators' lists and for gauges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from server.application.notifications.channels import Channel
from server.application.notifications.relay_outbox import EventKey
from server.domain.ids import TicketId

COUNT_CAP = 100_000
"""Rows behind a cursor are counted no further than this."""


@dataclass(frozen=True, slots=True)
class ConsumerLag:
    """How far one consumer is behind what it could read."""

    consumer: str
    rows: int
    """At most COUNT_CAP."""
    age: timedelta
    """Of the oldest event that waits; zero when none does."""
    failures: int
    """Events that it passed over and nobody has dealt with."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """What waits on one way out: a channel's name, or ``webhooks`` for those that are enabled."""

    name: str
    pending: int
    oldest_pending: timedelta
    """Age of the oldest that is pending; zero when none is."""
    dead: int
    last_error: str | None
    """Of the pending or dead one that failed last, as far as it is told."""


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """All of it, at one moment."""

    consumers: tuple[ConsumerLag, ...]
    gathering: int
    """Notifications that still wait for further events."""
    queues: tuple[QueueState, ...]
    """Every channel, then webhooks."""


@dataclass(frozen=True, slots=True)
class FailedEvent:
    """An event that the relay passed over."""

    key: EventKey
    ticket_id: TicketId
    event_type: str
    error: str
    attempts: int
    last_failed_at: datetime


@dataclass(frozen=True, slots=True)
class DeadDelivery:
    """A delivery that was given up. No address and no text: operators need neither."""

    id: UUID
    queue: str
    """A channel's name, or the name of the webhook."""
    ticket_id: str
    subject: str
    """Kind of the notification, or type of the event."""
    attempts: int
    error: str
    created_at: datetime


class OutboxBooks(Protocol):
    """What is written down of it."""

    def status(self) -> OutboxStatus:
        """Counts and ages, by the database's clock."""

    def failed_events(self, limit: int) -> Sequence[FailedEvent]:
        """Unresolved ones, the latest first."""

    def dead_deliveries(self, limit: int) -> Sequence[DeadDelivery]:
        """The latest of each channel and of webhooks, so many of each kind."""

    def requeue(self, ids: Sequence[UUID]) -> int:
        """Dead deliveries, of channels or webhooks, to be tried at once with all their attempts. How many were dead."""

    def requeue_channel(self, channel: Channel) -> int:
        """All dead ones of a channel."""

    def requeue_webhook(self, webhook_id: UUID) -> int:
        """All dead letters of a webhook."""
