"""Addresses of other systems that ticket events are posted to, and the way of one event to one of them."""

import base64
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from server.domain.filters import TicketFilter
from server.domain.ids import TicketId, UserId, Version

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
_SECRET_BYTES = 32

ROTATION_OVERLAP = timedelta(hours=24)
"""How long deliveries are signed with the secret before as well."""


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it: 256 random bits in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to post which events. The secrets sign; they are shown to nobody but in the answer that made them."""

    id: UUID
    display_name: str
    url: str
    event_types: tuple[str, ...]
    """Actions of the audit, or MESSAGE_ADDED; empty means all."""
    filter: TicketFilter | None
    """Which tickets; None means all, archived ones too."""
    enabled: bool
    secret: str = field(repr=False)
    previous_secret: str | None = field(repr=False)
    """The secret before the last rotation; signs too until ``previous_secret_until``."""
    previous_secret_until: datetime | None
    created_by_id: UserId
    version: Version
    created_at: datetime
    updated_at: datetime


class DeliveryStatus(StrEnum):
    """How far a delivery is, as the database spells it."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One event on its way to one webhook, without what is sent."""

    id: UUID
    webhook_id: UUID
    event_type: str
    ticket_id: TicketId
    status: DeliveryStatus
    attempts: int
    """Attempts of the present set of retries; sending again begins a new set."""
    last_response_code: int | None
    """HTTP status of the last answer; None when there was none."""
    last_error: str | None
    next_attempt_at: datetime | None
    """When it is tried next; of meaning only while it is pending."""
    created_at: datetime
    """When the event happened."""
    delivered_at: datetime | None
