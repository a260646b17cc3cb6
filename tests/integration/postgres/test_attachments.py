"""Attachments in PostgreSQL: what the triggers write down, whoever changes them, and what the repository finds."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from server.adapters.postgres.attachment_repository import PostgresAttachmentRepository
from server.adapters.postgres.change_feed import PostgresChangeFeed
from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.application.call import Call
from server.domain.attachments import Attachment, AttachmentState, object_key_of
from server.domain.ids import TicketId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from tests.database import Database
from tests.integration.postgres.feeds import CALL, news, settled
from tests.integration.postgres.rows import insert_ticket, update_ticket

NOW = datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=UTC)
SHA = hashlib.sha256(b"x").digest()
ASHA = Call(Principal(UserId("asha"), Role.OPS_AGENT), ip_address="10.1.2.3")


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    with database.connect() as opened:
        yield opened


@contextmanager
def repository(database: Database, call: Call = ASHA) -> Iterator[PostgresAttachmentRepository]:
    """In one transaction."""
    pool = open_pool(database.dsn, min_size=1, max_size=1, wait_seconds=10, prepare_statements=True)
    try:
        with Sessions(pool, session_settings=True, default_timeout_ms=30_000).transaction(call) as session:
            yield PostgresAttachmentRepository(session)
    finally:
        pool.close()


def attachment(ticket: str, **changes: Any) -> Attachment:
    made = uuid4()
    values: dict[str, Any] = {
        "id": made,
        "ticket_id": TicketId(ticket),
        "uploaded_by_id": UserId("asha"),
        "file_name": "scan.pdf",
        "object_key": object_key_of(TicketId(ticket), made),
        "file_type": "application/pdf",
        "file_size_bytes": 12,
        "sha256": SHA,
        "is_sensitive": False,
        "state": AttachmentState.PENDING,
        "created_at": NOW,
        "completed_at": None,
        **changes,
    }
    return Attachment(**values)


def stored(database: Database, ticket: str, *, ready: bool = True, **changes: Any) -> Attachment:
    with repository(database) as attachments:
        made = attachments.add(attachment(ticket, **changes))
        return attachments.complete(made, now=NOW) if ready else made


def audited(connection: psycopg.Connection, ticket: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT action, actor_id, host(ip_address), payload FROM ticket_audit WHERE ticket_id = %s"
        " AND action LIKE 'ATTACHMENT%%' ORDER BY chain_no",
        [ticket],
    ).fetchall()


def facts(made: Attachment, **changes: Any) -> dict[str, Any]:
    open_ones = {"file_name": made.file_name, "sha256": SHA.hex()}
    return {
        "attachment_id": str(made.id),
        "uploaded_by_id": "asha",
        "file_type": "application/pdf",
        "file_size_bytes": 12,
        "is_sensitive": made.is_sensitive,
        **open_ones,
        **changes,
    }


def test_what_is_stored_comes_back(database: Database, connection: psycopg.Connection) -> None:
    made = attachment(insert_ticket(connection), file_name="भुगतान ✓.pdf", is_sensitive=True)
    with repository(database) as attachments:
        assert attachments.add(made) == attachments.get(made.id) == attachments.lock(made.id) == made
        done = attachments.complete(made, now=NOW)
        assert (done.state, done.completed_at, done.sha256) == (AttachmentState.READY, NOW, SHA)
        assert attachments.get(made.id) == done
        assert attachments.get(uuid4()) is None
        assert attachments.lock(uuid4()) is None


def test_an_upload_under_way_leaves_no_trace_and_a_complete_one_does(
    database: Database, connection: psycopg.Connection
) -> None:
    ticket = insert_ticket(connection)
    with repository(database) as attachments:
        made = attachments.add(attachment(ticket))
    assert audited(connection, ticket) == []
    with repository(database) as attachments:
        attachments.complete(made, now=NOW)
    assert audited(connection, ticket) == [("ATTACHMENT_ADDED", "asha", "10.1.2.3", {"new": facts(made)})]
    swept = stored(database, ticket, ready=False)
    connection.execute("DELETE FROM ticket_attachments WHERE id = %s", [swept.id])
    assert len(audited(connection, ticket)) == 1


def test_changes_in_psql_are_audited_as_the_systems(database: Database, connection: psycopg.Connection) -> None:
    ticket = insert_ticket(connection)
    made = stored(database, ticket)
    connection.execute("UPDATE ticket_attachments SET file_name = 'other.pdf' WHERE id = %s", [made.id])
    connection.execute("UPDATE ticket_attachments SET file_name = 'other.pdf' WHERE id = %s", [made.id])
    connection.execute("DELETE FROM ticket_attachments WHERE id = %s", [made.id])
    renamed = facts(made, file_name="other.pdf")
    assert audited(connection, ticket)[1:] == [
        ("ATTACHMENT_CHANGED", "SYSTEM", None, {"old": facts(made), "new": renamed}),
        ("ATTACHMENT_REMOVED", "SYSTEM", None, {"old": renamed}),
    ]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("TRUNCATE ticket_attachments")


@pytest.mark.parametrize("by_ticket", [False, True])
def test_protected_values_never_enter_the_audit(
    database: Database, connection: psycopg.Connection, *, by_ticket: bool
) -> None:
    ticket = insert_ticket(connection, is_sensitive=by_ticket)
    made = stored(database, ticket, is_sensitive=not by_ticket)
    connection.execute("UPDATE ticket_attachments SET is_sensitive = NOT is_sensitive WHERE id = %s", [made.id])
    connection.execute("DELETE FROM ticket_attachments WHERE id = %s", [made.id])
    rows = audited(connection, ticket)
    assert [row[0] for row in rows[:2]] == ["ATTACHMENT_ADDED", "ATTACHMENT_CHANGED"]
    assert not any("scan.pdf" in str(row) or SHA.hex() in str(row) for row in rows[:2])


def test_values_of_a_file_are_not_taken_for_the_tickets(
    feed: PostgresChangeFeed, database: Database, connection: psycopg.Connection
) -> None:
    """Both have an ``is_sensitive``: who saw the ticket before must not depend on a file of it."""
    ticket = insert_ticket(connection)
    made = stored(database, ticket)
    start = settled(feed, connection)
    connection.execute("UPDATE ticket_attachments SET is_sensitive = true WHERE id = %s", [made.id])
    connection.execute("DELETE FROM ticket_attachments WHERE id = %s", [made.id])
    update_ticket(connection, ticket, tags=["late"])
    events = news(feed, connection, start)
    assert [event.action for event in events][:2] == ["ATTACHMENT_CHANGED", "ATTACHMENT_REMOVED"]
    history = feed.histories(CALL, events)[TicketId(ticket)]
    states = [history.before[event.chain_no] for event in events if event.chain_no is not None]
    assert [state is not None and state.ticket.is_sensitive for state in states] == [False] * len(states)


def test_pages_show_what_their_reader_may_see(database: Database, connection: psycopg.Connection) -> None:
    ticket = insert_ticket(connection)
    loose, note, both, public, mine = (stored(database, ticket).id for _ in range(5))
    pending = stored(database, ticket, ready=False, uploaded_by_id="ravi").id
    hidden = stored(database, ticket, ready=False).id
    connection.execute("UPDATE ticket_attachments SET uploaded_by_id = 'ravi' WHERE id = %s", [mine])
    for ids, internal in (([note, both, mine, None], True), ([both, public, hidden, uuid4(), None], False)):
        connection.execute(
            "INSERT INTO ticket_messages (ticket_id, actor_id, actor_role, message, attachments, is_internal_note)"
            " VALUES (%s, 'asha', 'ops_agent', 'See.', %s, %s)",
            [ticket, ids, internal],
        )

    def page(**changes: Any) -> list[UUID]:
        wanted: dict[str, Any] = {"after": None, "limit": 10, "public_only": False, **changes}
        with repository(database) as attachments:
            return [each.id for each in attachments.page(TicketId(ticket), UserId("ravi"), **wanted)]

    everything = sorted([loose, note, both, public, mine, pending])
    assert page() == everything, "made at the same instant, so in the order of ids"
    for_outsiders = sorted([both, public, mine, pending])
    assert page(public_only=True) == for_outsiders
    assert page(public_only=True, limit=3) == for_outsiders[:3]
    assert page(public_only=True, after=(NOW, for_outsiders[0])) == for_outsiders[1:]
    assert page(limit=2) == everything[:2]
    assert page(after=(NOW, everything[1]), limit=2) == everything[2:4]
    assert page(after=(NOW, everything[-1]), public_only=True) == []
    with repository(database) as attachments:
        found = [attachments.get(each) for each in (loose, note, both, public, mine)]
        shared = [each is not None and attachments.is_public(each) for each in found]
        assert shared == [False, False, True, True, False]
        assert attachments.count(TicketId(ticket), at_most=4) == 4
        assert attachments.count(TicketId(ticket), at_most=100) == 7
        assert attachments.count(TicketId("TKT-999999999"), at_most=100) == 0
