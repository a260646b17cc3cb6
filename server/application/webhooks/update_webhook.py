"""Changing named fields of a webhook, and its secret."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.unit_of_work import Repositories, UnitOfWork
from server.application.webhooks.finding import CheckUrl, lock_webhook, require_target
from server.domain.ids import Version
from server.domain.permissions import require_admin
from server.domain.webhooks import ROTATION_OVERLAP, Webhook, new_secret

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class WebhookChanges:
    """New values of one webhook."""

    webhook_id: UUID
    values: Mapping[str, Any]
    """By field of ``Webhook``."""
    rotate_secret: bool
    etag: str | None


@dataclass(frozen=True, slots=True)
class UpdateWebhook:
    """admin only. See ``CreateWebhook`` about where a new secret is kept."""

    uow: UnitOfWork
    clock: Clock
    check_url: CheckUrl

    def __call__(self, call: Call, changes: WebhookChanges, answer: Answer[Webhook, A]) -> A:
        """The webhook as changed. A rotation keeps one secret before: of two within a day the first is gone.

        Raises PermissionDenied, NotFound (WEBHOOK_NOT_FOUND), Aborted when the etag names another state,
        InvalidArgument for a URL that can never be a target.
        """
        require_admin(call.principal, "Webhooks are")
        if "url" in changes.values:
            require_target(self.check_url, changes.values["url"])
        now, secret = self.clock(), new_secret()

        def body(repositories: Repositories) -> Webhook:
            webhook = lock_webhook(repositories, changes.webhook_id, etag=changes.etag)
            after = replace(webhook, **changes.values)
            if changes.rotate_secret:
                after = replace(
                    after,
                    secret=secret,
                    previous_secret=webhook.secret,
                    previous_secret_until=now + ROTATION_OVERLAP,
                )
            if after == webhook:
                return webhook
            return repositories.webhooks.save(replace(after, version=Version(webhook.version + 1), updated_at=now))

        return self.uow.answer_once(call, answer, body)
