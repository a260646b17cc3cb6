"""Webhooks are posted side by side and fairly, tried again on a schedule, and given up in the end."""

import threading
import time
from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from server.adapters.postgres.webhook_delivery import PostgresWebhookDelivery
from server.application.notifications.channels import DeliveryFailed, WebhookAnswer, WebhookPost
from server.application.notifications.deliver_notifications import LEASE, Sent
from server.application.notifications.deliver_webhooks import DeliverWebhooks
from tests.integration.notifications.conftest import Pool
from tests.integration.notifications.pipeline import now, posts, webhook
from tests.integration.notifications.providers import Receivers
from tests.integration.postgres.rows import insert
from tests.waiting import eventually

_numbers = count(1)


def event(connection: psycopg.Connection, webhook_id: UUID, **columns: Any) -> Any:
    given = {
        "xid": "7",
        "outbox_id": next(_numbers),
        "event_type": "STATUS_CHANGED",
        "ticket_id": "TKT-1001",
        "payload": Jsonb({"type": "STATUS_CHANGED", "data": {"title": "ट्रक"}}),
        "created_at": now(),
    }
    return insert(connection, "webhook_deliveries", webhook_id=webhook_id, **(given | columns))["id"]


def deliver(pool: Pool, receivers: Receivers, **options: Any) -> Sent:
    return DeliverWebhooks(PostgresWebhookDelivery(pool), receivers, now, **({"roll": lambda: 0.5} | options))()


def make_due(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE webhook_deliveries SET next_attempt_at = now()")


def of_webhook(connection: psycopg.Connection, webhook_id: UUID) -> Any:
    return connection.execute(
        "SELECT enabled, version, failing_since IS NOT NULL FROM webhooks WHERE id = %s", [webhook_id]
    ).fetchone()


def test_an_event_is_posted_with_its_id_and_both_secrets(pool: Pool, connection: psycopg.Connection) -> None:
    target = webhook(
        connection, previous_secret="whsec_old", previous_secret_until=now() + timedelta(hours=1), secret="whsec_new"
    )
    id_ = event(connection, target)
    receivers = Receivers(lambda _post: WebhookAnswer(204))
    assert deliver(pool, receivers) == Sent(delivered=1)
    (post,) = receivers.seen
    assert (post.delivery_id, post.url, post.secrets) == (
        str(id_),
        "https://hooks.example.com/x",
        ("whsec_new", "whsec_old"),
    )
    assert post.body.decode() == '{"data":{"title":"ट्रक"},"type":"STATUS_CHANGED"}'
    (row,) = posts(connection)
    assert (row.status, row.attempts, row.last_response_code) == ("delivered", 1, 204)
    assert deliver(pool, receivers) == Sent()


def test_a_secret_past_its_time_signs_no_more(pool: Pool, connection: psycopg.Connection) -> None:
    target = webhook(connection, previous_secret="whsec_old", previous_secret_until=now())
    event(connection, target)
    receivers = Receivers()
    deliver(pool, receivers)
    assert receivers.seen[0].secrets == ("whsec_eA==",)


def test_one_that_fails_is_tried_on_schedule_and_becomes_a_dead_letter(
    pool: Pool, connection: psycopg.Connection
) -> None:
    target = webhook(connection)
    event(connection, target)
    receivers = Receivers(lambda _post: WebhookAnswer(500))
    waits = []
    while posts(connection)[0].status == "pending":
        deliver(pool, receivers)
        row = connection.execute(
            "SELECT extract(epoch FROM next_attempt_at - now()) FROM webhook_deliveries"
        ).fetchone()
        assert row is not None
        waits.append(round(float(row[0]) / 5) * 5)
        make_due(connection)
    assert waits == [5, 30, 120, 600, 1800, 7200, 21600, 43200, 0]
    (dead,) = posts(connection)
    assert (dead.status, dead.attempts, dead.last_response_code) == ("dead", 9, 500)
    assert dead.last_error == "The receiver answered 500."
    assert len({post.delivery_id for post in receivers.seen}) == 1
    assert of_webhook(connection, target) == (True, 1, True)


def test_a_receiver_may_ask_for_more_time(pool: Pool, connection: psycopg.Connection) -> None:
    event(connection, webhook(connection))
    deliver(pool, Receivers(lambda _post: WebhookAnswer(429, retry_after=timedelta(hours=1))))
    assert connection.execute(
        "SELECT next_attempt_at - now() > interval '59 minutes' FROM webhook_deliveries"
    ).fetchone() == (True,)


def test_one_that_is_gone_is_disabled_and_the_log_says_so_once(
    pool: Pool, connection: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    target = webhook(connection, display_name="Control tower")
    for _ in range(2):
        event(connection, target)
    assert deliver(pool, Receivers(lambda _post: WebhookAnswer(410))) == Sent(dead=2)
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", f"webhook {target} (Control tower) was disabled: its receiver answered 410")
    ]
    assert of_webhook(connection, target) == (False, 2, True)
    event(connection, target)
    assert deliver(pool, Receivers()) == Sent()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DeliveryFailed("The target is refused.", permanent=True), ("dead", "The target is refused.")),
        (DeliveryFailed("No connection."), ("pending", "No connection.")),
        (ValueError("whsec_secret"), ("pending", "It could not be sent: ValueError.")),
    ],
)
def test_one_without_an_answer_stops_no_other(
    pool: Pool, connection: psycopg.Connection, error: Exception, expected: tuple[str, str]
) -> None:
    bad, good = webhook(connection, url="https://bad.example.com"), webhook(connection)
    event(connection, bad)
    event(connection, good)

    def answer(post: WebhookPost) -> WebhookAnswer:
        if "bad" in post.url:
            raise error
        return WebhookAnswer(200)

    deliver(pool, Receivers(answer))
    found = {row.webhook_id: (row.status, row.last_error) for row in posts(connection)}
    assert found == {bad: expected, good: ("delivered", None)}


def test_one_that_hangs_takes_five_threads_and_later_one(pool: Pool, connection: psycopg.Connection) -> None:
    """The others are all delivered while it hangs."""
    hanging = webhook(connection, url="https://hanging.example.com")
    others = [webhook(connection) for _ in range(4)]
    for target in (*[hanging] * 20, *others * 10):
        event(connection, target)
    others_done = threading.Event()
    delivered: Counter[str] = Counter()
    lock = threading.Lock()

    def answer(post: WebhookPost) -> WebhookAnswer:
        if "hanging" in post.url:
            assert others_done.wait(timeout=60)
            raise DeliveryFailed("Too slow.")
        with lock:
            delivered["others"] += 1
            if delivered["others"] == 40:
                others_done.set()
        return WebhookAnswer(200)

    receivers = Receivers(answer)
    sent = deliver(pool, receivers, threads=8)
    assert sent.delivered == 40
    by_target = Counter(post.url for post in receivers.seen)
    assert by_target["https://hanging.example.com"] == sent.failed
    make_due(connection)
    claimed = PostgresWebhookDelivery(pool).claim(16, each=5, troubled=12, under_way={}, lease=LEASE)
    assert [each.webhook_id for each in claimed] == [hanging]


def test_no_more_than_five_of_one_are_claimed_and_each_gets_a_turn(pool: Pool, connection: psycopg.Connection) -> None:
    store = PostgresWebhookDelivery(pool)
    many, few = webhook(connection), webhook(connection)
    for target in (*[many] * 20, few):
        event(connection, target)
    claimed = store.claim(4, each=5, troubled=12, under_way={}, lease=LEASE)
    assert Counter(each.webhook_id for each in claimed) == {many: 3, few: 1}
    assert len(store.claim(16, each=5, troubled=12, under_way={many: 3}, lease=LEASE)) == 2


def test_who_has_nothing_under_way_comes_first_and_of_those_who_was_served_longest_ago(
    pool: Pool, connection: psycopg.Connection
) -> None:
    """The others have waited longer, and one of them is served again and again."""
    store = PostgresWebhookDelivery(pool)
    busy, served, late = webhook(connection), webhook(connection, served_at=now()), webhook(connection)
    for target in (*[busy] * 5, *[served] * 5, late):
        event(connection, target)

    def claim(under_way: dict[UUID, int]) -> UUID:
        (claimed,) = store.claim(1, each=5, troubled=12, under_way=under_way, lease=LEASE)
        return claimed.webhook_id

    assert claim({busy: 1}) == late
    assert claim({busy: 1, late: 1}) == served
    assert claim({late: 1}) == busy
    assert claim({}) == served
    assert claim({}) == busy
    assert claim({served: 2, busy: 1}) == busy


def test_slow_ones_leave_threads_to_the_others(pool: Pool, connection: psycopg.Connection) -> None:
    """More slow receivers than threads, each with more waiting than it can take. What comes for another one meanwhile
    is delivered before the slow ones go on, although it came last."""
    slow = [webhook(connection, url="https://slow.example.com", slow_since=now()) for _ in range(6)]
    quick = webhook(connection)
    for target in slow * 3:
        event(connection, target)
    went_on, lock = threading.Event(), threading.Lock()
    hanging = []

    def answer(post: WebhookPost) -> WebhookAnswer:
        if "slow" not in post.url:
            went_on.set()
            return WebhookAnswer(200)
        with lock:
            hanging.append(post)
            if len(hanging) == 3:
                event(connection, quick)
        assert went_on.wait(timeout=60)
        return WebhookAnswer(200)

    assert deliver(pool, Receivers(answer), threads=4) == Sent(delivered=19)


def test_those_that_are_well_go_on_while_slow_ones_outlive_the_budget(
    pool: Pool, connection: psycopg.Connection
) -> None:
    slow, quick = webhook(connection, url="https://slow.example.com"), webhook(connection)
    event(connection, slow)
    budget = timedelta(seconds=1)
    spent = time.monotonic() + budget.total_seconds()
    went_on = threading.Event()

    def answer(post: WebhookPost) -> WebhookAnswer:
        if "slow" in post.url:
            eventually(lambda: time.monotonic() > spent + 0.1)
            event(connection, quick)
            assert went_on.wait(timeout=60)
        went_on.set()
        return WebhookAnswer(200)

    assert deliver(pool, Receivers(answer), threads=2, budget=budget) == Sent(delivered=2)


def test_who_answers_late_is_slow_until_it_answers_in_time(pool: Pool, connection: psycopg.Connection) -> None:
    target = webhook(connection)

    def is_slow() -> object:
        return connection.execute("SELECT slow_since IS NOT NULL FROM webhooks WHERE id = %s", [target]).fetchone()

    for limit, expected in ((timedelta(0), True), (timedelta(0), True), (timedelta(minutes=1), False)):
        event(connection, target)
        deliver(pool, Receivers(), slow=limit)
        assert is_slow() == (expected,)


def test_a_success_ends_the_caution(pool: Pool, connection: psycopg.Connection) -> None:
    target = webhook(connection, failing_since=now())
    event(connection, target)
    deliver(pool, Receivers())
    assert of_webhook(connection, target) == (True, 1, False)


def test_a_claim_of_a_dead_worker_runs_out(pool: Pool, connection: psycopg.Connection) -> None:
    target = webhook(connection)
    event(connection, target)
    store = PostgresWebhookDelivery(pool)
    (lost,) = store.claim(16, each=5, troubled=12, under_way={}, lease=LEASE)
    receivers = Receivers()
    assert deliver(pool, receivers) == Sent()
    make_due(connection)
    assert deliver(pool, receivers) == Sent(delivered=1)
    store.failed(lost, "too late", status_code=None, again_in=timedelta(0))
    (row,) = posts(connection)
    assert (row.status, row.attempts, str(row.id)) == ("delivered", 2, receivers.seen[0].delivery_id)
