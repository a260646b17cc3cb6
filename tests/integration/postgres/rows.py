"""Short ways to write and read rows, as someone in psql would."""

import json
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import dict_row, namedtuple_row

from server.domain.audit_chain import ChainHead, StoredEntry

AGENT = {"actor_id": "u-7", "actor_role": "ops_manager", "ip_address": "10.1.2.3"}
REASON = "customer called twice today"

DEFAULTS: dict[str, Any] = {
    "title": "Payment not received",
    "description": "The shipper has not paid for the delivered load.",
    "created_by_id": "shipper-1",
    "created_by_role": "shipper",
}


class TimelineRow(NamedTuple):
    seq: int
    kind: str


def insert_ticket(connection: psycopg.Connection, **columns: Any) -> str:
    """Insert one ticket, return its id."""
    return str(insert(connection, "tickets", **{**DEFAULTS, **columns})["id"])


def insert_message(connection: psycopg.Connection, ticket_id: str, **columns: Any) -> dict[str, Any]:
    given = {"actor_id": "u-7", "actor_role": "ops_manager", "message": "We are looking into it.", **columns}
    return insert(connection, "ticket_messages", ticket_id=ticket_id, **given)


def insert(connection: psycopg.Connection, table: str, **columns: Any) -> dict[str, Any]:
    """Insert one row, return it as stored."""
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING *").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(map(sql.Placeholder, columns)),
    )
    row = connection.cursor(row_factory=dict_row).execute(statement, columns).fetchone()
    assert row is not None
    return row


def update_ticket(connection: psycopg.Connection, ticket_id: str, **columns: Any) -> None:
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in columns
    )
    statement = sql.SQL("UPDATE tickets SET {} WHERE id = {}").format(assignments, sql.Placeholder("ticket_id"))
    assert connection.execute(statement, {**columns, "ticket_id": ticket_id}).rowcount == 1


def set_context(connection: psycopg.Connection, context: object) -> None:
    """For the rest of the transaction. A text is set as it stands, anything else as JSON."""
    setting = context if isinstance(context, str) else json.dumps(context)
    connection.execute("SELECT set_config('tickets.context', %s, true)", [setting])


def audit_of(connection: psycopg.Connection, ticket_id: str) -> list[Any]:
    """The ticket's audit rows as named tuples, in the order of the chain."""
    cursor = connection.cursor(row_factory=namedtuple_row)
    return cursor.execute("SELECT * FROM ticket_audit WHERE ticket_id = %s ORDER BY chain_no", [ticket_id]).fetchall()


def timeline_of(connection: psycopg.Connection, ticket_id: str) -> list[TimelineRow]:
    """Messages and audit events in timeline order."""
    rows = connection.execute(
        """
        SELECT seq, 'message' FROM ticket_messages WHERE ticket_id = %(id)s
        UNION ALL
        SELECT seq, action FROM ticket_audit WHERE ticket_id = %(id)s AND seq IS NOT NULL
        ORDER BY 1
        """,
        {"id": ticket_id},
    )
    return [TimelineRow(*row) for row in rows]


def stored_chain(connection: psycopg.Connection, ticket_id: str) -> tuple[list[StoredEntry], ChainHead | None]:
    """What verify_chain needs, in one statement each."""
    entries = connection.execute(
        """
        SELECT ticket_id, chain_no, seq, actor_id, actor_role, action, payload::text, ip_address::text,
            trunc(extract(epoch FROM created_at) * 1000000)::text,
            prev_hash, hash
        FROM ticket_audit WHERE ticket_id = %s ORDER BY chain_no
        """,
        [ticket_id],
    )
    found = [StoredEntry(*row) for row in entries]
    head = connection.execute(
        "SELECT last_chain_no, last_hash FROM ticket_timeline_heads WHERE ticket_id = %s", [ticket_id]
    ).fetchone()
    return found, None if head is None else ChainHead(*head)
