"""Export jobs as workers see them. See ``ExportQueue``."""

from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import bindparam, select
from sqlalchemy.types import Uuid

from server.adapters.postgres.export_job_repository import EXPORT_COLUMNS, manifest_to_json, to_export_job
from server.adapters.postgres.pool import Connection
from server.adapters.postgres.sessions import Session, Sessions
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import ticket_export_jobs
from server.application.call import Call
from server.domain.exports import (
    LEASE,
    LEFT_BEHIND,
    MAX_ATTEMPTS,
    ExportJob,
    ExportManifest,
    back_off,
    object_key_of,
)
from server.domain.principal import SYSTEM

CLAIMABLE: LiteralString = """status IN ('pending', 'processing') AND CASE status
        WHEN 'pending' THEN next_attempt_at <= now() ELSE coalesce(lease_until <= now(), true)
    END"""
"""Jobs to be begun, and those whose worker was not heard of for a lease."""
# Whoever has no job under way comes before those who have, then the longest wait counts. There are few unfinished jobs.
_NEXT: LiteralString = f"""
    SELECT id, attempts, requested_by_id FROM ticket_export_jobs AS job
    WHERE {CLAIMABLE}
    ORDER BY EXISTS (
        SELECT FROM ticket_export_jobs AS other
        WHERE other.requested_by_id = job.requested_by_id AND other.status = 'processing' AND other.lease_until > now()
    ), created_at
    LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - constants of this module
_TAKE: LiteralString = """
    UPDATE ticket_export_jobs
    SET status = 'processing', attempts = attempts + 1, lease_until = now() + %(lease)s, started_at = now(),
        processed_records = 0, total_records = NULL
    WHERE id = %(id)s
"""
_WRITTEN: LiteralString = """
    INSERT INTO object_deletions (object_key, delete_after) VALUES (%(key)s, now() + %(left_behind)s)
    ON CONFLICT (object_key) DO UPDATE SET delete_after = excluded.delete_after
"""
# Once its deletion was tried nobody may keep an object (see ``deletion_queue``): the attempt is lost, then.
_NOT_CONDEMNED: LiteralString = "object_key = %(key)s AND attempts = 0"
_OURS: LiteralString = "id = %(id)s AND attempts = %(attempts)s AND status = 'processing'"
# The object's row before the job's, as in ``complete``.
_HEARTBEAT: LiteralString = f"""
    WITH written AS (
        UPDATE object_deletions SET delete_after = now() + %(left_behind)s
        WHERE {_NOT_CONDEMNED} AND EXISTS (SELECT FROM ticket_export_jobs WHERE {_OURS}) RETURNING 1
    ), job AS (
        UPDATE ticket_export_jobs
        SET lease_until = now() + %(lease)s, processed_records = %(processed)s, total_records = %(total)s
        WHERE {_OURS} AND EXISTS (SELECT FROM written) RETURNING 1
    )
    SELECT EXISTS (SELECT FROM job)
"""  # noqa: S608 - constants of this module
_COMPLETE: LiteralString = f"""
    UPDATE ticket_export_jobs
    SET status = 'completed', object_key = %(key)s, manifest = %(manifest)s, processed_records = %(processed)s,
        total_records = %(processed)s, completed_at = now(), expires_at = now() + %(keep_for)s, lease_until = NULL
    WHERE {_OURS}
"""  # noqa: S608 - as above
_STILL_THERE: LiteralString = f"SELECT FROM object_deletions WHERE {_NOT_CONDEMNED} FOR UPDATE"
_KEEP: LiteralString = "DELETE FROM object_deletions WHERE object_key = %(key)s"
_PUT_BACK: LiteralString = f"""
    UPDATE ticket_export_jobs
    SET status = 'pending', next_attempt_at = now() + %(wait)s, lease_until = NULL, started_at = NULL,
        processed_records = 0, total_records = NULL
    WHERE {_OURS}
"""  # noqa: S608 - as above
_GIVE_UP: LiteralString = """
    UPDATE ticket_export_jobs
    SET status = 'failed', error_message = %(message)s, completed_at = now(), lease_until = NULL WHERE id = %(id)s
"""
_FAIL: LiteralString = f"{_GIVE_UP} AND {_OURS}"
_TELL: LiteralString = """
    INSERT INTO notifications (user_id, kind, title, body, for_staff)
    VALUES (%(user_id)s, 'EXPORT_FINISHED', %(title)s, %(body)s, true)
"""
_EXPIRE: LiteralString = """
    WITH due AS (
        SELECT id, object_key FROM ticket_export_jobs WHERE object_key IS NOT NULL AND expires_at <= now()
        ORDER BY expires_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), expired AS (
        UPDATE ticket_export_jobs AS job SET object_key = NULL FROM due WHERE job.id = due.id
    )
    INSERT INTO object_deletions (object_key) SELECT object_key FROM due
    ON CONFLICT (object_key) DO UPDATE SET delete_after = excluded.delete_after
"""
_JOB = Statement(select(*EXPORT_COLUMNS).where(ticket_export_jobs.c.id == bindparam("id", type_=Uuid())))

WORN_OUT = "It was tried {attempts} times, and could not be finished. Ask for it again, or for less at a time."


@dataclass(frozen=True, slots=True)
class PostgresExportQueue:
    """See ``ExportQueue``."""

    sessions: Sessions

    def claim(self) -> ExportJob | None:
        while True:
            with self.sessions.transaction(Call(SYSTEM)) as session:
                found = session.connection.execute(_NEXT).fetchone()
                if found is None:
                    return None
                job_id, attempts, requested_by = found
                if attempts >= MAX_ATTEMPTS:
                    # Its last worker died: nobody else will say so.
                    message = WORN_OUT.format(attempts=attempts)
                    session.connection.execute(_GIVE_UP, {"id": job_id, "message": message})
                    _tell_failed(session.connection, job_id, requested_by, message)
                    continue
                taken = self._take(session, job_id, attempts + 1)
            if isinstance(taken, Exception):
                raise taken  # now that it is written down
            return taken

    def _take(self, session: Session, job_id: UUID, attempt: int) -> ExportJob | Exception:
        """The job, or why its row cannot be read: it waits for somebody who can, and holds up no others."""
        session.connection.execute(_TAKE, {"id": job_id, "lease": LEASE})
        try:
            job = self._read(session, job_id)
        except psycopg.Error:
            raise
        except Exception as error:  # noqa: BLE001 - whatever somebody has written there
            session.connection.execute(_PUT_BACK, {"id": job_id, "attempts": attempt, "wait": back_off(attempt)})
            return error
        session.connection.execute(_WRITTEN, _written_by(job))
        return job

    def heartbeat(self, job: ExportJob, *, processed: int, total: int | None) -> bool:
        values = {**_attempt(job), **_written_by(job), "lease": LEASE, "processed": processed, "total": total}
        with self.sessions.transaction(Call(SYSTEM)) as session:
            row = session.connection.execute(_HEARTBEAT, values).fetchone()
        return row is not None and bool(row[0])

    def complete(self, job: ExportJob, manifest: ExportManifest, *, keep_for: timedelta) -> bool:
        values = {
            **_attempt(job),
            **_written_by(job),
            "manifest": Jsonb(manifest_to_json(manifest)),
            "processed": manifest.row_count,
            "keep_for": keep_for,
        }
        with self.sessions.transaction(Call(SYSTEM)) as session:
            connection = session.connection
            # From here on no sweep takes the object, and one that was faster has left its mark.
            if connection.execute(_STILL_THERE, values).fetchone() is None:
                return False
            if connection.execute(_COMPLETE, values).rowcount == 0:
                return False
            connection.execute(_KEEP, values)
            title = f"Your export of {manifest.row_count:,} tickets is ready"
            body = f"Kept for {_in_words(keep_for)}. Job {job.id}."
            connection.execute(_TELL, {"user_id": job.requested_by_id, "title": title, "body": body})
        return True

    def put_back(self, job: ExportJob, *, wait: timedelta) -> bool:
        if job.attempts >= MAX_ATTEMPTS:
            return self.fail(job, WORN_OUT.format(attempts=job.attempts))
        with self.sessions.transaction(Call(SYSTEM)) as session:
            return session.connection.execute(_PUT_BACK, {**_attempt(job), "wait": wait}).rowcount == 1

    def fail(self, job: ExportJob, message: str) -> bool:
        with self.sessions.transaction(Call(SYSTEM)) as session:
            return _fail(session.connection, job, message)

    def expire(self, *, limit: int) -> int:
        with self.sessions.transaction(Call(SYSTEM)) as session:
            return session.connection.execute(_EXPIRE, {"limit": limit}).rowcount

    def _read(self, session: Session, job_id: object) -> ExportJob:
        row = session.first(_JOB, {"id": job_id})
        if row is None:
            raise LookupError(f"export job {job_id} was locked and is gone")
        return to_export_job(row)


def _attempt(job: ExportJob) -> dict[str, object]:
    return {"id": job.id, "attempts": job.attempts}


def _written_by(job: ExportJob) -> dict[str, object]:
    return {"key": object_key_of(job.id, job.attempts, job.format), "left_behind": LEFT_BEHIND}


def _fail(connection: Connection, job: ExportJob, message: str) -> bool:
    if connection.execute(_FAIL, {**_attempt(job), "message": message}).rowcount == 0:
        return False
    _tell_failed(connection, job.id, job.requested_by_id, message)
    return True


def _tell_failed(connection: Connection, job_id: UUID, requested_by: str, message: str) -> None:
    told = {"user_id": requested_by, "title": "Your export failed", "body": f"{message} Job {job_id}."}
    connection.execute(_TELL, told)


def _in_words(span: timedelta) -> str:
    hours = max(1, round(span.total_seconds() / 3600))
    return f"{hours // 24} days" if hours % 24 == 0 and hours > 24 else f"{hours} hours" if hours > 1 else "1 hour"
