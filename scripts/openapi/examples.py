"""Examples, made as messages, so that they are what the contract allows, with the values of the demonstration data."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.contract import PACKAGE, Binding, Rpc
from scripts.openapi.schemas import descriptor_of, is_map, is_read_only, is_required

_UUID = "0199d2f4-6c1e-7c3a-9f0b-5d2e8a417b60"
_DESCRIPTION = "The shipper paid on 3 May; the operator has not been credited."
_REASON = "The operator has been waiting for three days."
_ETAG = "1a"

# By the field's full name without the package, else by its name, else by its type.
_VALUES: dict[str, Any] = {
    "Attachment.ticket_id": "TKT-1001",
    "AuditEntry.action": "STATUS_CHANGED",
    "AuditEntry.id": "40312",
    "BulkResult.etag": _ETAG,
    "Calendar.display_name": "Office hours, Chennai",
    "Calendar.id": "chennai-office",
    **dict.fromkeys(
        (f"{verb}TicketRequest.id" for verb in ("Archive", "Assign", "Escalate", "Get", "Transition")), "TKT-1001"
    ),
    "BulkUpdateTicketsRequest.ids": ["TKT-1001"],
    "Holiday.display_name": "Republic Day",
    "Caller.display_name": "Priya Sharma",
    "LookupMembersRequest.query": "priya",
    "Member.display_name": "Priya Sharma",
    "MemberName.display_name": "Priya Sharma",
    "Notification.body": "The ticket was given to you.",
    "Notification.title": "TKT-1001: Payment not received for BKG-123",
    "SavedView.name": "Urgent and unassigned",
    "SavedView.order_by": "sla_due_at asc",
    "SignedRequest.method": "PUT",
    "SignedRequest.url": "https://files.rodistaa.example/rodistaa-tickets/attachments/0199d2f4?X-Amz-Signature=…",
    "TermSuggestion.term": "payment",
    "TermSuggestion.ticket_count": 42,
    "Ticket.id": "TKT-1001",
    "Webhook.display_name": "Bookings",
    "Webhook.url": "https://bookings.rodistaa.example/hooks/tickets",
    "WebhookDelivery.last_response_code": 204,
    "ExportManifest.file_size_bytes": 482133,
    "WatchTicketsResponse.cursor": "AbCdEf",
    "action": "STATUS_CHANGED",
    "actor_id": "priya.sharma",
    "assigned_franchise_id": "FR-001",
    "attempt_count": 1,
    "calendar_id": "chennai-office",
    "chain_no": 4,
    "closes_at": {"hours": 18},
    "created_by_id": "svc-booking",
    "cycle": 1,
    "date": {"year": 2026, "month": 1, "day": 26},
    "description": _DESCRIPTION,
    "email": "priya.sharma@rodistaa.example",
    "entries_checked": 12,
    "error_message": None,
    "etag": _ETAG,
    "event_count": 1,
    "event_type": "STATUS_CHANGED",
    "event_types": ["STATUS_CHANGED"],
    "export_job_id": _UUID,
    "failed_count": 0,
    "file_name": "proof-of-delivery.pdf",
    "file_size_bytes": 48213,
    "file_type": "application/pdf",
    "franchise_id": "FR-001",
    "franchise_ids": ["FR-001"],
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "headers": {"content-type": "application/pdf"},
    "id": _UUID,
    "ids": [_UUID],
    "ip_address": "203.0.113.7",
    "linked_id": "BKG-123",
    "marked_count": 3,
    "message": "We have asked the bank for the reference of the payment.",
    "new_values": {"status": "IN_PROGRESS"},
    "next_page_token": "AbCdEf",
    "old_values": {"status": "OPEN"},
    "opens_at": {"hours": 9},
    "owner_id": "priya.sharma",
    "phone": "+919812345678",
    "prev_hash": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    "push_token": "device-token",
    "query": "payment not received",
    "reason": _REASON,
    "request_id": _UUID,
    "requested_by_id": "priya.sharma",
    "resolution_summary": "The payment was credited on 6 May, reference 4711.",
    "resolution_time_minutes": 1440,
    "response_time_minutes": 120,
    "escalation_interval_minutes": 120,
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "seq": 7,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "sla_escalation_level": 1,
    "sla_percent_left": 62.5,
    "tags": ["payment", "operator"],
    "text": "Payment",
    "ticket_id": "TKT-1001",
    "time_zone": "Asia/Kolkata",
    "title": "Payment not received for BKG-123",
    "total_count": 42,
    "updated_by_id": "demo-admin",
    "uploaded_by_id": "priya.sharma",
    "user_id": "priya.sharma",
    "version": 42,
    "webhook_id": _UUID,
    "delivery_id": _UUID,
    "display_name": "Office hours",
    "metadata": {"source": "booking-service"},
    "update_mask": None,
}

_ENUMS = {
    "Role": "ROLE_OPS_MANAGER",
    "TicketStatus": "TICKET_STATUS_IN_PROGRESS",
    "TicketPriority": "TICKET_PRIORITY_HIGH",
    "ExportStatus": "EXPORT_STATUS_COMPLETED",
    "AttachmentState": "ATTACHMENT_STATE_READY",
    "WebhookDeliveryStatus": "WEBHOOK_DELIVERY_STATUS_DELIVERED",
}
"""Other enums: the first value that says something."""

_TIMES = {
    "created_at": datetime(2026, 5, 6, 4, 30, tzinfo=UTC),
    "start": datetime(2026, 5, 6, 4, 30, tzinfo=UTC),
    "end": datetime(2026, 5, 6, 6, 30, tzinfo=UTC),
    "sla_due_at": datetime(2026, 5, 7, 4, 30, tzinfo=UTC),
    "first_response_due_at": datetime(2026, 5, 6, 6, 30, tzinfo=UTC),
    "expires_at": datetime(2026, 5, 6, 6, 45, tzinfo=UTC),
}
_TIME = datetime(2026, 5, 6, 6, 15, tzinfo=UTC)

_NEVER = {"redacted", "redacted_fields", "resolved_at", "closed_at", "sla_paused_at", "next_attempt_at", "last_error"}
_NEVER_IN_ANSWERS = {"resolution_summary", "error", "error_message", "push_token"}
_NEVER_SENT = {
    "access_reason", "archived", "cursor", "etag", "filter", "order_by", "owner_id", "owner_role", "page_token",
    "rename", "request_id", "resolution_summary", "rotate_secret", "status", "validate_only", "after_seq", "page_size",
    "read_until", "calendar_id", "holidays", "pausing_statuses", "escalation_interval_minutes", "attachment_ids",
    "watching",
}  # fmt: skip
"""What is for one case or another, and no example to begin with. What the contract requires is sent all the same."""
_SENT = {
    "AssignTicketRequest.owner_role",
    "BulkAssign.owner_role",
    "LookupMembersRequest.query",
    "SuggestOwnersRequest.role",
}
"""What those calls do not do without, in one form or another."""
_NOT_UPDATED = {"Ticket.assigned_franchise_id", "Ticket.priority"}
"""What takes a reason to change."""


def of_answer(message: Descriptor) -> Any:  # noqa: ANN401 - JSON
    """All that an answer may hold, of each oneof the first case."""
    return _json(_fill(message, answer=True, path_fields=frozenset()))


def of_body(rpc: Rpc, binding: Binding, path_fields: frozenset[str]) -> Any:  # noqa: ANN401 - JSON
    """A body that goes with the values of the path. ``path_fields`` are those of the request that the path has."""
    request = descriptor_of(rpc.request)
    if binding.body != "*":
        return _json(_resource(request, binding.body, path_fields))
    made: Any = _fill(request, answer=False, path_fields=path_fields)
    mask = _mask_field(request)
    if mask is not None:
        name = next(field.name for field in request.fields if field.message_type and field is not mask)
        updated = _resource(request, name, path_fields)
        getattr(made, name).CopyFrom(updated)
        getattr(made, mask.name).paths.extend(field.name for field, _ in updated.ListFields())
    return _json(made)


def of_update_mask(rpc: Rpc, binding: Binding, path_fields: frozenset[str]) -> str:
    """Names what the example of the body has."""
    return ",".join(_json(_resource(descriptor_of(rpc.request), binding.body, path_fields)))


def _resource(request: Descriptor, name: str, path_fields: frozenset[str]) -> Message:
    """The field of the request that a body is, or that an update changes."""
    holder: Any = request.fields_by_name[name].message_type
    made = _fill(holder, answer=False, path_fields=frozenset(path.removeprefix(f"{name}.") for path in path_fields))
    if _mask_field(request) is not None:
        for field, _ in made.ListFields():
            if _scoped(field) in _NOT_UPDATED:
                made.ClearField(field.name)
    return made


def of_field(field: FieldDescriptor) -> Any:  # noqa: ANN401 - JSON
    """Of one value: of a repeated field, one element."""
    holder: Any = field.containing_type
    message = GetMessageClass(holder)()
    _set(message, field, answer=False)
    made = json_format.MessageToDict(message).get(field.json_name)
    return made[0] if isinstance(made, list) and made else made


def _fill(message: Descriptor, *, answer: bool, path_fields: Iterable[str]) -> Message:
    made = GetMessageClass(message)()
    chosen: set[str] = set()
    for field in message.fields:
        oneof = field.containing_oneof
        if oneof is not None and not oneof.name.startswith("_"):
            if oneof.name in chosen:
                continue
            chosen.add(oneof.name)
        if field.name in path_fields or _is_left_out(field, answer=answer):
            continue
        _set(made, field, answer=answer)
    return made


def _is_left_out(field: FieldDescriptor, *, answer: bool) -> bool:
    if field.name in _NEVER:
        return True
    if answer:
        return field.name in _NEVER_IN_ANSWERS
    return is_read_only(field) or (field.name in _NEVER_SENT and not is_sent(field))


def is_sent(field: FieldDescriptor) -> bool:
    """Whether an example of a request has it in any case."""
    return is_required(field) or _scoped(field) in _SENT


def _scoped(field: FieldDescriptor) -> str:
    return field.full_name.removeprefix(f"{PACKAGE}.")


def _set(message: Message, field: FieldDescriptor, *, answer: bool) -> None:
    value = _value(field, answer=answer)
    if value is None:
        return
    if isinstance(value, Message):
        target = getattr(message, field.name)
        (target.add() if field.is_repeated else target).CopyFrom(value)
        return
    if field.is_repeated and not is_map(field) and not isinstance(value, list):
        value = [value]
    json_format.ParseDict({field.name: value}, message)


def _value(field: FieldDescriptor, *, answer: bool) -> Any:  # noqa: ANN401 - JSON or a message
    for name in (_scoped(field), field.name):
        if name in _VALUES and (field.message_type is None or not isinstance(_VALUES[name], str)):
            return _VALUES[name]
    if field.message_type is not None:
        return _of_type(field, field.message_type, answer=answer)
    return _scalar(field)


def _scalar(field: FieldDescriptor) -> Any:  # noqa: ANN401 - JSON
    if field.enum_type is not None:
        return _ENUMS.get(field.enum_type.name, field.enum_type.values[1].name)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return True if field.name in {"complete", "intact", "active", "enabled", "notify_email", "watching"} else None
    if field.cpp_type in {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT}:
        return 0.5
    if field.type in {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}:
        return None
    return 1


def _of_type(field: FieldDescriptor, message: Descriptor, *, answer: bool) -> Any:  # noqa: ANN401 - JSON or a message
    match message.full_name:
        case "google.protobuf.Timestamp":
            return _TIMES.get(field.name, _TIME).strftime("%Y-%m-%dT%H:%M:%SZ")
        case "google.protobuf.Duration":
            return f"{int(timedelta(hours=1, minutes=30).total_seconds())}s"
        case name if name.startswith("google.protobuf."):
            return None
        case _:
            return _fill(message, answer=answer, path_fields=frozenset())


def _mask_field(request: Descriptor) -> FieldDescriptor | None:
    return next(
        (
            field
            for field in request.fields
            if field.message_type is not None and field.message_type.full_name == "google.protobuf.FieldMask"
        ),
        None,
    )


def _json(message: Message) -> Any:  # noqa: ANN401 - JSON
    return json_format.MessageToDict(message)
