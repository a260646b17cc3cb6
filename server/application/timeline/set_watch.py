"""Starting, changing and ending somebody's watching of a ticket."""

from dataclasses import dataclass
from typing import TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.tickets.finding import lock_visible
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.ids import TicketId, UserId
from server.domain.permissions import require_set_watch
from server.domain.timeline import Watcher

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """What to watch with; None keeps a channel as it is (at first: e-mail and push on, SMS off)."""

    watching: bool
    notify_email: bool | None
    notify_push: bool | None
    notify_sms: bool | None


@dataclass(frozen=True, slots=True)
class SetWatch:
    """Watching makes a ticket visible, so it is audited, and for somebody else it takes a manager."""

    uow: UnitOfWork
    clock: Clock

    def __call__(
        self,
        call: Call,
        ticket_id: TicketId,
        user_id: UserId | None,
        settings: WatchSettings,
        answer: Answer[Watcher | None, A],
    ) -> A:
        """The settings now in force, None when the user does not watch. Raises NotFound, PermissionDenied."""
        watcher_id = user_id or call.principal.user_id
        now = self.clock()

        def body(repositories: Repositories) -> Watcher | None:
            lock_visible(repositories, call, ticket_id, etag=None)
            require_set_watch(call.principal, watcher_id)
            if not settings.watching:
                repositories.watchers.remove(ticket_id, watcher_id)
                return None
            before = repositories.watchers.get(ticket_id, watcher_id)
            base = before or Watcher(ticket_id, watcher_id, True, True, False, now)  # noqa: FBT003 - the defaults
            after = Watcher(
                ticket_id,
                watcher_id,
                base.notify_email if settings.notify_email is None else settings.notify_email,
                base.notify_push if settings.notify_push is None else settings.notify_push,
                base.notify_sms if settings.notify_sms is None else settings.notify_sms,
                base.created_at,
            )
            return before if after == before else repositories.watchers.put(after)

        return self.uow.answer_once(call, answer, body)
