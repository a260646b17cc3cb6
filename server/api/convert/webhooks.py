"""Webhooks and their deliveries."""

import re
from typing import Any
from uuid import UUID

from rodistaa.tickets.v1 import notification_service_pb2 as pb
from rodistaa.tickets.v1 import webhook_pb2
from server.api.convert.enums import EnumPair
from server.api.convert.filters import from_filter, to_filter
from server.api.convert.page_tokens import PageToken, fitting
from server.api.convert.positions import from_position
from server.api.convert.update_masks import masked
from server.api.convert.values import set_timestamp
from server.application.webhooks.create_webhook import NewWebhook
from server.application.webhooks.list_webhook_deliveries import DeliveryPage
from server.application.webhooks.list_webhooks import WebhookPage, position_of
from server.application.webhooks.update_webhook import WebhookChanges
from server.domain.filters import TicketFilter
from server.domain.tickets import make_etag
from server.domain.validation import Checker
from server.domain.webhooks import DeliveryStatus, Webhook, WebhookDelivery

WEBHOOK_NAME = (1, 100)
WEBHOOK_URL = (1, 2_000)
MAX_EVENT_TYPES = 50
_EVENT_TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,99}", re.ASCII)
_STATUS = EnumPair(webhook_pb2.WebhookDeliveryStatus, "WEBHOOK_DELIVERY_STATUS_", DeliveryStatus)
_UPDATABLE = ("display_name", "url", "event_types", "filter", "enabled")


def from_webhook(webhook: Webhook, *, with_secret: bool) -> webhook_pb2.Webhook:
    """A webhook; its secret only in the answer to the call that made it."""
    wire = webhook_pb2.Webhook(
        id=str(webhook.id),
        display_name=webhook.display_name,
        url=webhook.url,
        event_types=webhook.event_types,
        filter=None if webhook.filter is None else from_filter(webhook.filter),
        enabled=webhook.enabled,
        secret=webhook.secret if with_secret else "",
        etag=make_etag(webhook.version),
        created_by_id=webhook.created_by_id,
    )
    set_timestamp(wire.created_at, webhook.created_at)
    set_timestamp(wire.updated_at, webhook.updated_at)
    return wire


def to_new_webhook(request: pb.CreateWebhookRequest) -> NewWebhook:
    """A webhook to create."""
    check, wire = Checker(), request.webhook
    if not request.HasField("webhook"):
        check.fail("webhook", "is required")
        check.done()
    new = NewWebhook(
        display_name=check.text("webhook.display_name", wire.display_name, WEBHOOK_NAME),
        url=check.text("webhook.url", wire.url, WEBHOOK_URL),
        event_types=_event_types(check, wire),
        filter=_filter(check, wire),
        enabled=_enabled(wire),
    )
    check.done()
    return new


def to_webhook_changes(request: pb.UpdateWebhookRequest) -> WebhookChanges:
    """The checked new values of the fields that the mask names; it may be empty when the secret is rotated."""
    check, wire = Checker(), request.webhook
    webhook_id = check.uuid("webhook.id", wire.id)
    rotates_only = request.rotate_secret and not request.update_mask.paths
    named = () if rotates_only else masked(check, request.update_mask, _UPDATABLE)
    values: dict[str, Any] = {}
    if "display_name" in named:
        values["display_name"] = check.text("webhook.display_name", wire.display_name, WEBHOOK_NAME)
    if "url" in named:
        values["url"] = check.text("webhook.url", wire.url, WEBHOOK_URL)
    if "event_types" in named:
        values["event_types"] = _event_types(check, wire)
    if "filter" in named:
        values["filter"] = _filter(check, wire)
    if "enabled" in named:
        values["enabled"] = _enabled(wire)
    etag = check.etag("webhook.etag", wire.etag)
    check.done()
    return WebhookChanges(webhook_id, values, request.rotate_secret, etag)


def _event_types(check: Checker, wire: webhook_pb2.Webhook) -> tuple[str, ...]:
    """Names like those of the audit. Which there are is not closed: an unknown one only never happens."""
    names = check.few("webhook.event_types", wire.event_types, MAX_EVENT_TYPES)
    for index, name in enumerate(names):
        if not _EVENT_TYPE.fullmatch(name):
            check.fail(f"webhook.event_types[{index}]", "must be a name such as STATUS_CHANGED")
    return tuple(dict.fromkeys(names))


def _filter(check: Checker, wire: webhook_pb2.Webhook) -> TicketFilter | None:
    """None for one that is not set, which is another thing than an empty one: that leaves archived tickets out."""
    if not wire.HasField("filter"):
        return None
    for name in ("text", "sla_statuses"):
        if getattr(wire.filter, name):
            check.fail(f"webhook.filter.{name}", "is not for webhooks")
    return to_filter(check, "webhook.filter", wire.filter)


def _enabled(wire: webhook_pb2.Webhook) -> bool:
    return wire.enabled if wire.HasField("enabled") else True


def to_webhook_id(request: pb.DeleteWebhookRequest) -> tuple[UUID, str | None]:
    """The webhook to delete and the etag that this depends on."""
    check = Checker()
    webhook_id, etag = check.uuid("id", request.id), check.etag("etag", request.etag)
    check.done()
    return webhook_id, etag


def webhooks_response(page: WebhookPage, token: PageToken) -> pb.ListWebhooksResponse:
    """The webhooks that fit into one message, without secrets: a filter may be large."""
    webhooks = fitting(from_webhook(webhook, with_secret=False) for webhook in page.webhooks)
    following = position_of(page.webhooks[len(webhooks) - 1]) if len(webhooks) < len(page.webhooks) else page.next
    return pb.ListWebhooksResponse(webhooks=webhooks, next_page_token=token.write(from_position(following)))


def to_deliveries_query(request: pb.ListWebhookDeliveriesRequest) -> tuple[UUID, tuple[DeliveryStatus, ...], int]:
    """Whose deliveries, in which states, and how many of them."""
    check = Checker()
    webhook_id = check.uuid("webhook_id", request.webhook_id)
    statuses = _STATUS.many(check, "statuses", request.statuses)
    limit = check.page_size("page_size", request.page_size)
    check.done()
    return webhook_id, statuses, limit


def deliveries_response(page: DeliveryPage, token: PageToken) -> pb.ListWebhookDeliveriesResponse:
    """A page of deliveries: 200 of them are far from filling a message."""
    return pb.ListWebhookDeliveriesResponse(
        deliveries=[from_delivery(delivery) for delivery in page.deliveries],
        next_page_token=token.write(from_position(page.next)),
    )


def from_delivery(delivery: WebhookDelivery) -> webhook_pb2.WebhookDelivery:
    """One delivery."""
    wire = webhook_pb2.WebhookDelivery(
        id=str(delivery.id),
        webhook_id=str(delivery.webhook_id),
        event_type=delivery.event_type,
        ticket_id=delivery.ticket_id,
        status=_STATUS.to_wire[delivery.status],
        attempt_count=delivery.attempts,
        last_response_code=delivery.last_response_code or 0,
        last_error=delivery.last_error or "",
    )
    if delivery.status is DeliveryStatus.PENDING and delivery.next_attempt_at is not None:
        set_timestamp(wire.next_attempt_at, delivery.next_attempt_at)
    set_timestamp(wire.created_at, delivery.created_at)
    if delivery.delivered_at is not None:
        set_timestamp(wire.delivered_at, delivery.delivered_at)
    return wire


def to_redelivery(request: pb.RedeliverWebhookRequest) -> tuple[UUID, UUID]:
    """The webhook and the delivery to send again."""
    check = Checker()
    webhook_id, delivery_id = (
        check.uuid("webhook_id", request.webhook_id),
        check.uuid("delivery_id", request.delivery_id),
    )
    check.done()
    return webhook_id, delivery_id
