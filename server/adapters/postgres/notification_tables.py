"""The tables of migration 0007: from the outbox to people and programs. As in tables.py, a test compares the two."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from server.adapters.postgres.tables import Xid8, metadata

__all__ = [
    "metadata",
    "notification_deliveries",
    "notifications",
    "outbox_cursors",
    "outbox_failures",
    "webhook_deliveries",
    "webhooks",
]

_identifier = Text(collation="C")
_timestamp = DateTime(timezone=True)


def _id(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, _identifier, nullable=nullable)


def _uuid(name: str = "id") -> Column[object]:
    return Column(name, Uuid, nullable=False, server_default=text("uuidv7()"))


def _reference(name: str, *target: SchemaItem) -> Column[object]:
    return Column(name, Uuid, *target, nullable=False)


def _number(name: str, default: int, kind: type[Integer] = Integer) -> Column[int]:
    return Column(name, kind, nullable=False, server_default=text(str(default)))


def _flag(name: str, *, default: bool = False) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()))


def _now(name: str) -> Column[object]:
    return Column(name, _timestamp, nullable=False, server_default=text("now()"))


def _moment(name: str) -> Column[object]:
    return Column(name, _timestamp)


def _status() -> Column[str]:
    return Column("status", _identifier, nullable=False, server_default=text("'pending'"))


outbox_cursors = Table(
    "outbox_cursors",
    metadata,
    _id("consumer"),
    Column("xid", Xid8, nullable=False),
    Column("id", BigInteger, nullable=False),
    _now("updated_at"),
    PrimaryKeyConstraint("consumer"),
)

outbox_failures = Table(
    "outbox_failures",
    metadata,
    _id("consumer"),
    Column("xid", Xid8, nullable=False),
    Column("id", BigInteger, nullable=False),
    _id("ticket_id"),
    _id("event_type"),
    Column("error", Text, nullable=False),
    _number("attempts", 1),
    _now("first_failed_at"),
    _now("last_failed_at"),
    _moment("resolved_at"),
    PrimaryKeyConstraint("consumer", "xid", "id"),
)

notifications = Table(
    "notifications",
    metadata,
    _uuid(),
    _id("user_id"),
    _id("ticket_id", nullable=True),
    _id("kind"),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    _number("event_count", 1),
    _flag("is_critical"),
    _flag("for_staff"),
    Column("channels", ARRAY(_identifier), nullable=False, server_default=text("'{}'")),
    _flag("gathering"),
    _now("gather_until"),
    _now("created_at"),
    _now("updated_at"),
    _moment("read_at"),
    PrimaryKeyConstraint("id"),
)

notification_deliveries = Table(
    "notification_deliveries",
    metadata,
    _uuid(),
    _reference("notification_id", ForeignKey("notifications.id", ondelete="CASCADE")),
    _id("channel"),
    Column("address", Text, nullable=False),
    _flag("is_critical"),
    _status(),
    _number("attempts", 0),
    _now("next_attempt_at"),
    Column("last_error", Text),
    _now("created_at"),
    _moment("delivered_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("notification_id", "channel", name="notification_deliveries_channel_key"),
)

webhooks = Table(
    "webhooks",
    metadata,
    _uuid(),
    Column("display_name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("event_types", ARRAY(_identifier), nullable=False, server_default=text("'{}'")),
    Column("filter", JSONB(none_as_null=True)),
    _flag("enabled", default=True),
    Column("secret", Text, nullable=False),
    Column("previous_secret", Text),
    _moment("previous_secret_until"),
    _moment("failing_since"),
    _moment("slow_since"),
    _moment("served_at"),
    _id("created_by_id"),
    _number("version", 1, BigInteger),
    _now("created_at"),
    _now("updated_at"),
    PrimaryKeyConstraint("id"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    _uuid(),
    _reference("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE")),
    Column("xid", Xid8, nullable=False),
    Column("outbox_id", BigInteger, nullable=False),
    _id("event_type"),
    _id("ticket_id"),
    Column("payload", JSONB, nullable=False),
    _status(),
    _number("attempts", 0),
    Column("last_response_code", Integer),
    Column("last_error", Text),
    _now("next_attempt_at"),
    Column("created_at", _timestamp, nullable=False),
    _moment("delivered_at"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("webhook_id", "xid", "outbox_id", name="webhook_deliveries_event_key"),
)
