"""The story of a ticket, told through the API by the people it concerns."""

from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.roles import Role
from tests.running import Running

REASON = "Asha knows this operator and is on shift"


def test_a_ticket_is_created_found_assigned_discussed_resolved_closed_and_audited(server: Running) -> None:
    shipper = server.client(Role.SHIPPER, "lifecycle-shipper").tickets
    manager = server.client(Role.OPS_MANAGER, "lifecycle-manager").tickets
    agent = server.client(Role.OPS_AGENT, "lifecycle-agent").tickets

    created = shipper.CreateTicket(
        writes.CreateTicketRequest(
            ticket=t.Ticket(
                title="Payment lifecyclefreight not received",
                description="The booking was delivered on Monday, the money has not come.",
                priority=t.TICKET_PRIORITY_HIGH,
                linked_type=t.LINKED_TYPE_BOOKING,
                linked_id="BKG-123",
                tags=["payment"],
            )
        )
    ).ticket
    assert created.status == t.TICKET_STATUS_NEW
    assert created.owner_role == t.ROLE_OPS_MANAGER

    found = manager.SearchTickets(reads.SearchTicketsRequest(query="lifecyclefreight")).results
    assert [result.ticket.id for result in found] == [created.id]
    assert [s.text for s in found[0].title_highlight if s.is_match] == ["lifecyclefreight"]

    assigned = manager.AssignTicket(
        writes.AssignTicketRequest(
            id=created.id,
            owner_id="lifecycle-agent",
            owner_role=t.ROLE_OPS_AGENT,
            reason=REASON,
            etag=created.etag,
        )
    ).ticket
    assert (assigned.status, assigned.owner_id) == (t.TICKET_STATUS_OPEN, "lifecycle-agent")

    agent.AddMessage(writes.AddMessageRequest(ticket_id=created.id, message="We are looking into it."))
    agent.AddMessage(
        writes.AddMessageRequest(ticket_id=created.id, message="Bank says tomorrow.", is_internal_note=True)
    )
    seen_by_shipper = shipper.ListTimeline(timeline.ListTimelineRequest(ticket_id=created.id)).entries
    assert [entry.message.message for entry in seen_by_shipper] == ["We are looking into it."]

    agent.TransitionTicket(
        writes.TransitionTicketRequest(
            id=created.id, status=t.TICKET_STATUS_RESOLVED, resolution_summary="The money has arrived."
        )
    )
    closed = manager.TransitionTicket(
        writes.TransitionTicketRequest(id=created.id, status=t.TICKET_STATUS_CLOSED)
    ).ticket
    assert closed.HasField("closed_at")
    assert closed.HasField("first_responded_at")

    entries = manager.ListTimeline(timeline.ListTimelineRequest(ticket_id=created.id)).entries
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    audit = manager.ListAuditEntries(timeline.ListAuditEntriesRequest(ticket_id=created.id)).audit_entries
    assert [(entry.action, entry.actor_id) for entry in audit] == [
        ("TICKET_CREATED", "lifecycle-shipper"),
        ("ASSIGNMENT_CHANGED", "lifecycle-manager"),
        ("MESSAGE_ADDED", "lifecycle-agent"),
        ("MESSAGE_ADDED", "lifecycle-agent"),
        ("STATUS_CHANGED", "lifecycle-agent"),
        ("STATUS_CHANGED", "lifecycle-manager"),
    ]
    assert audit[1].reason == REASON
    assert audit[1].old_values["status"] == "NEW"
    assert audit[1].new_values["owner_id"] == "lifecycle-agent"
    assert audit[0].ip_address == "127.0.0.1"
    assert manager.VerifyAudit(timeline.VerifyAuditRequest(ticket_id=created.id)).intact
