"""Changing named fields of a saved view."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.saved_views.owning import lock_own
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.ids import Version
from server.domain.permissions import require_staff
from server.domain.saved_views import SavedView

A = TypeVar("A")

UPDATABLE = frozenset({"name", "filter", "order", "is_shared"})


@dataclass(frozen=True, slots=True)
class UpdateSavedView:
    """Its owner only."""

    uow: UnitOfWork
    clock: Clock

    def __call__(
        self,
        call: Call,
        view_id: UUID,
        values: Mapping[str, Any],
        etag: str | None,
        answer: Answer[SavedView, A],
    ) -> A:
        """The view as changed; ``values`` by field name, a subset of ``UPDATABLE``.

        Raises NotFound, PermissionDenied, Aborted, AlreadyExists (SAVED_VIEW_NAME_TAKEN).
        """
        require_staff(call.principal, "Changing a saved view is")
        now = self.clock()

        def body(repositories: Repositories) -> SavedView:
            view = lock_own(repositories, call, view_id, etag=etag)
            after = replace(view, **values)
            if after == view:
                return view
            return repositories.saved_views.save(replace(after, version=Version(view.version + 1), updated_at=now))

        return self.uow.answer_once(call, answer, body)
