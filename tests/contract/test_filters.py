"""Filters, orders, pages and totals against a naive oracle, for random callers over a few hundred tickets."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rodistaa.tickets.v1 import filter_pb2, ticket_pb2, ticket_reads_pb2
from tests.contract import world as w
from tests.contract.matrix import ROLES
from tests.contract.world import World, contains, in_order, make_world, matches, read_all
from tests.database import TestServer

ORDERS = tuple(
    f"{field}{direction}"
    for field in ("created_at", "updated_at", "sla_due_at", "priority")
    for direction in ("", " asc", " desc")
)
MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def world(postgres: TestServer) -> Iterator[World]:
    with make_world(postgres) as made:
        yield made


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize("order_by", ["", *ORDERS])
def test_paging_gives_each_ticket_once_and_in_order(world: World, order_by: str, archived: bool) -> None:
    client = world.act_as("admin", "asha")
    where = filter_pb2.TicketFilter(archived=archived)
    rows = [row for row in world.rows.values() if row["archived"] is archived]
    ids, total = read_all(client, where, order_by=order_by, page_size=7)
    assert ids == in_order(rows, order_by)
    assert total == len(rows)


def wire(enum: Any, prefix: str, names: tuple[str, ...]) -> st.SearchStrategy[list[int]]:
    return st.lists(st.sampled_from([enum.Value(f"{prefix}_{name.upper()}") for name in names]), max_size=3)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Words without phrases; at least one word or one that must be absent."""
    term = st.builds(str.__add__, st.sampled_from(("", "", "-")), st.sampled_from(w.WORDS))
    groups = draw(st.lists(st.lists(term, min_size=1, max_size=3), min_size=1, max_size=2))
    return " or ".join(" ".join(group) for group in groups)


@st.composite
def ranges(draw: st.DrawFn, start: datetime) -> filter_pb2.TimeRange:
    """Bounds that often fall on a ticket's very instant."""
    hours = sorted(draw(st.sets(st.integers(-45, 90), min_size=2, max_size=2)))
    window = filter_pb2.TimeRange()
    ends = draw(st.sampled_from(("start", "end", "both")))
    if ends != "end":
        window.start.FromDatetime(start + timedelta(hours=hours[0]))
    if ends != "start":
        window.end.FromDatetime(start + timedelta(hours=hours[1]))
    return window


@st.composite
def filters(draw: st.DrawFn, start: datetime) -> filter_pb2.TicketFilter:
    """A few fields at a time, so that the filters match something."""
    linked_type = draw(wire(ticket_pb2.LinkedType, "LINKED_TYPE", ("booking", "truck", "payment", "document")))
    fields: dict[str, st.SearchStrategy[Any]] = {
        "statuses": wire(ticket_pb2.TicketStatus, "TICKET_STATUS", w.STATUSES),
        "priorities": wire(ticket_pb2.TicketPriority, "TICKET_PRIORITY", w.PRIORITIES),
        "owner_id": st.sampled_from((*w.USERS, "nobody")),
        "owner_roles": wire(ticket_pb2.Role, "ROLE", ROLES),
        "unassigned": st.booleans(),
        "franchise_ids": st.lists(st.sampled_from((*w.FRANCHISES, "FR-404")), max_size=2),
        "created_by_id": st.sampled_from(w.USERS),
        "tags_any": st.lists(st.sampled_from(w.TAGS), max_size=2),
        "tags_all": st.lists(st.sampled_from(w.TAGS), max_size=2),
        "sla_statuses": wire(ticket_pb2.SlaStatus, "SLA_STATUS", w.SLA_STATUSES),
        "created": ranges(start),
        "updated": ranges(start),
        "due": ranges(start),
        "sensitive": st.booleans(),
        "text": texts(),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(fields)), max_size=3))
    values = {name: draw(fields[name]) for name in sorted(chosen)}
    if draw(st.booleans()) and linked_type:
        values["linked_type"] = linked_type[0]
        if draw(st.booleans()):
            values["linked_id"] = draw(st.sampled_from(("BKG-1", "BKG-2", "TRK-1")))
    if draw(st.integers(0, 3)) == 0:
        values["archived"] = draw(st.booleans())
    return filter_pb2.TicketFilter(**values)


@MANY
@given(data=st.data())
def test_a_list_is_what_the_oracle_says(world: World, data: st.DataObject) -> None:
    """Ids, order, paging and total; the statistics count the same tickets, and a search finds the same words."""
    as_the_oracle_says(world, data, data.draw(filters(world.made_at)))


@MANY
@given(data=st.data())
def test_a_list_by_what_decides_who_sees_a_ticket_is_what_the_oracle_says(world: World, data: st.DataObject) -> None:
    """Where a filter leaves only tickets that the caller sees for one reason, or cannot see for another."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "owner_id": st.sampled_from(w.USERS),
        "created_by_id": st.sampled_from(w.USERS),
        "owner_roles": wire(ticket_pb2.Role, "ROLE", ROLES),
        "franchise_ids": st.lists(st.sampled_from(w.FRANCHISES), max_size=2),
    }
    chosen = data.draw(st.sets(st.sampled_from(sorted(fields)), min_size=1, max_size=2))
    as_the_oracle_says(
        world, data, filter_pb2.TicketFilter(**{name: data.draw(fields[name]) for name in sorted(chosen)})
    )


def as_the_oracle_says(world: World, data: st.DataObject, where: filter_pb2.TicketFilter) -> None:
    role = data.draw(st.sampled_from(ROLES))
    user = data.draw(st.sampled_from(w.USERS))
    franchises = tuple(data.draw(st.lists(st.sampled_from(w.FRANCHISES), max_size=2, unique=True)))
    order_by = data.draw(st.sampled_from(ORDERS))
    page_size = data.draw(st.sampled_from((1, 7, 60, 200)))

    client = world.act_as(role, user, franchises)
    rows = [
        row
        for ticket_id, row in world.rows.items()
        if world.visible(ticket_id, role, user, franchises) and matches(row, where, now=world.made_at)
    ]
    if page_size == 1 and len(rows) > 40:
        page_size = 23  # one by one is for the short lists
    ids, total = read_all(client, where, order_by=order_by, page_size=page_size)
    assert ids == in_order(rows, order_by)
    assert total == len(rows)

    if role not in ("shipper", "operator", "driver"):
        stats = client.tickets.GetTicketStats(ticket_reads_pb2.GetTicketStatsRequest(filter=where))
        assert stats.total_count == len(rows)
        counts = {ticket_pb2.TicketStatus.Name(each.status): each.count for each in stats.status_counts}
        assert counts == {
            f"TICKET_STATUS_{status}": number
            for status in w.STATUSES
            if (number := sum(row["status"] == status for row in rows))
        }

    query = data.draw(texts())
    found = client.tickets.SearchTickets(
        ticket_reads_pb2.SearchTicketsRequest(query=query, filter=where, page_size=200, include_total=True)
    )
    wanted = {row["id"] for row in rows if contains(row, query)}
    assert found.total_size == len(wanted)
    assert len(found.results) == min(200, len(wanted))
    assert {result.ticket.id for result in found.results} <= wanted


@pytest.mark.parametrize(
    ("name", "column"), [("created", "created_at"), ("updated", "updated_at"), ("due", "sla_due_at")]
)
def test_a_range_holds_its_first_instant_and_not_its_last(world: World, name: str, column: str) -> None:
    client = world.act_as("admin", "asha")
    row = next(row for row in world.rows.values() if row[column] is not None and not row["archived"])

    def found(start: datetime | None, end: datetime | None) -> bool:
        window = filter_pb2.TimeRange()
        for bound, moment in ((window.start, start), (window.end, end)):
            if moment is not None:
                bound.FromDatetime(moment)
        where = filter_pb2.TicketFilter(**{name: window})  # type: ignore[arg-type] # one of three fields
        return row["id"] in read_all(client, where, order_by="", page_size=200)[0]

    at, tick = row[column], timedelta(microseconds=1)
    assert found(at, None)
    assert found(at, at + tick)
    assert found(None, at + tick)
    assert not found(None, at)
    assert not found(at - tick, at)
    assert not found(at + tick, None)


@pytest.mark.parametrize("sla_status", w.SLA_STATUSES)
def test_every_state_of_the_clock_can_be_listed(world: World, sla_status: str) -> None:
    """And the tickets of the list say the same of themselves."""
    client = world.act_as("admin", "asha")
    number = ticket_pb2.SlaStatus.Value(f"SLA_STATUS_{sla_status}")
    where = filter_pb2.TicketFilter(sla_statuses=[number])
    tickets = client.tickets.ListTickets(ticket_reads_pb2.ListTicketsRequest(filter=where, page_size=200)).tickets
    assert tickets
    assert {ticket.id for ticket in tickets} == {
        ticket_id for ticket_id, row in world.rows.items() if matches(row, where, now=world.made_at)
    }
    assert {ticket.sla_status for ticket in tickets} == {number}
    counted = client.tickets.GetTicketStats(ticket_reads_pb2.GetTicketStatsRequest(filter=where)).sla_status_counts
    assert [(each.sla_status, each.count) for each in counted] == [(number, len(tickets))]


def test_a_search_gives_each_ticket_once_over_its_pages(world: World) -> None:
    client = world.act_as("ops_manager", "asha")
    wanted = {row["id"] for row in world.rows.values() if not row["archived"] and contains(row, "axle or brake")}
    ids: list[str] = []
    token = ""
    while True:
        page = client.tickets.SearchTickets(
            ticket_reads_pb2.SearchTicketsRequest(query="axle or brake", page_size=11, page_token=token)
        )
        ids += [result.ticket.id for result in page.results]
        token = page.next_page_token
        if not token:
            break
    assert sorted(ids) == sorted(wanted)
