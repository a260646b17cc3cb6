"""When the unit of work says that something was written: after each commit, and only then."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg_pool import ConnectionPool

from server.adapters.postgres.policy_book import PostgresPolicyBook
from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.ticket_numbers import PostgresTicketNumbers
from server.adapters.postgres.unit_of_work import PostgresUnitOfWork
from server.application.answers import Answer, RequestKey
from server.application.call import Call
from server.application.repositories import Change
from server.application.tickets.create_ticket import CreateTicket
from server.application.unit_of_work import Repositories
from server.domain.ids import TicketId, UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from server.domain.tickets import Ticket, TicketDraft
from server.domain.visibility import visibility_of
from tests.database import Database
from tests.integration.postgres.rows import insert_ticket

MANAGER = Principal(UserId("u-7"), Role.OPS_MANAGER, frozenset())
CALL = Call(MANAGER)
DRAFT = TicketDraft(title="Truck did not arrive", description="The truck for this booking never arrived.")


class Observed:
    """A unit of work, and what everybody could see at each of its calls."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self.seen: list[tuple[int, str | None]] = []
        self.sessions = sessions
        self.uow = PostgresUnitOfWork(sessions, wrote=self._look)

    def _look(self) -> None:
        with self._database.connect() as connection:
            row = connection.execute("SELECT count(*), max(title) FROM tickets").fetchone()
        assert row is not None
        self.seen.append(row)


@pytest.fixture
def observed(database: Database) -> Iterator[Observed]:
    pool: ConnectionPool[Any] = open_pool(database.dsn, min_size=1, max_size=2, wait_seconds=5, prepare_statements=True)
    yield Observed(database, Sessions(pool, session_settings=True, default_timeout_ms=30_000))
    pool.close()


@pytest.fixture
def ticket_id(database: Database) -> TicketId:
    with database.connect() as connection:
        return TicketId(insert_ticket(connection))


def titled(ticket_id: TicketId, title: str) -> Callable[[Repositories], Ticket]:
    def body(repositories: Repositories) -> Ticket:
        before = repositories.tickets.lock(ticket_id, visibility_of(MANAGER))
        assert before is not None
        return repositories.tickets.save(before, replace(before, title=title), Change())

    return body


def answer(request_id: UUID | None) -> Answer[Ticket, str]:
    key = None if request_id is None else RequestKey(request_id, "method", b"fingerprint")
    return Answer(key, lambda ticket: ticket.title, str.encode, bytes.decode)


def create(observed: Observed, request_id: UUID | None) -> None:
    use_case = CreateTicket(
        observed.uow,
        PostgresPolicyBook(observed.sessions),
        PostgresTicketNumbers(observed.sessions),
        lambda: datetime.now(UTC),
    )
    use_case(CALL, DRAFT, answer(request_id))


def test_a_write(observed: Observed, ticket_id: TicketId) -> None:
    observed.uow.write(CALL, titled(ticket_id, "Second title"))
    assert observed.seen == [(1, "Second title")]


def test_a_read_is_none(observed: Observed) -> None:
    observed.uow.read(CALL, lambda _: None)
    observed.uow.read_snapshot(CALL, lambda _: None)
    assert observed.seen == []


@pytest.mark.parametrize("request_id", [None, uuid4()])
def test_an_answer_given_once(observed: Observed, ticket_id: TicketId, request_id: UUID | None) -> None:
    observed.uow.answer_once(CALL, answer(request_id), titled(ticket_id, "Second title"))
    assert observed.seen == [(1, "Second title")]


def test_an_answer_given_again_writes_nothing(observed: Observed, ticket_id: TicketId) -> None:
    request_id = uuid4()
    for title in ("Second title", "Third title"):
        assert observed.uow.answer_once(CALL, answer(request_id), titled(ticket_id, title)) == "Second title"
    assert len(observed.seen) == 1


@pytest.mark.parametrize("request_id", [None, uuid4()])
def test_a_new_ticket(observed: Observed, request_id: UUID | None) -> None:
    create(observed, request_id)
    assert observed.seen == [(1, DRAFT.title)]


def test_a_ticket_that_exists_already(observed: Observed) -> None:
    request_id = uuid4()
    create(observed, request_id)
    create(observed, request_id)
    assert observed.seen == [(1, DRAFT.title)]


@pytest.mark.parametrize("request_id", [None, uuid4()])
def test_what_failed_was_not_written(observed: Observed, ticket_id: TicketId, request_id: UUID | None) -> None:
    def fail(repositories: Repositories) -> Ticket:
        titled(ticket_id, "Second title")(repositories)
        raise ZeroDivisionError

    with suppress(ZeroDivisionError):
        observed.uow.write(CALL, fail)
    with suppress(ZeroDivisionError):
        observed.uow.answer_once(CALL, answer(request_id), fail)
    assert observed.seen == []
