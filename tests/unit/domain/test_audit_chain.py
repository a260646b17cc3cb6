"""Every way to tamper with a chain is found, at the first place where it shows."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.domain.audit_chain import ChainHead, Finding, FindingKind, StoredEntry, entry_hash, verify_chain
from server.domain.ids import ChainNo, Seq, TicketId

START = int(datetime(2026, 1, 31, 18, 30, tzinfo=UTC).timestamp()) * 1_000_000
"""Microseconds since 1970."""


def chain(length: int) -> tuple[list[StoredEntry], ChainHead]:
    entries: list[StoredEntry] = []
    for number in range(1, length + 1):
        draft = StoredEntry(
            ticket_id=TicketId("TKT-1001"),
            chain_no=ChainNo(number),
            seq=None if number % 3 == 0 else Seq(number),
            actor_id="u-1",
            actor_role="ops_manager",
            action="TICKET_UPDATED",
            payload=f'{{"new": {{"title": "भाड़ा नहीं मिला {number}"}}}}',
            ip_address=None if number % 2 else "10.0.0.1/32",
            created_at=str(START + number),
            prev_hash=entries[-1].hash if entries else None,
            hash=b"",
        )
        entries.append(replace(draft, hash=entry_hash(draft)))
    return entries, ChainHead(ChainNo(length), entries[-1].hash if entries else None)


def rehashed(entry: StoredEntry) -> StoredEntry:
    return replace(entry, hash=entry_hash(entry))


def test_the_format_is_fixed() -> None:
    """Stored hashes must stay valid for ever: a change of format needs a new version tag."""
    assert chain(2)[0][1].hash.hex() == "b15b866416a6e0f3a99f7213a7e1e4b1895f61aa0027eeae1274af2418549061"


def test_an_untouched_chain_has_no_finding() -> None:
    assert verify_chain(*chain(5)) is None


def test_a_ticket_without_entries_has_no_finding() -> None:
    assert verify_chain([], None) is None
    assert verify_chain([], ChainHead(ChainNo(0), None)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"ticket_id": TicketId("TKT-1002")},
        {"seq": None},
        {"seq": Seq(9)},
        {"actor_id": "u-2"},
        {"actor_role": "admin"},
        {"action": "TICKET_UPDATEd"},
        {"payload": "{}"},
        {"ip_address": "10.0.0.2/32"},
        {"ip_address": None},
        {"created_at": str(START + 1_000_000)},
        {"prev_hash": b"x" * 32},
        {"prev_hash": None},
        {"hash": b"x" * 32},
    ],
)
def test_an_edited_field_is_found(change: dict[str, object]) -> None:
    entries, head = chain(4)
    entries[1] = replace(entries[1], **change)  # type: ignore[arg-type]  # a field and a value of its type
    assert verify_chain(entries, head) == Finding(ChainNo(2), FindingKind.EDITED)


def test_text_moved_between_neighbouring_fields_is_found() -> None:
    entries, head = chain(1)
    entries[0] = replace(entries[0], actor_id="u-1ops", actor_role="_manager")
    assert verify_chain(entries, head) == Finding(ChainNo(1), FindingKind.EDITED)


def test_an_edit_with_a_new_hash_is_found_by_its_successor() -> None:
    entries, head = chain(4)
    entries[1] = rehashed(replace(entries[1], actor_id="u-2"))
    assert verify_chain(entries, head) == Finding(ChainNo(2), FindingKind.EDITED)


def test_an_edit_of_the_last_row_with_a_new_hash_is_found_by_the_head() -> None:
    entries, head = chain(4)
    entries[3] = rehashed(replace(entries[3], actor_id="u-2"))
    assert verify_chain(entries, head) == Finding(ChainNo(4), FindingKind.HEAD_MISMATCH)


@pytest.mark.parametrize("removed", [1, 2, 3])
def test_a_removed_row_is_found(removed: int) -> None:
    entries, head = chain(4)
    del entries[removed - 1]
    assert verify_chain(entries, head) == Finding(ChainNo(removed), FindingKind.REMOVED)


def test_a_removed_row_is_found_when_the_rest_is_renumbered() -> None:
    entries, head = chain(4)
    entries = [entries[0], *(replace(entry, chain_no=ChainNo(entry.chain_no - 1)) for entry in entries[2:])]
    assert verify_chain(entries, head) == Finding(ChainNo(2), FindingKind.REORDERED)


def test_swapped_rows_are_found() -> None:
    entries, head = chain(4)
    entries[1], entries[2] = (
        replace(entries[2], chain_no=ChainNo(2)),
        replace(entries[1], chain_no=ChainNo(3)),
    )
    assert verify_chain(entries, head) == Finding(ChainNo(2), FindingKind.REORDERED)


def test_a_number_taken_twice_is_found() -> None:
    entries, head = chain(3)
    assert verify_chain([entries[0], entries[1], entries[1]], head) == Finding(ChainNo(2), FindingKind.REORDERED)


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_a_missing_end_is_found(kept: int) -> None:
    entries, head = chain(4)
    assert verify_chain(entries[:kept], head) == Finding(ChainNo(kept + 1), FindingKind.TAIL_REMOVED)


def test_a_head_that_knows_less_than_the_rows_is_found() -> None:
    entries, _ = chain(4)
    assert verify_chain(entries, None) == Finding(ChainNo(4), FindingKind.HEAD_MISMATCH)
    assert verify_chain(entries, chain(3)[1]) == Finding(ChainNo(4), FindingKind.HEAD_MISMATCH)


def test_a_forged_end_of_the_chain_does_not_decide_how_long_a_check_takes() -> None:
    entries, _ = chain(2)
    entries[0] = replace(entries[0], actor_id="somebody-else")
    forged = ChainHead(ChainNo(2**62), entries[1].hash)
    assert verify_chain(entries, forged) == Finding(ChainNo(1), FindingKind.EDITED)


def test_a_time_that_no_calendar_has_is_an_edit() -> None:
    entries, head = chain(2)
    entries[1] = replace(entries[1], created_at="Infinity")
    assert verify_chain(entries, head) == Finding(ChainNo(2), FindingKind.EDITED)
