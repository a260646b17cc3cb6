"""Listing what became of the events for a webhook; those that were given up are the dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from server.application.call import Call
from server.application.notification_repositories import Position
from server.application.unit_of_work import Repositories, UnitOfWork
from server.application.webhooks.finding import webhook_not_found
from server.domain.permissions import require_admin
from server.domain.webhooks import DeliveryStatus, WebhookDelivery


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Deliveries, newest first, and where the next page begins."""

    deliveries: list[WebhookDelivery]
    next: Position | None


@dataclass(frozen=True, slots=True)
class ListWebhookDeliveries:
    """admin only."""

    uow: UnitOfWork

    def __call__(
        self, call: Call, webhook_id: UUID, statuses: Sequence[DeliveryStatus], *, after: Position | None, limit: int
    ) -> DeliveryPage:
        """One page, of all states when none is named. Raises PermissionDenied, NotFound (WEBHOOK_NOT_FOUND)."""
        require_admin(call.principal, "Webhooks are")

        def body(repositories: Repositories) -> DeliveryPage:
            found = repositories.webhooks.deliveries(webhook_id, statuses, after=after, limit=limit + 1)
            if not found and not repositories.webhooks.exists(webhook_id):
                raise webhook_not_found(webhook_id)
            page = found[:limit]
            return DeliveryPage(page, (page[-1].created_at, page[-1].id) if len(found) > limit else None)

        return self.uow.read(call, body)
