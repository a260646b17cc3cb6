"""Filters asked of one ticket. That SQL says the same is tried in tests/integration/postgres."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.filters import TicketFilter, TimeRange
from server.domain.fsm import TicketStatus
from server.domain.matching import is_certain, matches, may_have_matched
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.tickets import LinkedType, TicketPriority
from tests.unit.domain.clocked_tickets import START, after, clocked
from tests.unit.filters import ticket_filters

_SOON = TimeRange(START, after(1))
TICKET = clocked(
    owner_id="asha",
    owner_role=Role.FINANCE,
    assigned_franchise_id="FR-1",
    linked_type=LinkedType.TRUCK,
    linked_id="TRK-1",
    tags=("late", "refund"),
    is_sensitive=True,
)

CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "statuses": ((TicketStatus.OPEN, TicketStatus.NEW), {"status": TicketStatus.CLOSED}),
    "priorities": ((TicketPriority.MEDIUM,), {"priority": TicketPriority.LOW}),
    "owner_id": ("asha", {"owner_id": None}),
    "owner_roles": ((Role.FINANCE, Role.ADMIN), {"owner_role": None}),
    "unassigned": (False, {"owner_id": None}),
    "franchise_ids": (("FR-1", "FR-2"), {"assigned_franchise_id": None}),
    "linked_type": (LinkedType.TRUCK, {"linked_type": None}),
    "linked_id": ("TRK-1", {"linked_id": "trk-1"}),
    "created_by_id": ("shipper-1", {"created_by_id": "shipper-2"}),
    "tags_any": (("refund", "x"), {"tags": ("Refund",)}),
    "tags_all": (("refund", "late"), {"tags": ("refund",)}),
    "sla_statuses": ((SlaStatus.ON_TRACK,), {"sla_due_at": START}),
    "created": (_SOON, {"created_at": after(1)}),
    "updated": (_SOON, {"updated_at": after(1)}),
    "due": (TimeRange(after(10), after(11)), {"sla_due_at": None}),
    "archived": (False, {"archived": True}),
    "sensitive": (True, {"is_sensitive": False}),
}
"""A value that the ticket fits, and a change after which it does not."""

OF_SQL = {"text"}
LEFT_OPEN = OF_SQL | {"sla_statuses", "updated"}


def test_every_field_of_a_filter_is_known_here() -> None:
    assert CASES.keys() | OF_SQL == {field.name for field in fields(TicketFilter)}


@pytest.mark.parametrize("name", CASES)
def test_each_field_narrows(name: str) -> None:
    value, change = CASES[name]
    where, other = TicketFilter(**{name: value}), replace(TICKET, **change)
    assert matches(where, TICKET, now=START)
    assert not matches(where, other, now=START)
    assert may_have_matched(where, TICKET)
    assert may_have_matched(where, other) is (name in LEFT_OPEN)
    assert is_certain(where) is (name not in LEFT_OPEN)


def test_fields_narrow_together() -> None:
    everything = TicketFilter(**{name: value for name, (value, _) in CASES.items()})
    assert matches(everything, TICKET, now=START)
    for _, change in CASES.values():
        assert not matches(everything, replace(TICKET, **change), now=START)


def test_words_are_left_to_the_database() -> None:
    where = TicketFilter(text="nowhere to be found")
    assert matches(where, TICKET, now=START)
    assert not is_certain(where)


@pytest.mark.parametrize(
    ("name", "column"), [("created", "created_at"), ("updated", "updated_at"), ("due", "sla_due_at")]
)
def test_a_range_has_its_first_instant_and_not_its_last(name: str, column: str) -> None:
    def fits(start: float | None, end: float | None) -> bool:
        window: Any = TimeRange(None if start is None else after(start), None if end is None else after(end))
        moment: Any = after(5)
        return matches(TicketFilter(**{name: window}), replace(TICKET, **{column: moment}), now=START)

    assert fits(5, 6)
    assert not fits(4, 5)
    assert fits(None, 6)
    assert fits(5, None)
    assert fits(None, None)


def test_without_a_deadline_no_range_fits_but_the_endless_one() -> None:
    ticket = replace(TICKET, sla_due_at=None)
    for window, fits in ((TimeRange(START), False), (TimeRange(None, START), False), (TimeRange(), True)):
        assert matches(TicketFilter(due=window), ticket, now=START) is fits


def test_the_clock_is_read_at_the_given_instant() -> None:
    where = TicketFilter(sla_statuses=(SlaStatus.BREACHED, SlaStatus.NEAR_BREACH))
    assert [matches(where, TICKET, now=after(hours)) for hours in (7.9, 8, 10)] == [False, True, True]


@given(where=ticket_filters(), hours=st.integers(0, 12), bare=st.booleans())
def test_whatever_matches_may_have_matched(where: TicketFilter, hours: int, bare: bool) -> None:
    ticket = clocked() if bare else TICKET
    now = START + timedelta(hours=hours)
    if matches(where, ticket, now=now):
        assert may_have_matched(where, ticket)
    elif is_certain(where):
        assert not may_have_matched(where, ticket)
