"""UpdateTicket: what the mask names changes, all of it or nothing, and nothing else does."""

from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_pb2, timeline_reads_pb2
from server.domain.roles import Role
from tests.contract.expectations import refused, rows
from tests.contract.requests import REASON, UPDATABLE, World, full_ticket
from tests.running import Running

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


def request(ticket_id: str, *paths: str, reason: str = REASON, **fields: Any) -> writes.UpdateTicketRequest:
    """A change of the fields that the paths name."""
    ticket = t.Ticket(id=ticket_id, **fields)
    return writes.UpdateTicketRequest(ticket=ticket, update_mask=FieldMask(paths=paths), reason=reason)


def update(world: World, ticket_id: str, *paths: str, reason: str = REASON, **fields: Any) -> t.Ticket:
    return world.admin.tickets.UpdateTicket(request(ticket_id, *paths, reason=reason, **fields)).ticket


def get(world: World, ticket_id: str) -> t.Ticket:
    return world.admin.tickets.GetTicket(reads.GetTicketRequest(id=ticket_id)).ticket


def audit(world: World, ticket_id: str) -> list[timeline_pb2.AuditEntry]:
    asked = timeline_reads_pb2.ListAuditEntriesRequest(ticket_id=ticket_id, page_size=200)
    return list(world.admin.tickets.ListAuditEntries(asked).audit_entries)


def full(world: World, **fields: Any) -> t.Ticket:
    """A ticket with every field set that may be set at creation, and a summary."""
    made = world.admin.tickets.CreateTicket(writes.CreateTicketRequest(ticket=full_ticket(**fields))).ticket
    return update(world, made.id, "resolution_summary", resolution_summary="The bank has sent the money again.")


def test_an_empty_mask_is_refused_and_clears_nothing(world: World) -> None:
    made = full(world)
    before = rows(world.running.database)
    refused(world.admin.tickets.UpdateTicket, request(made.id), reason="UPDATE_MASK_INVALID", field="update_mask")
    no_mask = writes.UpdateTicketRequest(ticket=t.Ticket(id=made.id, title="A new title, without a mask"))
    refused(world.admin.tickets.UpdateTicket, no_mask, reason="UPDATE_MASK_INVALID", field="update_mask")
    assert rows(world.running.database) == before
    assert get(world, made.id).etag == made.etag


@pytest.mark.parametrize("path", sorted({field.name for field in t.Ticket.DESCRIPTOR.fields} - set(UPDATABLE)))
def test_a_field_that_nobody_sets_is_refused(world: World, path: str) -> None:
    made = world.new_ticket()
    wrong = request(made.id, "title", path, title="A title that would be fine")
    refused(world.admin.tickets.UpdateTicket, wrong, reason="UPDATE_MASK_INVALID", field="update_mask.paths[1]")
    assert get(world, made.id).title == made.title


@pytest.mark.parametrize(
    "path", ["*", "", " title", "Title", "titel", "ticket.title", "metadata.source", "tags[0]", "title,tags", "reason"]
)
def test_what_is_no_field_is_refused(world: World, path: str) -> None:
    made = world.new_ticket()
    wrong = request(made.id, path, title="A title that would be fine", tags=["x"])
    refused(world.admin.tickets.UpdateTicket, wrong, reason="UPDATE_MASK_INVALID", field="update_mask.paths[0]")
    assert get(world, made.id).etag == made.etag


def test_two_wrong_paths_are_one_kind_of_mistake(world: World) -> None:
    made = world.new_ticket()
    error = refused(world.admin.tickets.UpdateTicket, request(made.id, "*", "id"), reason="UPDATE_MASK_INVALID")
    assert len(error.field_violations) == 2


def test_a_path_may_stand_twice(world: World) -> None:
    made = world.new_ticket()
    assert list(update(world, made.id, "tags", "tags", "title", "tags", tags=["a"], title=made.title).tags) == ["a"]
    assert [entry.action for entry in audit(world, made.id)] == ["TICKET_CREATED", "TICKET_UPDATED"]


def test_only_what_is_named_changes(world: World) -> None:
    made = full(world)
    sent = full_ticket(id=made.id, title="A title that is not named", tags=["not", "named"], severity=1)
    sent.description = "The one description that is named by the mask."
    changed = world.admin.tickets.UpdateTicket(
        writes.UpdateTicketRequest(ticket=sent, update_mask=FieldMask(paths=["description"]))
    ).ticket
    assert changed.description == sent.description
    for field in ("title", "severity", "tags", "metadata", "priority", "status", "owner_role", "linked_id"):
        assert getattr(changed, field) == getattr(made, field), field


def test_a_named_field_without_a_value_is_cleared_where_it_may_be(world: World) -> None:
    made = full(world)
    cleared = update(
        world,
        made.id,
        "severity",
        "assigned_franchise_id",
        "linked_type",
        "linked_id",
        "tags",
        "resolution_summary",
        "metadata",
    )
    assert cleared.severity == t.TICKET_SEVERITY_UNSPECIFIED
    assert (cleared.assigned_franchise_id, cleared.linked_type, cleared.linked_id) == ("", 0, "")
    assert (list(cleared.tags), cleared.resolution_summary) == ([], "")
    assert not cleared.metadata.fields
    assert get(world, made.id) == cleared or get(world, made.id).etag == cleared.etag


@pytest.mark.parametrize("path", ["title", "description", "priority", "status"])
def test_a_field_that_a_ticket_needs_is_not_cleared(world: World, path: str) -> None:
    made = world.new_ticket()
    refused(world.admin.tickets.UpdateTicket, request(made.id, path), field=f"ticket.{path}")


def test_a_resolved_ticket_keeps_its_summary(world: World) -> None:
    made = world.open_ticket()
    update(world, made.id, "status", "resolution_summary", status=t.TICKET_STATUS_RESOLVED, resolution_summary="Paid.")
    refused(
        world.admin.tickets.UpdateTicket,
        request(made.id, "resolution_summary"),
        code=PRECONDITION,
        reason="RESOLUTION_SUMMARY_REQUIRED",
    )
    assert update(world, made.id, "resolution_summary", resolution_summary="Paid twice.").resolution_summary
    reopened = update(world, made.id, "resolution_summary", "status", status=t.TICKET_STATUS_REOPENED)
    assert (reopened.resolution_summary, reopened.HasField("resolved_at")) == ("", False)


def test_a_link_is_a_pair(world: World) -> None:
    bare, linked = world.new_ticket(), full(world)
    for wrong in (
        request(bare.id, "linked_type", linked_type=t.LINKED_TYPE_TRUCK),
        request(bare.id, "linked_id", linked_id="TRK-1"),
        request(bare.id, "linked_id", linked_type=t.LINKED_TYPE_TRUCK, linked_id="TRK-1"),
        request(linked.id, "linked_type"),
        request(linked.id, "linked_id"),
    ):
        refused(world.admin.tickets.UpdateTicket, wrong, field="ticket.linked_id")
    both = update(world, bare.id, "linked_type", "linked_id", linked_type=t.LINKED_TYPE_TRUCK, linked_id="TRK-1")
    assert (both.linked_type, both.linked_id) == (t.LINKED_TYPE_TRUCK, "TRK-1")
    assert update(world, linked.id, "linked_id", linked_id="BKG-9").linked_id == "BKG-9"


def test_status_owner_and_priority_change_in_one_call_and_one_audit_row(world: World) -> None:
    made = world.new_ticket()
    changed = update(
        world,
        made.id,
        "status",
        "owner_id",
        "owner_role",
        "priority",
        "title",
        status=t.TICKET_STATUS_IN_PROGRESS,
        owner_id="somebody",
        owner_role=t.ROLE_HQ_SUPPORT,
        priority=t.TICKET_PRIORITY_CRITICAL,
        title="A title changed in the same call",
    )
    assert (changed.status, changed.owner_id, changed.priority) == (
        t.TICKET_STATUS_IN_PROGRESS,
        "somebody",
        t.TICKET_PRIORITY_CRITICAL,
    )
    assert changed.sla_due_at.seconds - changed.created_at.seconds == 4 * 3600
    _, row = audit(world, made.id)
    assert row.reason == REASON
    assert row.old_values["status"] == "NEW"
    assert {"status", "owner_id", "owner_role", "priority", "title"} <= set(row.new_values.keys())
    assert changed.version > made.version


def test_of_a_call_that_fails_in_its_last_part_nothing_is_done(world: World) -> None:
    made = world.new_ticket()
    before = rows(world.running.database)
    impossible = request(
        made.id,
        "title",
        "priority",
        "status",
        title="A title that must not stay",
        priority=t.TICKET_PRIORITY_HIGH,
        status=t.TICKET_STATUS_CLOSED,
    )
    refused(world.admin.tickets.UpdateTicket, impossible, code=PRECONDITION, reason="TRANSITION_NOT_ALLOWED")
    assert rows(world.running.database) == before
    assert get(world, made.id).etag == made.etag


def test_owner_priority_and_escalation_need_a_reason_and_other_fields_do_not(world: World) -> None:
    made = world.open_ticket()
    for paths, fields in (
        (("owner_id", "owner_role"), {"owner_id": "somebody", "owner_role": t.ROLE_OPS_AGENT}),
        (("assigned_franchise_id",), {"assigned_franchise_id": "FR-009"}),
        (("priority",), {"priority": t.TICKET_PRIORITY_CRITICAL}),
        (("status",), {"status": t.TICKET_STATUS_ESCALATED}),
    ):
        for reason in ("", "too short a reason", "                    "):
            wrong = request(made.id, *paths, reason=reason, **fields)
            refused(world.admin.tickets.UpdateTicket, wrong, reason="REASON_REQUIRED", field="reason")
    assert get(world, made.id).etag == made.etag
    assert update(world, made.id, "tags", tags=["x"], reason="").version > made.version
    assert audit(world, made.id)[-1].reason == ""


def test_clearing_sensitivity_needs_a_reason(world: World) -> None:
    made = world.new_ticket(is_sensitive=True)
    wrong = request(made.id, "is_sensitive", reason="")
    refused(world.admin.tickets.UpdateTicket, wrong, reason="REASON_REQUIRED", field="reason")
    assert not update(world, made.id, "is_sensitive").is_sensitive


def test_the_owner_may_be_taken_away_and_the_queue_stays(world: World) -> None:
    made = world.new_ticket()
    update(world, made.id, "owner_id", "owner_role", owner_id="somebody", owner_role=t.ROLE_OPS_AGENT)
    queued = update(world, made.id, "owner_id")
    assert (queued.owner_id, queued.owner_role) == ("", t.ROLE_OPS_AGENT)
    refused(world.admin.tickets.UpdateTicket, request(made.id, "owner_id", "owner_role"), field="ticket.owner_role")


def test_setting_what_is_set_already_changes_nothing(world: World) -> None:
    made = full(world)
    again = update(world, made.id, "title", "tags", "metadata", "severity", **_copy(made))
    assert (again.etag, again.version, again.updated_at) == (made.etag, made.version, made.updated_at)
    assert len(audit(world, made.id)) == 2


def _copy(made: t.Ticket) -> dict[str, Any]:
    return {"title": made.title, "tags": made.tags, "metadata": made.metadata, "severity": made.severity}


def test_a_stale_etag_is_aborted_and_the_present_one_is_served(world: World) -> None:
    made = world.new_ticket()
    changed = update(world, made.id, "tags", tags=["a"], etag=made.etag)
    assert changed.etag != made.etag
    for stale in (made.etag, '"0"', '"ffffffffffffffff"'):
        refused(
            world.admin.tickets.UpdateTicket,
            request(made.id, "tags", tags=["b"], etag=stale),
            code=grpc.StatusCode.ABORTED,
            reason="ETAG_MISMATCH",
        )
    for strange in ("nonsense", changed.etag.strip('"'), "\N{SNOWMAN}", "*", "\0"):
        refused(world.admin.tickets.UpdateTicket, request(made.id, "tags", etag=strange), field="ticket.etag")
    assert list(update(world, made.id, "tags", tags=["c"], etag=changed.etag).tags) == ["c"]


def test_a_closed_or_archived_ticket_refuses_edits(world: World) -> None:
    closed, archived = world.open_ticket(), world.new_ticket()
    update(world, closed.id, "status", "resolution_summary", status=t.TICKET_STATUS_RESOLVED, resolution_summary="Ok.")
    update(world, closed.id, "status", status=t.TICKET_STATUS_CLOSED)
    world.admin.tickets.ArchiveTicket(writes.ArchiveTicketRequest(id=archived.id))
    for ticket_id, reason in ((closed.id, "TICKET_CLOSED"), (archived.id, "TICKET_ARCHIVED")):
        for paths, fields in ((("tags",), {"tags": ["x"]}), (("priority",), {"priority": t.TICKET_PRIORITY_LOW})):
            wrong = request(ticket_id, *paths, **fields)
            refused(world.admin.tickets.UpdateTicket, wrong, code=PRECONDITION, reason=reason)


def test_a_creator_edits_a_new_ticket_and_not_an_open_one(world: World) -> None:
    shipper = world.running.client(Role.SHIPPER, "mask-shipper").tickets
    made = shipper.CreateTicket(writes.CreateTicketRequest(ticket=full_ticket(owner_role=0))).ticket
    assert list(shipper.UpdateTicket(request(made.id, "tags", tags=["x"], reason="")).ticket.tags) == ["x"]
    with pytest.raises(TicketsError) as caught:
        shipper.UpdateTicket(request(made.id, "priority", priority=t.TICKET_PRIORITY_CRITICAL))
    assert caught.value.code is grpc.StatusCode.PERMISSION_DENIED
    update(world, made.id, "status", status=t.TICKET_STATUS_OPEN)
    refused(
        shipper.UpdateTicket,
        request(made.id, "tags", tags=["y"], reason=""),
        code=grpc.StatusCode.PERMISSION_DENIED,
        reason="ACTION_NOT_ALLOWED",
    )
