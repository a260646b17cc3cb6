"""The in-app list, webhooks and their deliveries as they are stored. What writes and sends them is elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from server.domain.ids import UserId
from server.domain.notices import Notice
from server.domain.webhooks import DeliveryStatus, Webhook, WebhookDelivery

Position = tuple[datetime, UUID]
"""Creation and id of the last row of a page."""


@dataclass(frozen=True, slots=True)
class NoticeReader:
    """Who reads notifications: each person their own, and as which they were told."""

    user_id: UserId
    is_outside: bool
    """Then what was told to the person as one of the staff does not exist."""


class NoticeRepository(Protocol):
    """One person's notifications, as far as the reader may see them."""

    def page(self, reader: NoticeReader, *, unread_only: bool, after: Position | None, limit: int) -> list[Notice]:
        """Newest first."""

    def count_unread(self, reader: NoticeReader, *, at_most: int) -> int:
        """How many are unread, counting no further than ``at_most``."""

    def mark_read(self, reader: NoticeReader, ids: Sequence[UUID], *, now: datetime) -> int:
        """How many of them became read by this."""

    def mark_read_until(self, reader: NoticeReader, until: datetime, *, now: datetime) -> int:
        """The same for all that were made up to and including an instant."""


class WebhookRepository(Protocol):
    """Webhooks, secrets included, and their deliveries."""

    def exists(self, webhook_id: UUID) -> bool:
        """Whether there is one of that id."""

    def lock(self, webhook_id: UUID) -> Webhook | None:
        """One webhook, which nobody else changes until the transaction ends."""

    def count(self) -> int:
        """How many there are, disabled ones among them."""

    def add(self, webhook: Webhook) -> Webhook:
        """Store a new one as given."""

    def save(self, webhook: Webhook) -> Webhook:
        """Replace a locked one."""

    def remove(self, webhook_id: UUID) -> None:
        """Delete it with its deliveries; there is nothing to do when it is gone."""

    def page(self, *, after: Position | None, limit: int) -> list[Webhook]:
        """Oldest first."""

    def deliveries(
        self, webhook_id: UUID, statuses: Sequence[DeliveryStatus], *, after: Position | None, limit: int
    ) -> list[WebhookDelivery]:
        """Newest first; of all states when none is named."""

    def redeliver(self, webhook_id: UUID, delivery_id: UUID, *, now: datetime) -> WebhookDelivery | None:
        """Make it pending, due at once and with all its retries before it; None when there is no such delivery."""
