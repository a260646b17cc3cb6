"""Webhooks: for admin alone, their secrets shown once, their deliveries listed and sent again."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import psycopg
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from rodistaa.tickets.v1 import filter_pb2, webhook_pb2
from rodistaa.tickets.v1 import notification_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_pb2 as t
from server.domain.roles import Role
from tests.contract.expectations import refused, rows
from tests.contract.requests import World, full_filter
from tests.running import Running

URL = "https://example.com/hooks/tickets?token=1"
NOT_FOUND: dict[str, Any] = {"code": grpc.StatusCode.NOT_FOUND, "reason": "WEBHOOK_NOT_FOUND"}
STALE: dict[str, Any] = {"code": grpc.StatusCode.ABORTED, "reason": "ETAG_MISMATCH"}
DENIED: dict[str, Any] = {"code": grpc.StatusCode.PERMISSION_DENIED, "reason": "ACTION_NOT_ALLOWED"}
NOBODY = str(UUID(int=7))
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


@pytest.fixture
def service(world: World) -> Any:
    return world.admin.notifications


@pytest.fixture
def connection(server: Running) -> Iterator[psycopg.Connection]:
    with server.database.connect() as opened:
        yield opened


def suitable_filter() -> filter_pb2.TicketFilter:
    """All but what webhooks refuse."""
    where = full_filter()
    where.ClearField("text")
    where.ClearField("sla_statuses")
    return where


def create(service: Any, **fields: Any) -> webhook_pb2.Webhook:
    webhook = webhook_pb2.Webhook(**{"display_name": "Booking service", "url": URL, **fields})
    made: webhook_pb2.Webhook = service.CreateWebhook(pb.CreateWebhookRequest(webhook=webhook)).webhook
    return made


def change(webhook: webhook_pb2.Webhook, *paths: str, rotate: bool = False, **fields: Any) -> pb.UpdateWebhookRequest:
    return pb.UpdateWebhookRequest(
        webhook=webhook_pb2.Webhook(id=webhook.id, **fields), update_mask=FieldMask(paths=paths), rotate_secret=rotate
    )


def listed(service: Any, size: int = 200) -> list[webhook_pb2.Webhook]:
    request, found = pb.ListWebhooksRequest(page_size=size), []
    while True:
        page = service.ListWebhooks(request)
        found += page.webhooks
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


def secrets_of(connection: psycopg.Connection, webhook: webhook_pb2.Webhook) -> Any:
    return connection.execute(
        "SELECT secret, previous_secret, previous_secret_until - now() FROM webhooks WHERE id = %s", [webhook.id]
    ).fetchone()


def test_a_webhook_comes_back_as_entered_and_its_secret_once(service: Any) -> None:
    made = create(service, event_types=["STATUS_CHANGED", "MESSAGE_ADDED"], filter=suitable_filter(), enabled=False)
    assert made.secret.startswith("whsec_")
    assert len(base64.b64decode(made.secret.removeprefix("whsec_"), validate=True)) == 32
    assert (made.display_name, made.url, made.created_by_id) == ("Booking service", URL, "contract-admin")
    assert (list(made.event_types), made.enabled) == (["STATUS_CHANGED", "MESSAGE_ADDED"], False)
    assert made.filter == suitable_filter()
    assert made.created_at == made.updated_at
    shown = next(each for each in listed(service) if each.id == made.id)
    made.ClearField("secret")
    assert shown == made


def test_the_least_that_a_webhook_needs(service: Any) -> None:
    made = create(service)
    assert made.enabled, "not set means true"
    assert (list(made.event_types), made.HasField("filter")) == ([], False)


def test_an_empty_filter_is_another_thing_than_none(service: Any) -> None:
    """It leaves archived tickets out, as everywhere."""
    made = create(service, filter=filter_pb2.TicketFilter())
    assert made.HasField("filter")
    assert next(each for each in listed(service) if each.id == made.id).HasField("filter")


def test_no_two_secrets_are_the_same(service: Any) -> None:
    assert len({create(service).secret for _ in range(5)}) == 5


def test_only_what_the_mask_names_changes(service: Any) -> None:
    made = create(service, event_types=["AUTO_ESCALATED"], filter=suitable_filter())
    after = service.UpdateWebhook(change(made, "display_name", display_name="Renamed", url="x")).webhook
    assert (after.display_name, after.url, list(after.event_types)) == ("Renamed", URL, ["AUTO_ESCALATED"])
    assert after.filter == made.filter
    assert after.etag != made.etag
    assert after.secret == ""
    fields: dict[str, Any] = {
        "url": "http://hooks.example.org:8443/a",
        "event_types": ["TICKET_CREATED"],
        "filter": filter_pb2.TicketFilter(priorities=[t.TICKET_PRIORITY_CRITICAL]),
        "enabled": False,
    }
    after = service.UpdateWebhook(change(made, *fields, **fields)).webhook
    for name, value in fields.items():
        assert getattr(after, name) == value, name
    cleared = service.UpdateWebhook(change(made, "event_types", "filter", "enabled")).webhook
    assert (list(cleared.event_types), cleared.HasField("filter"), cleared.enabled) == ([], False, True)
    assert service.UpdateWebhook(change(made, "enabled", enabled=True)).webhook == cleared, "no change"


def test_a_rotated_secret_is_shown_once_and_the_old_one_signs_for_a_day(
    service: Any, connection: psycopg.Connection
) -> None:
    made = create(service)
    rotated = service.UpdateWebhook(change(made, rotate=True)).webhook
    assert rotated.secret.startswith("whsec_")
    assert rotated.secret != made.secret
    assert rotated.etag != made.etag
    secret, previous, left = secrets_of(connection, made)
    assert (secret, previous) == (rotated.secret, made.secret)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    again = service.UpdateWebhook(change(made, "enabled", rotate=True, enabled=False)).webhook
    assert not again.enabled
    assert secrets_of(connection, made)[:2] == (again.secret, rotated.secret)


def test_a_repeated_call_gives_the_secret_again(service: Any, connection: psycopg.Connection) -> None:
    """A client that lost the answer would have a webhook and no secret."""
    webhook = webhook_pb2.Webhook(display_name="Once", url=URL)
    asked = pb.CreateWebhookRequest(webhook=webhook, request_id=str(uuid4()))
    first = service.CreateWebhook(asked)
    assert service.CreateWebhook(asked) == first
    rotation = change(first.webhook, rotate=True)
    rotation.request_id = str(uuid4())
    rotated = service.UpdateWebhook(rotation)
    assert service.UpdateWebhook(rotation) == rotated
    assert secrets_of(connection, first.webhook)[0] == rotated.webhook.secret
    assert service.CreateWebhook(asked) == first, "the first answer, though the secret is another one now"


@pytest.mark.parametrize("paths", [[], ["*"], ["id"], ["secret"], ["etag"], ["created_by_id"], ["filter.statuses"]])
def test_a_mask_that_names_nothing_or_what_cannot_change_is_refused(service: Any, paths: list[str]) -> None:
    field = "update_mask.paths[0]" if paths else "update_mask"
    refused(service.UpdateWebhook, change(create(service), *paths), reason="UPDATE_MASK_INVALID", field=field)
    if paths:
        rotating = change(create(service), *paths, rotate=True)
        refused(service.UpdateWebhook, rotating, reason="UPDATE_MASK_INVALID", field=field)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://user:password@example.com/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://आशा.example/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com/\x00",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://10.0.0.1:8080/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0x7f000001/",
        "http://[::ffff:127.0.0.1]/",
    ],
)
def test_what_is_no_target_is_refused(world: World, service: Any, url: str) -> None:
    made = create(service)
    before = rows(world.running.database)
    webhook = webhook_pb2.Webhook(display_name="Booking service", url=url)
    refused(service.CreateWebhook, pb.CreateWebhookRequest(webhook=webhook), field="webhook.url")
    refused(service.UpdateWebhook, change(made, "url", url=url), field="webhook.url")
    assert rows(world.running.database) == before


def test_a_url_may_have_two_thousand_characters(service: Any) -> None:
    longest = URL + "x" * (2_000 - len(URL))
    assert create(service, url=longest).url == longest
    webhook = webhook_pb2.Webhook(display_name="Booking service", url=longest + "x")
    refused(service.CreateWebhook, pb.CreateWebhookRequest(webhook=webhook), field="webhook.url")


@pytest.mark.parametrize(
    "name", ["", "ticket_created", "TICKET CREATED", "TICKET_CREATED\n", "X" * 101, "TICKET_ÄNDERUNG"]
)
def test_what_is_no_event_type_is_refused(service: Any, name: str) -> None:
    webhook = webhook_pb2.Webhook(display_name="Booking service", url=URL, event_types=["MESSAGE_ADDED", name])
    refused(service.CreateWebhook, pb.CreateWebhookRequest(webhook=webhook), field="webhook.event_types[1]")


def test_fifty_event_types_and_not_one_more(service: Any) -> None:
    names = [f"EVENT_{number}" for number in range(51)]
    assert list(create(service, event_types=names[:50]).event_types) == names[:50]
    webhook = webhook_pb2.Webhook(display_name="Booking service", url=URL, event_types=names)
    refused(service.CreateWebhook, pb.CreateWebhookRequest(webhook=webhook), field="webhook.event_types")


def test_a_filter_by_words_or_by_the_clock_is_not_for_webhooks(service: Any) -> None:
    for field, value in {"text": "payment", "sla_statuses": [t.SLA_STATUS_BREACHED]}.items():
        where = filter_pb2.TicketFilter(**{field: value})  # type: ignore[arg-type] # one of the two
        webhook = webhook_pb2.Webhook(display_name="Booking service", url=URL, filter=where)
        path = f"webhook.filter.{field}"
        refused(service.CreateWebhook, pb.CreateWebhookRequest(webhook=webhook), field=path)
        refused(service.UpdateWebhook, change(create(service), "filter", filter=where), field=path)


def test_a_stale_etag_is_aborted(service: Any) -> None:
    made = create(service)
    changed = service.UpdateWebhook(change(made, "enabled", enabled=False, etag=made.etag)).webhook
    refused(service.UpdateWebhook, change(made, "enabled", etag=made.etag), **STALE)
    refused(service.DeleteWebhook, pb.DeleteWebhookRequest(id=made.id, etag=made.etag), **STALE)
    service.DeleteWebhook(pb.DeleteWebhookRequest(id=made.id, etag=changed.etag))
    assert made.id not in [each.id for each in listed(service)]


def test_oldest_first_in_pages(service: Any) -> None:
    made = [create(service).id for _ in range(4)]
    for size in (1, 3):
        assert [each.id for each in listed(service, size) if each.id in made] == made
    assert all(each.secret == "" for each in listed(service))


def test_a_webhook_that_is_not_there(service: Any) -> None:
    missing = webhook_pb2.Webhook(id=NOBODY)
    refused(service.UpdateWebhook, change(missing, "enabled"), **NOT_FOUND)
    refused(service.DeleteWebhook, pb.DeleteWebhookRequest(id=NOBODY), **NOT_FOUND)
    refused(service.ListWebhookDeliveries, pb.ListWebhookDeliveriesRequest(webhook_id=NOBODY), **NOT_FOUND)
    request = pb.RedeliverWebhookRequest(webhook_id=NOBODY, delivery_id=NOBODY)
    refused(service.RedeliverWebhook, request, **NOT_FOUND)


def deliver(connection: psycopg.Connection, webhook: webhook_pb2.Webhook, count: int = 1, **columns: Any) -> list[str]:
    """Deliveries of events that happened a minute after one another."""
    ids = []
    for number in range(count):
        values = {
            "webhook_id": webhook.id,
            "xid": f"{number + 1}",
            "outbox_id": UUID(webhook.id).int % 2**40 + number,
            "event_type": "STATUS_CHANGED",
            "ticket_id": "TKT-1001",
            "payload": "{}",
            "created_at": START + timedelta(minutes=number),
            **columns,
        }
        names, places = ", ".join(values), ", ".join(f"%({name})s" for name in values)
        row = connection.execute(
            f"INSERT INTO webhook_deliveries ({names}) VALUES ({places}) RETURNING id".encode(), values
        ).fetchone()
        assert row is not None
        ids.append(str(row[0]))
    return ids


def deliveries(service: Any, webhook: webhook_pb2.Webhook, size: int = 200, **fields: Any) -> list[Any]:
    request = pb.ListWebhookDeliveriesRequest(webhook_id=webhook.id, page_size=size, **fields)
    found: list[Any] = []
    while True:
        page = service.ListWebhookDeliveries(request)
        found += page.deliveries
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


DEAD: dict[str, Any] = {
    "status": "dead",
    "attempts": 12,
    "last_response_code": 503,
    "last_error": "answered 503",
    "xid": "7000",
}


def test_deliveries_newest_first_with_all_that_became_of_them(service: Any, connection: psycopg.Connection) -> None:
    webhook = create(service)
    assert deliveries(service, webhook) == []
    pending = deliver(connection, webhook, 3)
    (dead,) = deliver(connection, webhook, created_at=START + timedelta(hours=1), **DEAD)
    done_at = START + timedelta(hours=2)
    (done,) = deliver(
        connection, webhook, created_at=START - timedelta(hours=1), status="delivered", delivered_at=done_at,
        attempts=1, last_response_code=204, xid="8000",
    )  # fmt: skip
    for size in (1, 2, 200):
        assert [each.id for each in deliveries(service, webhook, size)] == [dead, *pending[::-1], done]
    first, *_, last = deliveries(service, webhook)
    assert (first.status, first.attempt_count) == (webhook_pb2.WEBHOOK_DELIVERY_STATUS_DEAD, 12)
    assert (first.last_response_code, first.last_error) == (503, "answered 503")
    assert not first.HasField("next_attempt_at")
    assert (last.status, last.last_error) == (webhook_pb2.WEBHOOK_DELIVERY_STATUS_DELIVERED, "")
    assert last.delivered_at.ToDatetime(UTC) == done_at
    assert (last.event_type, last.ticket_id, last.webhook_id) == ("STATUS_CHANGED", "TKT-1001", webhook.id)
    middle = deliveries(service, webhook)[1]
    assert middle.status == webhook_pb2.WEBHOOK_DELIVERY_STATUS_PENDING
    assert middle.HasField("next_attempt_at")
    assert not middle.HasField("delivered_at")


def test_deliveries_in_some_states(service: Any, connection: psycopg.Connection) -> None:
    webhook, other = create(service), create(service)
    pending = deliver(connection, webhook, 2)
    dead = deliver(connection, webhook, created_at=START + timedelta(hours=1), **DEAD)
    deliver(connection, other)
    dead_only = [webhook_pb2.WEBHOOK_DELIVERY_STATUS_DEAD]
    assert [each.id for each in deliveries(service, webhook, 1, statuses=dead_only)] == dead
    both = [*dead_only, webhook_pb2.WEBHOOK_DELIVERY_STATUS_PENDING]
    assert [each.id for each in deliveries(service, webhook, 1, statuses=both)] == [*dead, *pending[::-1]]
    none = [webhook_pb2.WEBHOOK_DELIVERY_STATUS_DELIVERED]
    assert deliveries(service, webhook, statuses=none) == []
    wrong = pb.ListWebhookDeliveriesRequest(webhook_id=webhook.id, statuses=[9])  # type: ignore[list-item] # no member
    refused(service.ListWebhookDeliveries, wrong, field="statuses[0]")


def test_a_delivery_is_sent_again_with_all_its_retries(service: Any, connection: psycopg.Connection) -> None:
    webhook = create(service)
    before = datetime.now(UTC)
    for columns in (DEAD, {"status": "delivered", "attempts": 2, "delivered_at": START, "xid": "9"}, {"attempts": 4}):
        (delivery_id,) = deliver(connection, webhook, **columns)
        request = pb.RedeliverWebhookRequest(webhook_id=webhook.id, delivery_id=delivery_id)
        again = service.RedeliverWebhook(request).delivery
        assert (again.id, again.status) == (delivery_id, webhook_pb2.WEBHOOK_DELIVERY_STATUS_PENDING)
        assert again.attempt_count == 0
        assert not again.HasField("delivered_at")
        assert before <= again.next_attempt_at.ToDatetime(UTC) <= datetime.now(UTC)
        assert again in deliveries(service, webhook)


def test_the_same_redelivery_is_one(service: Any, connection: psycopg.Connection) -> None:
    webhook = create(service)
    (delivery_id,) = deliver(connection, webhook, **DEAD)
    request = pb.RedeliverWebhookRequest(webhook_id=webhook.id, delivery_id=delivery_id, request_id=str(uuid4()))
    first = service.RedeliverWebhook(request)
    connection.execute("UPDATE webhook_deliveries SET status = 'dead', attempts = 9 WHERE id = %s", [delivery_id])
    assert service.RedeliverWebhook(request) == first
    assert deliveries(service, webhook)[0].attempt_count == 9


def test_a_delivery_of_another_webhook_is_not_found(service: Any, connection: psycopg.Connection) -> None:
    webhook, other = create(service), create(service)
    (delivery_id,) = deliver(connection, other)
    missing: dict[str, Any] = {"code": grpc.StatusCode.NOT_FOUND, "reason": "WEBHOOK_DELIVERY_NOT_FOUND"}
    for each in (delivery_id, NOBODY):
        request = pb.RedeliverWebhookRequest(webhook_id=webhook.id, delivery_id=each)
        refused(service.RedeliverWebhook, request, **missing)


def test_deliveries_go_with_their_webhook(service: Any, connection: psycopg.Connection) -> None:
    webhook = create(service)
    deliver(connection, webhook, 3)
    asked = pb.DeleteWebhookRequest(id=webhook.id, request_id=str(uuid4()))
    assert service.DeleteWebhook(asked) == service.DeleteWebhook(asked), "not NOT_FOUND the second time"
    left = connection.execute("SELECT count(*) FROM webhook_deliveries WHERE webhook_id = %s", [webhook.id]).fetchone()
    assert left == (0,)
    refused(service.DeleteWebhook, pb.DeleteWebhookRequest(id=webhook.id), **NOT_FOUND)


def test_webhooks_are_for_admin(world: World, service: Any) -> None:
    webhook = create(service)
    for role in (Role.CEO_ONCALL, Role.OPS_AGENT, Role.SYSTEM, Role.SHIPPER):
        other = world.running.client(role, "webhooks-other").notifications
        new = pb.CreateWebhookRequest(webhook=webhook_pb2.Webhook(display_name="Mine", url=URL))
        refused(other.CreateWebhook, new, **DENIED)
        refused(other.ListWebhooks, pb.ListWebhooksRequest(), **DENIED)
        refused(other.UpdateWebhook, change(webhook, "enabled"), **DENIED)
        refused(other.DeleteWebhook, pb.DeleteWebhookRequest(id=NOBODY), **DENIED)
        refused(other.ListWebhookDeliveries, pb.ListWebhookDeliveriesRequest(webhook_id=NOBODY), **DENIED)
        request = pb.RedeliverWebhookRequest(webhook_id=NOBODY, delivery_id=NOBODY)
        refused(other.RedeliverWebhook, request, **DENIED)


def test_a_request_without_a_webhook_says_so(service: Any) -> None:
    refused(service.CreateWebhook, pb.CreateWebhookRequest(), field="webhook")
    refused(service.UpdateWebhook, pb.UpdateWebhookRequest(), field="webhook.id")
    refused(service.DeleteWebhook, pb.DeleteWebhookRequest(), field="id")
    refused(service.ListWebhookDeliveries, pb.ListWebhookDeliveriesRequest(), field="webhook_id")
    error = refused(service.RedeliverWebhook, pb.RedeliverWebhookRequest())
    assert {violation.field for violation in error.field_violations} == {"webhook_id", "delivery_id"}


def test_there_are_no_more_webhooks_than_there_may_be(service: Any, connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO webhooks (display_name, url, enabled, secret, created_by_id)"
        " SELECT 'one of many', 'https://example.com', false, 'x', 'u-1'"
        " FROM generate_series(1, 200 - (SELECT count(*) FROM webhooks))"
    )
    try:
        one_more = pb.CreateWebhookRequest(webhook=webhook_pb2.Webhook(display_name="One more", url=URL))
        error = refused(
            service.CreateWebhook,
            one_more,
            code=grpc.StatusCode.FAILED_PRECONDITION,
            reason="TOO_MANY_WEBHOOKS",
        )
        assert error.metadata["limit"] == "200"
    finally:
        connection.execute("DELETE FROM webhooks WHERE display_name = 'one of many'")
    create(service)
