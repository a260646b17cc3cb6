"""Messages, audit rows and watchers as messages of the contract."""

from typing import Any

from rodistaa.tickets.v1 import attachment_pb2, ticket_pb2, timeline_pb2, timeline_reads_pb2
from server.api.convert.enums import FINDING, ROLE
from server.api.convert.values import set_struct, set_timestamp
from server.application.timeline.verify_audit import AuditVerdict
from server.domain.audit_chain import FindingKind
from server.domain.ids import TicketId
from server.domain.timeline import AuditEntryView, FileView, Message, MessageView, TimelineItem, Watcher

_FINDING_TEXTS = {
    FindingKind.EDITED: "The row does not match its hash.",
    FindingKind.REMOVED: "The row is missing.",
    FindingKind.REORDERED: "The row stands in another place than it was written in.",
    FindingKind.TAIL_REMOVED: "The chain stops before its recorded end.",
    FindingKind.HEAD_MISMATCH: "The chain does not end as recorded.",
}


def from_item(item: TimelineItem) -> timeline_pb2.TimelineEntry:
    """One row of the timeline."""
    if isinstance(item, MessageView):
        message = item.message
        wire = timeline_pb2.TimelineEntry(ticket_id=message.ticket_id, seq=message.seq, message=from_message(item))
        set_timestamp(wire.created_at, message.created_at)
        return wire
    entry = item.entry
    wire = timeline_pb2.TimelineEntry(ticket_id=entry.ticket_id, seq=entry.seq or 0, audit_entry=from_audit(item))
    set_timestamp(wire.created_at, entry.created_at)
    return wire


def from_message(view: MessageView) -> timeline_pb2.Message:
    """A message; a withheld one keeps who, when and what is attached, but for the names of files."""
    message: Message = view.message
    wire = timeline_pb2.Message(
        id=message.id,
        ticket_id=message.ticket_id,
        seq=message.seq,
        actor_id=message.actor_id,
        actor_role=ROLE.to_wire[message.actor_role],
        message="" if view.withheld else message.message,
        attachments=[_from_file(message.ticket_id, file) for file in view.files],
        is_internal_note=message.is_internal_note,
        redacted=view.withheld,
    )
    set_timestamp(wire.created_at, message.created_at)
    return wire


def _from_file(ticket_id: TicketId, view: FileView) -> attachment_pb2.Attachment:
    """A message tells no checksum of any file: the list of attachments does."""
    file = view.file
    wire = attachment_pb2.Attachment(
        id=file.id,
        ticket_id=ticket_id,
        uploaded_by_id=file.uploaded_by_id,
        file_name="" if view.withheld else file.file_name,
        file_type=file.file_type,
        file_size_bytes=file.file_size_bytes,
        is_sensitive=view.is_sensitive,
        state=attachment_pb2.ATTACHMENT_STATE_READY,
        redacted=view.withheld,
    )
    set_timestamp(wire.created_at, file.created_at)
    return wire


def from_audit(view: AuditEntryView) -> timeline_pb2.AuditEntry:
    """An audit row; withheld values keep their keys."""
    entry = view.entry
    wire = timeline_pb2.AuditEntry(
        id=str(entry.id),
        ticket_id=entry.ticket_id,
        chain_no=entry.chain_no,
        seq=entry.seq or 0,
        actor_id=entry.actor_id,
        actor_role=ROLE.to_wire[entry.actor_role],
        action=entry.action,
        reason=_text(entry.payload.get("reason")),
        ip_address=entry.ip_address or "",
        # A hash over a row of which all but a short text is shown would give that text to whoever tries them all.
        hash="" if view.withheld else entry.hash.hex(),
        prev_hash="" if view.withheld or entry.prev_hash is None else entry.prev_hash.hex(),
        redacted=view.withheld,
    )
    for target, side in ((wire.old_values, "old"), (wire.new_values, "new")):
        if values := view.values(side):
            set_struct(target, values)
    set_timestamp(wire.created_at, entry.created_at)
    return wire


def _text(value: Any) -> str:  # noqa: ANN401 - from a payload that somebody in psql may have written
    return value if isinstance(value, str) else ""


def from_verdict(verdict: AuditVerdict) -> timeline_reads_pb2.VerifyAuditResponse:
    """What the check of a chain found."""
    finding = verdict.finding
    if finding is None:
        return timeline_reads_pb2.VerifyAuditResponse(intact=True, entries_checked=verdict.entries_checked)
    return timeline_reads_pb2.VerifyAuditResponse(
        entries_checked=verdict.entries_checked,
        first_bad_chain_no=finding.chain_no,
        finding=FINDING[finding.kind],
        detail=_FINDING_TEXTS[finding.kind],
    )


def from_watcher(watcher: Watcher) -> ticket_pb2.Watcher:
    """A watcher's settings."""
    wire = ticket_pb2.Watcher(
        ticket_id=watcher.ticket_id,
        user_id=watcher.user_id,
        notify_email=watcher.notify_email,
        notify_push=watcher.notify_push,
        notify_sms=watcher.notify_sms,
    )
    set_timestamp(wire.created_at, watcher.created_at)
    return wire
