"""SavedViewService."""

from dataclasses import dataclass

import grpc

from rodistaa.tickets.v1 import saved_view_service_pb2 as pb
from rodistaa.tickets.v1.saved_view_service_pb2_grpc import SavedViewServiceServicer
from server.api.calls import call_of
from server.api.convert.answers import answer_for
from server.api.convert.page_tokens import PageToken
from server.api.convert.saved_views import (
    from_saved_view,
    saved_views_response,
    to_new_view,
    to_view_changes,
    to_view_id,
    view_after,
)
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
        return saved_views_response(self._do.list(call, after=view_after(token), limit=limit), token)

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
