"""What SuggestTerms reads: index entries in bounded number, for every role and kind."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from server.adapters.postgres.term_repository import LATEST, NEAREST, suggestion
from server.domain.ids import FranchiseId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.terms import TermKind, TermQuery
from server.domain.tickets import LinkedType
from server.domain.visibility import visibility_of
from tests.database import TestServer
from tests.integration.postgres.test_indexes import load_rows, names_in

TICKETS = 40_000
CALLERS = {
    "everything": Principal(UserId("u-7"), Role.OPS_MANAGER),
    "queue": Principal(UserId("u-7"), Role.OPS_AGENT),
    "one franchise": Principal(UserId("u-7"), Role.FRANCHISE_AGENT, frozenset({FranchiseId("FR-001")})),
    "franchises": Principal(
        UserId("u-7"), Role.FRANCHISE_AGENT, frozenset(FranchiseId(f"FR-{n:03}") for n in range(30))
    ),
    "outside": Principal(UserId("shipper-7"), Role.SHIPPER),
    "much of one's own": Principal(UserId("svc-load"), Role.SYSTEM),
}
QUERIES = {
    "tags": TermQuery(TermKind.TAG, "", None, 10),
    "tags that no ticket has": TermQuery(TermKind.TAG, "nowhere", None, 10),
    "franchises": TermQuery(TermKind.FRANCHISE_ID, "", None, 10),
    "a franchise": TermQuery(TermKind.FRANCHISE_ID, "fr-17", None, 10),
    "linked ids": TermQuery(TermKind.LINKED_ID, "", LinkedType.BOOKING, 10),
    "all linked ids there are": TermQuery(TermKind.LINKED_ID, "bkg-", LinkedType.BOOKING, 10),
    "a linked id": TermQuery(TermKind.LINKED_ID, "BKG-123", LinkedType.BOOKING, 10),
    "linked ids of another type": TermQuery(TermKind.LINKED_ID, "BKG-", LinkedType.PAYMENT, 10),
}


@pytest.fixture(scope="module")
def loaded(postgres: TestServer) -> Iterator[psycopg.Connection]:
    with postgres.new_database() as database, database.connect() as connection:
        load_rows(connection)
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE tickets SET created_by_id = 'svc-load' WHERE id LIKE '%3'")
        connection.execute("VACUUM ANALYZE tickets")
        yield connection


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("query", QUERIES)
def test_a_bounded_number_of_tickets_is_read_by_indexes(loaded: psycopg.Connection, query: str, caller: str) -> None:
    visibility = visibility_of(CALLERS[caller])
    statement, values = suggestion(QUERIES[query], visibility)
    explain = b"EXPLAIN (ANALYZE, FORMAT JSON) " + statement.sql
    ((plan,),) = psycopg.ClientCursor(loaded).execute(explain, statement.parameters(values)).fetchall()
    scans = list(scans_of(plan[0]["Plan"]))
    shown = json.dumps(plan, indent=1)
    assert scans, shown
    for scan in scans:
        assert scan["Node Type"] != "Seq Scan", shown
        read = (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)) * scan["Actual Loops"]
        assert read <= max(LATEST * 2, NEAREST), shown
    by_term = QUERIES[query].prefix and caller == "everything"
    if by_term and QUERIES[query].kind is TermKind.LINKED_ID:
        assert "tickets_linked_entity_idx" in names_in(plan), shown
    if by_term and QUERIES[query].kind is TermKind.FRANCHISE_ID:
        assert "tickets_franchise_created_idx" in names_in(plan), shown


def scans_of(node: Any) -> Iterator[Any]:
    """The nodes of a plan that read tickets."""
    if node.get("Relation Name") == "tickets":
        yield node
    for inner in node.get("Plans", []):
        yield from scans_of(inner)
