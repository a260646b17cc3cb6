"""Hypothesis strategy for the domain's filters."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from hypothesis import strategies as st

from server.domain.filters import TicketFilter, TimeRange
from server.domain.fsm import TicketStatus
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.tickets import LinkedType, TicketPriority

E = TypeVar("E", bound=Enum)

identifiers = st.from_regex(r"[!-~]{1,12}", fullmatch=True)
texts = st.text(st.characters(categories=["L", "M", "N", "P", "S"]), min_size=1, max_size=12).map("x{}".format)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - naive bounds are asked for


def _some(enum: type[E]) -> st.SearchStrategy[tuple[E, ...]]:
    return st.lists(st.sampled_from(enum), unique=True, max_size=4).map(tuple)


def _several(values: st.SearchStrategy[str], *, unique: bool = False) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, max_size=4, unique=unique).map(tuple)


@st.composite
def _ranges(draw: st.DrawFn) -> TimeRange:
    start = draw(st.none() | moments)
    if start is None:
        return TimeRange(None, draw(st.none() | moments))
    length = draw(st.none() | st.timedeltas(timedelta(microseconds=1), timedelta(days=300)))
    return TimeRange(start, None if length is None else start + length)


@st.composite
def ticket_filters(draw: st.DrawFn) -> TicketFilter:
    """Filters as ``to_filter`` can make them."""
    linked_type = draw(st.none() | st.sampled_from(LinkedType))
    values: dict[str, Any] = {
        "statuses": _some(TicketStatus),
        "priorities": _some(TicketPriority),
        "owner_id": st.none() | identifiers,
        "owner_roles": _some(Role),
        "unassigned": st.none() | st.booleans(),
        "franchise_ids": _several(identifiers),
        "linked_type": st.just(linked_type),
        "linked_id": st.none() if linked_type is None else st.none() | identifiers,
        "created_by_id": st.none() | identifiers,
        "tags_any": _several(texts, unique=True),
        "tags_all": _several(texts, unique=True),
        "sla_statuses": _some(SlaStatus),
        "created": st.none() | _ranges(),
        "updated": st.none() | _ranges(),
        "due": st.none() | _ranges(),
        "archived": st.booleans(),
        "sensitive": st.none() | st.booleans(),
        "text": st.none() | texts,
    }
    assert values.keys() == {field.name for field in fields(TicketFilter)}
    return TicketFilter(**{name: draw(strategy) for name, strategy in values.items()})
