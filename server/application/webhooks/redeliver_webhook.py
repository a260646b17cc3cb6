"""Sending an event to a webhook again."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.unit_of_work import Repositories, UnitOfWork
from server.application.webhooks.finding import webhook_not_found
from server.domain.errors import NotFound, Reason
from server.domain.permissions import require_admin
from server.domain.webhooks import WebhookDelivery

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class RedeliverWebhook:
    """admin only. Whatever became of it before; the receiver knows it again by its id."""

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, webhook_id: UUID, delivery_id: UUID, answer: Answer[WebhookDelivery, A]) -> A:
        """The delivery, pending, due at once, and with a fresh set of retries.

        Raises PermissionDenied, NotFound (WEBHOOK_NOT_FOUND, WEBHOOK_DELIVERY_NOT_FOUND).
        """
        require_admin(call.principal, "Webhooks are")
        now = self.clock()

        def body(repositories: Repositories) -> WebhookDelivery:
            delivery = repositories.webhooks.redeliver(webhook_id, delivery_id, now=now)
            if delivery is not None:
                return delivery
            if not repositories.webhooks.exists(webhook_id):
                raise webhook_not_found(webhook_id)
            message = f"Webhook {webhook_id} has no delivery {delivery_id}."
            raise NotFound(message, reason=Reason.WEBHOOK_DELIVERY_NOT_FOUND)

        return self.uow.answer_once(call, answer, body)
