"""The port to jobs as workers see them: a queue in the database, with leases."""

from datetime import timedelta
from typing import Protocol

from server.domain.exports import ExportJob, ExportManifest


class ExportQueue(Protocol):
    """A worker that has claimed a job owns it as long as its attempt is the latest and the job is PROCESSING.
    For ``heartbeat`` and ``complete`` ownership also ends when somebody begins to delete what the attempt stores.

    All methods but ``claim`` and ``expire`` return whether the worker still owned the job; if not, they change
    nothing. Raises Unavailable while the database is away.
    """

    def claim(self) -> ExportJob | None:
        """The job that waits longest: PENDING and due, or of a worker that was not heard of for a lease. Those of
        people who have none under way go first.

        It is PROCESSING, its attempt counted. What the attempt stores, under ``object_key_of``, will be deleted an hour
        after its last heartbeat unless ``complete`` succeeds. A job whose attempts are used up is made FAILED, and
        passed over. For one that cannot be read what was wrong with it is raised, after it was put back.
        """

    def heartbeat(self, job: ExportJob, *, processed: int, total: int | None) -> bool:
        """Keep the lease, and write down how far it is."""

    def complete(self, job: ExportJob, manifest: ExportManifest, *, keep_for: timedelta) -> bool:
        """COMPLETED, the object kept for so long, the requester told."""

    def put_back(self, job: ExportJob, *, wait: timedelta) -> bool:
        """PENDING again, or FAILED after the last attempt and the requester told."""

    def fail(self, job: ExportJob, message: str) -> bool:
        """FAILED, the requester told; ``message`` is for people."""

    def expire(self, *, limit: int) -> int:
        """Give up at most so many files that are past their time; how many it were."""
