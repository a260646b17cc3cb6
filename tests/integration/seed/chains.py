"""All audit chains of a database, checked as VerifyAudit does."""

from itertools import groupby

import psycopg

from server.domain.audit_chain import ChainHead, Finding, StoredEntry, verify_chain


def broken_chains(connection: psycopg.Connection) -> dict[str, Finding | None]:
    """What is wrong, by ticket id; a ticket without any audit is broken too (None)."""
    heads = {
        ticket_id: ChainHead(chain_no, hash_)
        for ticket_id, chain_no, hash_ in connection.execute(
            "SELECT ticket_id, last_chain_no, last_hash FROM ticket_timeline_heads"
        )
    }
    rows = connection.execute(
        """
        SELECT ticket_id, chain_no, seq, actor_id, actor_role, action, payload::text, ip_address::text,
            trunc(extract(epoch FROM created_at) * 1000000)::text,
            prev_hash, hash
        FROM ticket_audit ORDER BY ticket_id, chain_no
        """
    )
    entries = (StoredEntry(*row) for row in rows)
    findings = {
        ticket_id: verify_chain(chain, heads.get(ticket_id))
        for ticket_id, chain in groupby(entries, key=lambda entry: entry.ticket_id)
    }
    tickets = {ticket_id for (ticket_id,) in connection.execute("SELECT id FROM tickets")}
    broken: dict[str, Finding | None] = {key: finding for key, finding in findings.items() if finding is not None}
    return broken | dict.fromkeys(tickets - findings.keys())
