"""What must hold of a whole database, whatever was done to it through the API."""

from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.roles import Role
from tests.running import Running

_NEVER = {
    "a ticket without its TICKET_CREATED row": """
        SELECT t.id FROM tickets t
        WHERE NOT EXISTS (
            SELECT FROM ticket_audit a WHERE a.ticket_id = t.id AND a.chain_no = 1 AND a.action = 'TICKET_CREATED')
    """,
    "a ticket without a head, or a head without a ticket": """
        SELECT coalesce(t.id, h.ticket_id) FROM tickets t FULL JOIN ticket_timeline_heads h ON h.ticket_id = t.id
        WHERE t.id IS NULL OR h.ticket_id IS NULL
    """,
    "a gap in a timeline, or a head that does not stand at its end": """
        WITH timeline AS (
            SELECT ticket_id, seq FROM ticket_messages
            UNION ALL
            SELECT ticket_id, seq FROM ticket_audit WHERE seq IS NOT NULL
        )
        SELECT h.ticket_id FROM ticket_timeline_heads h LEFT JOIN timeline USING (ticket_id)
        GROUP BY h.ticket_id, h.last_seq
        HAVING count(seq) <> h.last_seq OR count(DISTINCT seq) <> h.last_seq OR coalesce(max(seq), 0) <> h.last_seq
    """,
    "a gap in an audit chain, or a head that does not stand at its end": """
        SELECT h.ticket_id FROM ticket_timeline_heads h LEFT JOIN ticket_audit a USING (ticket_id)
        GROUP BY h.ticket_id, h.last_chain_no
        HAVING count(chain_no) <> h.last_chain_no OR count(DISTINCT chain_no) <> h.last_chain_no
            OR coalesce(max(chain_no), 0) <> h.last_chain_no
    """,
    "a timeline row without its outbox row, or the reverse": """
        WITH timeline AS (
            SELECT ticket_id, seq FROM ticket_messages
            UNION ALL
            SELECT ticket_id, seq FROM ticket_audit WHERE seq IS NOT NULL
        )
        (SELECT ticket_id FROM (SELECT ticket_id, seq FROM timeline EXCEPT ALL
            SELECT ticket_id, seq FROM outbox WHERE kind <> 'watch') a)
        UNION ALL
        (SELECT ticket_id FROM (
            SELECT ticket_id, seq FROM outbox WHERE kind <> 'watch' EXCEPT ALL SELECT ticket_id, seq FROM timeline) b)
    """,
    "a message without its audit row": """
        SELECT m.ticket_id FROM ticket_messages m
        GROUP BY m.ticket_id
        HAVING count(*) <> (
            SELECT count(*) FROM ticket_audit a WHERE a.ticket_id = m.ticket_id AND a.action = 'MESSAGE_ADDED')
    """,
}


def check_integrity(running: Running) -> int:
    """Raises AssertionError that names the rule and a ticket; the number of tickets."""
    with running.database.connect() as connection:
        for rule, query in _NEVER.items():
            assert connection.execute(f"{query} LIMIT 1").fetchone() is None, rule
        ids = [row[0] for row in connection.execute("SELECT id FROM tickets ORDER BY id").fetchall()]
    tickets = running.client(Role.ADMIN, "integrity-admin").tickets
    for ticket_id in ids:
        verdict = tickets.VerifyAudit(timeline.VerifyAuditRequest(ticket_id=ticket_id))
        assert verdict.intact, (ticket_id, verdict.detail)
    return len(ids)
