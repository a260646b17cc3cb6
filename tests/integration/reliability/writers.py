"""Clients that write without pause through whatever happens, and the reckoning afterwards."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar
from uuid import uuid4

import grpc

from rodistaa.tickets.client import TicketsError, connect
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.commands.audit_report import verify_chains
from server.domain.roles import Role
from tests.database import Database
from tests.integration.postgres.rows import insert_ticket
from tests.running import token_for
from tests.ticket_requests import new_ticket, retitle
from tests.waiting import eventually

T = TypeVar("T")

_GIVE_UP_SECONDS = 60.0
_CALL_SECONDS = 5.0
_CHANNEL_OPTIONS = (
    # A server that is back is found at once.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 200),
    # Each client has a connection of its own, so that several processes are all in use.
    ("grpc.use_local_subchannel_pool", 1),
)


class Writer:
    """Creates tickets, and writes to one that all share.

    Each write is repeated with its request_id until it is acknowledged; so at the end every write that was
    begun is an acknowledged one, and must be there once.
    """

    def __init__(self, target: str, number: int, shared_ticket: str, stop: threading.Event) -> None:
        self.tickets: dict[str, str] = {}
        """Title and id of each ticket created."""
        self.messages: list[str] = []
        self.titles: list[str] = []
        """Given to the shared ticket, one after the other."""
        self.failures: list[TicketsError] = []
        """Of calls that were repeated."""
        self.end: BaseException | None = None
        """What ended the thread, if it was not ``stop``."""
        self._number = number
        self._shared = shared_ticket
        self._stop = stop
        self._client = connect(
            target, token=token_for(Role.OPS_MANAGER, f"writer-{number}"), tls=False, channel_options=_CHANNEL_OPTIONS
        )
        self._thread = threading.Thread(target=self._run, name=f"writer-{number}")
        self._thread.start()

    @property
    def acknowledged(self) -> int:
        """How many writes so far."""
        return len(self.tickets) + len(self.messages) + len(self.titles)

    def join(self) -> None:
        """After ``stop`` was set: until the write under way is acknowledged."""
        self._thread.join(_GIVE_UP_SECONDS + 10)
        self._client.close()
        assert not self._thread.is_alive(), "a writer hangs"

    def _run(self) -> None:
        try:
            for serial in itertools.count():
                if self._stop.is_set():
                    return
                self._write(serial)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test is told
            self.end = error

    def _write(self, serial: int) -> None:
        rpc = self._client.tickets
        name, request_id = f"writer {self._number}, write {serial}", str(uuid4())
        if serial % 3 == 0:
            create = new_ticket(request_id, title=name)
            answer = self._acknowledged(lambda: rpc.CreateTicket(create, timeout=_CALL_SECONDS, wait_for_ready=True))
            self.tickets[name] = answer.ticket.id
        elif serial % 3 == 1:
            message = writes.AddMessageRequest(ticket_id=self._shared, message=name, request_id=request_id)
            self._acknowledged(lambda: rpc.AddMessage(message, timeout=_CALL_SECONDS, wait_for_ready=True))
            self.messages.append(name)
        else:
            update = retitle(self._shared, name, request_id=request_id)
            self._acknowledged(lambda: rpc.UpdateTicket(update, timeout=_CALL_SECONDS, wait_for_ready=True))
            self.titles.append(name)

    def _acknowledged(self, call: Callable[[], T]) -> T:
        give_up = time.monotonic() + _GIVE_UP_SECONDS
        while True:
            try:
                return call()
            except TicketsError as error:
                self.failures.append(error)
                if error.code not in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
                    raise
                if time.monotonic() > give_up:
                    raise


class Writing:
    """Writers at work on one ticket and on many of their own."""

    def __init__(self, target: str, database: Database, count: int) -> None:
        self._database = database
        self._stop = threading.Event()
        with database.connect() as connection:
            self.shared_ticket = insert_ticket(connection)
        self.writers: Sequence[Writer] = [
            Writer(target, number, self.shared_ticket, self._stop) for number in range(count)
        ]

    @property
    def acknowledged(self) -> int:
        """Writes of all of them so far."""
        return sum(writer.acknowledged for writer in self.writers)

    @property
    def failures(self) -> list[TicketsError]:
        """Calls that were repeated."""
        return [error for writer in self.writers for error in writer.failures]

    def go_on(self, more: int) -> None:
        """Wait until each of them has so many writes more."""
        wanted = [writer.acknowledged + more for writer in self.writers]

        def done() -> bool:
            ended = [writer.end for writer in self.writers if writer.end is not None]
            assert not ended, f"a writer ended: {ended}"
            return all(writer.acknowledged >= goal for writer, goal in zip(self.writers, wanted, strict=True))

        eventually(done, within=_GIVE_UP_SECONDS, what=f"{more} more writes of each writer")

    def stop(self) -> None:
        """Let each finish the write it is at."""
        self._stop.set()
        for writer in self.writers:
            writer.join()

    def reckon(self) -> None:
        """Every write is there once, and whole."""
        ended = [writer.end for writer in self.writers if writer.end is not None]
        assert not ended
        created = {title: ticket for writer in self.writers for title, ticket in writer.tickets.items()}
        messages = [text for writer in self.writers for text in writer.messages]
        titles = [title for writer in self.writers for title in writer.titles]
        with self._database.connect() as connection:

            def rows(statement: str) -> list[tuple[object, ...]]:
                values = {"shared": self.shared_ticket}
                return connection.execute(statement.encode(), values if "%(shared)s" in statement else None).fetchall()

            assert dict(rows("SELECT id, title FROM tickets WHERE id <> %(shared)s")) == {  # type: ignore[arg-type]
                ticket: title for title, ticket in created.items()
            }
            assert Counter(rows("SELECT message FROM ticket_messages WHERE ticket_id = %(shared)s")) == Counter(
                (text,) for text in messages
            )
            assert Counter(
                rows(
                    "SELECT payload->'new'->>'title' FROM ticket_audit"
                    " WHERE ticket_id = %(shared)s AND action = 'TICKET_UPDATED'"
                )
            ) == Counter((title,) for title in titles)
            assert rows(_HALF_WRITTEN) == []
            answers = "SELECT count(*), count(response) FROM idempotency_keys WHERE principal_id LIKE 'writer-%'"
            total = len(created) + len(messages) + len(titles)
            assert rows(answers) == [(total, total)]
        said: list[str] = []
        assert verify_chains(self._database.dsn, [], say=said.append), said


_HALF_WRITTEN = """
    WITH timeline AS (
        SELECT ticket_id, seq FROM ticket_messages
        UNION ALL
        SELECT ticket_id, seq FROM ticket_audit WHERE seq IS NOT NULL
    ), counted AS (
        SELECT ticket_id, count(*) AS rows, min(seq) AS first, max(seq) AS last, count(DISTINCT seq) AS numbers
        FROM timeline GROUP BY ticket_id
    ), published AS (
        SELECT ticket_id, count(*) AS rows, count(DISTINCT seq) AS numbers FROM outbox GROUP BY ticket_id
    )
    SELECT ticket.id, ticket.version, head.last_seq, counted, published
    FROM tickets AS ticket
    LEFT JOIN ticket_timeline_heads AS head ON head.ticket_id = ticket.id
    LEFT JOIN counted ON counted.ticket_id = ticket.id
    LEFT JOIN published ON published.ticket_id = ticket.id
    WHERE (counted.rows, counted.first, counted.last, counted.numbers, published.rows, published.numbers)
            IS DISTINCT FROM (head.last_seq, 1, head.last_seq, head.last_seq, head.last_seq, head.last_seq)
        OR ticket.version IS DISTINCT FROM (
            SELECT count(*) FROM ticket_audit AS audit
            WHERE audit.ticket_id = ticket.id AND audit.action IN ('TICKET_CREATED', 'TICKET_UPDATED')
        )
"""
"""Tickets whose numbers have a gap, whose events were not all published, or that changed without a trace."""


@contextmanager
def writing(target: str, database: Database, count: int = 6) -> Iterator[Writing]:
    """Writers at work; they are stopped at the end, if they were not before."""
    work = Writing(target, database, count)
    try:
        yield work
    finally:
        work.stop()
