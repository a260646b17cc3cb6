"""Valid, fully set requests to SlaPolicyService and NotificationService, and the rows that they are about."""

from itertools import count
from typing import Any
from uuid import uuid4

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from google.type.timeofday_pb2 import TimeOfDay

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.v1 import filter_pb2, sla_pb2, webhook_pb2
from rodistaa.tickets.v1 import notification_service_pb2 as notifications
from rodistaa.tickets.v1 import sla_policy_service_pb2 as policies
from rodistaa.tickets.v1 import ticket_pb2 as t
from tests.database import Database

URL = "https://example.com/hooks/tickets?token=1"
OFFERED = (
    "SlaPolicyService/ListSlaPolicies",
    "SlaPolicyService/UpdateSlaPolicy",
    "SlaPolicyService/ListCalendars",
    "SlaPolicyService/UpsertCalendar",
    "NotificationService/ListNotifications",
    "NotificationService/MarkNotificationsRead",
    "NotificationService/CreateWebhook",
    "NotificationService/ListWebhooks",
    "NotificationService/UpdateWebhook",
    "NotificationService/DeleteWebhook",
    "NotificationService/ListWebhookDeliveries",
    "NotificationService/RedeliverWebhook",
)
POLICY_FIELDS = (
    "response_time_minutes",
    "resolution_time_minutes",
    "escalation_chain",
    "escalation_interval_minutes",
    "pausing_statuses",
    "calendar_id",
)
WEBHOOK_FIELDS = ("display_name", "url", "event_types", "filter", "enabled")

_numbers = count(1)


def full_calendar(**fields: Any) -> sla_pb2.Calendar:
    """A calendar with every field that an admin sets."""
    values: dict[str, Any] = {
        "id": f"full-{next(_numbers)}",
        "display_name": "Head office",
        "time_zone": "Asia/Kolkata",
        "windows": [_window(1, 9, 13), _window(1, 14, 18), _window(6, 9, 24)],
        "holidays": [
            sla_pb2.Holiday(date=Date(month=1, day=26), display_name="गणतंत्र दिवस"),
            sla_pb2.Holiday(date=Date(year=2026, month=3, day=4), display_name="Holi"),
        ],
        **fields,
    }
    return sla_pb2.Calendar(**values)


def _window(day: int, opens: int, closes: int) -> sla_pb2.BusinessWindow:
    return sla_pb2.BusinessWindow(
        day=day,  # type: ignore[arg-type] # a number of the enum
        opens_at=TimeOfDay(hours=opens),
        closes_at=TimeOfDay(hours=closes),
    )


def seeded_low_policy(admin: TicketsClient) -> sla_pb2.SlaPolicy:
    """Every field of a policy, with values that leave deadlines where they are: other tests count on them."""
    always = full_calendar(
        id="always", time_zone="UTC", windows=[_window(day, 0, 24) for day in range(1, 8)], holidays=[]
    )
    admin.sla_policies.UpsertCalendar(policies.UpsertCalendarRequest(calendar=always))
    return sla_pb2.SlaPolicy(
        priority=t.TICKET_PRIORITY_LOW,
        response_time_minutes=24 * 60,
        resolution_time_minutes=72 * 60,
        escalation_chain=[t.ROLE_FRANCHISE_AGENT, t.ROLE_OPS_MANAGER, t.ROLE_REGIONAL_MANAGER],
        escalation_interval_minutes=24 * 60,
        pausing_statuses=[t.TICKET_STATUS_AWAITING_SHIPPER, t.TICKET_STATUS_AWAITING_OPERATOR],
        calendar_id=always.id,
    )


def full_webhook(where: filter_pb2.TicketFilter, **fields: Any) -> webhook_pb2.Webhook:
    """A webhook with every field that an admin sets; ``where`` without what webhooks refuse."""
    suitable = filter_pb2.TicketFilter()
    suitable.CopyFrom(where)
    suitable.ClearField("text")
    suitable.ClearField("sla_statuses")
    values: dict[str, Any] = {
        "display_name": "बुकिंग service",
        "url": URL,
        "event_types": ["STATUS_CHANGED", "MESSAGE_ADDED"],
        "filter": suitable,
        "enabled": True,
        **fields,
    }
    return webhook_pb2.Webhook(**values)


def new_webhook(admin: TicketsClient) -> webhook_pb2.Webhook:
    """A webhook of this test alone."""
    webhook = webhook_pb2.Webhook(display_name="Booking service", url=URL)
    return admin.notifications.CreateWebhook(notifications.CreateWebhookRequest(webhook=webhook)).webhook


def _make_room_for_webhooks(admin: TicketsClient) -> None:
    """There may be 200, and the tests of a worker leave theirs behind."""
    webhooks = admin.notifications.ListWebhooks(notifications.ListWebhooksRequest(page_size=200)).webhooks
    if len(webhooks) > 100:
        for webhook in webhooks:
            admin.notifications.DeleteWebhook(notifications.DeleteWebhookRequest(id=webhook.id))


def new_delivery(database: Database, webhook_id: str) -> str:
    """A dead letter of the webhook."""
    return _inserted(
        database,
        """
        INSERT INTO webhook_deliveries
            (webhook_id, xid, outbox_id, event_type, ticket_id, payload, status, attempts, created_at)
        VALUES (%s, '1', %s, 'STATUS_CHANGED', 'TKT-1001', '{}', 'dead', 9, now())
        RETURNING id
        """,
        webhook_id,
        uuid4().int % 2**40,
    )


def new_notification(database: Database, user_id: str) -> str:
    """Something that somebody was told and has not read."""
    query = "INSERT INTO notifications (user_id, kind, title, body) VALUES (%s, 'ASSIGNED', 'x', 'y') RETURNING id"
    return _inserted(database, query, user_id)


def _inserted(database: Database, query: str, *values: Any) -> str:
    with database.connect() as connection:
        row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return str(row[0])


def valid_requests(
    admin: TicketsClient, admin_id: str, database: Database, where: filter_pb2.TicketFilter
) -> dict[str, Message]:
    """By ``Service/Method``, in the order of OFFERED."""
    _make_room_for_webhooks(admin)
    webhook = new_webhook(admin)
    return {
        "SlaPolicyService/ListSlaPolicies": policies.ListSlaPoliciesRequest(),
        "SlaPolicyService/UpdateSlaPolicy": policies.UpdateSlaPolicyRequest(
            sla_policy=seeded_low_policy(admin), update_mask=FieldMask(paths=POLICY_FIELDS)
        ),
        "SlaPolicyService/ListCalendars": policies.ListCalendarsRequest(page_size=10),
        "SlaPolicyService/UpsertCalendar": policies.UpsertCalendarRequest(calendar=full_calendar()),
        "NotificationService/ListNotifications": notifications.ListNotificationsRequest(unread_only=True, page_size=10),
        "NotificationService/MarkNotificationsRead": notifications.MarkNotificationsReadRequest(
            ids=[new_notification(database, admin_id), str(uuid4())]
        ),
        "NotificationService/CreateWebhook": notifications.CreateWebhookRequest(webhook=full_webhook(where)),
        "NotificationService/ListWebhooks": notifications.ListWebhooksRequest(page_size=10),
        "NotificationService/UpdateWebhook": notifications.UpdateWebhookRequest(
            webhook=full_webhook(where, id=webhook.id, etag=webhook.etag),
            update_mask=FieldMask(paths=WEBHOOK_FIELDS),
            rotate_secret=True,
        ),
        "NotificationService/DeleteWebhook": notifications.DeleteWebhookRequest(id=new_webhook(admin).id),
        "NotificationService/ListWebhookDeliveries": notifications.ListWebhookDeliveriesRequest(
            webhook_id=webhook.id,
            statuses=[
                webhook_pb2.WEBHOOK_DELIVERY_STATUS_DEAD,
                webhook_pb2.WEBHOOK_DELIVERY_STATUS_PENDING,
            ],
            page_size=10,
        ),
        "NotificationService/RedeliverWebhook": notifications.RedeliverWebhookRequest(
            webhook_id=webhook.id, delivery_id=new_delivery(database, webhook.id)
        ),
    }
