"""Works that a test can watch, over a table of jobs, run by the workers' own machinery.

As `celery --app tests.integration.workers.scratch:app` these are workers and beats like any other.
"""

from __future__ import annotations

from datetime import timedelta

from server.adapters.postgres.pool import open_pool
from server.settings import Settings
from workers.factory import assemble
from workers.logs import own_logs
from workers.work import Step, Work

TABLE = """
    CREATE TABLE jobs (
        id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        work text NOT NULL,
        due_at timestamptz NOT NULL DEFAULT now(),
        done_at timestamptz,
        done_times int NOT NULL DEFAULT 0
    );
    CREATE TABLE turns (work text, pid int DEFAULT pg_backend_pid(), began_at timestamptz DEFAULT now());
"""
GATE = 4711
"""The advisory lock that `email.gated` waits for: a provider that hangs for as long as a test holds it."""

QUICK, GATED, FAILING, RARE = "sla.quick", "email.gated", "sla.failing", "housekeeping.rare"
NOBODY_CALLS = "outbox.nobody_calls"
"""Beat alone finds it."""

_TAKE = """
    UPDATE jobs SET done_at = clock_timestamp(), done_times = done_times + 1
    WHERE id IN (
        SELECT id FROM jobs WHERE work = %s AND done_at IS NULL AND due_at <= clock_timestamp()
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""
_DUE = "SELECT DISTINCT work FROM jobs WHERE done_at IS NULL AND due_at <= now() AND work <> %s"


class Scratch:
    """The use cases."""

    def __init__(self, settings: Settings) -> None:
        self._pool = open_pool(
            settings.database_url.get_secret_value(), min_size=0, max_size=2, wait_seconds=2, prepare_statements=True
        )

    def doing(self, work: str) -> Step:
        def step(limit: int) -> int:
            with self._pool.connection() as connection:
                connection.execute("INSERT INTO turns (work) VALUES (%s)", [work])
                with connection.transaction():
                    done = connection.execute(_TAKE, [work, limit]).rowcount
                    if work == GATED and done:
                        connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [GATE])
                    if work == FAILING and done:
                        raise RuntimeError("a defect of the test's own")
            return done

        return step

    def due(self) -> frozenset[str]:
        with self._pool.connection() as connection:
            return frozenset(work for (work,) in connection.execute(_DUE, [NOBODY_CALLS]).fetchall())


def _work(name: str, seconds: float) -> Work[Scratch]:
    return Work(name, name.partition(".")[0], timedelta(seconds=seconds), 10, lambda uses: uses.doing(name))


settings = Settings()
own_logs(settings)
works = [_work(QUICK, 3600), _work(GATED, 3600), _work(FAILING, 3600), _work(RARE, 3600), _work(NOBODY_CALLS, 1)]
app = assemble(settings, works, lambda: Scratch(settings), lambda: Scratch(settings))
