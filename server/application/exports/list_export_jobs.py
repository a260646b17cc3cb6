"""Listing export jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.application.call import Call
from server.application.clock import Clock
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.exports import ExportJob, ExportStatus
from server.domain.permissions import require_export, sees_all_exports

Position = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class ExportJobPage:
    """Jobs, newest first, as they are at an instant, and the creation and id after which the next page begins."""

    jobs: list[ExportJob]
    seen_at: datetime
    next: Position | None


def position_of(job: ExportJob) -> Position:
    """Where a page ends that ends with it."""
    return job.created_at, job.id


@dataclass(frozen=True, slots=True)
class ListExportJobs:
    """ops_manager and above: one's own, and everybody's for admin."""

    uow: UnitOfWork
    clock: Clock

    def __call__(
        self, call: Call, statuses: Sequence[ExportStatus], *, after: Position | None, limit: int
    ) -> ExportJobPage:
        """One page, of all states when none is named. Raises PermissionDenied."""
        require_export(call.principal)
        requested_by = None if sees_all_exports(call.principal) else call.principal.user_id

        def body(repositories: Repositories) -> ExportJobPage:
            found = repositories.export_jobs.page(requested_by, statuses, after=after, limit=limit + 1)
            page = found[:limit]
            return ExportJobPage(page, self.clock(), position_of(page[-1]) if len(found) > limit else None)

        return self.uow.read(call, body)
