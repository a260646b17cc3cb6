"""The limits of the contract: at the bound is served, one beyond is refused by its path, and nothing is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from google.type.timeofday_pb2 import TimeOfDay

from rodistaa.tickets.v1 import directory_service_pb2 as directory
from rodistaa.tickets.v1 import filter_pb2, sla_pb2
from rodistaa.tickets.v1 import notification_service_pb2 as notifications
from rodistaa.tickets.v1 import saved_view_service_pb2 as views
from rodistaa.tickets.v1 import sla_policy_service_pb2 as policies
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from tests.contract import sla_and_notification_requests as others
from tests.contract.expectations import refused, rows
from tests.contract.requests import REASON, World, full_member, ticket
from tests.running import Running

Make = Callable[[World, str], Message]


@dataclass(frozen=True)
class Bounded:
    """A text field: which request holds it, under which path, and how long it may be."""

    name: str
    path: str
    low: int
    high: int
    make: Make
    multiline: bool = False
    ascii_only: bool = False
    blank_is_absent: bool = False

    def __str__(self) -> str:
        return f"{self.name.partition('/')[2]} {self.path}"


def _update(world: World, field: str, value: str) -> Message:
    return writes.UpdateTicketRequest(
        ticket=t.Ticket(id=world.open_ticket().id, **{field: value}),  # type: ignore[arg-type] # text fields
        update_mask=FieldMask(paths=[field]),
        reason=REASON,
    )


def _summarised(world: World) -> str:
    """An open ticket that could be resolved without another summary."""
    made = t.Ticket(id=world.open_ticket().id, resolution_summary="Paid.")
    request = writes.UpdateTicketRequest(ticket=made, update_mask=FieldMask(paths=["resolution_summary"]))
    return world.admin.tickets.UpdateTicket(request).ticket.id


def _listed(**fields: Any) -> Message:
    return reads.ListTicketsRequest(filter=filter_pb2.TicketFilter(**fields))


def _created(**fields: Any) -> Message:
    return writes.CreateTicketRequest(ticket=ticket(**fields))


def _view(**fields: Any) -> Message:
    return views.CreateSavedViewRequest(saved_view=views.SavedView(**fields))


def _member(**fields: Any) -> Message:
    return directory.UpsertMemberRequest(member=full_member(**fields))


def _calendar(**fields: Any) -> Message:
    return policies.UpsertCalendarRequest(calendar=others.full_calendar(**fields))


def _webhook(**fields: Any) -> Message:
    return notifications.CreateWebhookRequest(webhook=others.full_webhook(filter_pb2.TicketFilter(), **fields))


def _assigned(world: World, **fields: Any) -> Message:
    return writes.AssignTicketRequest(
        **{"id": world.new_ticket().id, "owner_role": t.ROLE_OPS_AGENT, "reason": REASON, **fields}
    )


CREATE, UPDATE, LIST = "TicketService/CreateTicket", "TicketService/UpdateTicket", "TicketService/ListTickets"
TRANSITION, ASSIGN = "TicketService/TransitionTicket", "TicketService/AssignTicket"
MEMBER, VIEW = "DirectoryService/UpsertMember", "SavedViewService/CreateSavedView"
CALENDAR, WEBHOOK = "SlaPolicyService/UpsertCalendar", "NotificationService/CreateWebhook"


def _with_summary(world: World) -> str:
    """An open ticket that was resolved before, so that a blank summary may resolve it again."""
    made = world.open_ticket()
    world.admin.tickets.UpdateTicket(
        writes.UpdateTicketRequest(
            ticket=t.Ticket(id=made.id, resolution_summary="Before"),
            update_mask=FieldMask(paths=["resolution_summary"]),
        )
    )
    return made.id


TEXTS = (
    Bounded(CREATE, "ticket.title", 10, 500, lambda _, v: _created(title=v)),
    Bounded(CREATE, "ticket.description", 20, 20_000, lambda _, v: _created(description=v), multiline=True),
    Bounded(CREATE, "ticket.tags[1]", 1, 50, lambda _, v: _created(tags=["first", v])),
    Bounded(UPDATE, "ticket.title", 10, 500, lambda w, v: _update(w, "title", v)),
    Bounded(UPDATE, "ticket.description", 20, 20_000, lambda w, v: _update(w, "description", v), multiline=True),
    Bounded(
        UPDATE,
        "ticket.resolution_summary",
        1,
        20_000,
        lambda w, v: _update(w, "resolution_summary", v),
        multiline=True,
        blank_is_absent=True,
    ),
    Bounded(
        UPDATE,
        "reason",
        1,
        2_000,
        lambda w, v: writes.UpdateTicketRequest(
            ticket=t.Ticket(id=w.new_ticket().id, tags=["x"]), update_mask=FieldMask(paths=["tags"]), reason=v
        ),
        multiline=True,
        blank_is_absent=True,
    ),
    Bounded(
        TRANSITION,
        "resolution_summary",
        1,
        20_000,
        lambda w, v: writes.TransitionTicketRequest(
            id=_with_summary(w), status=t.TICKET_STATUS_RESOLVED, resolution_summary=v
        ),
        multiline=True,
        blank_is_absent=True,
    ),
    Bounded(
        TRANSITION,
        "reason",
        20,
        2_000,
        lambda w, v: writes.TransitionTicketRequest(id=w.open_ticket().id, status=t.TICKET_STATUS_ESCALATED, reason=v),
        multiline=True,
    ),
    Bounded(ASSIGN, "reason", 20, 2_000, lambda w, v: _assigned(w, reason=v), multiline=True),
    Bounded(
        "TicketService/EscalateTicket",
        "reason",
        20,
        2_000,
        lambda w, v: writes.EscalateTicketRequest(id=w.new_ticket().id, reason=v),
        multiline=True,
    ),
    Bounded(
        "TicketService/ArchiveTicket",
        "reason",
        1,
        2_000,
        lambda w, v: writes.ArchiveTicketRequest(id=w.new_ticket().id, reason=v),
        multiline=True,
        blank_is_absent=True,
    ),
    Bounded(
        "TicketService/BulkUpdateTickets",
        "reason",
        20,
        2_000,
        lambda w, v: bulk.BulkUpdateTicketsRequest(ids=[w.new_ticket().id], archive=True, reason=v),
        multiline=True,
    ),
    Bounded(
        "TicketService/BulkUpdateTickets",
        "tags.add[0]",
        1,
        50,
        lambda w, v: bulk.BulkUpdateTicketsRequest(ids=[w.new_ticket().id], tags=bulk.BulkTags(add=[v]), reason=REASON),
    ),
    Bounded(
        "TicketService/AddMessage",
        "message",
        1,
        20_000,
        lambda w, v: writes.AddMessageRequest(ticket_id=w.new_ticket().id, message=v),
        multiline=True,
    ),
    Bounded(
        "TicketService/GetTicket",
        "access_reason",
        20,
        500,
        lambda w, v: reads.GetTicketRequest(id=w.new_ticket(is_sensitive=True).id, access_reason=v),
        multiline=True,
    ),
    Bounded(
        "TicketService/ListTimeline",
        "access_reason",
        20,
        500,
        lambda w, v: timeline.ListTimelineRequest(ticket_id=w.new_ticket(is_sensitive=True).id, access_reason=v),
        multiline=True,
    ),
    Bounded(
        "TicketService/ListAuditEntries",
        "access_reason",
        20,
        500,
        lambda w, v: timeline.ListAuditEntriesRequest(ticket_id=w.new_ticket(is_sensitive=True).id, access_reason=v),
        multiline=True,
    ),
    Bounded("TicketService/SearchTickets", "query", 1, 500, lambda _, v: reads.SearchTicketsRequest(query=v)),
    Bounded(LIST, "filter.text", 1, 500, lambda _, v: _listed(text=v)),
    Bounded(LIST, "filter.tags_any[0]", 1, 50, lambda _, v: _listed(tags_any=[v])),
    Bounded(
        "TicketService/WatchTimeline",
        "access_reason",
        20,
        500,
        lambda w, v: timeline.WatchTimelineRequest(ticket_id=w.new_ticket(is_sensitive=True).id, access_reason=v),
        multiline=True,
    ),
    Bounded(MEMBER, "member.display_name", 1, 200, lambda _, v: _member(display_name=v)),
    Bounded(MEMBER, "member.push_token", 1, 4_096, lambda _, v: _member(push_token=v), blank_is_absent=True),
    Bounded(
        "DirectoryService/ListMembers",
        "query",
        1,
        100,
        lambda _, v: directory.ListMembersRequest(query=v),
        blank_is_absent=True,
    ),
    Bounded(
        "DirectoryService/LookupMembers",
        "query",
        1,
        100,
        lambda _, v: directory.LookupMembersRequest(query=v, roles=[t.ROLE_ADMIN]),
        blank_is_absent=True,
    ),
    Bounded(
        "TicketService/SuggestTerms",
        "prefix",
        1,
        100,
        lambda _, v: reads.SuggestTermsRequest(kind=reads.TERM_KIND_TAG, prefix=v),
        blank_is_absent=True,
    ),
    Bounded(VIEW, "saved_view.name", 1, 100, lambda _, v: _view(name=v)),
    Bounded(CALENDAR, "calendar.display_name", 1, 100, lambda _, v: _calendar(display_name=v)),
    Bounded(
        CALENDAR,
        "calendar.holidays[0].display_name",
        1,
        100,
        lambda _, v: _calendar(holidays=[sla_pb2.Holiday(date=Date(month=5, day=1), display_name=v)]),
        blank_is_absent=True,
    ),
    Bounded(WEBHOOK, "webhook.display_name", 1, 100, lambda _, v: _webhook(display_name=v)),
    Bounded(CREATE, "ticket.assigned_franchise_id", 1, 100, lambda _, v: _created(assigned_franchise_id=v)),
    Bounded(
        CREATE,
        "ticket.linked_id",
        1,
        100,
        lambda _, v: _created(linked_type=t.LINKED_TYPE_TRUCK, linked_id=v),
        ascii_only=True,
    ),
    Bounded(LIST, "filter.owner_id", 1, 100, lambda _, v: _listed(owner_id=v), ascii_only=True),
    Bounded(LIST, "filter.created_by_id", 1, 100, lambda _, v: _listed(created_by_id=v), ascii_only=True),
    Bounded(LIST, "filter.franchise_ids[0]", 1, 100, lambda _, v: _listed(franchise_ids=[v]), ascii_only=True),
    Bounded(ASSIGN, "owner_id", 1, 100, lambda w, v: _assigned(w, owner_id=v), ascii_only=True),
    Bounded(MEMBER, "member.user_id", 1, 100, lambda _, v: _member(user_id=v), ascii_only=True),
    Bounded(
        "TicketService/SetWatch",
        "user_id",
        1,
        100,
        lambda w, v: writes.SetWatchRequest(ticket_id=w.new_ticket().id, user_id=v),
        ascii_only=True,
    ),
)
PEOPLES_TEXTS = tuple(text for text in TEXTS if not text.ascii_only and not text.path.endswith("franchise_id"))


@pytest.mark.parametrize("text", TEXTS, ids=str)
def test_a_text_at_its_bounds_is_served_and_one_beyond_is_refused(server: Running, text: Bounded) -> None:
    world = World(server)
    rpc = world.rpc(text.name)
    for length in (text.low, text.high):
        rpc(text.make(world, "x" * length))
    wrong = [text.high + 1] + ([text.low - 1] if text.low > 1 else [])
    for length in wrong:
        request = text.make(world, "x" * length)
        before = rows(server.database)
        refused(rpc, request, field=text.path)
        assert rows(server.database) == before


@pytest.mark.parametrize("text", PEOPLES_TEXTS, ids=str)
def test_lengths_count_code_points_of_every_script_after_trimming(server: Running, text: Bounded) -> None:
    world = World(server)
    rpc = world.rpc(text.name)
    for character in ("😀", "क", "\N{COMBINING ACUTE ACCENT}"):
        rpc(text.make(world, character * text.high))
        refused(rpc, text.make(world, character * (text.high + 1)), field=text.path)
    rpc(text.make(world, "\N{NO-BREAK SPACE}\t " + "y" * text.high + " \n\r\N{IDEOGRAPHIC SPACE}"))


@pytest.mark.parametrize("text", PEOPLES_TEXTS, ids=str)
def test_what_cannot_be_seen_counts_towards_the_upper_bound_only(server: Running, text: Bounded) -> None:
    world = World(server)
    rpc = world.rpc(text.name)
    for invisible in ("\N{ZERO WIDTH SPACE}", "\N{RIGHT-TO-LEFT OVERRIDE}", "\N{HANGUL FILLER}"):
        refused(rpc, text.make(world, invisible * text.low), field=text.path)
        rpc(text.make(world, "y" * text.low + invisible * (text.high - text.low)))
        refused(rpc, text.make(world, "y" * text.low + invisible * (text.high - text.low + 1)), field=text.path)
    if text.low > 2:
        refused(rpc, text.make(world, "a" + " " * text.low + "b"), field=text.path)


@pytest.mark.parametrize("text", PEOPLES_TEXTS, ids=str)
def test_lines_and_tabs_are_for_long_texts(server: Running, text: Bounded) -> None:
    world = World(server)
    value = "first line\n\tsecond line\r\nthird line"
    if text.multiline:
        world.rpc(text.name)(text.make(world, value))
    else:
        refused(world.rpc(text.name), text.make(world, value), field=text.path)


@pytest.mark.parametrize("text", PEOPLES_TEXTS, ids=str)
def test_white_space_alone_is_no_text(server: Running, text: Bounded) -> None:
    world = World(server)
    request = text.make(world, " \t\n\N{IDEOGRAPHIC SPACE}")
    if text.blank_is_absent:
        world.rpc(text.name)(request)
    else:
        refused(world.rpc(text.name), request, field=text.path)


def test_text_of_all_scripts_comes_back_as_it_was_sent(server: Running) -> None:
    world = World(server)
    title = "भुगतान नहीं मिला 👨‍👩‍👧 \N{RIGHT-TO-LEFT OVERRIDE}abc\N{POP DIRECTIONAL FORMATTING} ﷺ"
    made = world.new_ticket(title=title, tags=["ज़रूरी", "🚚"])
    assert made.title == title
    read = world.admin.tickets.GetTicket(reads.GetTicketRequest(id=made.id)).ticket
    assert (read.title, list(read.tags)) == (title, ["ज़रूरी", "🚚"])


def too_long_lists(world: World) -> Iterator[tuple[str, Message, str]]:
    """Requests with one list each that is one longer than it may be, and its path."""
    numbered = [f"x{number}" for number in range(501)]
    yield CREATE, _created(tags=numbered[:21]), "ticket.tags"
    for field, value in {
        "statuses": [t.TICKET_STATUS_NEW] * 101,
        "priorities": [t.TICKET_PRIORITY_LOW] * 101,
        "owner_roles": [t.ROLE_ADMIN] * 101,
        "sla_statuses": [t.SLA_STATUS_NO_SLA] * 101,
        "franchise_ids": numbered[:101],
        "tags_any": numbered[:101],
        "tags_all": numbered[:101],
    }.items():
        yield LIST, _listed(**{field: value}), f"filter.{field}"
    yield MEMBER, _member(franchise_ids=numbered[:201]), "member.franchise_ids"
    yield "DirectoryService/LookupMembers", directory.LookupMembersRequest(user_ids=numbered[:201]), "user_ids"
    window, *_ = others.full_calendar().windows
    windows = [sla_pb2.BusinessWindow(day=window.day) for _ in range(101)]
    for number, each in enumerate(windows):
        each.opens_at.CopyFrom(TimeOfDay(hours=number // 5, minutes=number % 5 * 10))
        each.closes_at.CopyFrom(TimeOfDay(hours=number // 5, minutes=number % 5 * 10 + 5))
    yield CALENDAR, _calendar(windows=windows), "calendar.windows"
    yield CALENDAR, _calendar(holidays=[sla_pb2.Holiday(date=Date(month=5, day=1))] * 1_001), "calendar.holidays"
    yield WEBHOOK, _webhook(event_types=[each.upper() for each in numbered[:51]]), "webhook.event_types"
    yield (
        "NotificationService/MarkNotificationsRead",
        notifications.MarkNotificationsReadRequest(ids=[str(uuid4()) for _ in range(501)]),
        "ids",
    )
    ids = [f"TKT-{number}" for number in range(1_000_000, 1_000_501)]
    yield (
        "TicketService/BulkUpdateTickets",
        bulk.BulkUpdateTicketsRequest(ids=ids, archive=True, reason=REASON),
        "ids",
    )
    yield (
        "TicketService/AddMessage",
        writes.AddMessageRequest(
            ticket_id=world.new_ticket().id, message="See these.", attachment_ids=[str(uuid4()) for _ in range(21)]
        ),
        "attachment_ids",
    )


def test_lists_at_their_bounds_are_served(server: Running) -> None:
    world = World(server)
    for name, request, path in too_long_lists(world):
        owner: Any = request
        *outer, last = path.split(".")
        for part in outer:
            owner = getattr(owner, part)
        del getattr(owner, last)[-1]
        if last == "attachment_ids":
            continue  # as many attachments as that do not exist
        world.rpc(name)(request)


def test_lists_one_beyond_are_refused(server: Running) -> None:
    world = World(server)
    cases = list(too_long_lists(world))
    before = rows(server.database)
    for name, request, path in cases:
        refused(world.rpc(name), request, field=path)
    assert rows(server.database) == before


@pytest.mark.timeout(60)
def test_four_mebibytes_of_tiny_values_are_refused_at_once(server: Running) -> None:
    """Each of these once cost seconds or hundreds of mebibytes: as many violations, scans or comparisons as values."""
    world = World(server)
    many = 1_000_000
    unknown: Any = 999
    requests = {
        CREATE: _created(tags=[""] * many),
        LIST: _listed(statuses=[unknown] * many),
        "TicketService/SearchTickets": reads.SearchTicketsRequest(
            query="x", filter=filter_pb2.TicketFilter(tags_any=[""] * many)
        ),
        UPDATE: writes.UpdateTicketRequest(
            ticket=t.Ticket(id=world.new_ticket().id, description="é" * 20_000),
            update_mask=FieldMask(paths=["description"] * 250_000),
        ),
        "SavedViewService/UpdateSavedView": views.UpdateSavedViewRequest(
            saved_view=world.view(), update_mask=FieldMask(paths=[""] * many)
        ),
        "TicketService/AddMessage": writes.AddMessageRequest(
            ticket_id=world.new_ticket().id,
            message="See these.",
            attachment_ids=[f"00000000-0000-4000-8000-{number:012}" for number in range(100_000)],
        ),
        "DirectoryService/ListMembers": directory.ListMembersRequest(roles=[unknown] * many),
        "DirectoryService/LookupMembers": directory.LookupMembersRequest(user_ids=[""] * many, roles=[unknown] * many),
        CALENDAR: _calendar(windows=[sla_pb2.BusinessWindow()] * many, holidays=[sla_pb2.Holiday()] * (many // 2)),
        WEBHOOK: _webhook(event_types=[""] * many),
        "NotificationService/MarkNotificationsRead": notifications.MarkNotificationsReadRequest(ids=[""] * many),
        "NotificationService/ListWebhookDeliveries": notifications.ListWebhookDeliveriesRequest(
            webhook_id=str(uuid4()), statuses=[unknown] * many
        ),
        "SlaPolicyService/UpdateSlaPolicy": policies.UpdateSlaPolicyRequest(
            sla_policy=sla_pb2.SlaPolicy(
                priority=t.TICKET_PRIORITY_LOW,
                escalation_chain=[unknown] * (many // 2),
                pausing_statuses=[unknown] * (many // 2),
            ),
            update_mask=FieldMask(paths=["escalation_chain", "pausing_statuses"]),
        ),
        MEMBER: _member(franchise_ids=[""] * many),
        "TicketService/BulkUpdateTickets": bulk.BulkUpdateTicketsRequest(ids=[""] * many, archive=True, reason=REASON),
    }
    before = rows(server.database)
    for name, request in requests.items():
        refused(world.rpc(name), request)
    assert rows(server.database) == before


def test_an_identifier_has_no_spaces_and_no_other_scripts(server: Running) -> None:
    world = World(server)
    for text in (each for each in TEXTS if each.ascii_only):
        for value in ("two words", " lead", "आशा", "a\N{NO-BREAK SPACE}b"):
            refused(world.rpc(text.name), text.make(world, value), field=text.path)
