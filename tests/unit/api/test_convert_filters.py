import pytest
from hypothesis import given
from hypothesis import strategies as st

from rodistaa.tickets.v1 import filter_pb2
from rodistaa.tickets.v1 import ticket_pb2 as t
from server.api.convert.filters import from_filter, from_order, to_filter, to_order
from server.domain.filters import NEWEST_FIRST, Order, OrderField, TicketFilter
from server.domain.validation import Checker
from tests.unit.filters import ticket_filters


def wrong(wire: filter_pb2.TicketFilter) -> list[str]:
    check = Checker()
    to_filter(check, "filter", wire)
    return [violation.field for violation in check.violations]


@given(ticket_filters())
def test_a_filter_comes_back_from_the_wire_as_it_went_out(where: TicketFilter) -> None:
    check = Checker()
    wire = filter_pb2.TicketFilter.FromString(from_filter(where).SerializeToString())
    assert to_filter(check, "filter", wire) == where
    check.done()


@given(ticket_filters())
def test_a_filter_that_was_read_is_written_as_the_same_message(where: TicketFilter) -> None:
    wire = from_filter(where)
    assert from_filter(to_filter(Checker(), "filter", wire)) == wire


def test_an_empty_filter_narrows_nothing() -> None:
    assert to_filter(Checker(), "filter", filter_pb2.TicketFilter()) == TicketFilter()
    assert from_filter(TicketFilter()) == filter_pb2.TicketFilter()


def test_a_linked_id_needs_its_type_and_a_type_no_id() -> None:
    assert wrong(filter_pb2.TicketFilter(linked_id="BKG-1")) == ["filter.linked_id"]
    assert wrong(filter_pb2.TicketFilter(linked_type=t.LINKED_TYPE_BOOKING)) == []


@pytest.mark.parametrize(("start", "end", "good"), [(10, 11, True), (10, 10, False), (11, 10, False)])
def test_a_range_ends_after_its_start(start: int, end: int, good: bool) -> None:
    wire = filter_pb2.TicketFilter()
    wire.due.start.seconds = 1_800_000_000 + start
    wire.due.end.seconds = 1_800_000_000 + end
    assert (wrong(wire) == []) is good


def test_a_blank_text_is_refused_and_no_text_is_not() -> None:
    assert wrong(filter_pb2.TicketFilter(text=" ")) == ["filter.text"]
    assert wrong(filter_pb2.TicketFilter(text="")) == []


@given(st.builds(Order, st.sampled_from(OrderField), descending=st.booleans()))
def test_an_order_comes_back_from_its_text(order: Order) -> None:
    assert to_order(Checker(), "order_by", from_order(order)) == order


def test_no_order_is_newest_first() -> None:
    assert to_order(Checker(), "order_by", "") == NEWEST_FIRST


@given(st.text())
def test_any_text_is_an_order_or_a_violation(text: str) -> None:
    check = Checker()
    to_order(check, "order_by", text)
    known = {f"{field}{way}" for field in OrderField for way in ("", " asc", " desc")} | {""}
    assert (check.violations == []) is (" ".join(text.split()) in known and (not text or bool(text.split())))
