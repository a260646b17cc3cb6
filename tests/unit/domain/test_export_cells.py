"""Cells of CSV and XLSX: their columns, their spelling, and that no spreadsheet runs them."""

import json
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.export_cells import (
    COLUMNS,
    FORMULA_LEADS,
    Cell,
    cell_text,
    cells,
    instant_text,
    messages_cell,
    metadata_text,
    neutralised,
    restored,
)
from server.domain.ids import FranchiseId, Seq, TicketId, UserId
from server.domain.roles import Role
from server.domain.tickets import LinkedType, Ticket, TicketSeverity
from server.domain.timeline import Message
from tests.unit.domain.clocked_tickets import START, after, clocked

_TRICKY = st.sampled_from(sorted(FORMULA_LEADS)) | st.characters()


def _row(ticket: Ticket, now: datetime = START) -> dict[str, Cell]:
    return dict(zip(COLUMNS, cells(ticket, now=now), strict=True))


@given(st.text(_TRICKY))
def test_a_neutralised_text_leads_to_no_formula_and_can_be_restored(text: str) -> None:
    shown = neutralised(text)
    assert shown[:1] == "'" or shown[:1] not in FORMULA_LEADS
    assert restored(shown) == text


def test_whatever_may_be_trimmed_or_not_seen_is_a_lead() -> None:
    plane = [chr(code) for code in range(1, 0x10000)]
    seen = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")  # "format", yet signs
    assert {
        each for each in plane if each.isspace() or unicodedata.category(each) in {"Cc", "Cf"}
    } - seen <= FORMULA_LEADS
    assert {each for each in plane if unicodedata.normalize("NFKC", each) in {"=", "+", "-", "@"}} <= FORMULA_LEADS


@pytest.mark.parametrize("lead", sorted(FORMULA_LEADS))
def test_each_lead_gets_an_apostrophe(lead: str) -> None:
    assert neutralised(f"{lead}cmd|' /C calc'!A0") == f"'{lead}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["", "a=1", "1-1", "Übel", "{}"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert neutralised(text) == text


def test_a_ticket_as_a_row() -> None:
    ticket = clocked(
        title="=1+1 is what I paid",
        severity=TicketSeverity.MAJOR,
        owner_id=UserId("agent-1"),
        assigned_franchise_id=FranchiseId("FR-001"),
        linked_type=LinkedType.BOOKING,
        linked_id="BKG-123",
        first_responded_at=datetime(2026, 6, 10, 9, 30, 0, 5, tzinfo=UTC),
        tags=("-urgent", "kyc"),
        metadata={"b": [1, 2.5, None, True], "a": {"=x": "ü"}},
        resolution_summary="+91 called, paid.",
    )
    row = _row(ticket)
    assert {name: cell_text(value) for name, value in row.items()} == {
        "id": "TKT-1001",
        "title": "'=1+1 is what I paid",
        "description": "The load was delivered, no money came.",
        "status": "NEW",
        "priority": "MEDIUM",
        "severity": "major",
        "created_by_id": "shipper-1",
        "created_by_role": "shipper",
        "owner_id": "agent-1",
        "owner_role": "ops_agent",
        "assigned_franchise_id": "FR-001",
        "linked_type": "booking",
        "linked_id": "BKG-123",
        "sla_status": "on_track",
        "sla_due_at": "2026-06-10T19:00:00.000000Z",
        "sla_escalation_level": "0",
        "sla_breached": "false",
        "first_response_due_at": "2026-06-10T11:00:00.000000Z",
        "first_responded_at": "2026-06-10T09:30:00.000005Z",
        "tags": "'-urgent; kyc",
        "is_sensitive": "false",
        "redacted": "false",
        "archived": "false",
        "resolution_summary": "'+91 called, paid.",
        "metadata": '{"b": [1, 2.5, null, true], "a": {"=x": "ü"}}',
        "created_at": "2026-06-10T09:00:00.000000Z",
        "updated_at": "2026-06-10T09:00:00.000000Z",
        "resolved_at": "",
        "closed_at": "",
    }


def test_the_sla_status_is_that_of_the_instant_asked_for() -> None:
    assert [_row(clocked(), after(hours))["sla_status"] for hours in (7, 8.5, 11)] == [
        "on_track",
        "near_breach",
        "breached",
    ]


def test_a_sensitive_ticket_keeps_its_protected_fields() -> None:
    plain = clocked(metadata={"pan": "ABCDE1234F"}, resolution_summary="Checked with the bank.")
    row, sensitive = _row(plain), _row(replace(plain, is_sensitive=True))
    assert {name for name in COLUMNS if row[name] != sensitive[name]} == {
        "description",
        "resolution_summary",
        "metadata",
        "is_sensitive",
        "redacted",
    }
    assert sensitive["redacted"] is True
    assert (sensitive["description"], sensitive["resolution_summary"], sensitive["metadata"]) == (None, None, None)


@given(st.text(_TRICKY, min_size=1))
def test_every_text_of_people_is_neutralised(text: str) -> None:
    ticket = replace(
        clocked(),
        title=text,
        description=text,
        created_by_id=UserId(text),
        owner_id=UserId(text),
        assigned_franchise_id=FranchiseId(text),
        linked_id=text,
        tags=(text, text),
        resolution_summary=text,
        metadata={text: text},
    )
    for value in cells(ticket, now=START):
        lead = cell_text(value)[:1]
        assert lead == "'" or lead not in FORMULA_LEADS


def test_numbers_in_metadata_are_written_out() -> None:
    assert metadata_text({"a": 1e-15, "b": 1e20, "c": 10**21, "d": -0.5}) == (
        '{"a": 0.000000000000001, "b": 100000000000000000000, "c": 1000000000000000000000, "d": -0.5}'
    )
    assert metadata_text({}) == "{}"


def test_instants_sort_as_texts() -> None:
    instants = [datetime(200, 1, 1, tzinfo=UTC), START, after(0.5), after(1000)]
    assert sorted(map(instant_text, reversed(instants))) == [instant_text(at) for at in instants]


def test_messages_in_one_cell() -> None:
    said = Message(
        id="m1",
        ticket_id=TicketId("TKT-1001"),
        seq=Seq(3),
        actor_id=UserId("agent-1"),
        actor_role=Role.OPS_AGENT,
        message='=HYPERLINK("x")\nü',
        attachments=(),
        is_internal_note=True,
        created_at=START,
    )
    row = {
        "seq": 3,
        "created_at": "2026-06-10T09:00:00.000000Z",
        "actor_id": "agent-1",
        "actor_role": "ops_agent",
        "is_internal_note": True,
        "message": '=HYPERLINK("x")\nü',
    }
    assert json.loads(messages_cell(clocked(), [said, said])) == [row, row]
    assert json.loads(messages_cell(clocked(is_sensitive=True), [said])) == [{**row, "message": None}]
    assert messages_cell(clocked(), []) == "[]"
