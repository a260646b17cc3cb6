"""Asking for exports by SQL, making them, and reading the files."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from server.adapters.exporting.workbooks import XlsxWorkbooks
from server.adapters.postgres.export_queue import PostgresExportQueue
from server.adapters.postgres.export_source import PostgresExportSource
from server.adapters.postgres.filter_json import filter_to_json
from server.adapters.postgres.pool import open_pool
from server.adapters.postgres.sessions import Sessions
from server.application.exports.export_source import ExportSource
from server.application.exports.run_export import Outcome, RunExport
from server.application.exports.write_file import WriteFile
from server.application.object_store import ObjectStore
from server.domain.filters import TicketFilter
from tests.integration.postgres.rows import insert

KEPT = timedelta(hours=72)


@contextmanager
def sessions_of(dsn: str, *, session_settings: bool = True) -> Iterator[Sessions]:
    pool = open_pool(dsn, min_size=0, max_size=4, wait_seconds=10, prepare_statements=session_settings)
    try:
        yield Sessions(pool, session_settings=session_settings, default_timeout_ms=30_000)
    finally:
        pool.close()


@dataclass
class ExportDesk:
    """One worker's use case, and whoever asks for files."""

    connection: psycopg.Connection
    sessions: Sessions
    store: ObjectStore
    scratch: Path
    source: ExportSource = field(init=False)

    def __post_init__(self) -> None:
        self.source = PostgresExportSource(self.sessions)

    @property
    def queue(self) -> PostgresExportQueue:
        return PostgresExportQueue(self.sessions)

    def ask(self, kind: str = "csv", where: TicketFilter | None = None, **columns: Any) -> UUID:
        row = insert(
            self.connection,
            "ticket_export_jobs",
            **{
                "requested_by_id": "manager-1",
                "requested_by_role": "ops_manager",
                "format": kind,
                "filters": Jsonb(filter_to_json(where or TicketFilter())),
                **columns,
            },
        )
        return UUID(str(row["id"]))

    def worker(self, store: ObjectStore | None = None) -> RunExport:
        writer = WriteFile(XlsxWorkbooks(self.scratch))
        return RunExport(self.queue, self.source, store or self.store, writer, keep_for=KEPT)

    def run(self, store: ObjectStore | None = None) -> Outcome:
        outcome = self.worker(store)()
        assert outcome is not None
        return outcome

    def made(self, kind: str = "csv", where: TicketFilter | None = None, **columns: Any) -> bytes:
        """Ask, make, and read the file, which its manifest describes."""
        job = self.ask(kind, where, **columns)
        outcome = self.run()
        assert outcome.failure is None, outcome.failure
        assert outcome.job.id == job
        return self.file(job)

    def file(self, job: UUID) -> bytes:
        row = self.job(job)
        assert row["status"] == "completed", row
        content = self.content(row["object_key"])
        manifest = row["manifest"]
        assert manifest["sha256"] == hashlib.sha256(content).hexdigest()
        assert manifest["file_size_bytes"] == len(content)
        assert manifest["row_count"] == row["processed_records"] == row["total_records"]
        return content

    def content(self, key: str) -> bytes:
        with self.store.open(key) as chunks:
            return b"".join(chunks)

    def job(self, job: UUID) -> dict[str, Any]:
        cursor = self.connection.cursor(row_factory=psycopg.rows.dict_row)
        row = cursor.execute("SELECT * FROM ticket_export_jobs WHERE id = %s", [job]).fetchone()
        assert row is not None
        return row

    def notices(self) -> list[tuple[str, str, str]]:
        query = "SELECT user_id, title, body FROM notifications WHERE kind = 'EXPORT_FINISHED' ORDER BY id"
        return self.connection.execute(query).fetchall()

    def to_delete(self) -> list[str]:
        return [key for (key,) in self.connection.execute("SELECT object_key FROM object_deletions ORDER BY 1")]

    def lapse(self, job: UUID) -> None:
        """As when the worker was not heard of for a lease."""
        self.connection.execute("UPDATE ticket_export_jobs SET lease_until = now() WHERE id = %s", [job])

    def due(self, job: UUID) -> None:
        """As when the wait before the next attempt is over."""
        self.connection.execute("UPDATE ticket_export_jobs SET next_attempt_at = now() WHERE id = %s", [job])


def csv_rows(content: bytes) -> list[dict[str, str]]:
    """Records by column."""
    text = content.decode()
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def json_rows(content: bytes) -> list[dict[str, Any]]:
    """One object a line."""
    assert content == b"" or content.endswith(b"\n")
    return [json.loads(line) for line in content.split(b"\n")[:-1]]
