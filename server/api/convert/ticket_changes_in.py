"""Requests that change one ticket, checked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rodistaa.tickets.v1 import ticket_bulk_pb2, ticket_pb2
from rodistaa.tickets.v1 import ticket_writes_pb2 as pb
from server.api.convert.enums import LINKED_TYPE, PRIORITY, ROLE, SEVERITY, STATUS
from server.api.convert.update_masks import masked
from server.api.convert.values import to_metadata
from server.application.tickets.assign_ticket import Assignment
from server.application.tickets.transition_ticket import Transition
from server.application.tickets.update_ticket import UPDATABLE, TicketPatch
from server.application.timeline.add_message import NewMessage
from server.application.timeline.set_watch import WatchSettings
from server.domain.fsm import TicketStatus
from server.domain.ids import FranchiseId, TicketId, UserId
from server.domain.roles import Role
from server.domain.tickets import LinkedType, TicketDraft, TicketPriority
from server.domain.validation import (
    DESCRIPTION,
    MAX_ATTACHMENTS_OF_A_MESSAGE,
    MESSAGE,
    OPTIONAL_REASON,
    REASON,
    RESOLUTION_SUMMARY,
    TITLE,
    Checker,
)


@dataclass(frozen=True, slots=True)
class Target:
    """The ticket that a change is about, and the state that it depends on, if any."""

    ticket_id: TicketId
    etag: str | None


def target_of(check: Checker, field: str, ticket_id: str, etag: str) -> Target:
    """The checked id, and the etag that goes with it: `ticket.id` and `ticket.etag`, or `id` and `etag`."""
    return Target(TicketId(check.ticket_id(field, ticket_id)), check.etag(f"{field.removesuffix('id')}etag", etag))


def to_draft(request: pb.CreateTicketRequest) -> TicketDraft:
    """A new ticket."""
    check, wire = Checker(), request.ticket
    if not request.HasField("ticket"):
        check.fail("ticket", "is required")
        check.done()
    if wire.owner_id:
        check.fail("ticket.owner_id", "is not set at creation: assign the ticket afterwards")
    if wire.status not in (ticket_pb2.TICKET_STATUS_UNSPECIFIED, ticket_pb2.TICKET_STATUS_NEW):
        check.fail("ticket.status", "a ticket begins as NEW")
    if wire.resolution_summary:
        check.fail("ticket.resolution_summary", "is written when the ticket is resolved")
    linked_type, linked_id = _link(check, wire)
    draft = TicketDraft(
        title=check.text("ticket.title", wire.title, TITLE),
        description=check.text("ticket.description", wire.description, DESCRIPTION, multiline=True),
        priority=PRIORITY.optional(check, "ticket.priority", wire.priority) or TicketPriority.MEDIUM,
        severity=SEVERITY.optional(check, "ticket.severity", wire.severity),
        owner_role=_queue(check, "ticket.owner_role", wire.owner_role),
        assigned_franchise_id=_franchise(check, "ticket.assigned_franchise_id", wire.assigned_franchise_id),
        linked_type=linked_type,
        linked_id=linked_id,
        tags=check.tags("ticket.tags", wire.tags),
        is_sensitive=wire.is_sensitive,
        metadata=to_metadata(check, "ticket.metadata", wire.metadata),
    )
    check.done()
    return draft


def _link(check: Checker, wire: ticket_pb2.Ticket) -> tuple[LinkedType | None, str | None]:
    linked_type = LINKED_TYPE.optional(check, "ticket.linked_type", wire.linked_type)
    linked_id = check.optional_identifier("ticket.linked_id", wire.linked_id)
    if (wire.linked_type == 0) != (not wire.linked_id):
        check.fail("ticket.linked_id", "goes together with linked_type")
    return linked_type, linked_id


def _queue(check: Checker, field: str, number: int) -> Role | None:
    role = ROLE.optional(check, field, number)
    if role is Role.SYSTEM:
        check.fail(field, "system has no queue")
    return role


def _franchise(check: Checker, field: str, value: str) -> FranchiseId | None:
    franchise = check.optional_identifier(field, value)
    return None if franchise is None else FranchiseId(franchise)


def _owner(check: Checker, field: str, value: str) -> UserId | None:
    owner = check.optional_identifier(field, value)
    return None if owner is None else UserId(owner)


_PATCH: dict[str, Callable[[Checker, ticket_pb2.Ticket], Any]] = {
    "title": lambda check, wire: check.text("ticket.title", wire.title, TITLE),
    "description": lambda check, wire: check.text("ticket.description", wire.description, DESCRIPTION, multiline=True),
    "priority": lambda check, wire: PRIORITY.required(check, "ticket.priority", wire.priority, TicketPriority.MEDIUM),
    "severity": lambda check, wire: SEVERITY.optional(check, "ticket.severity", wire.severity),
    "status": lambda check, wire: STATUS.required(check, "ticket.status", wire.status, TicketStatus.NEW),
    "owner_id": lambda check, wire: _owner(check, "ticket.owner_id", wire.owner_id),
    "owner_role": lambda check, wire: _queue(check, "ticket.owner_role", wire.owner_role),
    "assigned_franchise_id": lambda check, wire: _franchise(
        check, "ticket.assigned_franchise_id", wire.assigned_franchise_id
    ),
    "linked_type": lambda check, wire: LINKED_TYPE.optional(check, "ticket.linked_type", wire.linked_type),
    "linked_id": lambda check, wire: check.optional_identifier("ticket.linked_id", wire.linked_id),
    "tags": lambda check, wire: check.tags("ticket.tags", wire.tags),
    "is_sensitive": lambda _, wire: wire.is_sensitive,
    "resolution_summary": lambda check, wire: check.optional_text(
        "ticket.resolution_summary", wire.resolution_summary, RESOLUTION_SUMMARY, multiline=True
    ),
    "metadata": lambda check, wire: to_metadata(check, "ticket.metadata", wire.metadata),
}
assert _PATCH.keys() == UPDATABLE  # noqa: S101 - the two tables must name the same fields


def to_patch(request: pb.UpdateTicketRequest) -> tuple[Target, TicketPatch]:
    """New values of the fields that the mask names."""
    check, wire = Checker(), request.ticket
    target = target_of(check, "ticket.id", wire.id, wire.etag)
    named = masked(check, request.update_mask, _PATCH)
    values = {path: _PATCH[path](check, wire) for path in named}
    reason = check.optional_text("reason", request.reason, OPTIONAL_REASON, multiline=True)
    check.done()
    long_enough = reason is not None and REASON[0] <= len(reason) <= REASON[1]
    return target, TicketPatch(values, reason, long_enough)


def to_transition(request: pb.TransitionTicketRequest) -> tuple[Target, Transition]:
    """The state to enter."""
    check = Checker()
    target = target_of(check, "id", request.id, request.etag)
    command = _transition(check, request.status, request.resolution_summary, request.reason, prefix="")
    check.done()
    return target, command


def _transition(check: Checker, status: int, summary: str, reason: str, *, prefix: str) -> Transition:
    state = STATUS.required(check, f"{prefix}status", status, TicketStatus.NEW)
    resolution = check.optional_text(f"{prefix}resolution_summary", summary, RESOLUTION_SUMMARY, multiline=True)
    if resolution is not None and state is not TicketStatus.RESOLVED:
        check.fail(f"{prefix}resolution_summary", "is for RESOLVED only")
    if state is TicketStatus.ESCALATED:
        return Transition(state, resolution, check.reason_text("reason", reason))
    return Transition(state, resolution, check.optional_text("reason", reason, OPTIONAL_REASON, multiline=True))


def to_assignment(request: pb.AssignTicketRequest) -> tuple[Target, Assignment]:
    """The new owner."""
    check = Checker()
    target = target_of(check, "id", request.id, request.etag)
    command = _assignment(check, request, check.reason_text("reason", request.reason), prefix="")
    check.done()
    return target, command


def _assignment(
    check: Checker, wire: pb.AssignTicketRequest | ticket_bulk_pb2.BulkAssign, reason: str, *, prefix: str
) -> Assignment:
    owner_id = _owner(check, f"{prefix}owner_id", wire.owner_id)
    owner_role = _queue(check, f"{prefix}owner_role", wire.owner_role)
    if not wire.owner_id and not wire.owner_role:
        check.fail(f"{prefix}owner_id", "owner_id or owner_role is needed")
    return Assignment(
        owner_id=owner_id,
        owner_role=owner_role,
        franchise_id=_franchise(check, f"{prefix}assigned_franchise_id", wire.assigned_franchise_id),
        keep_franchise=not wire.HasField("assigned_franchise_id"),
        reason=reason,
    )


def to_escalation(request: pb.EscalateTicketRequest) -> tuple[Target, str]:
    """The reason of an escalation."""
    check = Checker()
    target = target_of(check, "id", request.id, request.etag)
    reason = check.reason_text("reason", request.reason)
    check.done()
    return target, reason


@dataclass(frozen=True, slots=True)
class Archiving:
    """Whether to put a ticket away or take it out, and why."""

    archived: bool
    reason: str | None


def to_archiving(request: pb.ArchiveTicketRequest) -> tuple[Target, Archiving]:
    """Put away, unless said otherwise."""
    check = Checker()
    target = target_of(check, "id", request.id, request.etag)
    reason = check.optional_text("reason", request.reason, OPTIONAL_REASON, multiline=True)
    check.done()
    return target, Archiving(request.archived if request.HasField("archived") else True, reason)


def to_message(request: pb.AddMessageRequest) -> tuple[TicketId, NewMessage]:
    """A message as its writer gives it."""
    check = Checker()
    ticket_id = TicketId(check.ticket_id("ticket_id", request.ticket_id))
    text = check.text("message", request.message, MESSAGE, multiline=True)
    ids: list[UUID] = []
    given = check.few("attachment_ids", request.attachment_ids, MAX_ATTACHMENTS_OF_A_MESSAGE)
    for index, value in enumerate(given):
        attachment_id = check.uuid(f"attachment_ids[{index}]", value)
        if attachment_id not in ids:
            ids.append(attachment_id)
        elif attachment_id.int:  # what is malformed is not said to be twice the same
            check.fail(f"attachment_ids[{index}]", "is named twice")
    check.done()
    return ticket_id, NewMessage(text, request.is_internal_note, ids)


def to_watch(request: pb.SetWatchRequest) -> tuple[TicketId, UserId | None, WatchSettings]:
    """Whom to let watch, and how."""
    check = Checker()
    ticket_id = TicketId(check.ticket_id("ticket_id", request.ticket_id))
    user_id = _owner(check, "user_id", request.user_id)
    check.done()
    settings = WatchSettings(
        watching=request.watching if request.HasField("watching") else True,
        notify_email=request.notify_email if request.HasField("notify_email") else None,
        notify_push=request.notify_push if request.HasField("notify_push") else None,
        notify_sms=request.notify_sms if request.HasField("notify_sms") else None,
    )
    return ticket_id, user_id, settings


def to_bulk_assignment(check: Checker, wire: ticket_bulk_pb2.BulkAssign, reason: str) -> Assignment:
    """The new owner of many tickets."""
    return _assignment(check, wire, reason, prefix="assign.")


def to_bulk_transition(check: Checker, wire: ticket_bulk_pb2.BulkTransition, reason: str) -> Transition:
    """The state that many tickets shall enter."""
    return _transition(check, wire.status, wire.resolution_summary, reason, prefix="transition.")
