"""The offline check of the audit trail: every chain, or some, straight from the database.

It needs no server and trusts nothing but the rows: hashes are recomputed here. Ends of chains that were
kept elsewhere (``heads_out`` of an earlier run) also show a forger who rewrote a whole chain and its head.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from server.domain.audit_chain import ChainHead, FindingKind, StoredEntry, verify_chain
from server.domain.ids import ChainNo, TicketId

_ROWS = """
    SELECT ticket_id, chain_no, seq, actor_id, actor_role, action, payload::text, ip_address::text,
           trunc(extract(epoch FROM created_at) * 1000000)::text, prev_hash, hash
    FROM ticket_audit
    WHERE %(all)s OR ticket_id = ANY (%(ids)s)
    ORDER BY ticket_id, chain_no
"""
_HEADS = """
    SELECT tickets.id, head.last_chain_no, head.last_hash
    FROM tickets LEFT JOIN ticket_timeline_heads AS head ON head.ticket_id = tickets.id
    WHERE %(all)s OR tickets.id = ANY (%(ids)s)
    ORDER BY tickets.id
"""
_KEPT_PLACES = """
    SELECT ticket_id, chain_no, hash
    FROM ticket_audit JOIN unnest(%(ids)s::text[], %(numbers)s::bigint[]) AS kept (ticket_id, chain_no)
        USING (ticket_id, chain_no)
"""
_FETCH = 5_000


def verify_chains(
    dsn: str,
    ticket_ids: Sequence[str],
    *,
    say: Callable[[str], object],
    heads_out: Path | None = None,
    heads_in: Path | None = None,
) -> bool:
    """Whether nothing was found, over one snapshot; each finding is said in a line of its own.

    Memory does not grow with the number of audit rows, only (a little) with the number of tickets.
    """
    wanted = {"all": not ticket_ids, "ids": list(ticket_ids)}
    with psycopg.connect(dsn) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        heads = {
            TicketId(row[0]): None if row[1] is None else ChainHead(ChainNo(row[1]), row[2])
            for row in connection.execute(_HEADS, wanted)
        }
        findings = [f"{ticket_id}: there is no such ticket" for ticket_id in ticket_ids if ticket_id not in heads]
        findings += [] if heads_in is None else _compare(connection, heads_in, ticket_ids)
        rows = 0
        unseen = dict(heads)
        with connection.cursor(name="audit_rows") as cursor:
            cursor.itersize = _FETCH
            cursor.execute(_ROWS, wanted)
            entries = (StoredEntry(*row) for row in cursor)
            for ticket_id, chain in groupby(entries, key=lambda entry: entry.ticket_id):
                counter = _Counter(chain)
                finding = verify_chain(counter, unseen.pop(ticket_id, None))
                rows += counter.count
                if finding is not None:
                    findings.append(f"{ticket_id}: row {finding.chain_no} {_WORDS[finding.kind]}")
        for ticket_id in unseen:
            findings.append(f"{ticket_id}: row 1 {_WORDS[FindingKind.TAIL_REMOVED]}")
    for line in findings:
        say(line)
    say(f"{rows} audit rows of {len(heads)} tickets checked, {len(findings)} findings")
    if heads_out is not None:
        _write(heads, heads_out)
    return not findings


_WORDS = {
    FindingKind.EDITED: "was edited",
    FindingKind.REMOVED: "was removed",
    FindingKind.REORDERED: "stands in another place than it was written in",
    FindingKind.TAIL_REMOVED: "and all after it were removed",
    FindingKind.HEAD_MISMATCH: "does not end the chain as recorded",
}


class _Counter:
    """Counts what passes."""

    def __init__(self, entries: Iterator[StoredEntry]) -> None:
        self._entries = entries
        self.count = 0

    def __iter__(self) -> Iterator[StoredEntry]:
        for entry in self._entries:
            self.count += 1
            yield entry


def _write(heads: dict[TicketId, ChainHead | None], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for ticket_id, head in heads.items():
            if head is not None and head.last_hash is not None:
                line = {"ticket_id": ticket_id, "chain_no": head.last_chain_no, "hash": head.last_hash.hex()}
                file.write(json.dumps(line) + "\n")


def _compare(connection: psycopg.Connection[TupleRow], path: Path, wanted: Collection[str]) -> list[str]:
    """What ended a chain then must stand in it still, in the same place with the same hash."""
    with path.open(encoding="utf-8") as file:
        kept = [line for line in map(json.loads, file) if not wanted or line["ticket_id"] in wanted]
    found = connection.execute(
        _KEPT_PLACES, {"ids": [line["ticket_id"] for line in kept], "numbers": [line["chain_no"] for line in kept]}
    )
    now = {(ticket_id, chain_no): bytes(row_hash) for ticket_id, chain_no, row_hash in found}
    return [
        f"{line['ticket_id']}: row {line['chain_no']} is not the one that ended the chain when it was kept"
        for line in kept
        if now.get((line["ticket_id"], line["chain_no"])) != bytes.fromhex(line["hash"])
    ]
