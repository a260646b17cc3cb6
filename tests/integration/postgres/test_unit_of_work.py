"""Transactions against a real PostgreSQL: all or nothing, once, again when they lost, and not past the deadline."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Barrier
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from psycopg_pool import ConnectionPool

from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import MAX_ATTEMPTS, Sessions
from server.adapters.postgres.unit_of_work import PostgresUnitOfWork
from server.application.answers import Answer, RequestKey
from server.application.call import Call
from server.application.repositories import Change
from server.application.unit_of_work import Repositories
from server.domain.errors import Aborted, AlreadyExists, DeadlineExceeded, Reason, Unavailable
from server.domain.ids import TicketId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.tickets import Ticket
from server.domain.visibility import Visibility, visibility_of
from tests.database import Database
from tests.integration.postgres.rows import audit_of, insert_ticket
from tests.waiting import eventually

T = TypeVar("T")

MANAGER = Principal(UserId("u-7"), Role.OPS_MANAGER, frozenset())
EVERYTHING: Visibility = visibility_of(MANAGER)


def a_call(seconds: float | None = None) -> Call:
    return Call(MANAGER, deadline=None if seconds is None else time.monotonic() + seconds)


@contextmanager
def unit_of_work(
    database: Database, *, size: int = 4, wait_seconds: float = 5.0, session_settings: bool = True
) -> Iterator[PostgresUnitOfWork]:
    pool: ConnectionPool[Any] = open_pool(
        database.dsn, min_size=size, max_size=size, wait_seconds=wait_seconds, prepare_statements=True
    )
    try:
        yield PostgresUnitOfWork(Sessions(pool, session_settings=session_settings, default_timeout_ms=30_000))
    finally:
        pool.close()


@pytest.fixture
def uow(database: Database) -> Iterator[PostgresUnitOfWork]:
    with unit_of_work(database) as made:
        yield made


@pytest.fixture
def two_tickets(database: Database) -> tuple[TicketId, TicketId]:
    with database.connect() as connection:
        return TicketId(insert_ticket(connection)), TicketId(insert_ticket(connection))


def lock(repositories: Repositories, ticket_id: TicketId) -> Ticket:
    ticket = repositories.tickets.lock(ticket_id, EVERYTHING)
    assert ticket is not None
    return ticket


def retitle(repositories: Repositories, ticket_id: TicketId, title: str) -> Ticket:
    before = lock(repositories, ticket_id)
    return repositories.tickets.save(before, replace(before, title=title), Change())


def title_of(database: Database, ticket_id: TicketId) -> str:
    with database.connect() as connection:
        row = connection.execute("SELECT title FROM tickets WHERE id = %s", [ticket_id]).fetchone()
    assert row is not None
    return str(row[0])


def both(one: Callable[[], T], two: Callable[[], T]) -> tuple[T, T]:
    with ThreadPoolExecutor(2) as pool:
        futures = pool.submit(one), pool.submit(two)
        return futures[0].result(), futures[1].result()


def setting(database: Database, assignment: str) -> None:
    """For all sessions of the database that begin from now on."""
    with database.connect() as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET {assignment}".encode())


# --- losing against others


def test_of_two_deadlocked_transactions_one_is_run_again(
    database: Database, two_tickets: tuple[TicketId, TicketId]
) -> None:
    """Each holds one ticket and wants the other's; only on the first run, so the second one can succeed."""
    setting(database, "deadlock_timeout = '20ms'")
    both_hold_one = Barrier(2)
    runs: list[str] = []

    def in_order(name: str, first: TicketId, second: TicketId) -> Callable[[Repositories], Ticket]:
        def body(repositories: Repositories) -> Ticket:
            runs.append(name)
            retitle(repositories, first, f"Changed by {name}")
            if runs.count(name) == 1:
                both_hold_one.wait(10)
            return retitle(repositories, second, f"Changed by {name}")

        return body

    one, two = two_tickets
    with unit_of_work(database) as uow:
        both(
            lambda: uow.write(a_call(), in_order("somebody", one, two)),
            lambda: uow.write(a_call(), in_order("another", two, one)),
        )
    assert len(runs) == 3, "one of them was the victim, and was run again"
    assert title_of(database, one) == title_of(database, two), "the last of them has changed both"
    with database.connect() as connection:
        for ticket_id in two_tickets:
            assert len(audit_of(connection, ticket_id)) == 3, "what the victim did first has left no trace"
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        eventually(lambda: connection.execute(deadlocks.encode()).fetchone() == (1,), what="the deadlock's count")


def test_of_two_unserializable_transactions_one_is_run_again(
    database: Database, two_tickets: tuple[TicketId, TicketId]
) -> None:
    """Write skew: each reads both tickets and changes one by what it read of the other."""
    setting(database, "default_transaction_isolation = 'serializable'")
    both_have_read = Barrier(2)
    runs: list[TicketId] = []
    one, two = two_tickets

    def body_for(own: TicketId, other: TicketId) -> Callable[[Repositories], Ticket]:
        def body(repositories: Repositories) -> Ticket:
            runs.append(own)
            seen = repositories.tickets.get(other, EVERYTHING)
            assert seen is not None
            if runs.count(own) == 1:
                both_have_read.wait(10)
            return retitle(repositories, own, f"{seen.title}, and so on")

        return body

    with unit_of_work(database) as uow:
        both(lambda: uow.write(a_call(), body_for(one, two)), lambda: uow.write(a_call(), body_for(two, one)))
    assert len(runs) == 3
    # As if one had run after the other.
    assert sorted([title_of(database, one), title_of(database, two)], key=len) == [
        "Payment not received, and so on",
        "Payment not received, and so on, and so on",
    ]


def test_a_snapshot_that_loses_is_taken_again(database: Database, two_tickets: tuple[TicketId, TicketId]) -> None:
    """Against somebody who alters the tables that it reads, in the other order."""
    setting(database, "deadlock_timeout = '20ms'")
    ticket_is_read = Barrier(2)
    runs = []

    def body(repositories: Repositories) -> str:
        ticket = repositories.tickets.get(two_tickets[0], EVERYTHING)
        runs.append(1)
        if len(runs) == 1:
            ticket_is_read.wait(10)
        repositories.members.get(UserId("u-7"))
        assert ticket is not None
        return ticket.title

    def alter_both() -> str:
        with database.connect(autocommit=False) as migration:
            migration.execute("SET deadlock_timeout = '10s'")
            migration.execute("LOCK TABLE staff_members IN ACCESS EXCLUSIVE MODE")
            ticket_is_read.wait(10)
            migration.execute("LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE")
            return "altered"

    with unit_of_work(database) as uow:
        ends = both(lambda: uow.read_snapshot(a_call(), body), alter_both)
    assert ends == ("Payment not received", "altered")
    assert len(runs) == 2


def test_who_keeps_losing_gives_up(database: Database, two_tickets: tuple[TicketId, TicketId]) -> None:
    setting(database, "lock_timeout = '10ms'")
    runs = []

    def body(repositories: Repositories) -> None:
        runs.append(1)
        lock(repositories, two_tickets[0])

    with unit_of_work(database) as uow, database.connect(autocommit=False) as holder:
        holder.execute("SELECT 1 FROM tickets WHERE id = %s FOR UPDATE", [two_tickets[0]])
        with pytest.raises(Aborted) as refused:
            uow.write(a_call(), body)
    assert refused.value.reason is Reason.CONFLICT
    assert len(runs) == MAX_ATTEMPTS


# --- all or nothing


def test_a_body_that_raises_leaves_nothing(
    database: Database, uow: PostgresUnitOfWork, two_tickets: tuple[TicketId, TicketId]
) -> None:
    def body(repositories: Repositories) -> None:
        retitle(repositories, two_tickets[0], "Changed by nobody")
        repositories.audit.append(two_tickets[0], "SENSITIVE_VIEWED", {})
        raise LookupError("something else went wrong")

    with pytest.raises(LookupError):
        uow.write(a_call(), body)
    assert title_of(database, two_tickets[0]) == "Payment not received"
    with database.connect() as connection:
        assert len(audit_of(connection, two_tickets[0])) == 1


def test_a_snapshot_sees_one_instant(
    database: Database, uow: PostgresUnitOfWork, two_tickets: tuple[TicketId, TicketId]
) -> None:
    def titles(repositories: Repositories) -> tuple[str, str]:
        first = repositories.tickets.get(two_tickets[0], EVERYTHING)
        uow.write(a_call(), lambda others: retitle(others, two_tickets[0], "Changed meanwhile"))
        second = repositories.tickets.get(two_tickets[0], EVERYTHING)
        assert first is not None
        assert second is not None
        return first.title, second.title

    assert uow.read_snapshot(a_call(), titles) == ("Payment not received", "Payment not received")
    assert title_of(database, two_tickets[0]) == "Changed meanwhile"


def test_a_snapshot_cannot_write(uow: PostgresUnitOfWork, two_tickets: tuple[TicketId, TicketId]) -> None:
    with pytest.raises(Exception, match="read-only transaction"):
        uow.read_snapshot(a_call(), lambda repositories: retitle(repositories, two_tickets[0], "Changed"))


# --- answers given once


def an_answer(key: RequestKey | None) -> Answer[Ticket, str]:
    return Answer(key, present=lambda ticket: ticket.title, dump=str.encode, load=bytes.decode)


def a_key(fingerprint: bytes = b"1") -> RequestKey:
    return RequestKey(uuid4(), "method", fingerprint)


def test_the_answer_and_the_change_are_one(
    database: Database, uow: PostgresUnitOfWork, two_tickets: tuple[TicketId, TicketId]
) -> None:
    """No answer is kept when its change is rolled back, be it that only the keeping failed."""
    key = a_key()

    def fail(_: str) -> bytes:
        raise LookupError("the answer cannot be kept")

    broken: Answer[Ticket, str] = Answer(key, present=lambda ticket: ticket.title, dump=fail, load=bytes.decode)

    def body(repositories: Repositories) -> Ticket:
        return retitle(repositories, two_tickets[0], "Changed by somebody")

    with pytest.raises(LookupError):
        uow.answer_once(a_call(), broken, body)
    assert title_of(database, two_tickets[0]) == "Payment not received"
    assert uow.answer_once(a_call(), an_answer(key), body) == "Changed by somebody"


def test_a_second_call_waits_for_the_first_and_gives_its_answer(
    database: Database, uow: PostgresUnitOfWork, two_tickets: tuple[TicketId, TicketId]
) -> None:
    key, runs = a_key(), []

    def body(repositories: Repositories) -> Ticket:
        runs.append(1)
        # Go on only when the other call waits for this one's key.
        eventually(lambda: waiting_for_a_lock(database) == 1, what="the second call")
        return retitle(repositories, two_tickets[0], "Changed once")

    answers = both(
        lambda: uow.answer_once(a_call(), an_answer(key), body), lambda: uow.answer_once(a_call(), an_answer(key), body)
    )
    assert answers == ("Changed once", "Changed once")
    assert len(runs) == 1


def test_a_second_call_takes_over_when_the_first_fails(
    database: Database, uow: PostgresUnitOfWork, two_tickets: tuple[TicketId, TicketId]
) -> None:
    key, runs = a_key(), []

    def body(repositories: Repositories) -> Ticket:
        runs.append(1)
        if len(runs) == 1:
            eventually(lambda: waiting_for_a_lock(database) == 1, what="the second call")
            raise LookupError("the first call fails")
        return retitle(repositories, two_tickets[0], "Changed by the second")

    def call() -> str | None:
        try:
            return uow.answer_once(a_call(), an_answer(key), body)
        except LookupError:
            return None

    assert set(both(call, call)) == {None, "Changed by the second"}


def test_the_key_of_another_body_is_refused_before_the_body_runs(
    uow: PostgresUnitOfWork, two_tickets: tuple[TicketId, TicketId]
) -> None:
    key = a_key()
    uow.answer_once(a_call(), an_answer(key), lambda repositories: lock(repositories, two_tickets[0]))

    def never(_: Repositories) -> Ticket:
        raise AssertionError("must not run")

    other = RequestKey(key.request_id, key.method, b"2")
    with pytest.raises(AlreadyExists):
        uow.answer_once(a_call(), an_answer(other), never)
    assert uow.answer_once(a_call(), an_answer(key), never) == "Payment not received"


# --- deadlines and the pool


def waiting_for_a_lock(database: Database) -> int:
    """How many of the server's statements wait for one."""
    with database.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'rodistaa-tickets' AND wait_event_type = 'Lock'"
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("session_settings", [True, False], ids=["session", "behind PgBouncer"])
def test_a_statement_ends_with_the_deadline(
    database: Database, two_tickets: tuple[TicketId, TicketId], session_settings: bool
) -> None:
    with (
        unit_of_work(database, size=1, session_settings=session_settings) as uow,
        database.connect(autocommit=False) as holder,
    ):
        holder.execute("SELECT 1 FROM tickets WHERE id = %s FOR UPDATE", [two_tickets[0]])
        with pytest.raises(DeadlineExceeded):
            uow.write(a_call(0.25), lambda repositories: retitle(repositories, two_tickets[0], "Changed too late"))
        assert waiting_for_a_lock(database) == 0
        # The only connection is well again, and has no deadline of before.
        assert uow.read(a_call(), lambda repositories: repositories.tickets.get(two_tickets[1], EVERYTHING))
        holder.rollback()
        uow.write(a_call(10), lambda repositories: retitle(repositories, two_tickets[0], "Changed in time"))
    assert title_of(database, two_tickets[0]) == "Changed in time"


@pytest.mark.parametrize("session_settings", [True, False], ids=["session", "behind PgBouncer"])
@pytest.mark.parametrize("read", ["read", "read_snapshot"])
def test_a_read_ends_with_the_deadline(database: Database, read: str, session_settings: bool) -> None:
    """Somebody who alters the table is in its way."""
    with (
        unit_of_work(database, size=1, session_settings=session_settings) as uow,
        database.connect(autocommit=False) as holder,
    ):
        # The deadline is to cut the read off, not the making of the first connection.
        getattr(uow, read)(a_call(), lambda repositories: repositories.audit.page("T", after=0, limit=1))
        holder.execute("LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DeadlineExceeded):
            getattr(uow, read)(a_call(0.1), lambda repositories: repositories.tickets.get(TicketId("T"), EVERYTHING))
        holder.rollback()
        assert getattr(uow, read)(a_call(), lambda repositories: repositories.audit.page("T", after=0, limit=1)) == []


def test_a_deadline_that_has_passed_reaches_no_connection(uow: PostgresUnitOfWork) -> None:
    def never(_: Repositories) -> None:
        raise AssertionError("must not run")

    with pytest.raises(DeadlineExceeded):
        uow.write(a_call(-1), never)


def test_who_finds_no_connection_is_told_to_come_again(
    database: Database, two_tickets: tuple[TicketId, TicketId]
) -> None:
    with unit_of_work(database, size=1, wait_seconds=0.1) as uow:

        def take_another(_: Repositories) -> None:
            with pytest.raises(Unavailable) as refused:
                uow.read(a_call(), lambda repositories: repositories.tickets.get(two_tickets[0], EVERYTHING))
            assert refused.value.retry_after.total_seconds() > 0

        uow.read(a_call(), take_another)
        assert uow.read(a_call(), lambda repositories: repositories.tickets.get(two_tickets[0], EVERYTHING))


def test_a_lost_connection_is_unavailable_once_and_replaced(
    database: Database, two_tickets: tuple[TicketId, TicketId]
) -> None:
    with unit_of_work(database, size=2) as uow, database.connect() as other:

        def read() -> object:
            return uow.read(a_call(), lambda repositories: repositories.tickets.get(two_tickets[0], EVERYTHING))

        assert read()
        other.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'rodistaa-tickets'"
        )
        with pytest.raises(Unavailable):
            read()
        # The other broken connection was found at the same time, so it fails nobody.
        for _ in range(4):
            assert read()


def test_a_database_that_takes_no_writes_is_unavailable_for_them_alone(
    database: Database, two_tickets: tuple[TicketId, TicketId]
) -> None:
    with database.connect() as connection:
        connection.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',"
            " current_database()); END $$"
        )
    with unit_of_work(database) as uow:
        with pytest.raises(Unavailable) as refused:
            uow.write(a_call(), lambda repositories: retitle(repositories, two_tickets[0], "Changed"))
        assert "standby" in str(refused.value.context["cause"])
        assert uow.read(a_call(), lambda repositories: repositories.tickets.get(two_tickets[0], EVERYTHING))
