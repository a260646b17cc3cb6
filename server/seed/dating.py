"""Gives the demonstration's history the dates that the scenes tell.

The triggers date audit rows and changes by their own clock, and nobody whom they watch can tell them otherwise. A role
that may do without triggers can write the chains of tickets that nobody else has seen yet once more, with other dates.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import psycopg

from server.domain.ids import ChainNo, TicketId


@dataclass(frozen=True, slots=True)
class Moment:
    """When the audit row was written, as the scene has it."""

    ticket_id: TicketId
    chain_no: ChainNo
    at: datetime


def date_back(connection: psycopg.Connection, moments: Sequence[Moment]) -> None:
    """Date audit rows, ends of chains and last changes of whole tickets, in the transaction that wrote them.

    ``moments`` are in the order of the chains, all rows of each ticket, and never run backwards within one. Needs the
    right to set session_replication_role, which is as it was afterwards.
    """
    connection.execute("SET LOCAL session_replication_role = replica")
    for ticket_id, chain in groupby(moments, key=lambda moment: moment.ticket_id):
        _date_chain(connection, ticket_id, chain)
        connection.execute(_DATE_TICKET, {"id": ticket_id})
    connection.execute("SET LOCAL session_replication_role = origin")


def _date_chain(connection: psycopg.Connection, ticket_id: TicketId, chain: Iterable[Moment]) -> None:
    end: dict[str, object] = {"id": ticket_id, "hash": None}
    for moment in chain:
        row = connection.execute(
            _DATE_ROW, {"id": ticket_id, "chain_no": moment.chain_no, "at": moment.at, "previous": end["hash"]}
        ).fetchone()
        if row is None:
            raise LookupError(f"{ticket_id} has no audit row {moment.chain_no}")
        end = {"id": ticket_id, "hash": row[0], "at": moment.at}
    connection.execute(
        "UPDATE public.ticket_timeline_heads SET last_at = %(at)s, last_hash = %(hash)s WHERE ticket_id = %(id)s", end
    )


_DATE_ROW = """
    UPDATE public.ticket_audit
    SET created_at = %(at)s::timestamptz,
        prev_hash = %(previous)s::bytea,
        hash = public.ticket_audit_hash(
            ticket_id, chain_no, seq, actor_id, actor_role, action, payload::text, ip_address::text,
            %(at)s::timestamptz, %(previous)s::bytea
        )
    WHERE ticket_id = %(id)s AND chain_no = %(chain_no)s
    RETURNING hash
"""

_DATE_TICKET = """
    UPDATE public.tickets AS ticket
    SET updated_at = greatest(
        -- Not audited, but a change too.
        ticket.first_responded_at,
        (
            SELECT max(audit.created_at) FROM public.ticket_audit AS audit
            WHERE audit.ticket_id = ticket.id AND audit.seq IS NOT NULL
        )
    )
    WHERE ticket.id = %(id)s
"""
