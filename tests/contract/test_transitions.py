"""The state machine as a user of the API meets it."""

from collections.abc import Iterator

import grpc
import psycopg
import pytest

from rodistaa.tickets.client.errors import TicketsError
from rodistaa.tickets.v1 import ticket_pb2, timeline_reads_pb2
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1.ticket_service_pb2_grpc import TicketServiceStub
from server.domain.roles import Role
from tests.running import Running
from tests.ticket_requests import REASON, new_ticket

_AWAITING = "AWAITING_SHIPPER AWAITING_OPERATOR AWAITING_FRANCHISE AWAITING_FINANCE"
ALLOWED = {
    "NEW": "OPEN ESCALATED",
    "OPEN": f"IN_PROGRESS {_AWAITING} ESCALATED RESOLVED",
    "IN_PROGRESS": f"{_AWAITING} ESCALATED RESOLVED",
    "AWAITING_SHIPPER": "IN_PROGRESS AWAITING_OPERATOR AWAITING_FRANCHISE AWAITING_FINANCE ESCALATED RESOLVED",
    "AWAITING_OPERATOR": "IN_PROGRESS AWAITING_SHIPPER AWAITING_FRANCHISE AWAITING_FINANCE ESCALATED RESOLVED",
    "AWAITING_FRANCHISE": "IN_PROGRESS AWAITING_SHIPPER AWAITING_OPERATOR AWAITING_FINANCE ESCALATED RESOLVED",
    "AWAITING_FINANCE": "IN_PROGRESS AWAITING_SHIPPER AWAITING_OPERATOR AWAITING_FRANCHISE ESCALATED RESOLVED",
    "ESCALATED": f"IN_PROGRESS {_AWAITING} ESCALATED RESOLVED",
    "REOPENED": f"IN_PROGRESS {_AWAITING} ESCALATED RESOLVED",
    "RESOLVED": "REOPENED CLOSED",
    "CLOSED": "",
}


@pytest.fixture(scope="module")
def connection(server: Running) -> Iterator[psycopg.Connection]:
    with server.database.connect() as opened:
        yield opened


@pytest.fixture
def admin(server: Running) -> TicketServiceStub:
    return server.client(Role.ADMIN, "transitions-admin").tickets


def ticket_in(connection: psycopg.Connection, status: str, **columns: str | bool) -> str:
    values = {
        "title": "Truck stands still",
        "description": "The truck has not moved since this morning.",
        "created_by_id": "shipper-1",
        "created_by_role": "shipper",
        "status": status,
        **columns,
    }
    row = connection.execute(
        f"INSERT INTO tickets ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))}) RETURNING id",
        list(values.values()),
    ).fetchone()
    assert row is not None
    return str(row[0])


def to(ticket_id: str, status: str, *, summary: str | None = None) -> writes.TransitionTicketRequest:
    if summary is None:
        summary = "It drives again." if status == "RESOLVED" else ""
    return writes.TransitionTicketRequest(
        id=ticket_id,
        status=ticket_pb2.TicketStatus.Value(f"TICKET_STATUS_{status}"),
        resolution_summary=summary,
        reason=REASON,
    )


def name_of(ticket: ticket_pb2.Ticket) -> str:
    return ticket_pb2.TicketStatus.Name(ticket.status).removeprefix("TICKET_STATUS_")


@pytest.mark.parametrize("current", ALLOWED)
def test_a_ticket_goes_where_the_table_says_and_nowhere_else(
    connection: psycopg.Connection, admin: TicketServiceStub, current: str
) -> None:
    reached = set()
    for target in ALLOWED:
        ticket_id = ticket_in(connection, current)
        try:
            ticket = admin.TransitionTicket(to(ticket_id, target)).ticket
        except TicketsError as error:
            refusal = error
        else:
            assert name_of(ticket) == target
            reached.add(target)
            continue
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TRANSITION_NOT_ALLOWED")
        assert refusal.metadata["current_status"] == current
        assert set(filter(None, refusal.metadata["allowed_statuses"].split(","))) == set(ALLOWED[current].split())
        assert f"state {current} cannot become {target}" in refusal.message
        assert all(state in refusal.message for state in ALLOWED[current].split())
    assert reached == set(ALLOWED[current].split())


def test_update_moves_a_ticket_by_the_same_table(connection: psycopg.Connection, admin: TicketServiceStub) -> None:
    for current, targets in ALLOWED.items():
        for target in ("IN_PROGRESS", "CLOSED"):
            if target == current:
                continue  # what is already so stays so
            ticket = ticket_pb2.Ticket(
                id=ticket_in(connection, current), status=ticket_pb2.TicketStatus.Value(f"TICKET_STATUS_{target}")
            )
            request = writes.UpdateTicketRequest(ticket=ticket, reason=REASON)
            request.update_mask.paths.append("status")
            if target in targets.split():
                assert name_of(admin.UpdateTicket(request).ticket) == target
            else:
                with pytest.raises(TicketsError) as caught:
                    admin.UpdateTicket(request)
                assert caught.value.reason == "TRANSITION_NOT_ALLOWED"


def test_naming_the_present_status_and_priority_is_no_change(
    server: Running, connection: psycopg.Connection, admin: TicketServiceStub
) -> None:
    """Not even for those who might not make one, and where none is possible."""
    shipper = server.client(Role.SHIPPER, "transitions-shipper").tickets
    for status in ("OPEN", "ESCALATED", "CLOSED"):
        ticket_id = ticket_in(connection, status, created_by_id="transitions-shipper")
        ticket = ticket_pb2.Ticket(
            id=ticket_id,
            status=ticket_pb2.TicketStatus.Value(f"TICKET_STATUS_{status}"),
            priority=ticket_pb2.TICKET_PRIORITY_MEDIUM,
        )
        request = writes.UpdateTicketRequest(ticket=ticket)
        request.update_mask.paths.extend(["status", "priority"])
        assert shipper.UpdateTicket(request).ticket.version == 1
        rows = admin.ListAuditEntries(timeline_reads_pb2.ListAuditEntriesRequest(ticket_id=ticket_id)).audit_entries
        assert [row.action for row in rows] == ["TICKET_CREATED"]


def test_resolving_needs_a_summary(connection: psycopg.Connection, admin: TicketServiceStub) -> None:
    ticket_id = ticket_in(connection, "OPEN")
    with pytest.raises(TicketsError) as caught:
        admin.TransitionTicket(to(ticket_id, "RESOLVED", summary="  "))
    assert (caught.value.code, caught.value.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "RESOLUTION_SUMMARY_REQUIRED",
    )
    assert caught.value.metadata == {"field": "resolution_summary"}
    with pytest.raises(TicketsError) as caught:
        admin.TransitionTicket(to(ticket_id, "IN_PROGRESS", summary="Too early."))
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    resolved = admin.TransitionTicket(to(ticket_id, "RESOLVED", summary=" It drives. ")).ticket
    assert (resolved.resolution_summary, resolved.HasField("resolved_at")) == ("It drives.", True)
    reopened = admin.TransitionTicket(to(ticket_id, "REOPENED")).ticket
    assert (reopened.HasField("resolved_at"), reopened.resolution_summary) == (False, "It drives.")
    again = admin.TransitionTicket(to(ticket_id, "RESOLVED", summary="")).ticket
    assert again.HasField("resolved_at")


def test_assigning_a_new_ticket_opens_it_and_is_one_row_of_the_audit(admin: TicketServiceStub) -> None:
    created = admin.CreateTicket(new_ticket()).ticket
    assigned = admin.AssignTicket(
        writes.AssignTicketRequest(id=created.id, owner_role=ticket_pb2.ROLE_OPS_AGENT, reason=REASON)
    ).ticket
    assert name_of(assigned) == "OPEN"
    rows = admin.ListAuditEntries(timeline_reads_pb2.ListAuditEntriesRequest(ticket_id=created.id)).audit_entries
    assert [row.action for row in rows] == ["TICKET_CREATED", "ASSIGNMENT_CHANGED"]
    assert (rows[1].old_values["status"], rows[1].new_values["status"]) == ("NEW", "OPEN")


CHAINS = {
    "LOW": ("FRANCHISE_AGENT", "OPS_MANAGER", "REGIONAL_MANAGER"),
    "MEDIUM": ("OPS_AGENT", "OPS_MANAGER", "REGIONAL_MANAGER"),
    "HIGH": ("OPS_MANAGER", "REGIONAL_MANAGER", "HQ_SUPPORT"),
    "CRITICAL": ("HQ_SUPPORT", "REGIONAL_MANAGER", "CEO_ONCALL"),
}


@pytest.mark.parametrize("priority", CHAINS)
def test_an_escalation_climbs_its_chain_to_the_end(admin: TicketServiceStub, priority: str) -> None:
    """By both RPCs in turn; a person who owned it does so no longer."""
    ticket = admin.CreateTicket(
        new_ticket(priority=ticket_pb2.TicketPriority.Value(f"TICKET_PRIORITY_{priority}"))
    ).ticket
    climbed = [(ticket.owner_role, ticket.sla_escalation_level)]
    for level in (1, 2):
        admin.AssignTicket(
            writes.AssignTicketRequest(id=ticket.id, owner_id="asha", owner_role=climbed[-1][0], reason=REASON)
        )
        if level == 1:
            ticket = admin.EscalateTicket(writes.EscalateTicketRequest(id=ticket.id, reason=REASON)).ticket
        else:
            ticket = admin.TransitionTicket(to(ticket.id, "ESCALATED")).ticket
        assert (name_of(ticket), ticket.owner_id) == ("ESCALATED", "")
        climbed.append((ticket.owner_role, ticket.sla_escalation_level))
    roles = [ticket_pb2.Role.Value(f"ROLE_{role}") for role in CHAINS[priority]]
    assert climbed == list(zip(roles, (0, 1, 2), strict=True))
    for call in (
        lambda: admin.EscalateTicket(writes.EscalateTicketRequest(id=ticket.id, reason=REASON)),
        lambda: admin.TransitionTicket(to(ticket.id, "ESCALATED")),
    ):
        with pytest.raises(TicketsError) as caught:
            call()
        assert (caught.value.code, caught.value.reason) == (
            grpc.StatusCode.FAILED_PRECONDITION,
            "ESCALATION_CHAIN_EXHAUSTED",
        )
    rows = admin.ListAuditEntries(timeline_reads_pb2.ListAuditEntriesRequest(ticket_id=ticket.id)).audit_entries
    assert [(row.action, row.reason) for row in rows if row.action == "ESCALATED"] == [("ESCALATED", REASON)] * 2


@pytest.mark.parametrize("reason", ["", "a" * 19, f"   {'a' * 19}   "])
def test_assigning_and_escalating_need_twenty_characters_of_reason(
    connection: psycopg.Connection, admin: TicketServiceStub, reason: str
) -> None:
    ticket_id = ticket_in(connection, "OPEN")
    escalated = to(ticket_id, "ESCALATED")
    escalated.reason = reason
    for call in (
        lambda: admin.EscalateTicket(writes.EscalateTicketRequest(id=ticket_id, reason=reason)),
        lambda: admin.TransitionTicket(escalated),
        lambda: admin.AssignTicket(
            writes.AssignTicketRequest(id=ticket_id, owner_role=ticket_pb2.ROLE_OPS_AGENT, reason=reason)
        ),
    ):
        with pytest.raises(TicketsError) as caught:
            call()
        assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REASON_REQUIRED")


def test_an_archived_ticket_moves_only_when_it_is_out_again(
    connection: psycopg.Connection, admin: TicketServiceStub
) -> None:
    ticket_id = ticket_in(connection, "OPEN", archived=True)
    for call in (
        lambda: admin.TransitionTicket(to(ticket_id, "IN_PROGRESS")),
        lambda: admin.EscalateTicket(writes.EscalateTicketRequest(id=ticket_id, reason=REASON)),
        lambda: admin.AssignTicket(
            writes.AssignTicketRequest(id=ticket_id, owner_role=ticket_pb2.ROLE_OPS_AGENT, reason=REASON)
        ),
        lambda: admin.AddMessage(writes.AddMessageRequest(ticket_id=ticket_id, message="Hello?")),
    ):
        with pytest.raises(TicketsError) as caught:
            call()
        assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TICKET_ARCHIVED")
    admin.ArchiveTicket(writes.ArchiveTicketRequest(id=ticket_id, archived=False))
    assert name_of(admin.TransitionTicket(to(ticket_id, "IN_PROGRESS")).ticket) == "IN_PROGRESS"
