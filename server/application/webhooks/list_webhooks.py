"""Listing webhooks."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.notification_repositories import Position
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.permissions import require_admin
from server.domain.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """Webhooks, oldest first, and where the next page begins."""

    webhooks: list[Webhook]
    next: Position | None


def position_of(webhook: Webhook) -> Position:
    """Where a page that ends with it ends."""
    return webhook.created_at, webhook.id


@dataclass(frozen=True, slots=True)
class ListWebhooks:
    """admin only."""

    uow: UnitOfWork

    def __call__(self, call: Call, *, after: Position | None, limit: int) -> WebhookPage:
        """One page. Raises PermissionDenied."""
        require_admin(call.principal, "Webhooks are")

        def body(repositories: Repositories) -> WebhookPage:
            found = repositories.webhooks.page(after=after, limit=limit + 1)
            page = found[:limit]
            return WebhookPage(page, position_of(page[-1]) if len(found) > limit else None)

        return self.uow.read(call, body)
