"""Proof that a ticket's audit trail is as it was written: a chain of hashes, recomputed from the stored text.

The database makes the chain (``ticket_audit_hash`` in the migrations); this module checks it, without trusting the
database. It cannot see a forgery by someone who rewrites every row of a ticket and the head as well; that takes a copy
of the head kept elsewhere, such as a backup or an earlier report.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from server.domain.ids import ChainNo, Seq, TicketId

FORMAT = "v1"
_PLACES_TRIED = 10_000
"""Numbers that a bad row is tried under: the recorded end may be forged too, and must not decide how long it takes."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An audit row, each field as the text that PostgreSQL shows for it: nothing parsed, so nothing normalised."""

    ticket_id: TicketId
    chain_no: ChainNo
    seq: Seq | None
    actor_id: str
    actor_role: str
    action: str
    payload: str
    """``payload::text``."""
    ip_address: str | None
    """``ip_address::text``, which includes the mask: ``10.0.0.1/32``."""
    created_at: str
    """Microseconds since 1970 in UTC, a whole number as text; whatever else stands there cannot have been hashed."""
    prev_hash: bytes | None
    """``hash`` of the row before; None in the first one."""
    hash: bytes


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where the chain ends, kept apart from the rows, so that a missing end is noticed."""

    last_chain_no: ChainNo
    last_hash: bytes | None


class FindingKind(StrEnum):
    EDITED = "EDITED"
    """The row is not what was written under its number."""
    REMOVED = "REMOVED"
    """There is no row of this number, and there are later ones."""
    REORDERED = "REORDERED"
    """The row is genuine, but stood under another number."""
    TAIL_REMOVED = "TAIL_REMOVED"
    """From this number on to the end all rows are missing."""
    HEAD_MISMATCH = "HEAD_MISMATCH"
    """The rows hang together, but do not end as the head says: the last one or the head was rewritten."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The first place where the chain is broken. What comes after it is unproven, neither good nor bad."""

    chain_no: ChainNo
    kind: FindingKind


def entry_hash(entry: StoredEntry) -> bytes:
    """SHA-256 over every field but the hash itself."""
    fields = (
        FORMAT,
        entry.ticket_id,
        str(entry.chain_no),
        None if entry.seq is None else str(entry.seq),
        entry.actor_id,
        entry.actor_role,
        entry.action,
        entry.payload,
        entry.ip_address,
        entry.created_at,
        None if entry.prev_hash is None else entry.prev_hash.hex(),
    )
    return hashlib.sha256(b"".join(map(_netstring, fields))).digest()


def verify_chain(entries: Iterable[StoredEntry], head: ChainHead | None) -> Finding | None:
    """The first break in one ticket's chain, or None when all of it is as written.

    ``entries`` are all rows of the ticket in the order of ``chain_no``, read in one snapshot with ``head`` (None when
    the ticket has no head). They are read once and not kept: a chain may be longer than memory.
    """
    last_chain_no = ChainNo(0 if head is None else head.last_chain_no)
    previous_hash: bytes | None = None
    expected = ChainNo(1)
    for entry in entries:
        finding = _check_entry(entry, expected, previous_hash, last_chain_no)
        if finding is not None:
            return finding
        previous_hash = entry.hash
        expected = ChainNo(expected + 1)
    found = ChainNo(expected - 1)
    if found < last_chain_no:
        return Finding(expected, FindingKind.TAIL_REMOVED)
    if found > last_chain_no or (head is not None and head.last_hash != previous_hash):
        return Finding(found, FindingKind.HEAD_MISMATCH)
    return None


def _check_entry(
    entry: StoredEntry, expected: ChainNo, previous_hash: bytes | None, last_chain_no: ChainNo
) -> Finding | None:
    if entry.chain_no > expected:
        return Finding(expected, FindingKind.REMOVED)
    if entry.chain_no < expected:
        return Finding(entry.chain_no, FindingKind.REORDERED)
    if entry_hash(entry) != entry.hash:
        kind = FindingKind.REORDERED if _stood_elsewhere(entry, last_chain_no) else FindingKind.EDITED
        return Finding(expected, kind)
    if entry.prev_hash != previous_hash:
        # The row is in itself sound and remembers another predecessor than the one that is there now: that one was
        # rewritten, its hash included.
        return Finding(ChainNo(max(expected - 1, 1)), FindingKind.EDITED)
    return None


def _stood_elsewhere(entry: StoredEntry, last_chain_no: ChainNo) -> bool:
    """Whether the row's hash is right for another number; tried only for a row that is known to be wrong."""
    return any(
        entry_hash(replace(entry, chain_no=ChainNo(number))) == entry.hash
        for number in range(1, min(last_chain_no, _PLACES_TRIED) + 1)
    )


def _netstring(value: str | None) -> bytes:
    """Length first, so that no two different rows run together into the same bytes; "~" is NULL."""
    if value is None:
        return b"~"
    encoded = value.encode()
    return b"%d:%b," % (len(encoded), encoded)
