"""Finding a saved view for a change of it."""

from uuid import UUID

from server.application.call import Call
from server.application.unit_of_work import Repositories
from server.domain.errors import Aborted, NotFound, PermissionDenied, Reason
from server.domain.roles import Role
from server.domain.saved_views import SavedView
from server.domain.tickets import make_etag


def lock_own(
    repositories: Repositories, call: Call, view_id: UUID, *, etag: str | None, or_admin_if_shared: bool = False
) -> SavedView:
    """The caller's view, locked.

    Raises NotFound when it is absent or another's and not shared, PermissionDenied when it is another's
    and shared, Aborted when the etag names another state.
    """
    view = repositories.saved_views.lock(view_id)
    mine = view is not None and view.owner_id == call.principal.user_id
    if view is None or not (mine or view.is_shared):
        raise NotFound(f"Saved view {view_id} was not found.", reason=Reason.SAVED_VIEW_NOT_FOUND)
    if not mine and not (or_admin_if_shared and call.principal.role is Role.ADMIN):
        message = (
            "A shared view is deleted by its owner or admin only."
            if or_admin_if_shared
            else "A shared view is changed by its owner only."
        )
        raise PermissionDenied(message)
    if etag is not None and etag != make_etag(view.version):
        raise Aborted(f"Saved view {view_id} has changed since it was read. Read it again.")
    return view
