"""Deleting a webhook."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from server.application.answers import Answer
from server.application.call import Call
from server.application.unit_of_work import Repositories, UnitOfWork
from server.application.webhooks.finding import lock_webhook
from server.domain.permissions import require_admin

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class DeleteWebhook:
    """admin only. Its deliveries go with it; one that is under way may still arrive."""

    uow: UnitOfWork

    def __call__(self, call: Call, webhook_id: UUID, etag: str | None, answer: Answer[None, A]) -> A:
        """Nothing. Raises PermissionDenied, NotFound (WEBHOOK_NOT_FOUND), Aborted."""
        require_admin(call.principal, "Webhooks are")

        def body(repositories: Repositories) -> None:
            lock_webhook(repositories, webhook_id, etag=etag)
            repositories.webhooks.remove(webhook_id)

        return self.uow.answer_once(call, answer, body)
