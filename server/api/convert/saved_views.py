"""Saved views."""

from typing import Any
from uuid import UUID

from rodistaa.tickets.v1 import saved_view_service_pb2 as pb
from server.api.convert.filters import from_filter, from_order, to_filter, to_order
from server.api.convert.page_tokens import PageToken, fitting, invalid_token
from server.api.convert.update_masks import masked
from server.api.convert.values import set_timestamp
from server.application.saved_views.create_saved_view import NewView
from server.application.saved_views.list_saved_views import SavedViewPage
from server.domain.saved_views import SavedView
from server.domain.tickets import make_etag
from server.domain.validation import VIEW_NAME, Checker


def from_saved_view(view: SavedView) -> pb.SavedView:
    """A view."""
    wire = pb.SavedView(
        id=str(view.id),
        owner_id=view.owner_id,
        name=view.name,
        filter=from_filter(view.filter),
        order_by=from_order(view.order),
        is_shared=view.is_shared,
        etag=make_etag(view.version),
    )
    set_timestamp(wire.created_at, view.created_at)
    set_timestamp(wire.updated_at, view.updated_at)
    return wire


def to_new_view(request: pb.CreateSavedViewRequest) -> NewView:
    """A view to create."""
    check, wire = Checker(), request.saved_view
    if not request.HasField("saved_view"):
        check.fail("saved_view", "is required")
        check.done()
    view = NewView(
        name=check.text("saved_view.name", wire.name, VIEW_NAME),
        filter=to_filter(check, "saved_view.filter", wire.filter),
        order=to_order(check, "saved_view.order_by", wire.order_by),
        is_shared=wire.is_shared,
    )
    check.done()
    return view


def to_view_changes(request: pb.UpdateSavedViewRequest) -> tuple[UUID, dict[str, Any], str | None]:
    """The view, its new values by field of ``SavedView``, and the etag that the change depends on."""
    check, wire = Checker(), request.saved_view
    view_id = check.uuid("saved_view.id", wire.id)
    named = masked(check, request.update_mask, ("name", "filter", "order_by", "is_shared"))
    values: dict[str, Any] = {}
    if "name" in named:
        values["name"] = check.text("saved_view.name", wire.name, VIEW_NAME)
    if "filter" in named:
        values["filter"] = to_filter(check, "saved_view.filter", wire.filter)
    if "order_by" in named:
        values["order"] = to_order(check, "saved_view.order_by", wire.order_by)
    if "is_shared" in named:
        values["is_shared"] = wire.is_shared
    etag = check.etag("saved_view.etag", wire.etag)
    check.done()
    return view_id, values, etag


def to_view_id(request: pb.DeleteSavedViewRequest) -> tuple[UUID, str | None]:
    """The view to delete and the etag that this depends on."""
    check = Checker()
    view_id, etag = check.uuid("id", request.id), check.etag("etag", request.etag)
    check.done()
    return view_id, etag


def view_after(token: PageToken) -> tuple[str, UUID] | None:
    """The name and id after which a page begins."""
    parts = token.read(2)
    if parts is None:
        return None
    name, text = parts
    try:
        return name, UUID(text)
    except ValueError:
        raise invalid_token() from None


def saved_views_response(page: SavedViewPage, token: PageToken) -> pb.ListSavedViewsResponse:
    """The views that fit into one message: a filter may be large."""
    views = fitting(from_saved_view(view) for view in page.views)
    following = (views[-1].name, UUID(views[-1].id)) if len(views) < len(page.views) else page.next
    return pb.ListSavedViewsResponse(
        saved_views=views, next_page_token=token.write(None if following is None else (following[0], str(following[1])))
    )
