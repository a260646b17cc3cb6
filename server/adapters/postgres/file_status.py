"""Counts and ages of what files wait for: for gauges. Each is a look into a partial index, or its first rows."""

from datetime import timedelta
from typing import LiteralString

from server.adapters.postgres.pool import Pool
from server.application.files.file_status import COUNT_CAP, FileStatus
from server.domain.exports import UNFINISHED, ExportStatus

EXPORTS: LiteralString = """
    SELECT status, count(*), now() - min(created_at) FROM (
        SELECT status, created_at FROM ticket_export_jobs WHERE status IN ('pending', 'processing')
        ORDER BY created_at LIMIT %(cap)s
    ) AS unfinished GROUP BY status
"""
UPLOADS: LiteralString = """
    SELECT count(*) FROM (
        SELECT FROM ticket_attachments WHERE status = 'pending' ORDER BY created_at LIMIT %(cap)s
    ) AS counted
"""
# What the store did not delete is put off by an hour at most. A first attempt may be one that is just under way.
DELETIONS: LiteralString = """
    SELECT count(*),
        coalesce(max(now() - CASE WHEN attempts > 1 THEN created_at ELSE least(delete_after, now()) END), '0')
    FROM (
        SELECT attempts, created_at, delete_after FROM object_deletions WHERE delete_after <= now() + interval '1 hour'
        ORDER BY delete_after LIMIT %(cap)s
    ) AS soon
    WHERE attempts > 0 OR delete_after <= now()
"""

_NONE = timedelta(0)


class PostgresFileBooks:
    """By the database's clock."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def status(self) -> FileStatus:
        """At this moment; each count for itself."""
        cap = {"cap": COUNT_CAP}
        with self._pool.connection() as connection:
            exports = connection.execute(EXPORTS, cap).fetchall()
            ((uploads,),) = connection.execute(UPLOADS, cap).fetchall()
            ((due, overdue),) = connection.execute(DELETIONS, cap).fetchall()
        counts = dict.fromkeys(UNFINISHED, 0) | {ExportStatus(status): count for status, count, _ in exports}
        return FileStatus(
            unfinished_exports=counts,
            oldest_export=max((age for _, _, age in exports), default=_NONE),
            pending_uploads=uploads,
            due_deletions=due,
            overdue_deletions=overdue,
        )
