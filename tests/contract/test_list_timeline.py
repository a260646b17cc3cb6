"""ListTimeline in both directions: the same entries, each once, whoever asks and however large the pages are."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson
from hypothesis import given
from hypothesis import strategies as st

from rodistaa.tickets.client import iterate_pages
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1.ticket_service_pb2_grpc import TicketServiceStub
from rodistaa.tickets.v1.timeline_pb2 import (
    TIMELINE_KIND_AUDIT_ENTRY,
    TIMELINE_KIND_MESSAGE,
    TIMELINE_KIND_UNSPECIFIED,
    TimelineEntry,
)
from rodistaa.tickets.v1.timeline_reads_pb2 import ListAuditEntriesRequest, ListTimelineRequest
from server.domain.roles import Role
from tests.contract.expectations import refused
from tests.contract.requests import REASON, World, ticket
from tests.running import Running
from tests.ticket_requests import retitle

SIZES = [1, 2, 3, 7, 200]
MESSAGES, CHANGES = TIMELINE_KIND_MESSAGE, TIMELINE_KIND_AUDIT_ENTRY
KINDS = {"message": MESSAGES, "audit_entry": CHANGES}


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


def mixed(world: World, creator: TicketServiceStub, **fields: Any) -> str:
    """A ticket with public messages, internal notes and changes, of all kinds several on end; the last is a note."""
    made = creator.CreateTicket(writes.CreateTicketRequest(ticket=ticket(**fields))).ticket
    for number, kind in enumerate("mmnccnmcnnnmmmcn"):
        if kind == "c":
            world.admin.tickets.UpdateTicket(retitle(made.id, f"Load found, title {number}"))
        else:
            message = writes.AddMessageRequest(ticket_id=made.id, message="Any news?", is_internal_note=kind == "n")
            world.admin.tickets.AddMessage(message)
    return made.id


def read(stub: TicketServiceStub, ticket_id: str, **fields: Any) -> list[TimelineEntry]:
    pages = iterate_pages(stub.ListTimeline, ListTimelineRequest(ticket_id=ticket_id, **fields))
    return [entry for page in pages for entry in page.entries]


def test_downwards_is_upwards_reversed_whatever_is_hidden_from_the_caller(world: World) -> None:
    shipper = world.running.client(Role.SHIPPER, "timeline-both-ways").tickets
    ticket_id = mixed(world, shipper)
    expected = {"staff": list(range(1, 18)), "outside": [2, 3, 8, 13, 14, 15]}
    for stub, numbers in ((world.admin.tickets, expected["staff"]), (shipper, expected["outside"])):
        for size in SIZES:
            upwards = read(stub, ticket_id, page_size=size)
            assert [entry.seq for entry in upwards] == numbers
            assert read(stub, ticket_id, page_size=size, order_by="seq desc") == upwards[::-1]


def test_after_a_number_is_what_follows_it_in_the_order(world: World) -> None:
    shipper = world.running.client(Role.SHIPPER, "timeline-after").tickets
    ticket_id = mixed(world, shipper)
    for stub in (world.admin.tickets, shipper):
        numbers = [entry.seq for entry in read(stub, ticket_id)]
        for after in (*range(1, 19), 2**63 - 1):
            for size in (2, 200):
                upwards = read(stub, ticket_id, after_seq=after, page_size=size)
                downwards = read(stub, ticket_id, after_seq=after, page_size=size, order_by="seq desc")
                assert [entry.seq for entry in upwards] == [seq for seq in numbers if seq > after]
                assert [entry.seq for entry in downwards] == [seq for seq in reversed(numbers) if seq < after]


def test_the_newest_page_is_full_and_one_call(world: World) -> None:
    """What is left out does not thin the page."""
    shipper = world.running.client(Role.SHIPPER, "timeline-newest").tickets
    ticket_id = mixed(world, shipper)
    newest = ListTimelineRequest(ticket_id=ticket_id, page_size=4, order_by="seq desc")
    assert [entry.seq for entry in world.admin.tickets.ListTimeline(newest).entries] == [17, 16, 15, 14]
    assert [entry.seq for entry in shipper.ListTimeline(newest).entries] == [15, 14, 13, 8]


def test_what_is_written_between_two_pages_is_on_none_of_those_downwards(world: World) -> None:
    ticket_id = mixed(world, world.admin.tickets)
    request = ListTimelineRequest(ticket_id=ticket_id, page_size=5, order_by="seq desc")
    first = world.admin.tickets.ListTimeline(request)
    world.admin.tickets.AddMessage(writes.AddMessageRequest(ticket_id=ticket_id, message="Meanwhile."))
    request.page_token = first.next_page_token
    assert [entry.seq for entry in world.admin.tickets.ListTimeline(request).entries] == [12, 11, 10, 9, 8]


def test_texts_of_a_sensitive_ticket_are_withheld_in_both_directions(world: World) -> None:
    ticket_id = mixed(world, world.running.client(Role.DRIVER, "timeline-sensitive").tickets, is_sensitive=True)
    for order in ("seq", "seq desc"):
        withheld = read(world.admin.tickets, ticket_id, page_size=3, order_by=order)
        assert all(entry.message.redacted or entry.audit_entry.redacted for entry in withheld)
        assert "Any news" not in "".join(map(MessageToJson, withheld))
        shown = read(world.admin.tickets, ticket_id, page_size=200, order_by=order, access_reason=REASON)
        assert [entry.message.message for entry in shown if entry.HasField("message")] == ["Any news?"] * 12
    assert read(world.admin.tickets, ticket_id, page_size=200)[::-1] == read(
        world.admin.tickets, ticket_id, page_size=3, order_by="seq desc"
    )


@pytest.mark.parametrize("text", ["", "seq", "seq asc", "  seq   asc "])
def test_upwards_is_the_default_and_asc_may_be_left_out(world: World, text: str) -> None:
    made = world.open_ticket()
    assert [entry.seq for entry in read(world.admin.tickets, made.id, order_by=text)] == [1, 2]


@pytest.mark.parametrize(
    "text", [" ", "id", "created_at desc", "seq DESC", "seq sideways", "seq desc, id", "-seq", "desc"]
)
def test_another_order_is_refused(world: World, text: str) -> None:
    request = ListTimelineRequest(ticket_id=world.new_ticket().id, order_by=text)
    refused(world.admin.tickets.ListTimeline, request, field="order_by")


def test_a_token_goes_with_its_order(world: World) -> None:
    made = world.open_ticket()
    rpc = world.admin.tickets.ListTimeline
    for order, other in (("seq desc", ""), ("seq desc", "seq asc"), ("", "seq desc")):
        token = rpc(ListTimelineRequest(ticket_id=made.id, page_size=1, order_by=order)).next_page_token
        wrong = ListTimelineRequest(ticket_id=made.id, page_size=1, order_by=other, page_token=token)
        refused(rpc, wrong, reason="PAGE_TOKEN_INVALID", field="page_token")
        wrong.order_by = order
        assert len(rpc(wrong).entries) == 1


def test_kinds_are_what_a_naive_filter_leaves_in_both_directions(world: World) -> None:
    """Whoever asks, in pages of any size, from the beginning or after any number."""
    shipper = world.running.client(Role.SHIPPER, "timeline-kinds").tickets
    ticket_id = mixed(world, shipper)
    seen = {"staff": read(world.admin.tickets, ticket_id), "outside": read(shipper, ticket_id)}
    assert {entry.WhichOneof("entry") for entry in seen["outside"]} == {"message"}

    @given(
        kinds=st.lists(st.sampled_from(sorted(KINDS.values())), max_size=4),
        who=st.sampled_from(sorted(seen)),
        descending=st.booleans(),
        after=st.integers(0, 19),
        size=st.integers(1, 20),
    )
    def check(kinds: list[int], who: str, descending: bool, after: int, size: int) -> None:
        stub = shipper if who == "outside" else world.admin.tickets
        order = "seq desc" if descending else "seq"
        got = read(stub, ticket_id, kinds=kinds, order_by=order, after_seq=after, page_size=size)
        wanted = [
            entry
            for entry in seen[who]
            if (not kinds or KINDS[str(entry.WhichOneof("entry"))] in kinds)
            and (after == 0 or (entry.seq < after if descending else entry.seq > after))
        ]
        assert got == (wanted[::-1] if descending else wanted)

    check()


def test_a_page_of_a_rare_kind_is_full_and_one_call(world: World) -> None:
    made = world.new_ticket()
    world.admin.tickets.UpdateTicket(retitle(made.id, "Load found, title 1"))
    for _ in range(30):
        world.admin.tickets.AddMessage(writes.AddMessageRequest(ticket_id=made.id, message="Any news?"))
    for order, numbers in (("seq desc", [2, 1]), ("seq", [1, 2])):
        request = ListTimelineRequest(ticket_id=made.id, page_size=2, order_by=order, kinds=[CHANGES])
        page = world.admin.tickets.ListTimeline(request)
        assert ([entry.seq for entry in page.entries], page.next_page_token) == (numbers, "")


def test_outside_roles_get_public_messages_alone_whatever_kinds_they_ask_for(world: World) -> None:
    shipper = world.running.client(Role.SHIPPER, "timeline-outside-kinds").tickets
    ticket_id = mixed(world, shipper)
    everything = read(shipper, ticket_id)
    assert read(shipper, ticket_id, kinds=[MESSAGES]) == everything
    assert read(shipper, ticket_id, kinds=[MESSAGES, CHANGES]) == everything
    assert read(shipper, ticket_id, kinds=[CHANGES]) == []


def test_a_token_goes_with_its_kinds(world: World) -> None:
    ticket_id = mixed(world, world.admin.tickets)
    rpc = world.admin.tickets.ListTimeline
    for kinds, other in (([CHANGES], []), ([], [CHANGES]), ([MESSAGES], [CHANGES])):
        token = rpc(ListTimelineRequest(ticket_id=ticket_id, page_size=1, kinds=kinds)).next_page_token
        wrong = ListTimelineRequest(ticket_id=ticket_id, page_size=1, kinds=other, page_token=token)
        refused(rpc, wrong, reason="PAGE_TOKEN_INVALID", field="page_token")
        right = ListTimelineRequest(ticket_id=ticket_id, page_size=1, kinds=kinds, page_token=token)
        assert len(rpc(right).entries) == 1


@pytest.mark.parametrize(
    ("kinds", "field"),
    [
        ([TIMELINE_KIND_UNSPECIFIED], "kinds[0]"),
        ([MESSAGES, 77], "kinds[1]"),
        ([MESSAGES] * 101, "kinds"),
    ],
)
def test_other_kinds_are_refused(world: World, kinds: list[int], field: str) -> None:
    request = ListTimelineRequest(ticket_id=world.new_ticket().id, kinds=kinds)  # type: ignore[arg-type] # numbers
    refused(world.admin.tickets.ListTimeline, request, field=field)
    del request.kinds[:]
    request.kinds.extend([MESSAGES] * 100)
    assert not world.admin.tickets.ListTimeline(request).entries


def test_kinds_change_nothing_about_protected_texts_and_their_audit(world: World) -> None:
    ticket_id = mixed(world, world.running.client(Role.DRIVER, "timeline-kinds-protected").tickets, is_sensitive=True)
    for kinds in ([MESSAGES], [CHANGES]):
        withheld = read(world.admin.tickets, ticket_id, kinds=kinds, page_size=200)
        assert all(entry.message.redacted or entry.audit_entry.redacted for entry in withheld)
    for number, kinds in enumerate(([MESSAGES], [CHANGES]), start=1):
        shown = read(world.admin.tickets, ticket_id, kinds=kinds, page_size=200, access_reason=REASON)
        assert not any(entry.message.redacted or entry.audit_entry.redacted for entry in shown)
        audit = world.admin.tickets.ListAuditEntries(ListAuditEntriesRequest(ticket_id=ticket_id, page_size=200))
        views = [entry.reason for entry in audit.audit_entries if entry.action == "SENSITIVE_VIEWED"]
        assert views == [REASON] * number
