"""The schema as SQLAlchemy Core sees it. The migrations make it; a test holds the two together.

Not here, because statements never name them: indexes, CHECK constraints, triggers, storage
parameters, and the partitions of `outbox`.
"""

from typing import LiteralString

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ENUM, INET, JSONB, TSVECTOR
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import UserDefinedType

metadata = MetaData()

OPEN_TICKETS: LiteralString = "status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived"
"""The condition of the partial indexes on open tickets.

PostgreSQL uses such an index only for a query that says the same with literals, not with bind
parameters: put it into a statement as text.
"""


class Xid8(UserDefinedType[str]):
    """A transaction id that never wraps round. psycopg knows no such type and hands out its text."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


ischema_names["xid8"] = Xid8  # so that reflection, which Alembic does, knows it too

ticket_priority = ENUM("LOW", "MEDIUM", "HIGH", "CRITICAL", name="ticket_priority", create_type=False)
ticket_status = ENUM(
    "NEW",
    "OPEN",
    "IN_PROGRESS",
    "AWAITING_SHIPPER",
    "AWAITING_OPERATOR",
    "AWAITING_FRANCHISE",
    "AWAITING_FINANCE",
    "ESCALATED",
    "REOPENED",
    "RESOLVED",
    "CLOSED",
    name="ticket_status",
    create_type=False,
)
ticket_linked_type = ENUM(
    "booking",
    "shipment",
    "user",
    "truck",
    "operator",
    "franchise",
    "document",
    "payment",
    name="ticket_linked_type",
    create_type=False,
)

_identifier = Text(collation="C")
_identifiers = ARRAY(_identifier)
_timestamp = DateTime(timezone=True)


def _id(name: str, *constraints: SchemaItem, nullable: bool = False) -> Column[str]:
    return Column(name, _identifier, *constraints, nullable=nullable)


def _uuid(name: str = "id") -> Column[object]:
    return Column(name, Uuid, nullable=False, server_default=text("uuidv7()"))


def _flag(name: str, *, default: bool = False) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()))


def _counter(name: str, default: int, kind: type[Integer] = BigInteger) -> Column[int]:
    return Column(name, kind, nullable=False, server_default=text(str(default)))


def _moment(name: str, *, default_now: bool = False, nullable: bool = False) -> Column[object]:
    default = text("now()") if default_now else None
    return Column(name, _timestamp, nullable=nullable, server_default=default)


sla_config = Table(
    "sla_config",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("priority", ticket_priority, nullable=False),
    _counter("version", 1, Integer),
    Column("response_time_minutes", Integer, nullable=False),
    Column("resolution_time_minutes", Integer, nullable=False),
    Column("escalation_interval_minutes", Integer),
    Column("escalation_chain", JSONB, nullable=False),
    Column(
        "paused_statuses",
        ARRAY(ticket_status),
        nullable=False,
        server_default=text("'{AWAITING_SHIPPER,AWAITING_OPERATOR}'::ticket_status[]"),
    ),
    _id("calendar_id", nullable=True),
    _moment("updated_at", default_now=True),
    Column("calendar_version", Integer),
    Column("updated_by_id", _identifier, nullable=False, server_default=text("'SYSTEM'::text")),
    UniqueConstraint("priority", name="sla_config_priority_key"),
    ForeignKeyConstraint(
        ["calendar_id", "calendar_version"],
        ["sla_calendars.id", "sla_calendars.version"],
        name="sla_config_calendar_fkey",
        match="FULL",
    ),
)

sla_calendars = Table(
    "sla_calendars",
    metadata,
    _id("id"),
    Column("version", Integer, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("windows", JSONB, nullable=False),
    Column("holidays", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    _moment("updated_at", default_now=True),
    Column("updated_by_id", _identifier, nullable=False, server_default=text("'SYSTEM'::text")),
    PrimaryKeyConstraint("id", "version"),
)

sla_policy_versions = Table(
    "sla_policy_versions",
    metadata,
    Column("priority", ticket_priority, nullable=False),
    Column("version", Integer, nullable=False),
    Column("response_time_minutes", Integer, nullable=False),
    Column("resolution_time_minutes", Integer, nullable=False),
    Column("escalation_interval_minutes", Integer),
    Column("escalation_chain", JSONB, nullable=False),
    Column("paused_statuses", ARRAY(ticket_status), nullable=False),
    _id("calendar_id", nullable=True),
    Column("calendar_version", Integer),
    _moment("updated_at"),
    _id("updated_by_id"),
    PrimaryKeyConstraint("priority", "version"),
    ForeignKeyConstraint(
        ["calendar_id", "calendar_version"],
        ["sla_calendars.id", "sla_calendars.version"],
        name="sla_policy_versions_calendar_fkey",
        match="FULL",
    ),
)

ticket_number_seq = Sequence("ticket_number_seq", metadata=metadata, start=1001)

tickets = Table(
    "tickets",
    metadata,
    Column(
        "id",
        _identifier,
        primary_key=True,
        server_default=text("('TKT-'::text || nextval('ticket_number_seq'::regclass))"),
    ),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    _id("created_by_id"),
    _id("created_by_role"),
    _id("owner_id", nullable=True),
    _id("owner_role", nullable=True),
    _id("assigned_franchise_id", nullable=True),
    Column("priority", ticket_priority, nullable=False, server_default=text("'MEDIUM'")),
    Column("status", ticket_status, nullable=False, server_default=text("'NEW'")),
    _id("severity", nullable=True),
    Column("linked_type", ticket_linked_type),
    _id("linked_id", nullable=True),
    _moment("sla_due_at", nullable=True),
    _counter("sla_escalation_level", 0, Integer),
    _flag("sla_breached"),
    Column("sla_policy_version", Integer),
    _moment("first_response_due_at", nullable=True),
    _moment("first_responded_at", nullable=True),
    _flag("first_response_breached"),
    Column("tags", _identifiers, nullable=False, server_default=text("'{}'")),
    _flag("is_sensitive"),
    _flag("archived"),
    Column("resolution_summary", Text),
    Column("metadata", JSONB, nullable=False, server_default=text("'{}'")),
    _counter("version", 1),
    _moment("created_at", default_now=True),
    _moment("updated_at", default_now=True),
    _moment("resolved_at", nullable=True),
    _moment("closed_at", nullable=True),
    _moment("sla_changed_at", nullable=True),
    _moment("sla_near_breach_at", nullable=True),
    _flag("sla_near_breach_notified"),
    _moment("sla_paused_at", nullable=True),
    _moment("sla_next_escalation_at", nullable=True),
    _counter("sla_cycle", 1, Integer),
    _flag("sla_stale"),
    _moment("sla_put_off_until", nullable=True),
    Column(
        "search",
        TSVECTOR,
        Computed(
            "setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english',"
            " CASE WHEN is_sensitive THEN '' ELSE description END), 'B')",
            persisted=True,
        ),
    ),
)

ticket_timeline_heads = Table(
    "ticket_timeline_heads",
    metadata,
    Column("ticket_id", _identifier, primary_key=True),
    _counter("last_seq", 0),
    _counter("last_chain_no", 0),
    _moment("last_at"),
    Column("last_hash", LargeBinary),
)


def _ticket_id() -> Column[str]:
    return _id("ticket_id", ForeignKey("tickets.id"))


ticket_messages = Table(
    "ticket_messages",
    metadata,
    _uuid(),
    _ticket_id(),
    Column("seq", BigInteger, nullable=False),
    _id("actor_id"),
    _id("actor_role"),
    Column("message", Text, nullable=False),
    Column("attachments", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    _flag("is_internal_note"),
    _moment("created_at"),
    PrimaryKeyConstraint("ticket_id", "seq"),
    UniqueConstraint("ticket_id", "id", name="ticket_messages_id_key"),
)

ticket_audit = Table(
    "ticket_audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    _ticket_id(),
    Column("chain_no", BigInteger, nullable=False),
    Column("seq", BigInteger),
    _id("actor_id"),
    _id("actor_role"),
    _id("action"),
    Column("payload", JSONB, nullable=False, server_default=text("'{}'")),
    Column("ip_address", INET),
    _moment("created_at"),
    Column("prev_hash", LargeBinary),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("ticket_id", "chain_no"),
)

ticket_watchers = Table(
    "ticket_watchers",
    metadata,
    _ticket_id(),
    _id("user_id"),
    _flag("notify_email", default=True),
    _flag("notify_push", default=True),
    _flag("notify_sms"),
    _moment("created_at", default_now=True),
    PrimaryKeyConstraint("ticket_id", "user_id"),
)

ticket_escalations = Table(
    "ticket_escalations",
    metadata,
    _ticket_id(),
    Column("cycle", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    _id("from_role", nullable=True),
    _id("to_role", nullable=True),
    _moment("due_at", nullable=True),
    _moment("escalated_at"),
    Column("automatic", Boolean, nullable=False),
    _id("actor_id"),
    Column("reason", Text),
    PrimaryKeyConstraint("ticket_id", "cycle", "level"),
)

ticket_attachments = Table(
    "ticket_attachments",
    metadata,
    _uuid(),
    _ticket_id(),
    _id("uploaded_by_id"),
    Column("file_name", Text, nullable=False),
    _id("object_key"),
    _id("file_type"),
    Column("file_size_bytes", BigInteger, nullable=False),
    Column("checksum_sha256", LargeBinary),
    _flag("is_sensitive"),
    Column("status", _identifier, nullable=False, server_default=text("'pending'")),
    _moment("created_at", default_now=True),
    _moment("completed_at", nullable=True),
    PrimaryKeyConstraint("ticket_id", "id"),
)

ticket_export_jobs = Table(
    "ticket_export_jobs",
    metadata,
    _uuid(),
    _id("requested_by_id"),
    _id("requested_by_role"),
    Column("requested_by_franchise_ids", _identifiers, nullable=False, server_default=text("'{}'")),
    Column("filters", JSONB, nullable=False, server_default=text("'{}'")),
    Column("format", _identifier, nullable=False, server_default=text("'csv'")),
    _flag("include_messages"),
    Column("status", _identifier, nullable=False, server_default=text("'pending'")),
    _id("object_key", nullable=True),
    Column("manifest", JSONB),
    Column("error_message", Text),
    Column("total_records", BigInteger),
    _counter("processed_records", 0),
    _counter("attempts", 0, Integer),
    _moment("next_attempt_at", default_now=True),
    _moment("lease_until", nullable=True),
    _moment("created_at", default_now=True),
    _moment("started_at", nullable=True),
    _moment("completed_at", nullable=True),
    _moment("expires_at", nullable=True),
    PrimaryKeyConstraint("id"),
)

object_deletions = Table(
    "object_deletions",
    metadata,
    Column("object_key", _identifier, primary_key=True),
    _moment("delete_after", default_now=True),
    _counter("attempts", 0, Integer),
    _moment("created_at", default_now=True),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _id("principal_id"),
    Column("request_id", Uuid, nullable=False),
    _id("method"),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("response", LargeBinary),
    _moment("created_at", default_now=True),
    PrimaryKeyConstraint("principal_id", "request_id"),
)

staff_members = Table(
    "staff_members",
    metadata,
    Column("user_id", _identifier, primary_key=True),
    _id("role"),
    Column("display_name", Text, nullable=False),
    Column("franchise_ids", _identifiers, nullable=False, server_default=text("'{}'")),
    Column("email", Text),
    Column("phone", Text),
    Column("push_token", Text),
    _flag("active", default=True),
    _counter("version", 1),
    _moment("created_at", default_now=True),
    _moment("updated_at", default_now=True),
)

saved_views = Table(
    "saved_views",
    metadata,
    _uuid(),
    _id("owner_id"),
    Column("name", Text, nullable=False),
    Column("filter", JSONB, nullable=False, server_default=text("'{}'")),
    Column("order_by", _identifier, nullable=False, server_default=text("''")),
    _flag("is_shared"),
    _counter("version", 1),
    _moment("created_at", default_now=True),
    _moment("updated_at", default_now=True),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("owner_id", "name", name="saved_views_owner_id_name_key"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("xid", Xid8, nullable=False, server_default=text("pg_current_xact_id()")),
    _id("ticket_id"),
    Column("seq", BigInteger),
    _id("kind"),
    _id("event_type"),
    Column("created_at", _timestamp, nullable=False, server_default=text("clock_timestamp()")),
    Column("payload", JSONB, nullable=False),
    PrimaryKeyConstraint("xid", "id", "created_at"),
)

outbox_horizon = Table(
    "outbox_horizon",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("xid", Xid8, nullable=False),
    Column("id", BigInteger, nullable=False),
)


def belongs_to_schema(
    _item: SchemaItem,
    name: str | None,
    kind: str,
    reflected: bool,  # noqa: FBT001 - Alembic's signature
    _compare_to: SchemaItem | None,
) -> bool:
    """Alembic's include_object: leaves out what is deliberately not here (see above)."""
    partition = kind == "table" and reflected and (name or "").startswith(("outbox_default", "outbox_p"))
    return kind != "index" and not partition
