"""Deleting a saved view."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from server.application.answers import Answer
from server.application.call import Call
from server.application.saved_views.owning import lock_own
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.permissions import require_staff

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class DeleteSavedView:
    """Its owner, or admin for a shared one."""

    uow: UnitOfWork

    def __call__(self, call: Call, view_id: UUID, etag: str | None, answer: Answer[None, A]) -> A:
        """Nothing. Raises NotFound, PermissionDenied, Aborted."""
        require_staff(call.principal, "Deleting a saved view is")

        def body(repositories: Repositories) -> None:
            lock_own(repositories, call, view_id, etag=etag, or_admin_if_shared=True)
            repositories.saved_views.remove(view_id)

        return self.uow.answer_once(call, answer, body)
