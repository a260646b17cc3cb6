"""Workers killed at any point of an export: another finishes it, once, with one object that its manifest describes."""

import random
from functools import partial
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr

from server.adapters.postgres.deletion_queue import PostgresDeletionQueue
from server.application.object_store import ObjectStore
from server.files import open_store
from server.settings import Settings
from tests.database import Database
from tests.integration.exports.desk import ExportDesk, csv_rows, json_rows, sessions_of
from tests.minio_process import MinioProcess
from tests.waiting import eventually
from tests.worker_processes import CeleryProcess, CeleryProcesses, StartCelery

TICKETS = 30_000
FILL = """
    INSERT INTO tickets (title, description, created_by_id, created_by_role, version)
    SELECT 'Payment not received', repeat('The shipper has not paid. ', 20), 'shipper-1', 'shipper', 1
    FROM generate_series(1, %s)
"""


class Killing:
    """One job at a time, and a worker that is killed at a moment of it."""

    def __init__(self, desk: ExportDesk, processes: CeleryProcesses, settings: dict[str, str]) -> None:
        self.desk = desk
        self._processes = processes
        self._settings = settings
        self._dice = random.Random(20_261_123)

    def worker(self) -> CeleryProcess:
        worker = self._processes.worker("exports", concurrency=1, **self._settings)
        eventually(lambda: "ready" in worker.log or worker.children(), within=60, what="a worker")
        return worker

    def round(self, kind: str, *, times: int) -> UUID:
        """Ask, kill the workers that take it up at random moments, and let the next one finish it."""
        job = self.desk.ask(kind)
        for attempt in range(1, times + 1):
            worker = self.worker()
            eventually(partial(self._is_at, job, attempt), within=60, what=f"attempt {attempt}")
            self._some_moment(job)
            worker.kill()
            if self.desk.job(job)["status"] == "completed":
                return job
            self.desk.lapse(job)
        last = self.worker()
        eventually(lambda: self.desk.job(job)["status"] == "completed", within=90, what="the finished job")
        last.stop()
        return job

    def attempts(self, job: UUID) -> int:
        return int(self.desk.job(job)["attempts"])

    def _is_at(self, job: UUID, attempt: int) -> bool:
        return self.attempts(job) == attempt

    def _some_moment(self, job: UUID) -> None:
        """From right after the claim to just before the end: nobody tells a worker's progress more finely than its
        queries, so let it run for some of them."""
        for _ in range(self._dice.choice((0, 1, 3, 10, 30, 60, 100, 150, 250))):
            self.desk.job(job)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind_of_store", ["local", "minio"])
def test_a_killed_worker_leaves_one_job_and_one_object(
    database: Database,
    celery_processes: StartCelery,
    tmp_path: Path,
    kind_of_store: str,
    request: pytest.FixtureRequest,
) -> None:
    of_store: dict[str, str] = {}
    if kind_of_store == "minio":
        minio: MinioProcess = request.getfixturevalue("minio")
        of_store = {**minio.settings(), "TICKETS_S3_BUCKET": f"killed-{tmp_path.name[-20:].replace('_', '-')}"}
    settings = Settings(
        data_dir=tmp_path,
        database_url=SecretStr(database.dsn),
        **{name.removeprefix("TICKETS_").lower(): value for name, value in of_store.items()},  # type: ignore[arg-type]
    )
    store = open_store(settings)
    store.check(create_bucket=True)
    processes = celery_processes(database)
    lower = {name.removeprefix("TICKETS_").lower(): value for name, value in of_store.items()}
    with database.connect() as connection, sessions_of(database.dsn) as sessions:
        connection.execute("SET session_replication_role = replica")
        connection.execute(FILL, [TICKETS])
        connection.execute("SET session_replication_role = origin")
        killing = Killing(ExportDesk(connection, sessions, store, tmp_path / "scratch"), processes, lower)
        jobs = {killing.round(kind, times=times): kind for kind, times in (("csv", 3), ("jsonl", 2), ("xlsx", 1))}
        for job, kind in jobs.items():
            content = killing.desk.file(job)
            if kind != "xlsx":
                rows = csv_rows(content) if kind == "csv" else json_rows(content)
                assert len({row["id"] for row in rows}) == len(rows) == TICKETS
        assert len(killing.desk.notices()) == len(jobs)
        attempts = sum(killing.attempts(job) for job in jobs)
        assert attempts > len(jobs), "no worker was killed in time"
        sweep(connection, PostgresDeletionQueue(sessions), store)
        kept = {killing.desk.job(job)["object_key"] for job in jobs}
        written = {f"exports/{job}/{number}.{kind}" for job, kind in jobs.items() for number in range(1, 9)}
        assert {key for key in written if store.stat(key) is not None} == kept
        if kind_of_store == "local":
            left = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
            assert len([path for path in left if path.stat().st_size > 10_000]) == len(jobs), left


def sweep(connection: psycopg.Connection, deletions: PostgresDeletionQueue, store: ObjectStore) -> None:
    """What the hour after the last heartbeat would bring."""
    connection.execute("UPDATE object_deletions SET delete_after = now()")
    while deletions.delete_due(store.delete, limit=20) != (0, 0):
        pass
