"""Listing the views that a member of staff may use."""

from dataclasses import dataclass
from uuid import UUID

from server.application.call import Call
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.permissions import require_staff
from server.domain.saved_views import SavedView


@dataclass(frozen=True, slots=True)
class SavedViewPage:
    """Views by name, then id, and the pair after which the next page begins."""

    views: list[SavedView]
    next: tuple[str, UUID] | None


@dataclass(frozen=True, slots=True)
class ListSavedViews:
    """The caller's own and the shared ones of others."""

    uow: UnitOfWork

    def __call__(self, call: Call, *, after: tuple[str, UUID] | None, limit: int) -> SavedViewPage:
        """One page. Raises PermissionDenied for outside roles."""
        require_staff(call.principal, "Saved views are")

        def body(repositories: Repositories) -> SavedViewPage:
            found = repositories.saved_views.page(call.principal.user_id, after=after, limit=limit + 1)
            page = found[:limit]
            return SavedViewPage(page, (page[-1].name, page[-1].id) if len(found) > limit else None)

        return self.uow.read(call, body)
