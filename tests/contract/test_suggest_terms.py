"""SuggestTerms: tags, franchises and linked ids of tickets that the caller sees, and of no others."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from server.adapters.postgres.term_repository import LATEST
from server.domain.roles import Role
from tests.contract.expectations import refused
from tests.contract.requests import World
from tests.contract.world import World as Tickets
from tests.contract.world import make_world
from tests.database import TestServer
from tests.running import Running

INSERT = """
    INSERT INTO tickets (title, description, created_by_id, created_by_role, owner_role, assigned_franchise_id,
        linked_type, linked_id, tags, created_at)
    SELECT 'A ticket of terms', 'What it is tagged with and linked to is suggested.', %(creator)s, 'shipper', %(queue)s,
        %(franchise)s, 'booking', %(linked)s, %(tags)s, coalesce(%(created_at)s, now())
    FROM generate_series(1, %(number)s)
"""


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


@pytest.fixture
def mark() -> str:
    """How the terms of this test begin, in upper case as ids are."""
    return uuid4().hex[:8].upper()


def put(connection: psycopg.Connection, number: int = 1, **fields: Any) -> None:
    """Tickets that nobody of these tests has anything to do with, but for what is given."""
    values = dict.fromkeys(("creator", "queue", "franchise", "linked", "created_at"), None)
    connection.execute(
        INSERT, values | {"creator": "terms-somebody", "tags": [], "linked": "BKG-0", "number": number} | fields
    )


def terms(running: Running, role: str, user: str = "terms-viewer", **fields: Any) -> dict[str, int]:
    """What is suggested, in its order, and of how many tickets."""
    franchises = tuple(fields.pop("franchises", ()))
    answer = running.client(role, user, franchises).tickets.SuggestTerms(reads.SuggestTermsRequest(**fields))
    return {term.term: term.ticket_count for term in answer.terms}


def linked(running: Running, role: str, prefix: str, **fields: Any) -> dict[str, int]:
    return terms(
        running, role, kind=reads.TERM_KIND_LINKED_ID, linked_type=t.LINKED_TYPE_BOOKING, prefix=prefix, **fields
    )


def test_terms_of_the_most_tickets_come_first_then_by_text(world: World, mark: str) -> None:
    for number, tags in enumerate((["b", "c"], ["c"], ["a", "b", "c"], ["ab"])):
        world.new_ticket(tags=[f"{mark}-{tag}" for tag in tags] + ["other"], assigned_franchise_id=f"{mark}-{number}")
    found = terms(world.running, Role.ADMIN, kind=reads.TERM_KIND_TAG, prefix=mark)
    assert list(found.items()) == [(f"{mark}-c", 3), (f"{mark}-b", 2), (f"{mark}-a", 1), (f"{mark}-ab", 1)]
    found = terms(world.running, Role.ADMIN, kind=reads.TERM_KIND_TAG, prefix=mark, limit=2)
    assert list(found) == [f"{mark}-c", f"{mark}-b"]
    found = terms(world.running, Role.ADMIN, kind=reads.TERM_KIND_FRANCHISE_ID, prefix=mark.lower())
    assert list(found) == [f"{mark}-{number}" for number in range(4)]


def test_ten_are_suggested_unless_more_are_asked_for(world: World, mark: str) -> None:
    for part in range(3):
        world.new_ticket(tags=[f"{mark}-{part}-{number:02}" for number in range(20)])
    asked: dict[str, Any] = {"kind": reads.TERM_KIND_TAG, "prefix": mark}
    assert len(terms(world.running, Role.ADMIN, **asked)) == 10
    assert len(terms(world.running, Role.ADMIN, **asked, limit=50)) == 50


def test_case_is_ignored_in_tags_of_any_script(world: World, mark: str) -> None:
    tag = f"{mark} Éclair ज़रूरी"
    world.new_ticket(tags=[tag])
    for prefix in (f"{mark} éCL", f"{mark.lower()} ÉCLAIR ज़", tag):
        assert terms(world.running, Role.ADMIN, kind=reads.TERM_KIND_TAG, prefix=prefix) == {tag: 1}


@pytest.mark.parametrize("wildcard", ["%", "_", "\\", ".*", "[A-Z]", "*"])
def test_there_are_no_wildcards(world: World, mark: str, wildcard: str) -> None:
    tag = f"{mark}{wildcard}x"
    world.new_ticket(tags=[tag, f"{mark}-x"], linked_type=t.LINKED_TYPE_BOOKING, linked_id=f"{mark}{wildcard}X")
    world.new_ticket(tags=[], linked_type=t.LINKED_TYPE_BOOKING, linked_id=f"{mark}-X")
    for asked in (wildcard, f"{mark}{wildcard}"):
        found = terms(world.running, Role.ADMIN, kind=reads.TERM_KIND_TAG, prefix=asked)
        assert f"{mark}-x" not in found
        assert f"{mark}-X" not in linked(world.running, Role.ADMIN, asked)
    assert terms(world.running, Role.ADMIN, kind=reads.TERM_KIND_TAG, prefix=f"{mark}{wildcard}") == {tag: 1}
    assert linked(world.running, Role.ADMIN, f"{mark}{wildcard}") == {f"{mark}{wildcard}X": 1}


def test_linked_ids_are_of_the_type_that_is_asked_for(world: World, mark: str) -> None:
    world.new_ticket(linked_type=t.LINKED_TYPE_BOOKING, linked_id=f"{mark}-1")
    world.new_ticket(linked_type=t.LINKED_TYPE_TRUCK, linked_id=f"{mark}-2")
    assert linked(world.running, Role.ADMIN, mark) == {f"{mark}-1": 1}
    assert f"{mark}-1" in linked(world.running, Role.ADMIN, "", limit=50)


def test_an_archived_ticket_suggests_nothing(world: World, mark: str) -> None:
    made = world.new_ticket(
        tags=[mark], assigned_franchise_id=mark, linked_type=t.LINKED_TYPE_BOOKING, linked_id=mark
    ).id
    with world.running.database.connect() as connection:
        connection.execute("UPDATE tickets SET archived = true WHERE id = %s", [made])
    assert terms(world.running, Role.ADMIN, kind=reads.TERM_KIND_TAG, prefix=mark) == {}
    assert terms(world.running, Role.ADMIN, kind=reads.TERM_KIND_FRANCHISE_ID, prefix=mark) == {}
    assert linked(world.running, Role.ADMIN, mark) == {}


def test_a_sensitive_ticket_suggests_what_is_not_protected_on_it(world: World, mark: str) -> None:
    world.new_ticket(tags=[mark], is_sensitive=True, description=f"{mark}-secret is in the text alone.")
    assert terms(world.running, Role.ADMIN, kind=reads.TERM_KIND_TAG, prefix=mark) == {mark: 1}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "kind"),
        ({"kind": 999}, "kind"),
        ({"kind": reads.TERM_KIND_LINKED_ID}, "linked_type"),
        ({"kind": reads.TERM_KIND_LINKED_ID, "linked_type": 999}, "linked_type"),
        ({"kind": reads.TERM_KIND_TAG, "linked_type": t.LINKED_TYPE_TRUCK}, "linked_type"),
        ({"kind": reads.TERM_KIND_FRANCHISE_ID, "linked_type": t.LINKED_TYPE_TRUCK}, "linked_type"),
        ({"kind": reads.TERM_KIND_TAG, "prefix": "x" * 101}, "prefix"),
        ({"kind": reads.TERM_KIND_TAG, "prefix": "a\0b"}, "prefix"),
        ({"kind": reads.TERM_KIND_TAG, "limit": -1}, "limit"),
        ({"kind": reads.TERM_KIND_TAG, "limit": 51}, "limit"),
    ],
    ids=str,
)
def test_what_is_refused(world: World, fields: dict[str, Any], field: str) -> None:
    error = refused(world.admin.tickets.SuggestTerms, reads.SuggestTermsRequest(**fields), field=field)
    assert len(error.field_violations) == 1


def test_a_prefix_finds_old_franchises_and_linked_things_as_given_and_in_upper_case(
    fresh_server: Running, mark: str
) -> None:
    """Behind more new tickets than are looked at."""
    with fresh_server.database.connect() as connection:
        long_ago = datetime.fromisoformat("2024-01-01T00:00:00Z")
        old: dict[str, Any] = {"queue": "ops_agent", "franchise": f"{mark}-9", "linked": f"{mark}-7", "tags": [mark]}
        put(connection, created_at=long_ago, **old)
        put(connection, created_at=long_ago, **old | {"franchise": f"{mark}-a", "linked": f"{mark}-b"})
        put(connection, LATEST + 1, queue="ops_agent")
    assert linked(fresh_server, Role.ADMIN, f"{mark.lower()}-7") == {f"{mark}-7": 1}
    assert linked(fresh_server, Role.ADMIN, f"{mark}-") == {f"{mark}-7": 1, f"{mark}-b": 1}
    franchises: dict[str, Any] = {"kind": reads.TERM_KIND_FRANCHISE_ID, "prefix": f"{mark}-A".lower()}
    assert terms(fresh_server, Role.ADMIN, **franchises) == {}, "neither as given nor in upper case"
    assert terms(fresh_server, Role.ADMIN, **franchises | {"prefix": f"{mark}-a"}) == {f"{mark}-a": 1}
    # What others find tells nothing of how many tickets they do not see: it is of the latest of their own only.
    assert linked(fresh_server, Role.OPS_AGENT, f"{mark}-") == {}
    for role in (Role.OPS_AGENT, Role.ADMIN):
        assert linked(fresh_server, role, "") == {"BKG-0": LATEST}
        assert terms(fresh_server, role, kind=reads.TERM_KIND_TAG, prefix=mark) == {}, "of the latest only"


def test_staff_find_by_prefix_what_they_see_and_nothing_else(fresh_server: Running, mark: str) -> None:
    with fresh_server.database.connect() as connection:
        put(connection, queue="ops_agent", linked=f"{mark}-1")
        put(connection, queue="finance", linked=f"{mark}-2", franchise="FR-2")
        put(connection, queue="hq_support", linked=f"{mark}-3", franchise="FR-3", creator="terms-viewer")
        put(connection, linked=f"{mark}-4", franchise="FR-4")
    seen = {
        Role.OPS_AGENT: {1, 3},
        Role.FINANCE: {2, 3},
        Role.HQ_SUPPORT: {1, 2, 3, 4},
        Role.SHIPPER: {3},
        Role.SYSTEM: {3},
    }
    for role, numbers in seen.items():
        assert linked(fresh_server, role, mark) == {f"{mark}-{number}": 1 for number in sorted(numbers)}, role
    for franchises, numbers in ((["FR-4"], {3, 4}), (["FR-2", "FR-4"], {2, 3, 4})):
        found = linked(fresh_server, Role.FRANCHISE_AGENT, mark, franchises=franchises)
        assert found == {f"{mark}-{number}": 1 for number in sorted(numbers)}


@pytest.fixture(scope="module")
def tickets(postgres: TestServer) -> Iterator[Tickets]:
    with make_world(postgres) as made:
        yield made


@pytest.mark.parametrize("role", list(Role))
def test_suggestions_are_those_of_a_naive_reading(tickets: Tickets, role: Role) -> None:
    """Of a few hundred tickets, all of which are looked at; those seen for several reasons count once."""
    for user, franchises in (("asha", ()), ("bela", ("FR-001",)), ("stranger", ("FR-001", "FR-002"))):
        client = tickets.act_as(role, user, franchises).tickets
        rows = [
            row
            for ticket_id, row in tickets.rows.items()
            if not row["archived"] and tickets.visible(ticket_id, role, user, franchises)
        ]
        for kind, prefix, read in (
            (reads.TERM_KIND_TAG, "", lambda row: row["tags"]),
            (reads.TERM_KIND_TAG, "lat", lambda row: row["tags"]),
            (reads.TERM_KIND_FRANCHISE_ID, "fr-", lambda row: [row["assigned_franchise_id"]]),
            (reads.TERM_KIND_LINKED_ID, "bKg", lambda row: [row["linked_id"]] * (row["linked_type"] == "booking")),
            (reads.TERM_KIND_LINKED_ID, "", lambda row: [row["linked_id"]] * (row["linked_type"] == "booking")),
        ):
            counts: dict[str, int] = {}
            for term in (term for row in rows for term in read(row) if term is not None):
                if term.lower().startswith(prefix.lower()):
                    counts[term] = counts.get(term, 0) + 1
            request = reads.SuggestTermsRequest(kind=kind, prefix=prefix, limit=50)
            if kind == reads.TERM_KIND_LINKED_ID:
                request.linked_type = t.LINKED_TYPE_BOOKING
            found = [(each.term, each.ticket_count) for each in client.SuggestTerms(request).terms]
            assert found == sorted(counts.items(), key=lambda item: (-item[1], item[0])), (user, kind, prefix)


def test_what_is_watched_is_suggested_for_as_long_as_it_is(world: World, mark: str) -> None:
    made = world.new_ticket(tags=[mark]).id
    asked: dict[str, Any] = {"kind": reads.TERM_KIND_TAG, "prefix": mark}
    assert terms(world.running, Role.DRIVER, **asked) == {}
    with world.running.database.connect() as connection:
        connection.execute("INSERT INTO ticket_watchers (ticket_id, user_id) VALUES (%s, 'terms-viewer')", [made])
        assert terms(world.running, Role.DRIVER, **asked) == {mark: 1}
        connection.execute("DELETE FROM ticket_watchers WHERE ticket_id = %s AND user_id = 'terms-viewer'", [made])
    assert terms(world.running, Role.DRIVER, **asked) == {}
