"""Pages: nothing twice, nothing left out, whatever the order and size; and tokens that are not what was handed out."""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from rodistaa.tickets.v1 import attachment_service_pb2 as attachments
from rodistaa.tickets.v1 import directory_service_pb2 as directory
from rodistaa.tickets.v1 import export_service_pb2 as exports
from rodistaa.tickets.v1 import filter_pb2
from rodistaa.tickets.v1 import notification_service_pb2 as notifications
from rodistaa.tickets.v1 import saved_view_service_pb2 as views
from rodistaa.tickets.v1 import sla_policy_service_pb2 as policies
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.roles import Role
from tests.contract import attachment_requests
from tests.contract import sla_and_notification_requests as others
from tests.contract.expectations import refused
from tests.contract.export_requests import make_room, new_job
from tests.contract.requests import ADMIN, World, full_filter, full_member, ticket
from tests.running import Running

ORDERS = [
    f"{field} {way}" for field in ("created_at", "updated_at", "sla_due_at", "priority") for way in ("asc", "desc")
]
FOUR_BYTES = "😀"
MESSAGE_LIMIT = 4 * 1024 * 1024


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


def pages(rpc: Callable[[Any], Any], request: Any, *sizes: int) -> Iterator[Any]:
    """All pages, each of the next size in turn."""
    asked = type(request)()
    asked.CopyFrom(request)
    number = 0
    while True:
        if sizes:
            asked.page_size = sizes[number % len(sizes)]
        page = rpc(asked)
        yield page
        if not page.next_page_token:
            return
        asked.page_token = page.next_page_token
        number += 1


@pytest.fixture
def tagged(world: World) -> str:
    """The tag of 23 tickets, some with equal priorities, one changed last, some in other states."""
    tag = f"paging-{uuid4().hex[:8]}"
    made = [world.new_ticket(tags=[tag], priority=1 + number % 4) for number in range(20)]
    made += [world.open_ticket(tags=[tag]) for _ in range(3)]
    escalate = writes.EscalateTicketRequest(id=made[0].id, reason="Nobody has answered for a long time")
    world.admin.tickets.EscalateTicket(escalate)
    return tag


def listed(tag: str, **fields: Any) -> reads.ListTicketsRequest:
    return reads.ListTicketsRequest(filter=filter_pb2.TicketFilter(tags_any=[tag]), **fields)


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_lists_each_ticket_once_and_sorted(world: World, tagged: str, order: str) -> None:
    found = [
        each
        for page in pages(world.admin.tickets.ListTickets, listed(tagged, order_by=order), 1, 5, 2, 7)
        for each in page.tickets
    ]
    assert len({each.id for each in found}) == len(found) == 23
    field, _, way = order.partition(" ")

    def key(each: t.Ticket) -> tuple[Any, ...]:
        if field == "priority":
            return each.priority, each.created_at.ToNanoseconds(), each.id
        return getattr(each, field).ToNanoseconds(), each.id

    assert found == sorted(found, key=key, reverse=way == "desc")


def test_the_default_is_newest_first_and_asc_may_be_left_out(world: World, tagged: str) -> None:
    rpc = world.admin.tickets.ListTickets
    ids = {
        order: [each.id for each in rpc(listed(tagged, order_by=order)).tickets]
        for order in ("", "created_at desc", "created_at", "created_at asc", "  created_at   asc ")
    }
    assert ids[""] == ids["created_at desc"]
    assert ids["created_at"] == ids["created_at asc"] == ids["  created_at   asc "] == ids[""][::-1]
    for wrong in ("title", "created_at desc, id", "created_at DESC", "priority sideways", "id"):
        refused(rpc, listed(tagged, order_by=wrong), field="order_by")


def test_totals_only_when_asked_for(world: World, tagged: str) -> None:
    rpc = world.admin.tickets.ListTickets
    assert not rpc(listed(tagged)).HasField("total_size")
    for page in pages(rpc, listed(tagged, include_total=True), 10):
        assert (page.total_size, page.total_size_capped) == (23, False)


def requests_with_pages(world: World) -> dict[str, tuple[Callable[[Any], Any], Any]]:
    """Every list, with more than one row in it, so that a page of one has a token."""
    tickets = world.admin.tickets
    made = world.open_ticket(title="Zanzibar paging of a search", tags=["paging"])
    world.new_ticket(title="Zanzibar paging of a search", tags=["paging"])
    for user in ("a", "b"):
        tickets.SetWatch(writes.SetWatchRequest(ticket_id=made.id, user_id=user))
        world.admin.directory.UpsertMember(directory.UpsertMemberRequest(member=full_member()))
        world.view()
    where = filter_pb2.TicketFilter(tags_any=["paging"])
    return {
        "ListTickets": (tickets.ListTickets, reads.ListTicketsRequest(filter=where, page_size=1)),
        "by deadline": (tickets.ListTickets, reads.ListTicketsRequest(page_size=1, order_by="sla_due_at")),
        "by priority": (tickets.ListTickets, reads.ListTicketsRequest(page_size=1, order_by="priority")),
        "SearchTickets": (tickets.SearchTickets, reads.SearchTicketsRequest(query="zanzibar", page_size=1)),
        "ListTimeline": (tickets.ListTimeline, timeline.ListTimelineRequest(ticket_id=made.id, page_size=1)),
        "newest first": (
            tickets.ListTimeline,
            timeline.ListTimelineRequest(ticket_id=made.id, page_size=1, order_by="seq desc"),
        ),
        "ListAuditEntries": (
            tickets.ListAuditEntries,
            timeline.ListAuditEntriesRequest(ticket_id=made.id, page_size=1),
        ),
        "ListWatchers": (tickets.ListWatchers, reads.ListWatchersRequest(ticket_id=made.id, page_size=1)),
        "ListMembers": (world.admin.directory.ListMembers, directory.ListMembersRequest(page_size=1)),
        "ListSavedViews": (world.admin.saved_views.ListSavedViews, views.ListSavedViewsRequest(page_size=1)),
        **sla_and_notification_requests(world),
    }


def sla_and_notification_requests(world: World) -> dict[str, tuple[Callable[[Any], Any], Any]]:
    """The same of calendars, notifications, webhooks, deliveries and export jobs."""
    admin, database = world.admin, world.running.database
    webhook = others.new_webhook(admin)
    for _ in range(2):
        admin.sla_policies.UpsertCalendar(policies.UpsertCalendarRequest(calendar=others.full_calendar()))
        others.new_notification(database, ADMIN)
        others.new_webhook(admin)
        others.new_delivery(database, webhook.id)
    make_room(admin, ADMIN)
    ticket_id = world.new_ticket().id
    for _ in range(2):
        new_job(admin)
        attachment_requests.create(admin, ticket_id)
    service = admin.notifications
    return {
        "ListCalendars": (admin.sla_policies.ListCalendars, policies.ListCalendarsRequest(page_size=1)),
        "ListNotifications": (service.ListNotifications, notifications.ListNotificationsRequest(page_size=1)),
        "ListWebhooks": (service.ListWebhooks, notifications.ListWebhooksRequest(page_size=1)),
        "ListWebhookDeliveries": (
            service.ListWebhookDeliveries,
            notifications.ListWebhookDeliveriesRequest(webhook_id=webhook.id, page_size=1),
        ),
        "ListAttachments": (
            admin.attachments.ListAttachments,
            attachments.ListAttachmentsRequest(ticket_id=ticket_id, page_size=1),
        ),
        "ListExportJobs": (admin.exports.ListExportJobs, exports.ListExportJobsRequest(page_size=1)),
    }


def decoded(token: str) -> list[Any]:
    parts: list[Any] = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    return parts


def encoded(parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def test_a_damaged_token_is_refused(world: World) -> None:
    for rpc, request in requests_with_pages(world).values():
        token = rpc(request).next_page_token
        assert token
        parts = decoded(token)
        for wrong in (
            token[:-4],
            token[4:],
            token + "AAAA",
            "x",
            "====",
            "नहीं",
            token.swapcase(),
            encoded(None),
            encoded({}),
            encoded([]),
            encoded(parts[:1]),
            encoded([*parts, "more"]),
            encoded(["0" * 24, *parts[1:]]),
            encoded([parts[0], *(1 for _ in parts[1:])]),
            encoded([parts[0], *(None for _ in parts[1:])]),
            encoded([parts[0], *("\0" for _ in parts[1:])]),
            encoded([parts[0], *("\ud800" for _ in parts[1:])]),
            base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        ):
            request.page_token = wrong
            refused(rpc, request, reason="PAGE_TOKEN_INVALID", field="page_token")


def test_a_forged_position_is_refused_or_served_and_never_an_accident(world: World) -> None:
    """The position is not secret: whoever forges one sees what they may see anyway."""
    forged = (
        "",
        "0",
        "-1",
        "9" * 30,
        "9" * 5_000,
        "²",
        "NaN",
        "infinity",
        "LOW",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-01-01T00:00:00+00:00:01",
        "TKT-1",
        "'",
        "%s",
        "क्‍ष",
        "00000000-0000-0000-0000-000000000000",
        "x" * 10_000,
    )
    for rpc, request in requests_with_pages(world).values():
        parts = decoded(rpc(request).next_page_token)
        for place in range(1, len(parts)):
            for text in forged:
                request.page_token = encoded([*parts[:place], text, *parts[place + 1 :]])
                try:
                    rpc(request)
                except Exception:  # noqa: BLE001 - looked at in the next line
                    refused(rpc, request, reason="PAGE_TOKEN_INVALID", field="page_token")


def test_a_token_goes_with_its_arguments_its_method_and_its_caller(world: World) -> None:
    made = requests_with_pages(world)
    rpc, request = made["ListTickets"]
    token = rpc(request).next_page_token
    where = request.filter
    for other in (
        reads.ListTicketsRequest(filter=where, order_by="created_at asc"),
        reads.ListTicketsRequest(filter=where, order_by="created_at desc"),
        reads.ListTicketsRequest(filter=where, include_total=True),
        reads.ListTicketsRequest(filter=filter_pb2.TicketFilter(tags_any=["paging", "other"])),
        reads.ListTicketsRequest(filter=filter_pb2.TicketFilter()),
        reads.ListTicketsRequest(),
    ):
        other.page_token = token
        refused(rpc, other, reason="PAGE_TOKEN_INVALID")
    for name, (method, asked) in made.items():
        if name != "ListTickets":
            asked.page_token = token
            refused(method, asked, reason="PAGE_TOKEN_INVALID")
    request.page_token = token
    manager = world.running.client(Role.OPS_MANAGER, "paging-manager").tickets
    refused(manager.ListTickets, request, reason="PAGE_TOKEN_INVALID")
    request.page_size = 200
    assert rpc(request).tickets, "page_size may change"


def test_an_access_reason_is_no_argument_of_a_page(world: World) -> None:
    made = world.open_ticket(is_sensitive=True)
    asked = timeline.ListTimelineRequest(ticket_id=made.id, page_size=1, access_reason="Looking into the complaint")
    asked.page_token = world.admin.tickets.ListTimeline(asked).next_page_token
    asked.access_reason = "Still looking into the complaint"
    assert world.admin.tickets.ListTimeline(asked).entries


def fill(page: Message) -> int:
    """The size of an answer, which has to stay under the limit of a message."""
    size: int = page.ByteSize()
    assert size < MESSAGE_LIMIT
    return size


@pytest.mark.slow
def test_two_hundred_of_the_largest_tickets_are_paged_through_messages_of_four_mebibytes(world: World) -> None:
    tag = f"large-{uuid4().hex[:8]}"
    largest = ticket(title=FOUR_BYTES * 480 + " zebracrossing", description=FOUR_BYTES * 20_000, tags=[tag])
    create = world.admin.tickets.CreateTicket
    with ThreadPoolExecutor(8) as pool:
        created = pool.map(create, [writes.CreateTicketRequest(ticket=largest)] * 200)
        ids = {each.ticket.id for each in created}
    found = list(pages(world.admin.tickets.ListTickets, listed(tag, page_size=200)))
    assert len(found) > 1
    assert fill(found[0]) > MESSAGE_LIMIT / 2, "a page is not cut shorter than it must be"
    assert sorted(each.id for page in found for each in page.tickets) == sorted(ids)
    where = filter_pb2.TicketFilter(tags_any=[tag])
    asked = reads.SearchTicketsRequest(query="zebracrossing", filter=where, page_size=200)
    found = list(pages(world.admin.tickets.SearchTickets, asked))
    assert sum(map(fill, found)) > MESSAGE_LIMIT
    assert sorted(each.ticket.id for page in found for each in page.results) == sorted(ids)


@pytest.mark.slow
def test_the_longest_messages_are_paged_too(world: World) -> None:
    made = world.new_ticket()
    message = writes.AddMessageRequest(ticket_id=made.id, message=FOUR_BYTES * 20_000)
    for _ in range(60):
        world.admin.tickets.AddMessage(message)
    asked = timeline.ListTimelineRequest(ticket_id=made.id, page_size=200)
    found = list(pages(world.admin.tickets.ListTimeline, asked))
    assert sum(map(fill, found)) > MESSAGE_LIMIT
    seqs = [entry.seq for page in found for entry in page.entries]
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= 61
    asked.order_by = "seq desc"
    downwards = list(pages(world.admin.tickets.ListTimeline, asked))
    assert all(map(fill, downwards))
    assert [entry.seq for page in downwards for entry in page.entries] == seqs[::-1]


@pytest.mark.slow
def test_the_largest_audit_rows_views_and_members_are_paged_too(world: World) -> None:
    made = world.new_ticket()
    for number in range(40):
        changed = t.Ticket(id=made.id, description=(FOUR_BYTES if number % 2 else "ॐ") * 20_000)
        request = writes.UpdateTicketRequest(ticket=changed, update_mask=FieldMask(paths=["description"]))
        world.admin.tickets.UpdateTicket(request)
    rows = timeline.ListAuditEntriesRequest(ticket_id=made.id, page_size=200)
    found = list(pages(world.admin.tickets.ListAuditEntries, rows))
    assert sum(map(fill, found)) > MESSAGE_LIMIT
    assert [entry.chain_no for page in found for entry in page.audit_entries] == list(range(1, 42))

    viewer = world.running.client(Role.OPS_MANAGER, f"viewer-{uuid4().hex[:8]}").saved_views
    tags = [f"{number:02}" + FOUR_BYTES * 48 for number in range(100)]
    franchises = [f"{number:03}" + "f" * 97 for number in range(100)]
    largest = full_filter(tags_any=tags, tags_all=tags, franchise_ids=franchises)
    names = [f"view {number:03}" for number in range(120)]
    for name in names:
        viewer.CreateSavedView(views.CreateSavedViewRequest(saved_view=views.SavedView(name=name, filter=largest)))
    found = list(pages(viewer.ListSavedViews, views.ListSavedViewsRequest(page_size=200)))
    assert sum(map(fill, found)) > MESSAGE_LIMIT
    assert [view.name for page in found for view in page.saved_views if view.name in names] == names

    franchises = [f"{number:03}" + "g" * 97 for number in range(200)]
    for number in range(200):
        member = full_member(user_id=f"paged-{number:03}", franchise_ids=franchises, display_name=FOUR_BYTES * 200)
        world.admin.directory.UpsertMember(directory.UpsertMemberRequest(member=member))
    asked = directory.ListMembersRequest(page_size=200, query="paged-")
    found = list(pages(world.admin.directory.ListMembers, asked))
    assert sum(map(fill, found)) > MESSAGE_LIMIT
    assert [m.user_id for page in found for m in page.members] == [f"paged-{number:03}" for number in range(200)]


def test_a_page_may_end_at_any_name_and_any_user(world: World) -> None:
    """A token holds what the page ends with: joiners of Indic scripts and emoji, marks of direction, quotes."""
    viewer = world.running.client(Role.OPS_MANAGER, "paging-names").saved_views
    names = {"क्‍ष विलंब", "👨‍👩‍👧 family", "\N{RIGHT-TO-LEFT MARK}right", "no\N{NO-BREAK SPACE}break", "zz"}
    for name in names:
        viewer.CreateSavedView(views.CreateSavedViewRequest(saved_view=views.SavedView(name=name)))
    found = list(pages(viewer.ListSavedViews, views.ListSavedViewsRequest(), 1))
    assert {view.name for page in found for view in page.saved_views} >= names

    made = world.new_ticket()
    users = {"~asha", "auth0|5f7c", '"zoe"\\'}
    for user in users:
        world.running.client(Role.OPS_MANAGER, user).tickets.SetWatch(writes.SetWatchRequest(ticket_id=made.id))
    found = list(pages(world.admin.tickets.ListWatchers, reads.ListWatchersRequest(ticket_id=made.id), 1))
    assert {watcher.user_id for page in found for watcher in page.watchers} == users
