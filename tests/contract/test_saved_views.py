"""SavedViewService: a view gives back what was put in, and finds what its filter finds."""

from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from rodistaa.tickets.v1 import filter_pb2
from rodistaa.tickets.v1 import saved_view_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1.saved_view_service_pb2_grpc import SavedViewServiceStub
from server.domain.roles import Role
from tests.contract.expectations import refused, rows
from tests.contract.requests import World, full_filter, moment
from tests.running import Running

WINDOWS = (
    filter_pb2.TimeRange(start=moment(2026)),
    filter_pb2.TimeRange(end=moment(2026, 6, 30)),
    filter_pb2.TimeRange(start=moment(2000), end=moment(2200)),
    filter_pb2.TimeRange(),
)
NOT_FOUND: dict[str, Any] = {"code": grpc.StatusCode.NOT_FOUND, "reason": "SAVED_VIEW_NOT_FOUND"}
DENIED: dict[str, Any] = {"code": grpc.StatusCode.PERMISSION_DENIED, "reason": "ACTION_NOT_ALLOWED"}


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


@pytest.fixture
def own(world: World) -> SavedViewServiceStub:
    """The service for a member of staff who has no views yet."""
    return world.running.client(Role.OPS_AGENT, f"views-{uuid4().hex[:8]}").saved_views


def create(service: SavedViewServiceStub, **fields: Any) -> pb.SavedView:
    view = pb.SavedView(**{"name": f"view {uuid4()}", **fields})
    return service.CreateSavedView(pb.CreateSavedViewRequest(saved_view=view)).saved_view


def listed(service: SavedViewServiceStub) -> list[pb.SavedView]:
    return list(service.ListSavedViews(pb.ListSavedViewsRequest(page_size=200)).saved_views)


def change(view: pb.SavedView, *paths: str, **fields: Any) -> pb.UpdateSavedViewRequest:
    return pb.UpdateSavedViewRequest(saved_view=pb.SavedView(id=view.id, **fields), update_mask=FieldMask(paths=paths))


def values_of_each_field() -> list[filter_pb2.TicketFilter]:
    """One filter for each field that narrows, with its several kinds of values; one of all; one of none."""
    full = full_filter()
    values: list[dict[str, Any]] = [{}]
    # linked_id needs linked_type: it is in the full one.
    values += [{field.name: value} for field, value in full.ListFields() if field.name != "linked_id"]
    values += [{name: flag} for name in ("unassigned", "sensitive") for flag in (True, False)]
    values += [{name: window} for name in ("created", "updated", "due") for window in WINDOWS]
    values += [
        {"statuses": [number for number in t.TicketStatus.values() if number]},
        {"priorities": [number for number in t.TicketPriority.values() if number]},
        {"owner_roles": [number for number in t.Role.values() if number]},
        {"sla_statuses": [number for number in t.SlaStatus.values() if number]},
    ]
    return [full, *(filter_pb2.TicketFilter(**each) for each in values)]


def test_every_field_of_a_filter_comes_back_as_it_was_saved(own: SavedViewServiceStub) -> None:
    for where in values_of_each_field():
        view = create(own, filter=where)
        assert view.filter == where
        assert next(each for each in listed(own) if each.id == view.id) == view


def test_the_filters_cover_every_field() -> None:
    used = {field.name for where in values_of_each_field() for field, _ in where.ListFields()}
    assert used == set(filter_pb2.TicketFilter.DESCRIPTOR.fields_by_name)


def test_microseconds_are_kept_and_what_is_finer_is_cut_off(own: SavedViewServiceStub) -> None:
    where = filter_pb2.TicketFilter(due=filter_pb2.TimeRange(start=moment(2026)))
    where.due.start.nanos = 123_456_789
    assert create(own, filter=where).filter.due.start.nanos == 123_456_000


def test_not_archived_is_what_a_filter_means_anyway(own: SavedViewServiceStub) -> None:
    assert create(own, filter=filter_pb2.TicketFilter(archived=False)).filter == filter_pb2.TicketFilter()


@pytest.mark.parametrize("field", ["created_at", "updated_at", "sla_due_at", "priority"])
def test_every_order_comes_back(own: SavedViewServiceStub, field: str) -> None:
    assert create(own, order_by=f"{field} desc").order_by == f"{field} desc"
    assert create(own, order_by=f"{field} asc").order_by == f"{field} asc"
    assert create(own, order_by=field).order_by == f"{field} asc"
    assert create(own).order_by == "created_at desc"


def test_a_saved_view_lists_what_its_filter_lists(world: World, own: SavedViewServiceStub) -> None:
    tag = f"view-{uuid4().hex[:8]}"
    made = world.new_ticket(tags=[tag, "b"])
    view = create(own, filter=filter_pb2.TicketFilter(tags_all=[tag, "b"]), order_by="priority asc")
    found = world.admin.tickets.ListTickets(reads.ListTicketsRequest(filter=view.filter, order_by=view.order_by))
    assert [each.id for each in found.tickets] == [made.id]


def test_views_are_listed_by_name_own_and_shared_ones(world: World, own: SavedViewServiceStub) -> None:
    mark = uuid4().hex[:8]
    other = world.running.client(Role.FINANCE, f"views-{uuid4().hex[:8]}").saved_views
    for name in ("c", "a"):
        create(own, name=f"{mark} {name}")
    shared = create(other, name=f"{mark} b", is_shared=True)
    create(other, name=f"{mark} hidden")
    assert [view.name for view in listed(own) if mark in view.name] == [f"{mark} a", f"{mark} b", f"{mark} c"]
    assert shared in listed(own)


def test_a_name_is_unique_among_its_owners(world: World, own: SavedViewServiceStub) -> None:
    name = f"mine {uuid4()}"
    first, second = create(own, name=name), create(own)
    before = rows(world.running.database)
    taken: dict[str, Any] = {"code": grpc.StatusCode.ALREADY_EXISTS, "reason": "SAVED_VIEW_NAME_TAKEN"}
    refused(own.CreateSavedView, pb.CreateSavedViewRequest(saved_view=pb.SavedView(name=f" {name} ")), **taken)
    refused(own.UpdateSavedView, change(second, "name", name=name), **taken)
    assert rows(world.running.database) == before
    other = world.running.client(Role.OPS_AGENT, f"views-{uuid4().hex[:8]}").saved_views
    assert create(other, name=name).id != first.id


def test_only_what_the_mask_names_changes(own: SavedViewServiceStub) -> None:
    view = create(own, filter=full_filter(), order_by="priority desc", is_shared=True)
    renamed = own.UpdateSavedView(change(view, "name", "name", name="renamed", filter=None)).saved_view
    assert (renamed.name, renamed.filter, renamed.order_by, renamed.is_shared) == (
        "renamed",
        view.filter,
        "priority desc",
        True,
    )
    assert renamed.etag != view.etag
    assert renamed.created_at == view.created_at
    cleared = own.UpdateSavedView(change(view, "filter", "order_by", "is_shared")).saved_view
    assert (cleared.name, cleared.order_by, cleared.is_shared) == ("renamed", "created_at desc", False)
    assert cleared.filter == filter_pb2.TicketFilter()
    same = own.UpdateSavedView(change(view, "name", name="renamed")).saved_view
    assert same == cleared, "what is so already is no change"


@pytest.mark.parametrize("paths", [[], ["*"], ["id"], ["owner_id"], ["etag"], ["filter.statuses"], ["name", "nmae"]])
def test_a_mask_that_names_nothing_or_what_cannot_change_is_refused(
    own: SavedViewServiceStub, paths: list[str]
) -> None:
    view = create(own)
    field = f"update_mask.paths[{len(paths) - 1}]" if paths else "update_mask"
    wrong = change(view, *paths, name="renamed")
    refused(own.UpdateSavedView, wrong, reason="UPDATE_MASK_INVALID", field=field)
    assert view in listed(own)


def test_a_stale_etag_is_aborted(own: SavedViewServiceStub) -> None:
    view = create(own)
    changed = own.UpdateSavedView(change(view, "is_shared", is_shared=True, etag=view.etag)).saved_view
    stale: dict[str, Any] = {"code": grpc.StatusCode.ABORTED, "reason": "ETAG_MISMATCH"}
    refused(own.UpdateSavedView, change(view, "is_shared", etag=view.etag), **stale)
    refused(own.DeleteSavedView, pb.DeleteSavedViewRequest(id=view.id, etag=view.etag), **stale)
    own.DeleteSavedView(pb.DeleteSavedViewRequest(id=view.id, etag=changed.etag))
    assert listed(own) == [each for each in listed(own) if each.id != view.id]


def test_others_neither_see_nor_change_a_view_and_only_see_a_shared_one(
    world: World, own: SavedViewServiceStub
) -> None:
    other = world.running.client(Role.CEO_ONCALL, f"views-{uuid4().hex[:8]}").saved_views
    hidden, shared = create(own), create(own, is_shared=True)
    for view, expected in ((hidden, NOT_FOUND), (shared, DENIED)):
        refused(other.UpdateSavedView, change(view, "is_shared"), **expected)
        refused(other.DeleteSavedView, pb.DeleteSavedViewRequest(id=view.id), **expected)
    admin = world.admin.saved_views
    refused(admin.DeleteSavedView, pb.DeleteSavedViewRequest(id=hidden.id), **NOT_FOUND)
    changing = refused(admin.UpdateSavedView, change(shared, "is_shared"), **DENIED)
    deleting = refused(other.DeleteSavedView, pb.DeleteSavedViewRequest(id=shared.id), **DENIED)
    assert (changing.message, deleting.message) == (
        "A shared view is changed by its owner only.",
        "A shared view is deleted by its owner or admin only.",
    )
    admin.DeleteSavedView(pb.DeleteSavedViewRequest(id=shared.id))
    refused(own.DeleteSavedView, pb.DeleteSavedViewRequest(id=shared.id), **NOT_FOUND)


def test_views_are_for_staff(world: World) -> None:
    outside = world.running.client(Role.SHIPPER, "views-shipper").saved_views
    view = pb.SavedView(name="mine")
    refused(outside.CreateSavedView, pb.CreateSavedViewRequest(saved_view=view), **DENIED)
    listing = refused(outside.ListSavedViews, pb.ListSavedViewsRequest(), **DENIED)
    assert listing.message == "Saved views are for staff only."


def test_a_request_without_a_view_says_so(own: SavedViewServiceStub) -> None:
    refused(own.CreateSavedView, pb.CreateSavedViewRequest(), field="saved_view")
    refused(own.UpdateSavedView, pb.UpdateSavedViewRequest(), field="saved_view.id")
    refused(own.DeleteSavedView, pb.DeleteSavedViewRequest(), field="id")


def test_the_same_request_is_done_once(own: SavedViewServiceStub) -> None:
    asked = pb.CreateSavedViewRequest(saved_view=pb.SavedView(name="once"), request_id=str(uuid4()))
    first = own.CreateSavedView(asked)
    assert own.CreateSavedView(asked) == first
    gone = pb.DeleteSavedViewRequest(id=first.saved_view.id, request_id=str(uuid4()))
    assert own.DeleteSavedView(gone) == own.DeleteSavedView(gone), "not NOT_FOUND the second time"
    assert [view.name for view in listed(own) if view.owner_id == first.saved_view.owner_id] == []
