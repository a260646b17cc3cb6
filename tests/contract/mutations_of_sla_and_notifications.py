"""Mutations of policies, calendars, notifications and webhooks, each with what a test of its repetition needs."""

from typing import Any
from uuid import uuid4

from google.protobuf.field_mask_pb2 import FieldMask

from rodistaa.tickets.v1 import notification_service_pb2 as notifications
from rodistaa.tickets.v1 import sla_pb2, webhook_pb2
from rodistaa.tickets.v1 import sla_policy_service_pb2 as policies
from rodistaa.tickets.v1 import ticket_pb2 as t
from server.domain.roles import Role
from tests.contract.mutations import Mutation
from tests.contract.sla_and_notification_requests import (
    URL,
    full_calendar,
    new_delivery,
    new_notification,
    new_webhook,
)
from tests.running import Running

ADMIN = "once-admin"
CHANGE_WEBHOOK = "UPDATE webhooks SET secret = 'meanwhile', version = version + 1 WHERE id::text = %(id)s"


def admin_of(server: Running) -> Any:
    return server.client(Role.ADMIN, ADMIN)


def update_sla_policy(server: Running) -> Mutation:
    """The interval of LOW, which no other test counts on."""

    def request(minutes: int) -> policies.UpdateSlaPolicyRequest:
        policy = sla_pb2.SlaPolicy(priority=t.TICKET_PRIORITY_LOW, escalation_interval_minutes=minutes)
        mask = FieldMask(paths=["escalation_interval_minutes"])
        return policies.UpdateSlaPolicyRequest(sla_policy=policy, update_mask=mask)

    return Mutation(
        admin_of(server).sla_policies.UpdateSlaPolicy,
        request(1441),
        request(1442),
        "UPDATE sla_config SET escalation_interval_minutes = escalation_interval_minutes + 10"
        " WHERE priority::text = %(id)s",
        "LOW",
    )


def upsert_calendar(server: Running) -> Mutation:
    calendar_id = f"once-{uuid4().hex[:8]}"

    def request(name: str) -> policies.UpsertCalendarRequest:
        return policies.UpsertCalendarRequest(calendar=full_calendar(id=calendar_id, display_name=name))

    return Mutation(
        admin_of(server).sla_policies.UpsertCalendar,
        request("Office"),
        request("Another office"),
        "INSERT INTO sla_calendars (id, version, display_name, time_zone, windows)"
        " SELECT id, 2, 'Meanwhile', 'UTC', windows FROM sla_calendars WHERE id = %(id)s",
        calendar_id,
    )


def mark_notifications_read(server: Running) -> Mutation:
    told = new_notification(server.database, ADMIN)
    return Mutation(
        admin_of(server).notifications.MarkNotificationsRead,
        notifications.MarkNotificationsReadRequest(ids=[told]),
        notifications.MarkNotificationsReadRequest(ids=[told, str(uuid4())]),
        "UPDATE notifications SET read_at = NULL WHERE id::text = %(id)s",
        told,
    )


def create_webhook(server: Running) -> Mutation:
    name = f"once {uuid4()}"

    def request(display_name: str) -> notifications.CreateWebhookRequest:
        webhook = webhook_pb2.Webhook(display_name=display_name, url=URL)
        return notifications.CreateWebhookRequest(webhook=webhook)

    return Mutation(
        admin_of(server).notifications.CreateWebhook,
        request(name),
        request(f"{name} more"),
        "UPDATE webhooks SET secret = 'meanwhile' WHERE display_name = %(id)s",
        name,
    )


def update_webhook(server: Running) -> Mutation:
    """With a new secret, which the repetition has to give again."""
    webhook = new_webhook(admin_of(server))

    def request(name: str) -> notifications.UpdateWebhookRequest:
        return notifications.UpdateWebhookRequest(
            webhook=webhook_pb2.Webhook(id=webhook.id, display_name=name),
            update_mask=FieldMask(paths=["display_name"]),
            rotate_secret=True,
        )

    rpc = admin_of(server).notifications.UpdateWebhook
    return Mutation(rpc, request("Renamed"), request("Renamed otherwise"), CHANGE_WEBHOOK, webhook.id)


def delete_webhook(server: Running) -> Mutation:
    webhook = new_webhook(admin_of(server))
    return Mutation(
        admin_of(server).notifications.DeleteWebhook,
        notifications.DeleteWebhookRequest(id=webhook.id),
        notifications.DeleteWebhookRequest(id=webhook.id, etag=webhook.etag),
        "SELECT %(id)s",
        webhook.id,
    )


def redeliver_webhook(server: Running) -> Mutation:
    webhook = new_webhook(admin_of(server))
    delivery_id = new_delivery(server.database, webhook.id)
    return Mutation(
        admin_of(server).notifications.RedeliverWebhook,
        notifications.RedeliverWebhookRequest(webhook_id=webhook.id, delivery_id=delivery_id),
        notifications.RedeliverWebhookRequest(webhook_id=webhook.id, delivery_id=str(uuid4())),
        "UPDATE webhook_deliveries SET status = 'dead', attempts = 9 WHERE id::text = %(id)s",
        delivery_id,
    )


SLA_AND_NOTIFICATION_MUTATIONS = {
    "UpdateSlaPolicy": update_sla_policy,
    "UpsertCalendar": upsert_calendar,
    "MarkNotificationsRead": mark_notifications_read,
    "CreateWebhook": create_webhook,
    "UpdateWebhook": update_webhook,
    "DeleteWebhook": delete_webhook,
    "RedeliverWebhook": redeliver_webhook,
}
