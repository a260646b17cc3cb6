"""What the triggers write to the audit: one row a change, with the real actor and the real values."""

from datetime import datetime
from typing import Any

import psycopg
import pytest

from tests.integration.postgres.rows import (
    AGENT,
    REASON,
    audit_of,
    insert,
    insert_message,
    insert_ticket,
    set_context,
    update_ticket,
)


def test_a_new_ticket_is_audited_with_its_values(connection: psycopg.Connection) -> None:
    with connection.transaction():
        set_context(connection, {**AGENT, "request_id": "r-1"})
        ticket_id = insert_ticket(connection, metadata='{"note": null}', tags=["payment"])
    (entry,) = audit_of(connection, ticket_id)
    assert (entry.action, entry.chain_no, entry.seq) == ("TICKET_CREATED", 1, 1)
    assert (entry.actor_id, entry.actor_role, str(entry.ip_address)) == ("u-7", "ops_manager", "10.1.2.3")
    new = entry.payload["new"]
    assert new["title"] == "Payment not received"
    assert new["status"] == "NEW"
    assert new["tags"] == ["payment"]
    assert new["metadata"] == {"note": None}
    assert entry.payload["request_id"] == "r-1"
    assert not {"search", "version", "updated_at", "owner_id"} & new.keys()
    assert not {"sla_near_breach_at", "sla_paused_at", "sla_next_escalation_at", "sla_stale"} & new.keys()
    assert new["sla_changed_at"] == new["created_at"]


def test_somebody_in_psql_is_system(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    connection.execute("UPDATE tickets SET status = 'OPEN' WHERE id = %s", [ticket_id])
    for entry in audit_of(connection, ticket_id):
        assert (entry.actor_id, entry.actor_role, entry.ip_address) == ("SYSTEM", "system", None)


def test_the_context_ends_with_its_transaction(connection: psycopg.Connection) -> None:
    with connection.transaction():
        set_context(connection, AGENT)
        ticket_id = insert_ticket(connection)
    update_ticket(connection, ticket_id, status="OPEN")
    assert [entry.actor_id for entry in audit_of(connection, ticket_id)] == ["u-7", "SYSTEM"]


@pytest.mark.parametrize(
    ("before", "change", "action"),
    [
        ({}, {"status": "OPEN", "owner_id": "u-1"}, "STATUS_CHANGED"),
        ({}, {"owner_id": "u-1"}, "ASSIGNMENT_CHANGED"),
        ({}, {"owner_role": "ops_agent"}, "ASSIGNMENT_CHANGED"),
        ({}, {"assigned_franchise_id": "FR-001"}, "ASSIGNMENT_CHANGED"),
        ({"owner_id": "u-1"}, {"owner_id": None}, "ASSIGNMENT_CHANGED"),
        ({}, {"archived": True}, "TICKET_ARCHIVED"),
        ({"archived": True}, {"archived": False}, "TICKET_UNARCHIVED"),
        ({}, {"title": "Payment received in part"}, "TICKET_UPDATED"),
        ({}, {"sla_breached": True, "sla_escalation_level": 1}, "TICKET_UPDATED"),
        ({}, {"first_response_breached": True}, "FIRST_RESPONSE_BREACHED"),
        ({"first_response_breached": True}, {"first_response_breached": False}, "TICKET_UPDATED"),
        ({}, {"sla_near_breach_notified": True}, "TICKET_UPDATED"),
    ],
)
def test_the_action_follows_from_the_change(
    connection: psycopg.Connection, before: dict[str, Any], change: dict[str, Any], action: str
) -> None:
    ticket_id = insert_ticket(connection, **before)
    update_ticket(connection, ticket_id, **change)
    _, entry = audit_of(connection, ticket_id)
    assert entry.action == action
    new, old = dict(entry.payload["new"]), dict(entry.payload["old"])
    if change.keys() & {"status", "sla_escalation_level"}:
        # The instant by which the clock counts the change is kept with it.
        assert datetime.fromisoformat(new.pop("sla_changed_at")) > datetime.fromisoformat(old.pop("sla_changed_at"))
    assert new == change
    assert old.keys() == change.keys()


def test_old_and_new_values_are_the_real_ones(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection, owner_id="u-1", metadata='{"a": 1}')
    update_ticket(connection, ticket_id, owner_id=None, metadata='{"a": 2}', tags=["x"])
    _, entry = audit_of(connection, ticket_id)
    assert entry.payload == {
        "old": {"owner_id": "u-1", "metadata": {"a": 1}, "tags": []},
        "new": {"owner_id": None, "metadata": {"a": 2}, "tags": ["x"]},
    }


def test_the_context_names_action_and_reason(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    with connection.transaction():
        set_context(connection, {**AGENT, "action": "AUTO_ESCALATED", "reason": REASON})
        update_ticket(connection, ticket_id, status="ESCALATED")
    _, entry = audit_of(connection, ticket_id)
    assert entry.action == "AUTO_ESCALATED"
    assert entry.payload["reason"] == REASON


def test_every_changed_row_of_a_bulk_update_has_its_own_entry(connection: psycopg.Connection) -> None:
    ticket_ids = [insert_ticket(connection, status=status) for status in ("NEW", "NEW", "OPEN")]
    connection.execute("UPDATE tickets SET status = 'OPEN' WHERE id = ANY(%s)", [ticket_ids])
    assert [len(audit_of(connection, ticket_id)) for ticket_id in ticket_ids] == [2, 2, 1]


def test_an_update_that_changes_nothing_leaves_no_trace(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    before = state_of(connection, ticket_id)
    connection.execute("UPDATE tickets SET title = title, tags = tags, updated_at = now() WHERE id = %s", [ticket_id])
    assert state_of(connection, ticket_id) == before
    assert len(audit_of(connection, ticket_id)) == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("first_responded_at", "2026-03-01T00:00:00Z"),
        ("sla_near_breach_at", "2026-03-01T00:00:00Z"),
        ("sla_paused_at", "2026-03-01T00:00:00Z"),
        ("sla_next_escalation_at", None),
        ("sla_stale", True),
        ("sla_put_off_until", "2026-03-01T00:00:00Z"),
    ],
)
def test_bookkeeping_dates_the_ticket_but_is_not_audited(
    connection: psycopg.Connection, column: str, value: object
) -> None:
    ticket_id = insert_ticket(connection)
    version, updated_at = state_of(connection, ticket_id)
    update_ticket(connection, ticket_id, **{column: value})
    assert state_of(connection, ticket_id)[0] == version
    assert state_of(connection, ticket_id)[1] > updated_at
    assert len(audit_of(connection, ticket_id)) == 1


def test_the_version_counts_audited_changes_and_cannot_be_set(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection, version=50)
    assert state_of(connection, ticket_id)[0] == 1
    update_ticket(connection, ticket_id, severity="major", version=90)
    assert state_of(connection, ticket_id)[0] == 2


def test_a_change_of_the_search_vector_alone_is_no_change(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    update_ticket(connection, ticket_id, is_sensitive=True)
    _, entry = audit_of(connection, ticket_id)
    assert entry.payload["new"] == {"is_sensitive": True}


def test_a_level_does_not_go_down_within_its_cycle(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection, status="OPEN")
    update_ticket(connection, ticket_id, sla_escalation_level=2)
    for columns in ({"sla_escalation_level": 1}, {"sla_escalation_level": 5, "sla_cycle": 0}):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="stays made"):
            update_ticket(connection, ticket_id, **columns)
    for status in ("RESOLVED", "REOPENED"):
        update_ticket(connection, ticket_id, status=status)
    row = connection.execute("SELECT sla_cycle, sla_escalation_level FROM tickets WHERE id = %s", [ticket_id])
    assert row.fetchone() == (2, 0)


@pytest.mark.parametrize("column", ["id", "created_at"])
def test_identity_is_kept(connection: psycopg.Connection, column: str) -> None:
    ticket_id = insert_ticket(connection)
    value = "TKT-0" if column == "id" else "2020-01-01T00:00:00Z"
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        update_ticket(connection, ticket_id, **{column: value})


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "not json",
        '{"actor_id": "u-7", "actor_role": ',
        "[1, 2]",
        '"text"',
        "null",
        "{}",
        '{"actor_id": "u-7"}',
        '{"actor_id": "", "actor_role": "admin"}',
        '{"actor_id": "u\\u0000", "actor_role": "admin"}',
        '{"actor_id": null, "actor_role": "admin"}',
    ],
)
def test_a_malformed_context_counts_as_none(connection: psycopg.Connection, garbage: str) -> None:
    with connection.transaction():
        set_context(connection, garbage)
        ticket_id = insert_ticket(connection)
        update_ticket(connection, ticket_id, status="OPEN")
        insert_message(connection, ticket_id)
    for entry in audit_of(connection, ticket_id):
        assert (entry.actor_id, entry.actor_role) == ("SYSTEM", "system")


@pytest.mark.parametrize("address", ["999.0.0.1", "fe80::1%eth0", "", "10.0.0.1; DROP TABLE tickets", 7, {"a": 1}])
def test_a_malformed_address_is_left_out_and_the_actor_kept(connection: psycopg.Connection, address: object) -> None:
    with connection.transaction():
        set_context(connection, {**AGENT, "ip_address": address})
        ticket_id = insert_ticket(connection)
    (entry,) = audit_of(connection, ticket_id)
    assert (entry.actor_id, entry.ip_address) == ("u-7", None)


def test_a_message_is_audited_without_its_text(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    with connection.transaction():
        set_context(connection, AGENT)
        message = insert_message(connection, ticket_id, message="the card number is 4111", is_internal_note=True)
    _, entry = audit_of(connection, ticket_id)
    assert (entry.action, entry.actor_id, entry.seq) == ("MESSAGE_ADDED", "u-7", None)
    assert entry.payload == {"new": {"message_id": str(message["id"]), "is_internal_note": True}}


def test_an_entry_of_the_application_takes_actor_and_address_from_the_context(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    with connection.transaction():
        set_context(connection, AGENT)
        entry = insert(connection, "ticket_audit", ticket_id=ticket_id, action="SENSITIVE_VIEWED", payload="{}")
    assert (entry["actor_id"], str(entry["ip_address"]), entry["seq"]) == ("u-7", "10.1.2.3", None)


def test_numbers_dates_and_hashes_of_an_entry_cannot_be_chosen(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    entry = insert(
        connection,
        "ticket_audit",
        ticket_id=ticket_id,
        action="NOTE",
        chain_no=77,
        seq=77,
        created_at="2020-01-01T00:00:00Z",
        prev_hash=b"x",
        hash=b"x",
    )
    assert (entry["chain_no"], entry["seq"]) == (2, 2)
    assert entry["created_at"].year > 2020
    assert len(entry["hash"]) == len(entry["prev_hash"]) == 32


def state_of(connection: psycopg.Connection, ticket_id: str) -> tuple[Any, Any]:
    row = connection.execute("SELECT version, updated_at FROM tickets WHERE id = %s", [ticket_id]).fetchone()
    assert row is not None
    return row[0], row[1]


def test_watching_is_audited_whoever_brings_it_about(connection: psycopg.Connection) -> None:
    ticket_id = insert_ticket(connection)
    insert(connection, "ticket_watchers", ticket_id=ticket_id, user_id="u-1")
    connection.execute("UPDATE ticket_watchers SET notify_sms = notify_sms WHERE ticket_id = %s", [ticket_id])
    with connection.transaction():
        set_context(connection, AGENT)
        connection.execute("UPDATE ticket_watchers SET notify_sms = true WHERE ticket_id = %s", [ticket_id])
        connection.execute("DELETE FROM ticket_watchers WHERE ticket_id = %s", [ticket_id])
    added, changed, removed = audit_of(connection, ticket_id)[1:]
    assert [entry.action for entry in (added, changed, removed)] == ["WATCH_CHANGED"] * 3
    assert [entry.seq for entry in (added, changed, removed)] == [None] * 3
    assert [entry.actor_id for entry in (added, changed, removed)] == ["SYSTEM", "u-7", "u-7"]
    assert added.payload["old"] == {"user_id": "u-1", "watching": False}
    assert added.payload["new"] == {
        "user_id": "u-1",
        "watching": True,
        "notify_email": True,
        "notify_push": True,
        "notify_sms": False,
    }
    assert (changed.payload["old"]["notify_sms"], changed.payload["new"]["notify_sms"]) == (False, True)
    assert removed.payload["new"] == {"user_id": "u-1", "watching": False}
