"""Asking for a file with tickets."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.errors import FailedPrecondition, Reason
from server.domain.exports import MAX_UNFINISHED_JOBS, ExportFormat, ExportJob, ExportStatus
from server.domain.filters import TicketFilter
from server.domain.permissions import require_export

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class NewExport:
    """What somebody wants in a file."""

    filter: TicketFilter
    format: ExportFormat
    include_messages: bool


@dataclass(frozen=True, slots=True)
class CreateExportJob:
    """ops_manager and above. The job keeps the rights of this moment: they decide what its file holds."""

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, new: NewExport, answer: Answer[ExportJob, A]) -> A:
        """The job, PENDING. Raises PermissionDenied, and FailedPrecondition (TOO_MANY_EXPORT_JOBS) when the caller has
        MAX_UNFINISHED_JOBS: never more, however many calls come at once."""
        require_export(call.principal)
        job = ExportJob(
            id=uuid4(),
            requested_by_id=call.principal.user_id,
            requested_by_role=call.principal.role,
            requested_by_franchise_ids=call.principal.franchise_ids,
            filter=new.filter,
            format=new.format,
            include_messages=new.include_messages,
            status=ExportStatus.PENDING,
            object_key=None,
            manifest=None,
            error_message=None,
            total_records=None,
            processed_records=0,
            attempts=0,
            created_at=self.clock(),
            started_at=None,
            completed_at=None,
            expires_at=None,
        )

        def body(repositories: Repositories) -> ExportJob:
            if repositories.export_jobs.count_unfinished(job.requested_by_id) >= MAX_UNFINISHED_JOBS:
                raise FailedPrecondition(
                    f"You have {MAX_UNFINISHED_JOBS} unfinished export jobs. Wait for one to end, or cancel one.",
                    reason=Reason.TOO_MANY_EXPORT_JOBS,
                    metadata={"limit": str(MAX_UNFINISHED_JOBS)},
                )
            return repositories.export_jobs.add(job)

        return self.uow.answer_once(call, answer, body)
