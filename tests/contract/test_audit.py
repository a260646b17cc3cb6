"""The audit trail: who did what from where, and that nobody can change it unnoticed."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_pb2
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.roles import Role
from tests.running import Running
from tests.tampering import LENGTH, TAMPERINGS, rewrite_chain, tamper
from tests.ticket_requests import REASON, new_ticket, retitle


def manager_of(server: Running) -> Any:
    return server.client(Role.OPS_MANAGER, "audit-manager").tickets


def audit_of(server: Running, ticket_id: str) -> list[timeline_pb2.AuditEntry]:
    request = timeline.ListAuditEntriesRequest(ticket_id=ticket_id, page_size=200)
    return list(manager_of(server).ListAuditEntries(request).audit_entries)


def verify(server: Running, ticket_id: str) -> timeline.VerifyAuditResponse:
    verdict: timeline.VerifyAuditResponse = manager_of(server).VerifyAudit(
        timeline.VerifyAuditRequest(ticket_id=ticket_id)
    )
    return verdict


def ticket_with_a_chain(server: Running) -> str:
    """A ticket with LENGTH audit rows."""
    manager = manager_of(server)
    ticket_id: str = manager.CreateTicket(new_ticket()).ticket.id
    for number in range(2, LENGTH + 1):
        manager.UpdateTicket(retitle(ticket_id, f"Payment is late, part {number}"))
    return ticket_id


# --- who did what


def open_ticket(server: Running) -> t.Ticket:
    manager = manager_of(server)
    created = manager.CreateTicket(new_ticket()).ticket
    request = writes.AssignTicketRequest(
        id=created.id, owner_id="audit-manager", owner_role=t.ROLE_OPS_MANAGER, reason=REASON
    )
    ticket: t.Ticket = manager.AssignTicket(request).ticket
    return ticket


CHANGES: dict[str, tuple[Callable[[Any, str], Any], str, dict[str, object], dict[str, object], str]] = {
    "UpdateTicket": (
        lambda rpc, ticket_id: rpc.UpdateTicket(retitle(ticket_id, "Payment is late")),
        "TICKET_UPDATED",
        {"title": "Payment not received"},
        {"title": "Payment is late"},
        "",
    ),
    "TransitionTicket": (
        lambda rpc, ticket_id: rpc.TransitionTicket(
            writes.TransitionTicketRequest(id=ticket_id, status=t.TICKET_STATUS_IN_PROGRESS, reason="Called the bank")
        ),
        "STATUS_CHANGED",
        {"status": "OPEN"},
        {"status": "IN_PROGRESS"},
        "Called the bank",
    ),
    "AssignTicket": (
        lambda rpc, ticket_id: rpc.AssignTicket(
            writes.AssignTicketRequest(
                id=ticket_id, owner_role=t.ROLE_OPS_AGENT, assigned_franchise_id="FR-001", reason=REASON
            )
        ),
        "ASSIGNMENT_CHANGED",
        {"owner_id": "audit-manager", "owner_role": "ops_manager", "assigned_franchise_id": None},
        {"owner_id": None, "owner_role": "ops_agent", "assigned_franchise_id": "FR-001"},
        REASON,
    ),
    "EscalateTicket": (
        lambda rpc, ticket_id: rpc.EscalateTicket(writes.EscalateTicketRequest(id=ticket_id, reason=REASON)),
        "ESCALATED",
        {"status": "OPEN", "sla_escalation_level": 0},
        {"status": "ESCALATED", "sla_escalation_level": 1},
        REASON,
    ),
    "ArchiveTicket": (
        lambda rpc, ticket_id: rpc.ArchiveTicket(writes.ArchiveTicketRequest(id=ticket_id, reason="A duplicate")),
        "TICKET_ARCHIVED",
        {"archived": False},
        {"archived": True},
        "A duplicate",
    ),
    "BulkUpdateTickets": (
        lambda rpc, ticket_id: rpc.BulkUpdateTickets(
            bulk.BulkUpdateTicketsRequest(ids=[ticket_id], tags=bulk.BulkTags(add=["fraud"]), reason=REASON)
        ),
        "TICKET_UPDATED",
        {"tags": []},
        {"tags": ["fraud"]},
        REASON,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_one_row_with_its_actor_address_and_values(server: Running, name: str) -> None:
    call, action, old, new, reason = CHANGES[name]
    ticket = open_ticket(server)
    before = audit_of(server, ticket.id)
    call(server.client(Role.ADMIN, "audit-actor").tickets, ticket.id)
    (entry,) = audit_of(server, ticket.id)[len(before) :]
    assert (entry.actor_id, entry.actor_role) == ("audit-actor", t.ROLE_ADMIN)
    assert entry.ip_address == "127.0.0.1"
    assert (entry.action, entry.reason) == (action, reason)
    assert old.items() <= _plain(entry.old_values).items()
    assert new.items() <= _plain(entry.new_values).items()
    assert entry.old_values.keys() == entry.new_values.keys()
    assert entry.chain_no == before[-1].chain_no + 1
    assert entry.prev_hash == before[-1].hash


def _plain(struct: Any) -> dict[str, object]:
    return {key: list(value) if hasattr(value, "values") else value for key, value in dict(struct).items()}


def test_a_creation_is_audited_with_what_was_created(server: Running) -> None:
    shipper = server.client(Role.SHIPPER, "audit-shipper").tickets
    ticket = shipper.CreateTicket(new_ticket(tags=["payment"])).ticket
    (entry,) = audit_of(server, ticket.id)
    assert (entry.actor_id, entry.actor_role, entry.action) == ("audit-shipper", t.ROLE_SHIPPER, "TICKET_CREATED")
    assert entry.new_values["title"] == ticket.title
    assert _plain(entry.new_values)["tags"] == ["payment"]
    assert not entry.old_values.fields
    assert entry.prev_hash == ""


def test_watching_and_messages_are_audited_without_the_text(server: Running) -> None:
    ticket = open_ticket(server)
    actor = server.client(Role.OPS_MANAGER, "audit-actor").tickets
    actor.AddMessage(writes.AddMessageRequest(ticket_id=ticket.id, message="The bank is secretive."))
    actor.SetWatch(writes.SetWatchRequest(ticket_id=ticket.id, notify_sms=True))
    message, watch = audit_of(server, ticket.id)[-2:]
    assert (message.action, message.actor_id, message.ip_address) == ("MESSAGE_ADDED", "audit-actor", "127.0.0.1")
    assert "secretive" not in str(message)
    assert (watch.action, watch.actor_id, watch.seq) == ("WATCH_CHANGED", "audit-actor", 0)
    assert watch.old_values["watching"] is False
    assert watch.new_values["notify_sms"] is True


def test_a_call_that_changes_nothing_or_fails_leaves_no_row(server: Running) -> None:
    manager = manager_of(server)
    ticket = open_ticket(server)
    before = len(audit_of(server, ticket.id))
    manager.UpdateTicket(retitle(ticket.id, ticket.title))
    with pytest.raises(TicketsError):
        manager.TransitionTicket(writes.TransitionTicketRequest(id=ticket.id, status=t.TICKET_STATUS_CLOSED))
    with pytest.raises(TicketsError):
        manager.UpdateTicket(retitle(ticket.id, "short"))
    assert len(audit_of(server, ticket.id)) == before


def test_an_address_that_a_caller_makes_up_is_not_believed(server: Running) -> None:
    shipper = server.client(Role.SHIPPER, "audit-shipper").tickets
    ticket = shipper.CreateTicket(new_ticket(), metadata=(("x-forwarded-for", "10.9.9.9"),)).ticket
    assert [entry.ip_address for entry in audit_of(server, ticket.id)] == ["127.0.0.1"]


def test_changes_in_psql_are_audited_as_system(server: Running) -> None:
    ticket = open_ticket(server)
    before = len(audit_of(server, ticket.id))
    with server.database.connect() as connection:
        connection.execute("UPDATE tickets SET status = 'IN_PROGRESS' WHERE id = %s", [ticket.id])
        connection.execute("UPDATE tickets SET owner_id = 'ravi' WHERE id = %s", [ticket.id])
    status, owner = audit_of(server, ticket.id)[before:]
    for entry in (status, owner):
        assert (entry.actor_id, entry.actor_role, entry.ip_address) == ("SYSTEM", t.ROLE_SYSTEM, "")
    assert status.action == "STATUS_CHANGED"
    assert (status.old_values["status"], status.new_values["status"]) == ("OPEN", "IN_PROGRESS")
    assert owner.action == "ASSIGNMENT_CHANGED"
    assert (owner.old_values["owner_id"], owner.new_values["owner_id"]) == ("audit-manager", "ravi")
    assert verify(server, ticket.id).intact


# --- that nobody can change it unnoticed


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ticket_audit SET actor_id = 'x' WHERE ticket_id = %(id)s",
        "DELETE FROM ticket_audit WHERE ticket_id = %(id)s",
        "TRUNCATE ticket_audit",
        "DELETE FROM ticket_timeline_heads WHERE ticket_id = %(id)s",
        "DELETE FROM tickets WHERE id = %(id)s",
    ],
)
def test_the_database_refuses(server: Running, statement: str) -> None:
    ticket_id = ticket_with_a_chain(server)
    before = audit_of(server, ticket_id)
    with server.database.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode(), {"id": ticket_id} if "%" in statement else None)
    assert audit_of(server, ticket_id) == before


def test_an_untouched_chain_is_intact(server: Running) -> None:
    assert verify(server, ticket_with_a_chain(server)) == timeline.VerifyAuditResponse(
        intact=True, entries_checked=LENGTH
    )


@pytest.mark.parametrize("name", TAMPERINGS)
def test_the_first_bad_row_is_named(server: Running, name: str) -> None:
    tampering = TAMPERINGS[name]
    ticket_id, bystander = ticket_with_a_chain(server), ticket_with_a_chain(server)
    tamper(server.database, ticket_id, tampering)
    verdict = verify(server, ticket_id)
    assert not verdict.intact
    assert verdict.first_bad_chain_no == tampering.first_bad
    assert timeline_pb2.AuditFinding.Name(verdict.finding) == f"AUDIT_FINDING_{tampering.finding}"
    assert verdict.detail
    assert verify(server, bystander).intact


def test_a_row_moved_to_another_ticket_is_bad_in_both(server: Running) -> None:
    one, two = ticket_with_a_chain(server), ticket_with_a_chain(server)
    move = f"UPDATE ticket_audit SET ticket_id = '{two}', chain_no = {LENGTH + 1}, seq = 100"
    with server.database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"{move} WHERE ticket_id = '{one}' AND chain_no = 3".encode())
    assert verify(server, one).first_bad_chain_no == 3
    assert verify(server, two).first_bad_chain_no == LENGTH + 1


def test_the_chain_goes_on_after_a_tampering_and_still_shows_it(server: Running) -> None:
    ticket_id = ticket_with_a_chain(server)
    tamper(server.database, ticket_id, TAMPERINGS["actor edited"])
    manager_of(server).UpdateTicket(retitle(ticket_id, "Payment is late after all"))
    assert verify(server, ticket_id).first_bad_chain_no == TAMPERINGS["actor edited"].first_bad


def test_a_wholly_rewritten_chain_is_sound_in_itself(server: Running) -> None:
    """Which is why ends of chains are kept elsewhere: see `tickets audit verify --heads-out`."""
    ticket_id = ticket_with_a_chain(server)
    tamper(server.database, ticket_id, TAMPERINGS["actor edited"])
    rewrite_chain(server.database, ticket_id)
    assert verify(server, ticket_id).intact


def test_a_chain_longer_than_one_fetch_is_checked_to_its_end(server: Running) -> None:
    ticket_id = manager_of(server).CreateTicket(new_ticket()).ticket.id
    with server.database.connect() as connection:
        connection.execute(
            "INSERT INTO ticket_audit (ticket_id, action) SELECT %s, 'WATCH_CHANGED' FROM generate_series(2, 2500)",
            [ticket_id],
        )
    verdict = verify(server, ticket_id)
    assert (verdict.intact, verdict.entries_checked) == (True, 2500)
    with server.database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE ticket_audit SET actor_id = 'x' WHERE ticket_id = %s AND chain_no = 2400", [ticket_id]
        )
    assert verify(server, ticket_id).first_bad_chain_no == 2400


def test_verifying_is_for_staff_who_see_the_ticket(server: Running) -> None:
    shipper = server.client(Role.SHIPPER, "audit-shipper").tickets
    ticket_id = shipper.CreateTicket(new_ticket()).ticket.id
    with pytest.raises(TicketsError) as refused:
        shipper.VerifyAudit(timeline.VerifyAuditRequest(ticket_id=ticket_id))
    assert refused.value.reason == "ACTION_NOT_ALLOWED"
    stranger = server.client(Role.FRANCHISE_AGENT, "audit-agent", ("FR-999",)).tickets
    with pytest.raises(TicketsError) as refused:
        stranger.VerifyAudit(timeline.VerifyAuditRequest(ticket_id=ticket_id))
    assert refused.value.reason == "TICKET_NOT_FOUND"
