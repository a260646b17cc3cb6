"""Uploads that were never completed go, with their objects; whatever is or becomes an attachment stays."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from server.adapters.objectstore.local import LocalStore
from server.adapters.postgres.deletion_queue import GIVE_UP, PostgresDeletionQueue
from server.application.files.delete_objects import DeleteObjects
from server.application.files.sweep_uploads import SweepUploads
from tests.database import Database
from tests.integration.files.stored import ABANDONED, attach, attached, id_in, noted, stored
from tests.integration.postgres.rows import audit_of, insert_ticket
from tests.waiting import eventually


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def sweep(deletions: PostgresDeletionQueue) -> SweepUploads:
    return SweepUploads(deletions, now)


def test_an_abandoned_upload_goes_with_its_object(
    connection: psycopg.Connection, store: LocalStore, deletions: PostgresDeletionQueue, sweep: SweepUploads
) -> None:
    ticket = insert_ticket(connection)
    told = len(audit_of(connection, ticket))
    key = attach(connection, store, ticket)
    assert sweep(limit=10) == 1
    assert attached(connection) == {}
    assert noted(connection) == [key]
    assert DeleteObjects(deletions, store)() == 1
    assert stored(store, [key]) == []
    assert noted(connection) == []
    assert len(audit_of(connection, ticket)) == told, "nothing was ever attached, so nothing is told"


def test_one_that_was_announced_and_not_uploaded_goes_as_well(
    connection: psycopg.Connection, store: LocalStore, deletions: PostgresDeletionQueue, sweep: SweepUploads
) -> None:
    key = attach(connection, store, insert_ticket(connection))
    store.delete(key)
    assert sweep(limit=10) == 1
    assert DeleteObjects(deletions, store)() == 1
    assert noted(connection) == []


def test_completed_and_young_ones_are_never_touched(
    connection: psycopg.Connection, store: LocalStore, deletions: PostgresDeletionQueue, sweep: SweepUploads
) -> None:
    ticket = insert_ticket(connection)
    young = attach(connection, store, ticket, age=timedelta(hours=47, minutes=59))
    completed = attach(connection, store, ticket, age=timedelta(days=900), status="completed")
    assert sweep(limit=10) == 0
    assert DeleteObjects(deletions, store)() == 0
    assert attached(connection) == {young: "pending", completed: "completed"}
    assert stored(store, [young, completed]) == [young, completed]


def test_the_oldest_go_first_and_no_more_than_asked_for(
    connection: psycopg.Connection, store: LocalStore, sweep: SweepUploads
) -> None:
    ticket = insert_ticket(connection)
    ages = [ABANDONED + timedelta(hours=hours) for hours in (2, 5, 1, 4, 3)]
    keys = [attach(connection, store, ticket, age=age) for age in ages]
    assert sweep(limit=2) == 2
    assert set(noted(connection)) == {keys[1], keys[3]}
    assert sweep(limit=2) == 2
    assert sweep(limit=2) == 1
    assert sweep(limit=2) == 0


def test_a_key_that_is_to_be_deleted_already_does_not_stop_it(
    connection: psycopg.Connection, store: LocalStore, sweep: SweepUploads
) -> None:
    keys = [attach(connection, store, insert_ticket(connection)) for _ in range(2)]
    connection.execute("INSERT INTO object_deletions (object_key) VALUES (%s)", [keys[0]])
    assert sweep(limit=10) == 2
    assert set(noted(connection)) == set(keys)


@pytest.mark.parametrize("outcome", ["completed", "given up"])
def test_one_that_is_being_completed_is_passed_over(
    connection: psycopg.Connection, database: Database, store: LocalStore, sweep: SweepUploads, outcome: str
) -> None:
    ticket = insert_ticket(connection)
    held, free = attach(connection, store, ticket), attach(connection, store, ticket)
    with database.connect(autocommit=False) as completer:
        assert complete(completer, held)
        assert sweep(limit=10) == 1
        assert noted(connection) == [free]
        completer.commit() if outcome == "completed" else completer.rollback()
    assert sweep(limit=10) == (0 if outcome == "completed" else 1)
    assert attached(connection) == ({held: "completed"} if outcome == "completed" else {})


def test_who_completes_too_late_finds_none(
    connection: psycopg.Connection, database: Database, store: LocalStore
) -> None:
    key = attach(connection, store, insert_ticket(connection))
    with (
        database.connect(autocommit=False) as sweeper,
        database.connect(autocommit=False) as completer,
        ThreadPoolExecutor(1) as pool,
    ):
        sweeper.execute(GIVE_UP, {"before": now(), "limit": 10})
        completing = pool.submit(complete, completer, key)
        blocked = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        eventually(lambda: connection.execute(blocked).fetchone() == (1,), what="a completer that waits")
        sweeper.commit()
        assert not completing.result()


def test_a_sweep_cut_short_has_done_nothing(
    connection: psycopg.Connection, database: Database, store: LocalStore, sweep: SweepUploads
) -> None:
    key = attach(connection, store, insert_ticket(connection))
    sweeper = database.connect(autocommit=False)
    assert sweeper.execute(GIVE_UP, {"before": now(), "limit": 10}).fetchone() == (1,)
    connection.execute("SELECT pg_terminate_backend(%s)", [sweeper.info.backend_pid])
    sweeper.close()
    assert attached(connection) == {key: "pending"}
    assert noted(connection) == []
    eventually(lambda: sweep(limit=10) == 1, what="the end of the sweeper's session")


def test_sweepers_completers_and_deleters_at_once(
    connection: psycopg.Connection, database: Database, store: LocalStore, deletions: PostgresDeletionQueue
) -> None:
    """Each upload is either completed, with its object, or gone, its object deleted once."""
    tickets = [insert_ticket(connection) for _ in range(5)]
    keys = [attach(connection, store, tickets[n % 5]) for n in range(120)]
    deleted: Counter[str] = Counter()
    over = threading.Event()

    def delete(key: str) -> None:
        store.delete(key)
        deleted[key] += 1

    def sweep_all() -> int:
        swept, sweep = 0, SweepUploads(deletions, now)
        while not over.is_set():
            swept += sweep(limit=3)
        return swept

    def delete_all() -> None:
        while not over.is_set():
            deletions.delete_due(delete, limit=4)

    def complete_some(mine: list[str]) -> set[str]:
        with database.connect(autocommit=False) as completer:
            done = set()
            for key in mine:
                if complete(completer, key):
                    done.add(key)
                completer.commit()
            return done

    with ThreadPoolExecutor(6) as pool:
        sweepers = [pool.submit(sweep_all) for _ in range(2)]
        deleters = [pool.submit(delete_all) for _ in range(2)]
        completers = [pool.submit(complete_some, keys[::-1][n::2]) for n in range(2)]
        try:
            completed = set[str]().union(*(completer.result() for completer in completers))
            eventually(lambda: set(attached(connection).values()) <= {"completed"}, what="the end of uploads")
            eventually(lambda: not noted(connection), what="the end of deletions")
        finally:
            over.set()
        assert sum(sweeper.result() for sweeper in sweepers) == len(keys) - len(completed)
        for deleter in deleters:
            deleter.result()
    assert attached(connection) == dict.fromkeys(completed, "completed")
    assert set(stored(store, keys)) == completed
    assert deleted == dict.fromkeys(set(keys) - completed, 1)


def complete(completer: psycopg.Connection, key: str) -> bool:
    """As CompleteAttachment does it; whether there was something to complete. Not committed."""
    found = completer.execute(
        "SELECT FROM ticket_attachments WHERE id = %s AND status = 'pending' FOR UPDATE", [id_in(key)]
    ).fetchone()
    if found is None:
        return False
    completer.execute(
        "UPDATE ticket_attachments SET status = 'completed', completed_at = now() WHERE id = %s", [id_in(key)]
    )
    return True
