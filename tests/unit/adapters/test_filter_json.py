import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.adapters.postgres.filter_json import filter_from_json, filter_to_json, order_from_text, order_to_text
from server.domain.filters import Order, OrderField, TicketFilter, TimeRange
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.tickets import LinkedType, TicketPriority
from tests.unit.filters import ticket_filters


@given(ticket_filters())
def test_a_filter_comes_back_from_json_as_it_went_in(where: TicketFilter) -> None:
    stored = json.loads(json.dumps(filter_to_json(where)))
    assert filter_from_json(stored) == where


def test_a_field_that_does_not_narrow_is_left_out() -> None:
    assert filter_to_json(TicketFilter()) == {}
    assert filter_to_json(TicketFilter(archived=False, unassigned=None)) == {}


def test_false_narrows_and_is_kept() -> None:
    assert filter_to_json(TicketFilter(unassigned=False, sensitive=False)) == {"unassigned": False, "sensitive": False}


def test_the_names_are_those_of_the_domain() -> None:
    """Stored rows outlive the code: what is written here has to be readable for ever."""
    zone = timezone(timedelta(hours=5, minutes=30))
    where = TicketFilter(
        statuses=(TicketStatus.OPEN,),
        priorities=(TicketPriority.HIGH,),
        owner_id="asha",
        owner_roles=(Role.OPS_AGENT,),
        unassigned=False,
        franchise_ids=("FR-001",),
        linked_type=LinkedType.BOOKING,
        linked_id="BKG-1",
        created_by_id="ravi",
        tags_any=("a",),
        tags_all=("b", "c"),
        sla_statuses=(SlaStatus.NEAR_BREACH,),
        created=TimeRange(datetime(2026, 1, 1, tzinfo=UTC), None),
        updated=TimeRange(None, datetime(2026, 1, 1, 5, 30, tzinfo=zone)),
        due=TimeRange(),
        archived=True,
        sensitive=True,
        text="payment",
    )
    stored = {
        "statuses": ["OPEN"],
        "priorities": ["HIGH"],
        "owner_id": "asha",
        "owner_roles": ["ops_agent"],
        "unassigned": False,
        "franchise_ids": ["FR-001"],
        "linked_type": "booking",
        "linked_id": "BKG-1",
        "created_by_id": "ravi",
        "tags_any": ["a"],
        "tags_all": ["b", "c"],
        "sla_statuses": ["near_breach"],
        "created": {"start": "2026-01-01T00:00:00+00:00"},
        "updated": {"end": "2026-01-01T05:30:00+05:30"},
        "due": {},
        "archived": True,
        "sensitive": True,
        "text": "payment",
    }
    assert filter_to_json(where) == stored
    assert filter_from_json(stored) == where


def test_fields_of_a_later_version_are_passed_over() -> None:
    assert filter_from_json({"owner_id": "asha", "colour": "blue"}) == TicketFilter(owner_id="asha")


@pytest.mark.parametrize(
    "value",
    [{"statuses": ["GONE"]}, {"owner_roles": ["king"]}, {"linked_type": "ship"}, {"created": {"start": "yesterday"}}],
)
def test_a_value_that_nobody_wrote_is_an_error(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is Python's own
        filter_from_json(value)


@given(st.builds(Order, st.sampled_from(OrderField), descending=st.booleans()))
def test_an_order_comes_back_from_its_text(order: Order) -> None:
    assert order_from_text(order_to_text(order)) == order


def test_no_order_is_the_default_one() -> None:
    assert order_from_text("") == Order()
