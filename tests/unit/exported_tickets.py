"""Hypothesis strategies: tickets and messages with any values that the database could hold."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from server.domain.fsm import TicketStatus
from server.domain.ids import Seq, TicketId, UserId
from server.domain.roles import Role
from server.domain.tickets import LinkedType, Ticket, TicketPriority, TicketSeverity
from server.domain.timeline import Message

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
instants = st.one_of(
    st.datetimes(datetime(2000, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - naive bounds are asked for
    st.sampled_from([datetime(2026, 6, 10, 9, 0, 0, micros, tzinfo=UTC) for micros in (0, 1, 5000, 120_000, 999_999)]),
)
_numbers = st.integers() | st.floats(1e-15, 1e21) | st.sampled_from([0, 2**53, 2**53 + 1, 10**21, 0.5, -1e-15])
_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | _numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
metadata: st.SearchStrategy[Mapping[str, Any]] = st.dictionaries(texts, _json, max_size=3)

_OF_FIELD: dict[str, st.SearchStrategy[Any]] = {
    "created_by_role": st.sampled_from(Role),
    "owner_role": st.none() | st.sampled_from(Role),
    "priority": st.sampled_from(TicketPriority),
    "status": st.sampled_from(TicketStatus),
    "severity": st.none() | st.sampled_from(TicketSeverity),
    "linked_type": st.none() | st.sampled_from(LinkedType),
    "sla_escalation_level": st.integers(0, 9),
    "sla_policy_version": st.none() | st.integers(1, 9),
    "sla_cycle": st.integers(1, 9),
    "tags": st.lists(texts, max_size=4).map(tuple),
    "metadata": metadata,
    "version": st.integers(0, 2**63 - 1),
}
_BY_TYPE: dict[object, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    datetime: instants,
    datetime | None: st.none() | instants,
}

_MAYBE = frozenset({"owner_id", "assigned_franchise_id", "linked_id", "resolution_summary"})


def _of(name: str, kind: object) -> st.SearchStrategy[Any]:
    if name in _OF_FIELD:
        return _OF_FIELD[name]
    return _BY_TYPE.get(kind, st.none() | texts if name in _MAYBE else texts)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """A ticket whose clock has both its instants or neither, the one before the other."""
    values = {field.name: draw(_of(field.name, field.type)) for field in fields(Ticket)}
    due, near = values["sla_due_at"], values["sla_near_breach_at"]
    if due is None or near is None or due == near or values["created_at"] == min(due, near):
        due = near = None
    else:
        near, due = sorted((due, near))
    return Ticket(**{**values, "sla_due_at": due, "sla_near_breach_at": near})


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A message of any ticket, without attachments."""
    return Message(
        id=draw(texts),
        ticket_id=TicketId(draw(texts)),
        seq=Seq(draw(st.integers(1, 2**53))),
        actor_id=UserId(draw(texts)),
        actor_role=draw(st.sampled_from(Role)),
        message=draw(texts),
        attachments=(),
        is_internal_note=draw(st.booleans()),
        created_at=draw(instants),
    )
