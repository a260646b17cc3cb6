"""From rows to domain values. Columns are read by position, in the order of the tuples named here."""

from collections.abc import Mapping
from uuid import UUID

from psycopg.rows import TupleRow
from sqlalchemy import cast, func
from sqlalchemy.types import Text

from server.adapters.postgres.tables import (
    staff_members,
    ticket_attachments,
    ticket_audit,
    ticket_messages,
    ticket_watchers,
    tickets,
)
from server.domain.directory import Member
from server.domain.fsm import TicketStatus
from server.domain.ids import ChainNo, FranchiseId, Seq, TicketId, UserId, Version
from server.domain.roles import Role
from server.domain.tickets import LinkedType, Ticket, TicketPriority, TicketSeverity
from server.domain.timeline import AttachmentRef, AuditEntry, Message, Watcher

# Plain dictionaries: calling an Enum class to look a member up costs several times as much.
_STATUS: dict[str, TicketStatus] = {member.value: member for member in TicketStatus}
_PRIORITY: dict[str, TicketPriority] = {member.value: member for member in TicketPriority}
_SEVERITY: dict[str | None, TicketSeverity] = {member.value: member for member in TicketSeverity}
_LINKED: dict[str | None, LinkedType] = {member.value: member for member in LinkedType}
_ROLE: dict[str | None, Role] = {member.value: member for member in Role}

TICKET_COLUMNS = tuple(tickets.c[name] for name in Ticket.__slots__)
"""In the order of the fields of ``Ticket``."""


def to_ticket(row: TupleRow) -> Ticket:
    """A row that begins with TICKET_COLUMNS."""
    return Ticket(
        row[0],
        row[1],
        row[2],
        row[3],
        _ROLE[row[4]],
        row[5],
        _ROLE.get(row[6]),
        row[7],
        _PRIORITY[row[8]],
        _STATUS[row[9]],
        _SEVERITY.get(row[10]),
        _LINKED.get(row[11]),
        row[12],
        row[13],
        row[14],
        row[15],
        row[16],
        row[17],
        # None for a ticket that is older than the column and has not changed since.
        row[18] or row[31],
        row[19],
        row[20],
        row[21],
        row[22],
        row[23],
        row[24],
        row[25],
        tuple(row[26]),
        row[27],
        row[28],
        row[29],
        row[30],
        row[31],
        row[32],
        row[33],
        row[34],
        row[35],
    )


AUDIT_COLUMNS = (
    ticket_audit.c.id,
    ticket_audit.c.ticket_id,
    ticket_audit.c.chain_no,
    ticket_audit.c.seq,
    ticket_audit.c.actor_id,
    ticket_audit.c.actor_role,
    ticket_audit.c.action,
    ticket_audit.c.payload,
    func.host(ticket_audit.c.ip_address).label("ip_address"),
    ticket_audit.c.created_at,
    ticket_audit.c.hash,
    ticket_audit.c.prev_hash,
)


def to_audit_entry(row: TupleRow) -> AuditEntry:
    """A row of AUDIT_COLUMNS. A role that somebody in psql made up is shown as the system's."""
    return AuditEntry(
        id=row[0],
        ticket_id=TicketId(row[1]),
        chain_no=ChainNo(row[2]),
        seq=None if row[3] is None else Seq(row[3]),
        actor_id=UserId(row[4]),
        actor_role=_ROLE.get(row[5], Role.SYSTEM),
        action=row[6],
        payload=row[7],
        ip_address=row[8],
        created_at=row[9],
        hash=bytes(row[10]),
        prev_hash=None if row[11] is None else bytes(row[11]),
    )


CHAIN_COLUMNS = (
    ticket_audit.c.ticket_id,
    ticket_audit.c.chain_no,
    ticket_audit.c.seq,
    ticket_audit.c.actor_id,
    ticket_audit.c.actor_role,
    ticket_audit.c.action,
    cast(ticket_audit.c.payload, Text).label("payload_text"),
    cast(ticket_audit.c.ip_address, Text).label("ip_text"),
    # As text: a forged time may be one that no datetime can hold.
    cast(func.trunc(func.extract("epoch", ticket_audit.c.created_at) * 1_000_000), Text).label("created_at_text"),
    ticket_audit.c.prev_hash,
    ticket_audit.c.hash,
)
"""In the order of the fields of ``StoredEntry``."""

MESSAGE_COLUMNS = (
    ticket_messages.c.id,
    ticket_messages.c.ticket_id,
    ticket_messages.c.seq,
    ticket_messages.c.actor_id,
    ticket_messages.c.actor_role,
    ticket_messages.c.message,
    ticket_messages.c.attachments,
    ticket_messages.c.is_internal_note,
    ticket_messages.c.created_at,
)


def to_message(row: TupleRow, attachments: Mapping[UUID, AttachmentRef | None]) -> Message:
    """A row of MESSAGE_COLUMNS. Attachments that are not known, or not complete, are left out."""
    return Message(
        id=str(row[0]),
        ticket_id=TicketId(row[1]),
        seq=Seq(row[2]),
        actor_id=UserId(row[3]),
        actor_role=Role(row[4]),
        message=row[5],
        attachments=tuple(reference for i in row[6] if (reference := attachments.get(i)) is not None),
        is_internal_note=row[7],
        created_at=row[8],
    )


WATCHER_COLUMNS = tuple(ticket_watchers.c[name] for name in Watcher.__slots__)


def to_watcher(row: TupleRow) -> Watcher:
    """A row of WATCHER_COLUMNS."""
    return Watcher(*row)


MEMBER_COLUMNS = tuple(staff_members.c[name] for name in Member.__slots__)


def to_member(row: TupleRow) -> Member:
    """A row that begins with MEMBER_COLUMNS."""
    return Member(
        user_id=UserId(row[0]),
        role=_ROLE[row[1]],
        display_name=row[2],
        franchise_ids=tuple(FranchiseId(franchise) for franchise in row[3]),
        email=row[4],
        phone=row[5],
        active=row[6],
        version=Version(row[7]),
        created_at=row[8],
        updated_at=row[9],
    )


ATTACHMENT_COLUMNS = (
    ticket_attachments.c.id,
    ticket_attachments.c.file_name,
    ticket_attachments.c.file_type,
    ticket_attachments.c.file_size_bytes,
    ticket_attachments.c.is_sensitive,
    ticket_attachments.c.uploaded_by_id,
    ticket_attachments.c.created_at,
    ticket_attachments.c.status,
)


def to_attachment(row: TupleRow) -> tuple[UUID, AttachmentRef, bool]:
    """A row of ATTACHMENT_COLUMNS: its id, what a message shows of it, and whether its upload is complete."""
    reference = AttachmentRef(
        id=str(row[0]),
        file_name=row[1],
        file_type=row[2],
        file_size_bytes=row[3],
        is_sensitive=row[4],
        uploaded_by_id=UserId(row[5]),
        created_at=row[6],
    )
    return row[0], reference, row[7] == "completed"
