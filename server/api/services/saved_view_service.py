"""SavedViewService."""

from dataclasses import dataclass
from uuid import UUID

import grpc

from rodistaa.tickets.v1 import saved_view_service_pb2 as pb
from rodistaa.tickets.v1.saved_view_service_pb2_grpc import SavedViewServiceServicer
from server.api.calls import call_of
from server.api.convert.answers import answer_for
from server.api.convert.page_tokens import PageToken, invalid_token
from server.api.convert.saved_views import from_saved_view, to_new_view, to_view_changes, to_view_id
from server.application.saved_views.create_saved_view import CreateSavedView
from server.application.saved_views.delete_saved_view import DeleteSavedView
from server.application.saved_views.list_saved_views import ListSavedViews
from server.application.saved_views.update_saved_view import UpdateSavedView
from server.domain.saved_views import SavedView
from server.domain.validation import Checker

Context = grpc.ServicerContext


@dataclass(frozen=True, slots=True)
class SavedViewUseCases:
    """What SavedViewService does."""

    create: CreateSavedView
    list: ListSavedViews
    update: UpdateSavedView
    delete: DeleteSavedView


class SavedViewService(SavedViewServiceServicer):
    """Documented in the contract."""

    def __init__(self, use_cases: SavedViewUseCases) -> None:
        self._do = use_cases

    def CreateSavedView(self, request: pb.CreateSavedViewRequest, context: Context) -> pb.CreateSavedViewResponse:
        def present(view: SavedView) -> pb.CreateSavedViewResponse:
            return pb.CreateSavedViewResponse(saved_view=from_saved_view(view))

        answer = answer_for(request, pb.CreateSavedViewResponse, present)
        return self._do.create(call_of(context), to_new_view(request), answer)

    def ListSavedViews(self, request: pb.ListSavedViewsRequest, context: Context) -> pb.ListSavedViewsResponse:
        call, check = call_of(context), Checker()
        token = PageToken(call, request)
        limit = check.page_size("page_size", request.page_size)
        check.done()
        page = self._do.list(call, after=_position(token), limit=limit)
        following = None if page.next is None else (page.next[0], str(page.next[1]))
        return pb.ListSavedViewsResponse(
            saved_views=[from_saved_view(view) for view in page.views], next_page_token=token.write(following)
        )

    def UpdateSavedView(self, request: pb.UpdateSavedViewRequest, context: Context) -> pb.UpdateSavedViewResponse:
        def present(view: SavedView) -> pb.UpdateSavedViewResponse:
            return pb.UpdateSavedViewResponse(saved_view=from_saved_view(view))

        answer = answer_for(request, pb.UpdateSavedViewResponse, present)
        return self._do.update(call_of(context), *to_view_changes(request), answer)

    def DeleteSavedView(self, request: pb.DeleteSavedViewRequest, context: Context) -> pb.DeleteSavedViewResponse:
        def present(_: None) -> pb.DeleteSavedViewResponse:
            return pb.DeleteSavedViewResponse()

        answer = answer_for(request, pb.DeleteSavedViewResponse, present)
        return self._do.delete(call_of(context), *to_view_id(request), answer)


def _position(token: PageToken) -> tuple[str, UUID] | None:
    parts = token.read(2)
    if parts is None:
        return None
    check = Checker()
    view_id = check.uuid("page_token", parts[1])
    if view_id is None or "\0" in parts[0] or not parts[0].isprintable():
        raise invalid_token()
    return parts[0], view_id
