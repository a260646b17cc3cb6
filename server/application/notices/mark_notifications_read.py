"""Marking what oneself was told as read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.notices.list_notifications import reader_of
from server.application.unit_of_work import Repositories, UnitOfWork

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Which:
    """These, or, when there is an instant, all that were made up to and including it."""

    ids: Sequence[UUID] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MarkNotificationsRead:
    """Everybody their own: those of others are passed over like those that do not exist, and so is for an outside role
    what the person was told as staff."""

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, which: Which, answer: Answer[int, A]) -> A:
        """How many became read by this."""
        now, reader = self.clock(), reader_of(call)

        def body(repositories: Repositories) -> int:
            if which.until is not None:
                return repositories.notices.mark_read_until(reader, which.until, now=now)
            return repositories.notices.mark_read(reader, which.ids, now=now)

        return self.uow.answer_once(call, answer, body)
