"""Tickets by the million: the history of a busy marketplace, for benchmarks and for trying things at scale."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any

import psycopg
from psycopg import sql
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from server.seed.loader import Loaded, Loader, may_bypass_triggers
from server.seed.report import SeedReport
from server.seed.staff import add_staff, load_staff

BATCH = 10_000
"""Tickets of one transaction: about a second's work."""
PERIOD = timedelta(days=180)
"""The first ticket of a run was created that long ago, the last one just now."""
_LOADED_TABLES = ("tickets", "ticket_audit", "ticket_timeline_heads", "ticket_messages", "staff_members")
"""The big ones first."""


@dataclass(frozen=True, slots=True)
class _Run:
    first: int
    """Number of the run's first ticket; all numbers from it on are the run's own."""
    tickets: int
    now: datetime

    def batches(self) -> Iterator[range]:
        end = self.first + self.tickets
        return (range(start, min(start + BATCH, end)) for start in range(self.first, end, BATCH))

    def parameters(self) -> dict[str, Any]:
        return {
            "origin": self.first,
            "begin": self.now - PERIOD,
            "step": PERIOD / max(1, self.tickets),
            "now": self.now,
        }


def seed_load(
    dsn: str,
    tickets: int,
    *,
    progress: bool,
    seed_number: int = 1,
    now: datetime | None = None,
    connections: int | None = None,
) -> SeedReport:
    """Add that many tickets, each with its audit entry, a fifth of them with a message.

    The database generates them: numbers ascend with created_at over the last PERIOD before ``now`` (default: this
    moment), and the same numbers and ``seed_number`` give the same tickets but for their dates, under one major version
    of PostgreSQL. A ticket comes in its present state, which its TICKET_CREATED entry holds whole; nothing goes
    to the outbox, since loaded history is not news that anyone should be told.

    Each batch is one transaction, and indexes stay in place: it may run beside a live service, be interrupted at any
    moment and be run again for more. Numbers that an interrupted run had reserved are not used again.

    ``dsn`` names the owner of the tables, directly, not through a pooler. Where that role may set
    session_replication_role, triggers are bypassed and their work done set-wise. Elsewhere they run: several times
    slower, and the audit then names the loader and the moment of loading instead of the creator and created_at.
    """
    started = time.monotonic()
    members = load_staff()
    with psycopg.connect(dsn, autocommit=True) as connection:
        staff = add_staff(connection, members)
        run = _Run(_reserve_numbers(connection, tickets), tickets, now or datetime.now(UTC))
        bypass_triggers = may_bypass_triggers(connection)
        loader = Loader(
            dsn,
            members,
            seed_number=seed_number,
            parameters=run.parameters(),
            bypass_triggers=bypass_triggers,
        )
        with _bar(tickets, shown=progress) as advance:
            loaded = _load(loader, run, connections or _connections(), advance)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda table: _analyse(dsn, table), _LOADED_TABLES))
    return SeedReport(
        tickets=loaded.tickets,
        messages=loaded.messages,
        # Adding a message is audited too.
        audit_entries=loaded.tickets + loaded.messages,
        staff=staff,
        seconds=time.monotonic() - started,
        dated_as_told=bypass_triggers,
    )


def _load(loader: Loader, run: _Run, connections: int, advance: Callable[[int], None]) -> Loaded:
    """All batches of the run. When one fails, or on Ctrl-C, the others finish the batch in hand and stop."""
    batches: SimpleQueue[range] = SimpleQueue()
    for batch in run.batches():
        batches.put(batch)
    stopping = Event()

    def work() -> Loaded:
        done = Loaded()
        with loader.session() as session:
            while not stopping.is_set():
                try:
                    numbers = batches.get_nowait()
                except Empty:
                    break
                loaded = session.load(numbers)
                done += loaded
                advance(loaded.tickets)
        return done

    with ThreadPoolExecutor(connections, thread_name_prefix="seed") as pool:
        workers = [pool.submit(work) for _ in range(connections)]
        try:
            return sum((worker.result() for worker in as_completed(workers)), start=Loaded())
        finally:
            stopping.set()


def _analyse(dsn: str, table: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier("public", table)))


def _reserve_numbers(connection: psycopg.Connection, count: int) -> int:
    """Take that many consecutive ticket numbers off the sequence; return the first."""
    with connection.transaction():
        # Changes nothing, but holds off every nextval() until the transaction ends, which no LOCK does on a sequence.
        connection.execute("ALTER SEQUENCE public.ticket_number_seq OWNED BY public.tickets.id")
        row = connection.execute(
            """
            SELECT setval('public.ticket_number_seq', first + greatest(%s::bigint, 1) - 1), first
            FROM (SELECT nextval('public.ticket_number_seq') AS first)
            """,
            [count],
        ).fetchone()
    if row is None:
        raise RuntimeError("a SELECT without FROM gave no row")
    return int(row[1])


def _connections() -> int:
    """One for each core that we may use, as long as the database is likely to have as many."""
    return max(2, min(4, len(os.sched_getaffinity(0))))


@contextmanager
def _bar(total: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, or none; gives the function that moves it, callable from any thread."""
    columns = (TextColumn("tickets"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), disable=not shown) as bar:
        task = bar.add_task("tickets", total=total)
        yield lambda tickets: bar.advance(task, tickets)
