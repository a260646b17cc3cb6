"""What a superuser can do to an audit trail with the triggers out of the way, and where each must be found.

Every tampering is done to a ticket whose chain has LENGTH rows.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from tests.database import Database

LENGTH = 6


@dataclass(frozen=True)
class Tampering:
    """SQL about the ticket ``%(id)s``, the first bad row and the kind of finding."""

    statements: tuple[str, ...]
    first_bad: int
    finding: str
    """A name of the contract's AuditFinding, without its prefix."""


_ROW = "ticket_id = %(id)s AND chain_no ="
_HASH = (
    "public.ticket_audit_hash(ticket_id, chain_no, seq, actor_id, actor_role, action, payload::text,"
    " ip_address::text, created_at, prev_hash)"
)


def _edit(assignment: str, row: int) -> Tampering:
    return Tampering((f"UPDATE ticket_audit SET {assignment} WHERE {_ROW} {row}",), row, "EDITED")


def _rehash(row: int) -> str:
    return f"UPDATE ticket_audit SET hash = {_HASH} WHERE {_ROW} {row}"


def _move(row: int, to: int) -> str:
    return f"UPDATE ticket_audit SET chain_no = {to} WHERE {_ROW} {row}"


def _delete(condition: str) -> str:
    return f"DELETE FROM ticket_audit WHERE {_ROW} {condition}"


def _forge(number: int, *, source: int, after: int) -> str:
    """A row of somebody else's that continues the row ``after``, made from the row ``source``; its hash is copied."""
    return f"""
        INSERT INTO ticket_audit
            (ticket_id, chain_no, seq, actor_id, actor_role, action, payload, ip_address, created_at, prev_hash, hash)
        SELECT ticket_id, {number}, NULL, 'forger', actor_role, action, payload, ip_address, created_at,
            (SELECT hash FROM ticket_audit WHERE {_ROW} {after}), hash
        FROM ticket_audit WHERE {_ROW} {source}
    """


def _head(assignment: str) -> str:
    return f"UPDATE ticket_timeline_heads SET {assignment} WHERE ticket_id = %(id)s"


_REMOVE_HEAD = "DELETE FROM ticket_timeline_heads WHERE ticket_id = %(id)s"
_MAKE_ROOM_FOR_4 = (_move(6, 7), _move(5, 6), _move(4, 5))

TAMPERINGS: Mapping[str, Tampering] = {
    "actor edited": _edit("actor_id = 'somebody-else'", 3),
    "role edited": _edit("actor_role = 'admin'", 3),
    "action edited": _edit("action = 'NOTHING_MUCH'", 2),
    "values edited": _edit("payload = jsonb_set(payload, '{new,title}', to_jsonb('Another'::text))", 4),
    "reason added": _edit("payload = payload || jsonb_build_object('reason', 'the shipper asked for it')", 4),
    "address edited": _edit("ip_address = '10.9.9.9'", 1),
    "address removed": _edit("ip_address = NULL", LENGTH),
    "time edited": _edit("created_at = created_at + interval '1 microsecond'", 5),
    "timeline number edited": _edit("seq = seq + 100", LENGTH),
    "hash edited": _edit("hash = '\\x00'", 3),
    "edited and hashed anew": Tampering((*_edit("actor_id = 'x'", 3).statements, _rehash(3)), 3, "EDITED"),
    "last row edited and hashed anew": Tampering(
        (*_edit("actor_id = 'x'", LENGTH).statements, _rehash(LENGTH)), LENGTH, "INSERTED"
    ),
    "first row deleted": Tampering((_delete("1"),), 1, "REMOVED"),
    "middle row deleted": Tampering((_delete("3"),), 3, "REMOVED"),
    "middle rows deleted": Tampering((_delete("3"), _delete("4")), 3, "REMOVED"),
    "middle row deleted and the gap closed": Tampering((_delete("5"), _move(6, 5)), 5, "REORDERED"),
    "tail deleted": Tampering((_delete("6"), _delete("5")), 5, "TRUNCATED"),
    "all deleted": Tampering((_delete("> 0").replace("= >", ">"),), 1, "TRUNCATED"),
    "all deleted and the head too": Tampering((_delete("> 0").replace("= >", ">"), _REMOVE_HEAD), 1, "TRUNCATED"),
    "neighbours exchanged": Tampering((_move(3, 100), _move(4, 3), _move(100, 4)), 3, "REORDERED"),
    "far rows exchanged": Tampering((_move(2, 100), _move(6, 2), _move(100, 6)), 2, "REORDERED"),
    "row put before the first": Tampering((_forge(0, source=1, after=1),), 0, "REORDERED"),
    "row put between, hash copied": Tampering((*_MAKE_ROOM_FOR_4, _forge(4, source=3, after=3)), 4, "EDITED"),
    # The forged row itself is as good as a real one; the next one shows that it has been moved.
    "row put between, hash right": Tampering(
        (*_MAKE_ROOM_FOR_4, _forge(4, source=3, after=3), _rehash(4)), 5, "REORDERED"
    ),
    "row put at the end": Tampering((_forge(7, source=6, after=6), _rehash(7)), 7, "INSERTED"),
    "hash of the head edited": Tampering((_head("last_hash = '\\x00'"),), LENGTH, "INSERTED"),
    "head put back": Tampering((_head("last_chain_no = 5"),), LENGTH, "INSERTED"),
    "head put forward": Tampering((_head("last_chain_no = 8"),), 7, "TRUNCATED"),
    "head removed": Tampering((_REMOVE_HEAD,), LENGTH, "INSERTED"),
}

REWRITE = f"""
    DO $$
    DECLARE
        audit record;
        previous bytea;
    BEGIN
        FOR audit IN SELECT chain_no FROM ticket_audit WHERE ticket_id = '%(id)s' ORDER BY chain_no LOOP
            UPDATE ticket_audit SET prev_hash = previous WHERE ticket_id = '%(id)s' AND chain_no = audit.chain_no;
            UPDATE ticket_audit SET hash = {_HASH}
            WHERE ticket_id = '%(id)s' AND chain_no = audit.chain_no
            RETURNING hash INTO previous;
        END LOOP;
        UPDATE ticket_timeline_heads SET last_hash = previous WHERE ticket_id = '%(id)s';
    END
    $$
"""


@contextmanager
def triggers_disabled(database: Database) -> Iterator[psycopg.Connection]:
    """A superuser's session in which no trigger fires and no foreign key is checked."""
    with database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def tamper(database: Database, ticket_id: str, tampering: Tampering) -> None:
    """Do it."""
    with triggers_disabled(database) as connection:
        for statement in tampering.statements:
            connection.execute(statement.encode(), {"id": ticket_id})


def rewrite_chain(database: Database, ticket_id: str) -> None:
    """Make the chain and its head anew from the rows as they are: sound in itself, whatever was done before."""
    with triggers_disabled(database) as connection:
        connection.execute(REWRITE.replace("%(id)s", ticket_id).encode())
