"""What files hold: the tickets of the list, the same in every format, protected fields withheld, nothing that runs."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from server.adapters.objectstore.local import LocalStore
from server.adapters.objectstore.signing import Signer
from server.adapters.postgres.unit_of_work import PostgresUnitOfWork
from server.application.call import Call
from server.application.tickets.list_tickets import ListQuery, ListTickets
from server.domain.export_cells import COLUMNS, FORMULA_LEADS, cell_text, cells, messages_cell, restored
from server.domain.filters import NEWEST_FIRST, TicketFilter
from server.domain.ids import FranchiseId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.tickets import Ticket
from server.domain.timeline import Message
from server.domain.visibility import visibility_of
from tests.database import TestServer
from tests.integration.exports.desk import ExportDesk, csv_rows, json_rows, sessions_of
from tests.integration.postgres.rows import insert_message, insert_ticket
from tests.integration.postgres.test_matching_against_sql import (
    FIELDS,
    FRANCHISES,
    PEOPLE,
    fitting_filters,
    some_tickets,
)
from tests.unit.filters import ticket_filters

HOSTILE = (
    "=1+1",
    "+91 98765",
    "-2",
    "@SUM(A1)",
    "'quoted",
    "''twice",
    "\t=1",
    "\n=1",
    "\r=1",
    " =1",
    "\u00a0=1",
    "\ufeff=1",
    "\u200b=1",
    "\uff1d1",
    'a "quoted", text',
    "two\nlines\r\nand three",
    "\\.",
    "NULL",
    "",
    "ट्रक देर से आया",
    "\U0001f69a\U0001f69a",
    "a\x01b\x1fc\x7f",
    "</script>",
    ";,\t|",
    "x" * 20_000,
    "%(name)s %s {}",
)
FILLER = " and so on, and so forth"
METADATA: tuple[dict[str, Any], ...] = (
    {},
    {"a": 1, "bb": [1, 2.5, None, True, {"x": "=1"}], "c": '\u2028\u2029\\"/'},
    {"e": 1e-15, "f": 10**21, "g": -0.5, "\u00e9": {}},
)


@dataclass(frozen=True)
class Filled:
    """A database with tickets of all kinds, and how they are exported and listed."""

    desk: ExportDesk
    uow: PostgresUnitOfWork

    def listed(self, principal: Principal, where: TicketFilter) -> list[str]:
        """Ids by paging ListTickets."""
        found: list[str] = []
        after = None
        while True:
            page = ListTickets(self.uow)(Call(principal), ListQuery(where, NEWEST_FIRST, after, limit=50))
            found += [ticket.id for ticket in page.tickets]
            if page.next is None:
                return found
            after = page.next


@pytest.fixture(scope="module")
def filled(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    directory: Path = tmp_path_factory.mktemp("exports")
    store = LocalStore(directory / "files", Signer("tickets", "secret", "us-east-1"), "bucket", "http://127.0.0.1:1")
    with postgres.new_database() as database, database.connect() as connection, sessions_of(database.dsn) as sessions:
        connection.execute("SET session_replication_role = replica")
        for number, columns in enumerate(some_tickets(random.Random(11), 260)):
            fill(connection, number, columns)
        connection.execute("UPDATE tickets SET tags = '{NULL,late}' WHERE id IN (SELECT id FROM tickets LIMIT 3)")
        connection.execute("SET session_replication_role = origin")
        yield Filled(ExportDesk(connection, sessions, store, directory / "workbooks"), PostgresUnitOfWork(sessions))


def fill(connection: psycopg.Connection, number: int, columns: dict[str, Any]) -> None:
    def text(step: int) -> str:
        return HOSTILE[(number * 7 + step) % len(HOSTILE)]

    ticket_id = insert_ticket(
        connection,
        **columns,
        title=text(0)[:400] + FILLER,
        description=text(1)[:19_000] + FILLER,
        resolution_summary=text(2) or None,
        metadata=Jsonb(METADATA[number % len(METADATA)]),
        first_responded_at=datetime(2026, 6, 11, 8, 7, 6, number, tzinfo=UTC) if number % 4 else None,
    )
    connection.execute("SET session_replication_role = origin")
    for place in range(number % 5):
        insert_message(
            connection, ticket_id, message=text(place) or "x", is_internal_note=place % 2 == 1, actor_id=text(3) or "y"
        )
    connection.execute("SET session_replication_role = replica")


def snapshot_of(filled: Filled, where: TicketFilter) -> tuple[list[Ticket], dict[str, list[Message]], datetime]:
    manager = Principal(UserId("manager-1"), Role.OPS_MANAGER)
    with filled.desk.source.snapshot(where, visibility_of(manager)) as snapshot:
        tickets, messages = list(snapshot.tickets()), list(snapshot.messages())
        of_ticket: dict[str, list[Message]] = {}
        for message in messages:
            of_ticket.setdefault(message.ticket_id, []).append(message)
        return tickets, of_ticket, snapshot.as_of


@pytest.mark.parametrize("archived", [False, True])
def test_sql_writes_what_the_domain_says_of_each_cell(filled: Filled, archived: bool) -> None:
    where = TicketFilter(archived=archived)
    rows = csv_rows(filled.desk.made("csv", where, include_messages=True))
    tickets, messages, as_of = snapshot_of(filled, where)
    assert len(rows) == len(tickets) > 50
    for row, ticket in zip(rows, tickets, strict=True):
        expected = dict(zip(COLUMNS, map(cell_text, cells(ticket, now=as_of)), strict=True))
        # The file was made a moment before: only the state of a clock that ran out in between may differ.
        expected["messages"] = messages_cell(ticket, messages.get(ticket.id, []))
        assert row == expected


def test_a_workbook_says_the_same_as_csv(filled: Filled, tmp_path: Path) -> None:
    where = TicketFilter()
    rows = csv_rows(filled.desk.made("csv", where))
    path = tmp_path / "tickets.xlsx"
    path.write_bytes(filled.desk.made("xlsx", where))
    book = openpyxl.load_workbook(path)
    header, *lines = book["Tickets"].iter_rows(values_only=True)
    assert header == COLUMNS
    assert len(lines) == len(rows)
    differing = [
        (name, row[name], value)
        for row, line in zip(rows, lines, strict=True)
        for name, value in zip(COLUMNS, line, strict=True)
        if not alike(row[name], value)
    ]
    assert differing == []


def alike(text: str, value: Any) -> bool:
    if isinstance(value, bool | int):
        return text == cell_text(value)
    # What XML cannot hold is spelt _x000D_ (ECMA-376, ST_Xstring), which openpyxl hands out as it is.
    return text == re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), value or "")


def test_json_lines_hold_the_same_tickets_with_their_messages(filled: Filled) -> None:
    rows = json_rows(filled.desk.made("jsonl", TicketFilter(), include_messages=True))
    tickets, messages, _ = snapshot_of(filled, TicketFilter())
    assert [row["id"] for row in rows] == [ticket.id for ticket in tickets]
    for row, ticket in zip(rows, tickets, strict=True):
        told = messages.get(ticket.id, [])
        assert [int(each["seq"]) for each in row["messages"]] == [message.seq for message in told]
        texts = [each.get("message", "") for each in row["messages"]]
        assert texts == ["" if ticket.is_sensitive else message.message for message in told]
        assert ("description" in row) == (not ticket.is_sensitive and ticket.description != "")


def test_protected_fields_are_in_no_file(filled: Filled) -> None:
    connection = filled.desk.connection
    secret = "the Aadhaar number is 1234"
    ticket_id = insert_ticket(
        connection,
        description=secret,
        resolution_summary=secret,
        metadata=Jsonb({"kyc": secret}),
        is_sensitive=True,
        tags=["kyc-secret-tag"],
    )
    insert_message(connection, ticket_id, message=secret)
    where = TicketFilter(tags_any=("kyc-secret-tag",))
    for kind in ("csv", "jsonl"):
        content = filled.desk.made(kind, where, include_messages=True).decode()
        assert ticket_id in content
        assert secret not in content
    (row,) = csv_rows(filled.desk.made("csv", where))
    assert (row["redacted"], row["description"], row["metadata"], row["resolution_summary"]) == ("true", "", "", "")


def test_no_cell_begins_as_a_formula_and_every_text_can_be_restored(filled: Filled) -> None:
    tickets, _, _ = snapshot_of(filled, TicketFilter())
    rows = csv_rows(filled.desk.made("csv", TicketFilter(), include_messages=True))
    for row, ticket in zip(rows, tickets, strict=True):
        assert not [value for value in row.values() if value[:1] in FORMULA_LEADS - {"'"}]
        assert restored(row["title"]) == ticket.title
        if not ticket.is_sensitive:
            assert restored(row["description"]) == ticket.description
            assert json.loads(row["metadata"]) == ticket.metadata


principals = st.builds(
    Principal,
    st.sampled_from([UserId(person) for person in PEOPLE if person]),
    st.sampled_from(Role),
    st.frozensets(st.sampled_from([FranchiseId(franchise) for franchise in FRANCHISES]), max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(where=fitting_filters() | ticket_filters(), principal=principals, kind=st.sampled_from(["csv", "jsonl"]))
def test_an_export_is_the_list_for_every_filter_and_role(
    filled: Filled, where: TicketFilter, principal: Principal, kind: str
) -> None:
    content = filled.desk.made(
        kind,
        where,
        requested_by_id=principal.user_id,
        requested_by_role=principal.role,
        requested_by_franchise_ids=sorted(principal.franchise_ids),
    )
    rows = csv_rows(content) if kind == "csv" else json_rows(content)
    assert [row["id"] for row in rows] == filled.listed(principal, where)


def test_what_begins_with_a_letter_is_no_formula() -> None:
    assert not [lead for lead in FORMULA_LEADS if "A" <= lead <= "z"], "the statement takes it for granted"


def test_the_filters_tried_are_all_there_are() -> None:
    assert "text" not in FIELDS  # ticket_filters has words too


def test_a_file_without_tickets_is_a_header_or_nothing(filled: Filled) -> None:
    nothing = TicketFilter(owner_id="nobody-at-all")
    assert filled.desk.made("csv", nothing) == ",".join(COLUMNS).encode() + b"\r\n"
    assert filled.desk.made("jsonl", nothing) == b""
    assert filled.desk.made("xlsx", nothing).startswith(b"PK")


def test_all_is_of_one_instant_although_writing_goes_on(filled: Filled) -> None:
    connection = filled.desk.connection
    manager = Principal(UserId("manager-1"), Role.OPS_MANAGER)
    with filled.desk.source.snapshot(TicketFilter(), visibility_of(manager)) as snapshot:
        before = snapshot.count()
        late = insert_ticket(connection, created_at=datetime.now(UTC) + timedelta(seconds=1))
        insert_message(connection, late)
        ids = [ticket.id for ticket in snapshot.tickets()]
        lines = list(snapshot.csv(include_messages=True))
        assert snapshot.count() == before == len(ids) == len(lines) - 1
        assert late not in ids
        assert late not in {message.ticket_id for message in snapshot.messages()}
