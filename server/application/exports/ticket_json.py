"""Tickets and messages in the JSON of the contract, made without its classes: they would take most of an export's time.

This is protobuf's canonical JSON: lowerCamelCase, what has its default left out, 64-bit numbers as texts, times in
RFC 3339 with no, three or six digits of a second. A property test compares with what the API sends.
"""

from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from server.domain.fsm import DONE, TicketStatus
from server.domain.json_numbers import as_double_holds
from server.domain.roles import Role
from server.domain.sla import SlaStatus
from server.domain.ticket_clock import first_response_is_late, percent_left_of, sla_status_of
from server.domain.tickets import (
    PROTECTED_FIELDS,
    LinkedType,
    Ticket,
    TicketPriority,
    TicketSeverity,
    make_etag,
    withheld_view,
)
from server.domain.timeline import Message

E = TypeVar("E", bound=Enum)


def _names(enum: type[E], prefix: str) -> dict[E | None, str]:
    return {member: prefix + member.name for member in enum}


_STATUS = _names(TicketStatus, "TICKET_STATUS_")
_PRIORITY = _names(TicketPriority, "TICKET_PRIORITY_")
_SEVERITY = _names(TicketSeverity, "TICKET_SEVERITY_")
_LINKED_TYPE = _names(LinkedType, "LINKED_TYPE_")
_ROLE = _names(Role, "ROLE_")
_SLA_STATUS = _names(SlaStatus, "SLA_STATUS_")


def ticket_json(ticket: Ticket, *, now: datetime) -> dict[str, Any]:
    """The ticket as a list shows it at ``now``: protected fields of a sensitive one withheld, and named."""
    withheld = withheld_view(ticket).withheld
    runs = ticket.sla_due_at is not None and ticket.status not in DONE
    fields = {
        "id": ticket.id,
        "title": ticket.title,
        "description": None if withheld else ticket.description,
        "createdById": ticket.created_by_id,
        "createdByRole": _ROLE[ticket.created_by_role],
        "ownerId": ticket.owner_id,
        "ownerRole": _ROLE.get(ticket.owner_role),
        "assignedFranchiseId": ticket.assigned_franchise_id,
        "priority": _PRIORITY[ticket.priority],
        "status": _STATUS[ticket.status],
        "severity": _SEVERITY.get(ticket.severity),
        "linkedType": _LINKED_TYPE.get(ticket.linked_type),
        "linkedId": ticket.linked_id,
        "slaDueAt": _instant(ticket.sla_due_at),
        "slaEscalationLevel": ticket.sla_escalation_level,
        "slaBreached": ticket.sla_breached,
        "slaStatus": _SLA_STATUS[sla_status_of(ticket, now)],
        "slaPausedAt": _instant(ticket.sla_paused_at) if runs else None,
        "firstResponseDueAt": _instant(ticket.first_response_due_at),
        "firstRespondedAt": _instant(ticket.first_responded_at),
        "firstResponseBreached": first_response_is_late(ticket, now),
        "tags": list(ticket.tags),
        "isSensitive": ticket.is_sensitive,
        "archived": ticket.archived,
        "resolutionSummary": None if withheld else ticket.resolution_summary,
        "metadata": None if withheld else as_double_holds(ticket.metadata),
        "createdAt": _instant(ticket.created_at),
        "updatedAt": _instant(ticket.updated_at),
        "resolvedAt": _instant(ticket.resolved_at),
        "closedAt": _instant(ticket.closed_at),
        "etag": make_etag(ticket.version),
        "version": str(ticket.version) if ticket.version else None,
        "redacted": withheld,
        "redactedFields": list(PROTECTED_FIELDS) if withheld else None,
    }
    shown = {name: value for name, value in fields.items() if value}
    if runs:
        shown["slaPercentLeft"] = percent_left_of(ticket, now) or 0.0
    return shown


def message_json(ticket: Ticket, message: Message) -> dict[str, Any]:
    """A message of the ticket, its text withheld when the ticket is sensitive. What is attached is not told."""
    withheld = withheld_view(ticket).withheld
    fields = {
        "id": message.id,
        "ticketId": message.ticket_id,
        "seq": str(message.seq),
        "actorId": message.actor_id,
        "actorRole": _ROLE[message.actor_role],
        "message": None if withheld else message.message,
        "isInternalNote": message.is_internal_note,
        "createdAt": _instant(message.created_at),
        "redacted": withheld,
    }
    return {name: value for name, value in fields.items() if value}


def _instant(value: datetime | None) -> str | None:
    if value is None:
        return None
    fraction = value.microsecond
    precision = "seconds" if not fraction else "microseconds" if fraction % 1000 else "milliseconds"
    return value.astimezone(UTC).isoformat(timespec=precision)[:-6] + "Z"
