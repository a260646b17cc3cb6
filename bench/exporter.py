"""A worker's export in a process of its own, which is told when to begin and tells what it took."""

import multiprocessing
import time
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from server.adapters.exporting.workbooks import XlsxWorkbooks
from server.adapters.objectstore.local import LocalStore
from server.adapters.objectstore.signing import Signer
from server.adapters.postgres.export_queue import PostgresExportQueue
from server.adapters.postgres.export_source import PostgresExportSource
from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.application.exports.run_export import RunExport
from server.application.exports.write_file import WriteFile

_ASK = """
    INSERT INTO ticket_export_jobs (requested_by_id, requested_by_role, format) VALUES ('bench', 'ops_manager', %s)
"""


@dataclass(frozen=True, slots=True)
class Made:
    """One file."""

    seconds: float
    """From taking the job up to its end."""
    rows: int
    megabytes: float
    """Of the file, 10^6 bytes."""
    growth_mib: float
    """How much more memory the process had at its most than before."""


class Exporter:
    """A context manager: it ends the process. One small export has been made in it before the first that counts."""

    def __init__(self, dsn: str, small: str, directory: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, dsn, small, directory), daemon=True)
        self._process.start()
        theirs.close()

    def make(self, kind: str) -> Made:
        """Ask for a file of all tickets, and wait for it."""
        self.begin(kind)
        return self.end()

    def begin(self, kind: str) -> None:
        """Ask for it."""
        self._pipe.send(kind)

    def end(self) -> Made:
        """Wait for what was begun."""
        made: Made = self._pipe.recv()
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join()


def _work(pipe: Connection, dsn: str, small: str, directory: Path) -> None:
    _make(small, "csv", directory)
    while True:
        try:
            kind = pipe.recv()
        except EOFError:
            return
        pipe.send(_make(dsn, kind, directory))


def _make(dsn: str, kind: str, directory: Path) -> Made:
    pool = open_pool(dsn, min_size=2, max_size=4, wait_seconds=10, prepare_statements=True)
    store = LocalStore(directory / "files", Signer("bench", "bench", "us-east-1"), "bench", "http://127.0.0.1")
    sessions = Sessions(pool, session_settings=True, default_timeout_ms=30_000)
    export = RunExport(
        PostgresExportQueue(sessions),
        PostgresExportSource(sessions),
        store,
        WriteFile(XlsxWorkbooks(directory / "workbooks")),
        keep_for=timedelta(hours=1),
    )
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("DELETE FROM ticket_export_jobs")
            connection.execute(_ASK, [kind])
        pool.wait()
        Path("/proc/self/clear_refs").write_text("5")  # the highest mark of memory begins anew
        before, begun = _kibibytes("VmRSS"), time.perf_counter()
        outcome = export()
        seconds, most = time.perf_counter() - begun, _kibibytes("VmHWM")
        if outcome is None or outcome.manifest is None:
            raise RuntimeError(f"no file was made: {outcome}")
        manifest = outcome.manifest
        store.delete(f"exports/{outcome.job.id}/{outcome.job.attempts}.{kind}")
        return Made(seconds, manifest.row_count, manifest.file_size_bytes / 1e6, (most - before) / 1024)
    finally:
        pool.close()


def _kibibytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
