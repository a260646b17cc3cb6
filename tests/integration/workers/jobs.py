"""The jobs of the scratch app, as a test sees them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.database import Database
from tests.integration.workers.scratch import GATE, TABLE
from tests.waiting import eventually


@dataclass(frozen=True)
class Jobs:
    """The table of the scratch app."""

    database: Database

    def create(self) -> None:
        """None yet."""
        with self.database.connect() as connection:
            connection.execute(TABLE)

    def add(self, work: str, count: int = 1, *, delay: str = "0 s") -> None:
        """Jobs that are due after the delay."""
        with self.database.connect() as connection:
            connection.execute(
                "INSERT INTO jobs (work, due_at) SELECT %s, now() + %s::interval FROM generate_series(1, %s)",
                [work, delay, count],
            )

    def left(self, work: str) -> int:
        """How many are not done."""
        return self._count("SELECT count(*) FROM jobs WHERE work = %s AND done_at IS NULL", work)

    def turns(self, work: str) -> int:
        """How often a task has begun with it."""
        return self._count("SELECT count(*) FROM turns WHERE work = %s", work)

    def wait_done(self, work: str, *, within: float = 30) -> None:
        """Until all of them are done, each of them once."""
        eventually(lambda: self.left(work) == 0, within=within, what=f"all of {work}")
        assert self._count("SELECT coalesce(max(done_times), 0) FROM jobs WHERE work = %s", work) <= 1

    def wait_begun(self, work: str, turns: int = 1) -> None:
        """Until a task has begun so many times."""
        eventually(lambda: self.turns(work) >= turns, within=30, what=f"a turn of {work}")

    def wait_hanging(self) -> None:
        """Until a task waits at the gate."""
        waiting = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        eventually(lambda: self._count(waiting, GATE) > 0, within=30, what="a task that hangs")

    @contextmanager
    def gate_shut(self) -> Iterator[None]:
        """What is gated hangs in this context."""
        with self.database.connect() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [GATE])
            yield

    def _count(self, query: str, parameter: object) -> int:
        with self.database.connect() as connection:
            row = connection.execute(query, [parameter]).fetchone()
            assert row is not None
            return int(row[0])
