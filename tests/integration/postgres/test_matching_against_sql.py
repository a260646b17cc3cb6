"""A filter asked of one ticket in Python says what its predicate says in SQL, of every ticket and at every instant."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.adapters.postgres.predicates import filtered, shape_of, values_of
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import tickets
from server.domain.filters import TicketFilter, TimeRange
from server.domain.fsm import TicketStatus
from server.domain.ids import TicketId
from server.domain.matching import is_certain, matches, may_have_matched
from server.domain.principal import SYSTEM
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.tickets import LinkedType, Ticket, TicketPriority
from server.domain.visibility import Visibility
from tests.database import TestServer
from tests.integration.postgres.feeds import CALL, feed_of
from tests.integration.postgres.rows import insert_ticket
from tests.unit.filters import ticket_filters

EVERYTHING = Visibility(everything=True, user_id=SYSTEM.user_id, queue_role=None, franchise_ids=frozenset())
START = datetime(2026, 6, 10, 9, tzinfo=UTC)
TICK = timedelta(microseconds=1)
PEOPLE = ("asha", "Asha", "ash\u00e4", "asha\u0308", "asha ", "")
"""Alike to some collations."""
TAGS = ("late", "Late", "caf\u00e9", "cafe\u0301", "two words", "\U0001f69a", "a,b", "NULL", '"')
FRANCHISES = ("FR-1", "fr-1", "FR-10")
LINKED = ("BKG-1", "bkg-1", "BKG-10")
INSTANTS = tuple(START + timedelta(hours=hours) for hours in range(0, 60, 7))


@dataclass(frozen=True)
class Stored:
    """Tickets in the database, as the feed reads them."""

    connection: psycopg.Connection
    tickets: dict[TicketId, Ticket]

    def in_sql(self, where: TicketFilter, now: datetime) -> set[TicketId]:
        statement = Statement(select(tickets.c.id).where(filtered(shape_of(where, EVERYTHING))))
        values = values_of(where, EVERYTHING, now=now)
        rows = self.connection.execute(statement.sql, statement.parameters(values), prepare=False)
        return {TicketId(ticket_id) for (ticket_id,) in rows}

    def agree(self, where: TicketFilter, now: datetime) -> None:
        """The whole promise of ``server.domain.matching``, for words see ``ChangeFeed.text_matches``."""
        found = self.in_sql(where, now)
        here = {ticket_id for ticket_id, ticket in self.tickets.items() if matches(where, ticket, now=now)}
        perhaps = {ticket_id for ticket_id, ticket in self.tickets.items() if may_have_matched(where, ticket)}
        assert here == found
        assert perhaps >= found
        if is_certain(where):
            assert perhaps == found


@pytest.fixture(scope="module")
def stored(postgres: TestServer) -> Iterator[Stored]:
    with postgres.new_database() as database, database.connect() as connection, feed_of(database.dsn) as feed:
        # Whatever a ticket may hold, the readings of its clock included, not only what its triggers would make of it.
        connection.execute("SET session_replication_role = replica")
        ids = [TicketId(insert_ticket(connection, **columns)) for columns in some_tickets(random.Random(7), 300)]
        # What only psql makes.
        connection.execute("UPDATE tickets SET sla_due_at = 'infinity' WHERE id = ANY (%s)", [ids[:10]])
        connection.execute("UPDATE tickets SET sla_due_at = '-infinity' WHERE id = ANY (%s)", [ids[10:20]])
        connection.execute("UPDATE tickets SET sla_near_breach_at = 'infinity' WHERE id = ANY (%s)", [ids[15:30]])
        connection.execute("UPDATE tickets SET tags = '{{late,NULL},{Late,late}}' WHERE id = ANY (%s)", [ids[:5]])
        connection.execute("UPDATE tickets SET tags = '{NULL}' WHERE id = ANY (%s)", [ids[5:10]])
        read = {ticket_id: place.state.ticket for ticket_id, place in feed.places(CALL, ids).items()}
        assert len(read) == len(ids)
        yield Stored(connection, read)


def some_tickets(chance: random.Random, number: int) -> Iterator[dict[str, Any]]:
    def perhaps(values: tuple[Any, ...]) -> Any:
        return chance.choice((None, None, *values))

    for _ in range(number):
        linked = chance.random() < 0.6
        yield {
            "created_by_id": chance.choice(PEOPLE),
            "owner_id": perhaps(PEOPLE),
            "owner_role": perhaps((Role.FINANCE, Role.OPS_AGENT, Role.ADMIN)),
            "assigned_franchise_id": perhaps(FRANCHISES),
            "priority": chance.choice(tuple(TicketPriority)),
            "status": chance.choice(tuple(TicketStatus)),
            "linked_type": chance.choice(tuple(LinkedType)) if linked else None,
            "linked_id": chance.choice(LINKED) if linked else None,
            "tags": chance.sample(TAGS, chance.randrange(5)),
            "is_sensitive": chance.random() < 0.3,
            "archived": chance.random() < 0.3,
            "created_at": chance.choice(INSTANTS),
            "updated_at": chance.choice(INSTANTS),
            "sla_changed_at": chance.choice(INSTANTS),
            "sla_due_at": perhaps(INSTANTS),
            "sla_near_breach_at": perhaps(INSTANTS),
            "sla_paused_at": perhaps(INSTANTS),
        }


def several(values: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3).map(tuple)


instants = st.builds(lambda at, ticks: at + ticks * TICK, st.sampled_from(INSTANTS), st.integers(-1, 1))
ranges = st.builds(TimeRange, st.none() | instants, st.none() | instants)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "statuses": several(tuple(TicketStatus)),
    "priorities": several(tuple(TicketPriority)),
    "owner_id": st.sampled_from((*PEOPLE, "nobody")),
    "owner_roles": several((Role.FINANCE, Role.OPS_AGENT, Role.SHIPPER)),
    "unassigned": st.booleans(),
    "franchise_ids": several((*FRANCHISES, "")),
    "linked_type": st.sampled_from(LinkedType),
    "linked_id": st.sampled_from((*LINKED, "")),
    "created_by_id": st.sampled_from(PEOPLE),
    "tags_any": several((*TAGS, "none")),
    "tags_all": several((*TAGS, "none")),
    "sla_statuses": several(tuple(SlaStatus)),
    "created": ranges,
    "updated": ranges,
    "due": ranges,
    "archived": st.booleans(),
    "sensitive": st.booleans(),
}


@st.composite
def fitting_filters(draw: st.DrawFn) -> TicketFilter:
    """A few fields at a time, with values that some tickets have, so that something matches."""
    chosen = draw(st.sets(st.sampled_from(sorted(FIELDS)), max_size=3))
    return TicketFilter(**{name: draw(FIELDS[name]) for name in sorted(chosen)})


def test_every_field_is_tried() -> None:
    assert FIELDS.keys() | {"text"} == {field.name for field in fields(TicketFilter)}


@settings(max_examples=600, deadline=None)
@given(where=fitting_filters(), now=instants)
def test_python_and_sql_agree(stored: Stored, where: TicketFilter, now: datetime) -> None:
    stored.agree(where, now)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_they_agree_on_each_field_alone_and_it_tells_tickets_apart(stored: Stored, name: str) -> None:
    told_apart = False

    @settings(max_examples=60, deadline=None, database=None)
    @given(value=FIELDS[name], now=instants)
    def agree(value: Any, now: datetime) -> None:
        nonlocal told_apart
        where = TicketFilter(**{name: value})
        stored.agree(where, now)
        told_apart |= 0 < len(stored.in_sql(where, now)) < len(stored.tickets)

    agree()
    assert told_apart


@settings(max_examples=200, deadline=None)
@given(where=ticket_filters(), now=instants)
def test_they_agree_on_whatever_a_client_can_ask_for(stored: Stored, where: TicketFilter, now: datetime) -> None:
    wordless = TicketFilter(**{f.name: getattr(where, f.name) for f in fields(where) if f.name != "text"})
    stored.agree(wordless, now)
