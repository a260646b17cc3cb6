"""How the way from the outbox to people and programs is doing: for operators' lists and for gauges."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from server.application.notifications.relay_outbox import EventKey
from server.domain.ids import TicketId
from server.domain.notifications import Channel

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
    disabled_webhooks: int


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
class UnsentDelivery:
    """A delivery that waits or was given up. No address and no text: operators need neither."""

    id: UUID
    queue: str
    """A channel's name, or the name of the webhook."""
    webhook_id: UUID | None
    ticket_id: str
    subject: str
    """Kind of the notification, or type of the event."""
    attempts: int
    error: str
    """Empty when none is known."""
    next_attempt_at: datetime | None
    """When it is tried at the earliest; None when it was given up."""


@dataclass(frozen=True, slots=True)
class DisabledWebhook:
    """One to which events are lost."""

    id: UUID
    display_name: str
    updated_at: datetime
    """When anything of it was changed last, by an admin or by an answer of 410."""
    waiting: int
    """Deliveries that go on when it is enabled."""
    is_gone: bool
    """Whether 410 was the answer to the latest delivery that was given up."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Deliveries with these ids, through these channels, to these webhooks."""

    ids: Sequence[UUID] = ()
    channels: Sequence[Channel] = ()
    webhooks: Sequence[UUID] = ()


class OutboxBooks(Protocol):
    """What operators ask about it, and what they can do."""

    def status(self) -> OutboxStatus:
        """Counts and ages, by the database's clock."""

    def failed_events(self, limit: int) -> Sequence[FailedEvent]:
        """Unresolved ones, the latest first."""

    def dead_deliveries(self, limit: int) -> Sequence[UnsentDelivery]:
        """The latest of each channel and of webhooks, so many of each kind."""

    def pending_deliveries(self, limit: int) -> Sequence[UnsentDelivery]:
        """The next to be tried, so many of channels and of webhooks; of disabled webhooks too."""

    def disabled_webhooks(self) -> Sequence[DisabledWebhook]:
        """By name."""

    def requeue(self, chosen: Chosen) -> Collection[UUID]:
        """Have the dead among them tried at once, with all their attempts. Which those were."""

    def hurry(self, chosen: Chosen) -> Collection[UUID]:
        """Have those tried at once that wait for their next attempt, whose number stays. Which those were.

        One that is being sent at this moment may be sent twice.
        """

    def status_of(self, ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """pending, delivered or dead, of those that exist."""

    def webhooks_among(self, ids: Sequence[UUID]) -> Collection[UUID]:
        """Those that are ids of webhooks."""
