"""Nothing is changed or removed from the audit and the timeline, and no ticket is deleted, not even by a superuser."""

import psycopg
import pytest

from tests.integration.postgres.rows import audit_of, insert_message, insert_ticket


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ticket_audit SET actor_id = 'x'",
        "UPDATE ticket_audit SET actor_id = actor_id WHERE false",
        "DELETE FROM ticket_audit",
        "DELETE FROM ticket_audit WHERE false",
        "TRUNCATE ticket_audit",
        "TRUNCATE ticket_audit CASCADE",
        "MERGE INTO ticket_audit AS a USING tickets AS t ON t.id = a.ticket_id WHEN MATCHED THEN DELETE",
        "UPDATE ticket_messages SET message = 'x'",
        "DELETE FROM ticket_messages",
        "TRUNCATE ticket_messages",
        "DELETE FROM tickets",
        "DELETE FROM tickets WHERE false",
        "TRUNCATE tickets CASCADE",
        "DELETE FROM ticket_timeline_heads",
        "TRUNCATE ticket_timeline_heads",
        "TRUNCATE ticket_watchers",
        "TRUNCATE sla_config, ticket_audit, tickets RESTART IDENTITY CASCADE",
    ],
)
def test_the_statement_is_refused_and_everything_is_still_there(connection: psycopg.Connection, statement: str) -> None:
    ticket_id = insert_ticket(connection)
    insert_message(connection, ticket_id)
    before = audit_of(connection, ticket_id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
    assert audit_of(connection, ticket_id) == before


def test_on_conflict_is_no_way_round(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(
            """
            INSERT INTO ticket_audit (ticket_id, action) VALUES (%s, 'NOTE')
            ON CONFLICT (ticket_id, chain_no) DO UPDATE SET action = 'FORGED'
            """,
            [ticket_id],
        )
