"""Finding a webhook for a change of it, and what a webhook may point at."""

from collections.abc import Callable
from uuid import UUID

from server.application.unit_of_work import Repositories
from server.domain.errors import Aborted, InvalidArgument, NotFound, Reason
from server.domain.tickets import make_etag
from server.domain.webhooks import Webhook

CheckUrl = Callable[[str], None]
"""Raises ValueError, with a public message, for a URL that can never be a target. Asks no name server: where a name
leads is looked at when something is delivered."""


def require_target(check_url: CheckUrl, url: str) -> None:
    """Raises InvalidArgument."""
    try:
        check_url(url)
    except ValueError as error:
        raise InvalidArgument.field("webhook.url", str(error)) from error


def webhook_not_found(webhook_id: UUID) -> NotFound:
    """The answer for a webhook that is not there."""
    return NotFound(f"Webhook {webhook_id} was not found.", reason=Reason.WEBHOOK_NOT_FOUND)


def lock_webhook(repositories: Repositories, webhook_id: UUID, *, etag: str | None) -> Webhook:
    """The webhook, locked. Raises NotFound, and Aborted when the etag names another state."""
    webhook = repositories.webhooks.lock(webhook_id)
    if webhook is None:
        raise webhook_not_found(webhook_id)
    if etag is not None and etag != make_etag(webhook.version):
        raise Aborted(f"Webhook {webhook_id} has changed since it was read. Read it again.")
    return webhook
