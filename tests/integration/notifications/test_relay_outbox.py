"""Events of the outbox become notifications and webhook deliveries: each once, whatever runs twice, dies or is late."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from server.adapters.postgres.filter_json import filter_to_json
from server.adapters.postgres.notification_delivery import PostgresNotificationDelivery
from server.adapters.postgres.outbox_relay import PostgresOutboxFeed
from server.adapters.postgres.outbox_status import PostgresOutboxBooks
from server.application.notifications.close_gathering import CloseGathering
from server.application.notifications.relay_outbox import RelayBatch, RelayOutbox, RetryFailedEvent
from server.domain.filters import TicketFilter
from server.domain.tickets import TicketPriority
from tests.database import Database
from tests.integration.notifications.conftest import Pool
from tests.integration.notifications.pipeline import WINDOW, member, now, posts, relay, relay_all, told, watch, webhook
from tests.integration.postgres.rows import insert_message, insert_ticket, set_context, update_ticket
from tests.waiting import eventually


def by(connection: psycopg.Connection, actor: str, role: str = "ops_manager", **context: Any) -> None:
    set_context(connection, {"actor_id": actor, "actor_role": role, **context})


def test_a_message_tells_owner_watchers_and_creator_but_not_its_author(
    pool: Pool, connection: psycopg.Connection
) -> None:
    member(connection, "owner")
    member(connection, "author")
    member(connection, "retired", active=False)
    ticket = insert_ticket(connection, owner_id="owner", created_by_id="shipper-1")
    for user in ("author", "retired", "driver-1"):
        watch(connection, ticket, user)
    insert_message(connection, ticket, actor_id="author", actor_role="ops_agent", message="The truck\nis on its way")
    relay_all(pool)
    assert [(row.user_id, row.kind, row.event_count) for row in told(connection)] == [
        ("driver-1", "MESSAGE_ADDED", 1),
        ("owner", "MESSAGE_ADDED", 1),
        ("shipper-1", "MESSAGE_ADDED", 1),
    ]
    outside, staff, _ = told(connection)
    assert outside.body == "Support wrote: The truck is on its way."
    assert staff.body == "Name of author (ops agent) wrote: The truck is on its way."
    assert (outside.channels, staff.channels) == ([], ["email", "push"])
    assert (outside.for_staff, staff.for_staff) == (False, True)


def test_an_internal_note_stays_inside(pool: Pool, connection: psycopg.Connection) -> None:
    member(connection, "owner")
    ticket = insert_ticket(connection, owner_id="owner")
    watch(connection, ticket, "driver-1")
    insert_message(connection, ticket, message="He lies.", is_internal_note=True)
    relay_all(pool)
    assert [row.user_id for row in told(connection)] == ["owner"]


def test_nothing_protected_of_a_sensitive_ticket_is_told(pool: Pool, connection: psycopg.Connection) -> None:
    member(connection, "owner")
    webhook(connection)
    ticket = insert_ticket(connection, owner_id="owner", is_sensitive=True, description="secret " * 5)
    insert_message(connection, ticket, message="secret words")
    update_ticket(connection, ticket, description="a secret description", metadata=Jsonb({"pan": "secret"}))
    update_ticket(connection, ticket, status="RESOLVED", resolution_summary="secret")
    relay_all(pool)
    everything = connection.execute(
        "SELECT string_agg(title || body, ' ') || (SELECT string_agg(payload::text, ' ') FROM webhook_deliveries)"
        " FROM notifications"
    ).fetchone()
    assert everything is not None
    assert "secret" not in everything[0]
    owner, shipper = told(connection)
    assert (owner.event_count, shipper.event_count) == (3, 2)
    assert "changed the description and the metadata" in owner.body
    updated = posts(connection)[2].payload["data"]
    assert updated["changes"]["metadata"] == {"old": None, "new": None}


def test_an_assignment_without_a_person_tells_the_queue_of_the_franchise(
    pool: Pool, connection: psycopg.Connection
) -> None:
    member(connection, "here", "franchise_agent", franchise_ids=["FR-1"])
    member(connection, "there", "franchise_agent", franchise_ids=["FR-2"])
    member(connection, "gone", "franchise_agent", franchise_ids=["FR-1"], active=False)
    member(connection, "else", "ops_agent")
    ticket = insert_ticket(connection, owner_role="ops_agent", assigned_franchise_id="FR-1")
    update_ticket(connection, ticket, owner_role="franchise_agent")
    relay_all(pool)
    assert [(row.user_id, row.kind) for row in told(connection)] == [("here", "ASSIGNED")]


def test_nobody_is_told_who_watches(pool: Pool, connection: psycopg.Connection) -> None:
    """Live streams read those events; the relay leaves them behind, alone and between others, and goes on."""
    member(connection, "owner")
    webhook(connection)
    ticket = insert_ticket(connection, owner_id="owner")
    relay_all(pool)
    before = len(posts(connection))
    for number in range(5):
        watch(connection, ticket, f"shipper-{number}")
    assert relay_all(pool, batch=2).events == 5
    connection.execute("DELETE FROM ticket_watchers")
    insert_message(connection, ticket)
    done = relay_all(pool, batch=2)
    assert (done.events, done.passed_over) == (6, 0)
    assert [row.payload["type"] for row in posts(connection)[before:]] == ["MESSAGE_ADDED"]
    assert connection.execute("SELECT count(*) FROM outbox_failures").fetchone() == (0,)


def test_an_automatic_escalation_is_critical_for_the_next_role(pool: Pool, connection: psycopg.Connection) -> None:
    member(connection, "boss", "ops_manager")
    ticket = insert_ticket(
        connection, owner_role="ops_agent", created_by_id="shipper-1", sla_due_at="2026-11-23T13:00:00Z"
    )
    with connection.transaction():
        set_context(connection, {"action": "AUTO_ESCALATED"})
        update_ticket(connection, ticket, status="ESCALATED", owner_role="ops_manager", sla_escalation_level=1)
    relay_all(pool)
    boss, shipper = told(connection)
    assert (boss.user_id, boss.kind, boss.is_critical) == ("boss", "ESCALATED", True)
    assert boss.channels == ["email", "push", "sms"]
    assert boss.body == (
        "The system escalated it to the ops manager queue, "
        "as its deadline, 2026-11-23 18:30 IST (13:00 UTC), has passed."
    )
    assert (shipper.user_id, shipper.kind, shipper.is_critical) == ("shipper-1", "STATUS_CHANGED", False)


def test_a_burst_is_one_notification_of_the_gravest_kind(pool: Pool, connection: psycopg.Connection) -> None:
    member(connection, "owner")
    ticket = insert_ticket(connection, owner_id="owner")
    for number in range(3):
        insert_message(connection, ticket, message=f"Words {number}")
    relay_all(pool, batch=2)
    update_ticket(connection, ticket, owner_id=None)
    update_ticket(connection, ticket, owner_id="owner")
    connection.execute("UPDATE notifications SET read_at = now()")
    insert_message(connection, ticket, message="Last words")
    relay_all(pool)
    owner = [row for row in told(connection) if row.user_id == "owner"]
    assert [(row.kind, row.event_count, row.read_at) for row in owner] == [("ASSIGNED", 6, None)]
    lines = owner[0].body.split("\n")
    assert len(lines) == 6
    assert lines[-1].endswith("wrote: Last words.")


def test_what_comes_after_the_window_is_another_notification(pool: Pool, connection: psycopg.Connection) -> None:
    member(connection, "owner")
    ticket = insert_ticket(connection, owner_id="owner")
    insert_message(connection, ticket)
    relay_all(pool)
    connection.execute("UPDATE notifications SET gathering = false")
    insert_message(connection, ticket)
    relay_all(pool)
    assert [row.event_count for row in told(connection) if row.user_id == "owner"] == [1, 1]


def test_events_from_before_the_migration_are_history(pool: Pool, connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO outbox (xid, ticket_id, seq, kind, event_type, payload) VALUES ('3', 'x', 1, 'audit', 'X', '{}')"
    )
    assert relay(pool)().events == 0


def test_a_late_commit_is_told_and_a_rolled_back_event_is_not(
    database: Database, pool: Pool, connection: psycopg.Connection
) -> None:
    member(connection, "owner")
    ticket, other = (insert_ticket(connection, owner_id="owner") for _ in range(2))
    relay_all(pool)
    with database.connect() as late, database.connect() as lost:
        with late.transaction():
            insert_message(late, ticket, message="Begun first, committed last")
            with lost.transaction(force_rollback=True):
                insert_message(lost, other, message="Never")
            insert_message(connection, other, message="In between")
            assert relay(pool)().events == 0
        assert relay_all(pool).events == 2
    late_words, words = "Begun first, committed last.", "In between."
    assert sorted(row.body.split(": ")[1] for row in told(connection)) == [late_words, late_words, words, words]


def test_two_relays_at_once_tell_each_event_once(pool: Pool, connection: psycopg.Connection) -> None:
    member(connection, "owner")
    tickets = [insert_ticket(connection, owner_id="owner", created_by_id="owner") for _ in range(10)]
    webhook(connection, event_types=["MESSAGE_ADDED"])
    stop = threading.Event()

    def keep_relaying() -> int:
        done = 0
        while not stop.is_set():
            done += relay(pool, batch=7)().events
        return done

    with ThreadPoolExecutor(3) as threads:
        running = [threads.submit(keep_relaying) for _ in range(3)]
        for number in range(20):
            for ticket in tickets:
                insert_message(connection, ticket, message=f"Number {number}")
        stop.set()
        events = sum(run.result() for run in running)
    events += relay_all(pool).events
    assert events == 210
    assert {row.event_count for row in told(connection)} == {20}
    assert len(posts(connection)) == 200


class Killed(Exception):
    pass


def test_a_relay_that_dies_in_between_is_made_good(
    pool: Pool, connection: psycopg.Connection, database: Database
) -> None:
    member(connection, "owner")
    webhook(connection)
    ticket = insert_ticket(connection, owner_id="owner")
    insert_message(connection, ticket)
    feed = PostgresOutboxFeed(pool)

    def told_and_killed(batch: RelayBatch) -> None:
        relay(pool)._relay(batch)
        victim = batch.connection.info.backend_pid  # type: ignore[attr-defined]
        connection.execute("SELECT pg_terminate_backend(%s)", [victim])

    def relay_until_killed() -> None:
        while feed.relay(10, told_and_killed) is None:
            continue

    with pytest.raises(psycopg.OperationalError):
        relay_until_killed()
    assert told(connection) == []
    relay_all(pool)
    assert [row.event_count for row in told(connection) if row.user_id == "owner"] == [1]
    assert len(posts(connection)) == 2


def test_a_poisoned_event_is_passed_over_and_put_back(pool: Pool, connection: psycopg.Connection) -> None:
    """What defect it is does not matter; here the kind of notification is one that the database refuses."""
    member(connection, "owner")
    ticket = insert_ticket(connection, owner_id="owner")
    bad = insert_ticket(connection, owner_id="owner")
    connection.execute("ALTER TABLE notifications ADD CONSTRAINT trap CHECK (ticket_id <> '" + bad + "')")
    for each in (ticket, bad, ticket):
        insert_message(connection, each)
    done = relay_all(pool)
    assert (done.events, done.passed_over) == (5, 1)
    books = PostgresOutboxBooks(pool)
    (failed,) = books.failed_events(10)
    assert (failed.ticket_id, failed.event_type, failed.attempts) == (bad, "MESSAGE_ADDED", 1)
    assert failed.error.startswith("CheckViolation (23514: notifications, trap)")
    assert books.status().consumers[0].failures == 1
    assert [row.event_count for row in told(connection) if row.user_id == "owner"] == [2]

    put_back = RetryFailedEvent(PostgresOutboxFeed(pool), now, window=WINDOW)
    assert put_back(failed.key) is not None
    assert books.failed_events(10)[0].attempts == 2
    connection.execute("ALTER TABLE notifications DROP CONSTRAINT trap")
    assert put_back(failed.key) is None
    assert books.failed_events(10) == []
    assert {row.ticket_id for row in told(connection)} == {ticket, bad}
    with pytest.raises(LookupError):
        put_back(failed.key)


def test_webhooks_get_what_they_asked_for(pool: Pool, connection: psycopg.Connection) -> None:
    critical = filter_to_json(TicketFilter(priorities=(TicketPriority.CRITICAL,)))
    everything = webhook(connection)
    messages = webhook(connection, event_types=["MESSAGE_ADDED"])
    grave = webhook(connection, filter=Jsonb(critical))
    broken = webhook(connection, filter=Jsonb({"priorities": ["NO SUCH"]}))
    webhook(connection, enabled=False)
    insert_ticket(connection, priority="CRITICAL")
    ticket = insert_ticket(connection, priority="LOW")
    message = insert_message(connection, ticket, message="not sent", is_internal_note=True)
    relay_all(pool)
    by_webhook: dict[Any, list[Any]] = {everything: [], messages: [], grave: [], broken: []}
    for post in posts(connection):
        by_webhook[post.webhook_id].append(post.payload)
    assert [payload["type"] for payload in by_webhook[everything]] == ["TICKET_CREATED"] * 2 + ["MESSAGE_ADDED"]
    assert [payload["data"]["ticket"]["priority"] for payload in by_webhook[grave]] == ["CRITICAL"]
    assert by_webhook[broken] == []
    (payload,) = by_webhook[messages]
    assert payload["data"]["message"] == {"id": str(message["id"]), "is_internal_note": True}
    assert payload["data"]["ticket_id"] == ticket
    assert "not sent" not in str(payload)
    assert payload["timestamp"].endswith("Z")


def test_an_event_read_again_is_delivered_to_a_webhook_once(pool: Pool, connection: psycopg.Connection) -> None:
    webhook(connection)
    insert_ticket(connection)
    relay_all(pool)
    connection.execute("UPDATE outbox_cursors SET xid = '3', id = 0")
    assert relay_all(pool).deliveries == 0
    assert len(posts(connection)) == 1


def test_an_event_of_no_ticket_stops_nobody(pool: Pool, connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO outbox (ticket_id, seq, kind, event_type, payload) VALUES ('none', 1, 'audit', 'X', '[]')"
    )
    member(connection, "owner")
    insert_message(connection, insert_ticket(connection, owner_id="owner"))
    assert relay_all(pool).passed_over == 1
    assert {row.user_id for row in told(connection)} == {"owner", "shipper-1"}


def test_an_event_that_cannot_be_read_stops_nobody(pool: Pool, connection: psycopg.Connection) -> None:
    """Here one that somebody in psql dated beyond all dates; alone, and amid others."""
    member(connection, "owner")
    ticket = insert_ticket(connection, owner_id="owner")
    relay_all(pool)
    never = (
        "INSERT INTO outbox (ticket_id, seq, kind, event_type, payload, created_at)"
        " VALUES (%s, 9, 'audit', 'X', '{}', 'infinity') RETURNING xid::text, id"
    )
    connection.execute(never, [ticket])
    alone = relay_all(pool)
    assert (alone.events, alone.passed_over) == (1, 1)
    insert_message(connection, ticket)
    row = connection.execute(never, [ticket]).fetchone()
    assert row is not None
    insert_message(connection, ticket)
    done = relay_all(pool)
    assert (done.events, done.passed_over) == (3, 1)
    assert sum(row.event_count for row in told(connection) if row.user_id == "owner") == 2
    failed = PostgresOutboxBooks(pool).failed_events(10)
    assert {(each.ticket_id, each.event_type, each.attempts) for each in failed} == {(ticket, "X", 1)}
    assert {each.error.split(" ")[0] for each in failed} == {"DataError"}
    put_back = RetryFailedEvent(PostgresOutboxFeed(pool), now, window=WINDOW)
    assert put_back(failed[0].key) is not None
    connection.execute("UPDATE outbox SET created_at = now() WHERE created_at = 'infinity'")
    assert put_back(failed[0].key) is None


def test_what_is_too_much_for_the_database_is_the_event_s_own(pool: Pool, connection: psycopg.Connection) -> None:
    member(connection, "owner")
    ticket, bad = (insert_ticket(connection, owner_id="owner") for _ in range(2))
    connection.execute(
        "CREATE FUNCTION too_much() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'too much' USING ERRCODE = 'program_limit_exceeded'; END $$"
    )
    connection.execute(
        "CREATE TRIGGER too_much BEFORE INSERT ON notifications FOR EACH ROW WHEN (NEW.ticket_id = '"
        + bad
        + "') EXECUTE FUNCTION too_much()"
    )
    for each in (ticket, bad, ticket):
        insert_message(connection, each)
    done = relay_all(pool)
    assert (done.events, done.passed_over) == (5, 1)
    assert PostgresOutboxBooks(pool).failed_events(10)[0].ticket_id == bad


def test_a_deadline_that_never_comes_is_told_as_none(pool: Pool, connection: psycopg.Connection) -> None:
    webhook(connection)
    update_ticket(connection, insert_ticket(connection), sla_due_at="infinity", first_response_due_at="infinity")
    assert relay_all(pool).passed_over == 0
    assert posts(connection)[0].payload["data"]["ticket"]["sla_due_at"] is None


def test_what_a_batch_stores_is_bounded_however_many_are_told(pool: Pool, connection: psycopg.Connection) -> None:
    """A large queue and many webhooks: each batch ends early, and no single event is too much for one."""
    for number in range(40):
        member(connection, f"agent-{number:02}", "franchise_agent")
    hooks = [webhook(connection, event_types=["ASSIGNMENT_CHANGED"]) for _ in range(10)]
    tickets = [insert_ticket(connection, owner_role="ops_agent") for _ in range(12)]
    relay_all(pool)
    for number, ticket in enumerate(tickets):
        update_ticket(connection, ticket, owner_role="franchise_agent")
        watch(connection, ticket, f"shipper-{number}")
    assert most_stored(pool, fan_out=110, until=lambda: len(posts(connection)) == 120) <= 110
    assert connection.execute("SELECT count(*) FROM notifications WHERE kind = 'ASSIGNED'").fetchone() == (12 * 40,)
    assert {(row.webhook_id, row.ticket_id) for row in posts(connection)} == {(h, t) for h in hooks for t in tickets}
    for ticket in tickets[:3]:
        update_ticket(connection, ticket, owner_role="ops_agent")
        update_ticket(connection, ticket, owner_role="franchise_agent")
    assert most_stored(pool, fan_out=5, until=lambda: len(posts(connection)) == 180) == 50
    assert connection.execute("SELECT count(*) FROM outbox_failures").fetchone() == (0,)


def test_events_told_one_by_one_are_bounded_too(pool: Pool, connection: psycopg.Connection) -> None:
    for number in range(5):
        member(connection, f"agent-{number}", "franchise_agent")
    tickets = [insert_ticket(connection, owner_role="ops_agent") for _ in range(6)]
    relay_all(pool)
    connection.execute("ALTER TABLE notifications ADD CONSTRAINT trap CHECK (ticket_id <> '" + tickets[1] + "')")
    for ticket in tickets:
        update_ticket(connection, ticket, owner_role="franchise_agent")
    assert most_stored(pool, fan_out=10, until=lambda: len(told(connection)) == 25) == 10
    assert connection.execute("SELECT ticket_id FROM outbox_failures").fetchall() == [(tickets[1],)]


def most_stored(pool: Pool, *, fan_out: int, until: Callable[[], bool]) -> int:
    """Relay until then; how many notifications and deliveries the largest batch stored."""
    stored: list[int] = []

    class Watched(PostgresOutboxFeed):
        def relay(self, limit: int, body: Callable[[RelayBatch], Any]) -> Any:
            done = super().relay(limit, body)
            if done is not None:
                stored.append(done.relayed.notifications + done.relayed.deliveries)
            return done

    run = RelayOutbox(Watched(pool), now, batch=500, window=WINDOW, fan_out=fan_out)

    def is_done() -> bool:
        run()
        return until()

    eventually(is_done, within=60, what="reading the outbox")
    return max(stored)


def test_joining_closing_and_reading_at_the_same_time_loses_no_event(
    pool: Pool, connection: psycopg.Connection
) -> None:
    """Windows close as soon as they open, while the reader marks everything as read, in the order that locks worst."""
    for user in ("a", "b", "c"):
        member(connection, user)
    tickets = [insert_ticket(connection, created_by_id="a") for _ in range(5)]
    for ticket in tickets:
        for user in ("a", "b", "c"):
            watch(connection, ticket, user)
    relay_all(pool)
    stop = threading.Event()
    run = RelayOutbox(PostgresOutboxFeed(pool), now, batch=7, window=timedelta(0))
    closing = CloseGathering(PostgresNotificationDelivery(pool), batch=2)

    def until_stopped(work: Callable[[], object]) -> None:
        while not stop.is_set():
            work()

    def read() -> None:
        with pool.connection() as reader:
            reader.execute(
                "UPDATE notifications SET read_at = now() WHERE id IN"
                " (SELECT id FROM notifications WHERE read_at IS NULL ORDER BY user_id DESC, ticket_id DESC)"
            )

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(until_stopped, work) for work in (run, closing, closing, read)]
        for number in range(40):
            for ticket in tickets:
                insert_message(connection, ticket, message=f"Number {number}", actor_id="driver-1", actor_role="driver")
        eventually(lambda: relay_all(pool).events == 0)
        stop.set()
        for each in running:
            with suppress(psycopg.errors.DeadlockDetected):  # the reader's own loss, which a server would repeat
                each.result()
    counted = connection.execute(
        "SELECT user_id, ticket_id, sum(event_count) FROM notifications GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    assert counted == [(user, ticket, 40) for user in ("a", "b", "c") for ticket in tickets]
    assert connection.execute("SELECT count(*) FROM outbox_failures").fetchone() == (0,)
