"""Entering a webhook."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.unit_of_work import Repositories, UnitOfWork
from server.application.webhooks.finding import CheckUrl, require_target
from server.domain.errors import FailedPrecondition, Reason
from server.domain.filters import TicketFilter
from server.domain.ids import Version
from server.domain.permissions import require_admin
from server.domain.webhooks import Webhook, new_secret

A = TypeVar("A")

MOST_WEBHOOKS = 200
"""Each is asked of every event, and each that wants it is a row and a request."""


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook as an admin gives it."""

    display_name: str
    url: str
    event_types: tuple[str, ...]
    filter: TicketFilter | None
    enabled: bool


@dataclass(frozen=True, slots=True)
class CreateWebhook:
    """admin only.

    The answer shows the secret. It is kept for a repetition of the call like any other answer, so the table of answers
    holds it for a day, beside the table of webhooks, which holds it for good: whoever can read the one can read the
    other. Without it a client that lost the answer would have a webhook and no secret.
    """

    uow: UnitOfWork
    clock: Clock
    check_url: CheckUrl

    def __call__(self, call: Call, new: NewWebhook, answer: Answer[Webhook, A]) -> A:
        """The webhook. Raises PermissionDenied, InvalidArgument for a URL that can never be a target, and
        FailedPrecondition when there are MOST_WEBHOOKS: two that are created at once may go one beyond it."""
        require_admin(call.principal, "Webhooks are")
        require_target(self.check_url, new.url)
        now = self.clock()
        webhook = Webhook(
            id=uuid4(),
            display_name=new.display_name,
            url=new.url,
            event_types=new.event_types,
            filter=new.filter,
            enabled=new.enabled,
            secret=new_secret(),
            previous_secret=None,
            previous_secret_until=None,
            created_by_id=call.principal.user_id,
            version=Version(1),
            created_at=now,
            updated_at=now,
        )

        def body(repositories: Repositories) -> Webhook:
            if repositories.webhooks.count() >= MOST_WEBHOOKS:
                raise FailedPrecondition(
                    f"There are {MOST_WEBHOOKS} webhooks already. Delete one first.",
                    reason=Reason.TOO_MANY_WEBHOOKS,
                    metadata={"limit": str(MOST_WEBHOOKS)},
                )
            return repositories.webhooks.add(webhook)

        return self.uow.answer_once(call, answer, body)
