"""The calls of the role matrix that are about no ticket: policies, calendars, notifications, webhooks."""

from uuid import UUID, uuid4

from google.protobuf.field_mask_pb2 import FieldMask
from google.type.timeofday_pb2 import TimeOfDay

from rodistaa.tickets.v1 import notification_service_pb2 as notifications
from rodistaa.tickets.v1 import sla_pb2, webhook_pb2
from rodistaa.tickets.v1 import sla_policy_service_pb2 as policies
from rodistaa.tickets.v1 import ticket_pb2 as t
from tests.contract.matrix_calls import Case, Operation

URL = "https://example.com/matrix"


def _list_policies(case: Case) -> None:
    assert case.client.sla_policies.ListSlaPolicies(policies.ListSlaPoliciesRequest()).sla_policies


def _update_policy(case: Case) -> None:
    """What is so already, since all tickets of the matrix count on it."""
    row = case.connection.execute("SELECT response_time_minutes FROM sla_config WHERE priority = 'LOW'").fetchone()
    assert row is not None
    policy = sla_pb2.SlaPolicy(priority=t.TICKET_PRIORITY_LOW, response_time_minutes=row[0])
    mask = FieldMask(paths=["response_time_minutes"])
    case.client.sla_policies.UpdateSlaPolicy(policies.UpdateSlaPolicyRequest(sla_policy=policy, update_mask=mask))


def _list_calendars(case: Case) -> None:
    case.client.sla_policies.ListCalendars(policies.ListCalendarsRequest())


def _upsert_calendar(case: Case) -> None:
    window = sla_pb2.BusinessWindow(
        day=sla_pb2.DAY_OF_WEEK_MONDAY, opens_at=TimeOfDay(hours=9), closes_at=TimeOfDay(hours=18)
    )
    calendar = sla_pb2.Calendar(id="matrix", display_name="Matrix", time_zone="UTC", windows=[window])
    case.client.sla_policies.UpsertCalendar(policies.UpsertCalendarRequest(calendar=calendar))


def _told(case: Case) -> UUID:
    """A notification for the caller."""
    row = case.connection.execute(
        "INSERT INTO notifications (user_id, kind, title, body) VALUES (%s, 'ASSIGNED', 'x', 'y') RETURNING id",
        [case.caller],
    ).fetchone()
    assert row is not None
    notice: UUID = row[0]
    return notice


def _list_notifications(case: Case) -> None:
    told = _told(case)
    listed = case.client.notifications.ListNotifications(notifications.ListNotificationsRequest()).notifications
    assert str(told) in [each.id for each in listed]


def _mark_read(case: Case) -> None:
    request = notifications.MarkNotificationsReadRequest(ids=[str(_told(case))])
    assert case.client.notifications.MarkNotificationsRead(request).marked_count == 1


def _webhook(case: Case) -> str:
    row = case.connection.execute(
        "INSERT INTO webhooks (display_name, url, secret, created_by_id) VALUES ('Matrix', %s, 'x', 'matrix-somebody')"
        " RETURNING id",
        [URL],
    ).fetchone()
    assert row is not None
    return str(row[0])


def _create_webhook(case: Case) -> None:
    webhook = webhook_pb2.Webhook(display_name="Matrix", url=URL, enabled=False)
    case.client.notifications.CreateWebhook(notifications.CreateWebhookRequest(webhook=webhook))


def _list_webhooks(case: Case) -> None:
    case.client.notifications.ListWebhooks(notifications.ListWebhooksRequest())


def _update_webhook(case: Case) -> None:
    webhook = webhook_pb2.Webhook(id=_webhook(case), enabled=False)
    request = notifications.UpdateWebhookRequest(webhook=webhook, update_mask=FieldMask(paths=["enabled"]))
    case.client.notifications.UpdateWebhook(request)


def _rotate_secret(case: Case) -> None:
    webhook = webhook_pb2.Webhook(id=_webhook(case))
    request = notifications.UpdateWebhookRequest(webhook=webhook, rotate_secret=True)
    assert case.client.notifications.UpdateWebhook(request).webhook.secret


def _delete_webhook(case: Case) -> None:
    case.client.notifications.DeleteWebhook(notifications.DeleteWebhookRequest(id=_webhook(case)))


def _list_deliveries(case: Case) -> None:
    request = notifications.ListWebhookDeliveriesRequest(webhook_id=_webhook(case))
    case.client.notifications.ListWebhookDeliveries(request)


def _redeliver(case: Case) -> None:
    webhook_id = _webhook(case)
    row = case.connection.execute(
        """
        INSERT INTO webhook_deliveries
            (webhook_id, xid, outbox_id, event_type, ticket_id, payload, status, created_at)
        VALUES (%s, '1', %s, 'STATUS_CHANGED', %s, '{}', 'dead', now())
        RETURNING id
        """,
        [webhook_id, uuid4().int % 2**40, case.ticket_id],
    ).fetchone()
    assert row is not None
    request = notifications.RedeliverWebhookRequest(webhook_id=webhook_id, delivery_id=str(row[0]))
    case.client.notifications.RedeliverWebhook(request)


SLA_AND_NOTIFICATION_OPERATIONS = (
    Operation("ListSlaPolicies", ("read_policies",), _list_policies, unseen=None),
    Operation("UpdateSlaPolicy", ("change_policies",), _update_policy, unseen=None),
    Operation("ListCalendars", ("read_policies",), _list_calendars, unseen=None),
    Operation("UpsertCalendar", ("change_policies",), _upsert_calendar, unseen=None),
    Operation("ListNotifications", ("notifications",), _list_notifications, unseen=None),
    Operation("MarkNotificationsRead", ("notifications",), _mark_read, unseen=None),
    Operation("CreateWebhook", ("webhooks",), _create_webhook, unseen=None),
    Operation("ListWebhooks", ("webhooks",), _list_webhooks, unseen=None),
    Operation("UpdateWebhook", ("webhooks",), _update_webhook, unseen=None),
    Operation("UpdateWebhook to rotate the secret", ("webhooks",), _rotate_secret, unseen=None),
    Operation("DeleteWebhook", ("webhooks",), _delete_webhook, unseen=None),
    Operation("ListWebhookDeliveries", ("webhooks",), _list_deliveries, unseen=None),
    Operation("RedeliverWebhook", ("webhooks",), _redeliver, unseen=None),
)
