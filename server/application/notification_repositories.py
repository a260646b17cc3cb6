"""The in-app list, webhooks and their deliveries as they are stored. What writes and sends them is elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from server.domain.ids import UserId
from server.domain.notices import Notice
from server.domain.webhooks import DeliveryStatus, Webhook, WebhookDelivery

Position = tuple[datetime, UUID]
"""Creation and id of the last row of a page."""


class NoticeRepository(Protocol):
    """One person's notifications."""

    def page(self, user_id: UserId, *, unread_only: bool, after: Position | None, limit: int) -> list[Notice]:
        """Newest first."""

    def count_unread(self, user_id: UserId, *, at_most: int) -> int:
        """How many are unread, counting no further than ``at_most``."""

    def mark_read(self, user_id: UserId, ids: Sequence[UUID], *, now: datetime) -> int:
        """How many of them became read by this."""

    def mark_read_until(self, user_id: UserId, until: datetime, *, now: datetime) -> int:
        """The same for all that were made up to and including an instant."""


class WebhookRepository(Protocol):
    """Webhooks, secrets included, and their deliveries."""

    def exists(self, webhook_id: UUID) -> bool:
        """Whether there is one of that id."""

    def lock(self, webhook_id: UUID) -> Webhook | None:
        """One webhook, which nobody else changes until the transaction ends."""

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
