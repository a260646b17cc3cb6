"""``tickets outbox``: what waits between the outbox and its receivers, what was given up, and putting it back."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg_pool import ConnectionPool

from server.adapters.postgres.outbox_relay import PostgresOutboxFeed
from server.adapters.postgres.outbox_status import PostgresOutboxBooks
from server.adapters.postgres.pool import Pool
from server.application.notifications.outbox_status import COUNT_CAP, Chosen, OutboxStatus, UnsentDelivery
from server.application.notifications.relay_outbox import EventKey, RetryFailedEvent

Say = Callable[[str], object]
_ALL = 1_000_000


def named_in(texts: Sequence[str]) -> tuple[list[UUID], list[EventKey]]:
    """Ids of deliveries, and numbers of events (``xid-id``). Raises ValueError for a text that is neither."""
    deliveries, events = [], []
    for text in texts:
        number = re.fullmatch(r"([0-9]{1,19})-([0-9]{1,18})", text)
        if number is not None:
            events.append(EventKey(number[1], int(number[2])))
            continue
        try:
            deliveries.append(UUID(text))
        except ValueError:
            raise ValueError(f"{text} is neither the id of a delivery nor the number of an event") from None
    return deliveries, events


def list_outbox(dsn: str, *, say: Say, limit: int, pending: bool = False) -> bool:
    """Say it all, with ``pending`` each delivery that waits too; whether nothing was passed over or given up."""
    with _pool(dsn) as pool:
        books = PostgresOutboxBooks(pool)
        status, failed, dead = books.status(), books.failed_events(limit), books.dead_deliveries(limit)
        disabled = books.disabled_webhooks()
        waiting = books.pending_deliveries(limit) if pending else ()
    _say_status(status, say)
    if disabled:
        say("\ndisabled webhooks, to which events are lost:")
    for webhook in disabled:
        gone = "; its receiver answered 410" if webhook.is_gone else ""
        say(
            f"  {webhook.id} {webhook.display_name}, last changed {_moment(webhook.updated_at)}, "
            f"{_deliveries(webhook.waiting)} waiting{gone}"
        )
    if waiting:
        say("\ndeliveries that wait, the next first:")
    for delivery in waiting:
        error = f"; last error: {delivery.error}" if delivery.error else ""
        say(f"  {_named(delivery)}, next try {_moment(delivery.next_attempt_at)}{error}")
    if failed:
        say("\nevents passed over, the latest first:")
    for event in failed:
        key = f"{event.key.xid}-{event.key.id}"
        say(f"  {key} {event.ticket_id} {event.event_type}, {_times(event.attempts)}: {event.error}")
    if dead:
        say("\ndeliveries given up, the latest of each first:")
    for delivery in dead:
        say(f"  {_named(delivery)}: {delivery.error}")
    return not failed and not dead


def retry_outbox(
    dsn: str,
    *,
    say: Say,
    window: timedelta,
    chosen: Chosen,
    events: Sequence[EventKey] = (),
    all_events: bool = False,
    now: bool = False,
) -> bool:
    """Put back what is named, with ``now`` also what waits for its next attempt, and say why what was not.

    Whether all of it was there to be put back, and each event is dealt with.
    """
    with _pool(dsn) as pool:
        books = PostgresOutboxBooks(pool)
        again = RetryFailedEvent(PostgresOutboxFeed(pool), lambda: datetime.now(UTC), window=window)
        if all_events:
            events = [event.key for event in books.failed_events(_ALL)]
        dealt_with = sum([_retry(again, key, say) for key in events])
        put_back = {*books.requeue(chosen), *(books.hurry(chosen) if now else ())}
        left = [id_ for id_ in dict.fromkeys(chosen.ids) if id_ not in put_back]
        status = books.status_of(left)
        for id_ in left:
            say(f"{id_}: {_WHY_NOT[status.get(id_)]}")
        known = books.webhooks_among(chosen.webhooks)
        unknown = [id_ for id_ in dict.fromkeys(chosen.webhooks) if id_ not in known]
        for id_ in unknown:
            say(f"{id_}: there is no such webhook")
    done = [f"{dealt_with} of {len(events)} events dealt with"] if events or all_events else []
    if chosen.ids or chosen.channels or chosen.webhooks:
        done.append(f"{_deliveries(len(put_back))} put back")
    say(", ".join(done))
    return dealt_with == len(events) and not left and not unknown


_WHY_NOT = {
    None: "there is no such delivery",
    "delivered": "was delivered",
    "dead": "was given up at this moment",
    "pending": "waits for its next try already; --now has it tried at once",
}


def _retry(again: RetryFailedEvent, key: EventKey, say: Say) -> bool:
    try:
        failure = again(key)
    except LookupError as error:
        failure = str(error.args[0])
    if failure is not None:
        say(f"{key.xid}-{key.id}: {failure}")
    return failure is None


def _say_status(status: OutboxStatus, say: Say) -> None:
    for lag in status.consumers:
        rows = f"{lag.rows}{'+' if lag.rows >= COUNT_CAP else ''}"
        say(f"{lag.consumer}: {rows} events behind, the oldest for {_age(lag.age)}; {lag.failures} passed over")
    say(f"gathering: {status.gathering} notifications")
    for queue in status.queues:
        error = "" if queue.last_error is None else f"; last error: {queue.last_error}"
        waiting = f"{queue.pending} pending, the oldest for {_age(queue.oldest_pending)}"
        say(f"{queue.name}: {waiting}; {queue.dead} dead{error}")


def _named(delivery: UnsentDelivery) -> str:
    to = delivery.queue if delivery.webhook_id is None else f"webhook {delivery.webhook_id} {delivery.queue}"
    about = f"{delivery.ticket_id} {delivery.subject}".strip()
    return f"{delivery.id} {to} {about}, {_times(delivery.attempts)}"


def _moment(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def _deliveries(count: int) -> str:
    return f"{count} deliver{'y' if count == 1 else 'ies'}"


def _age(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _times(attempts: int) -> str:
    return f"{attempts} attempt{'' if attempts == 1 else 's'}"


@contextmanager
def _pool(dsn: str) -> Iterator[Pool]:
    """A pool of one."""
    with ConnectionPool(dsn, min_size=0, max_size=1, open=True, kwargs={"autocommit": True}) as pool:
        yield pool
