"""Giving an export job up."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.exports.finding import find_job
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.errors import FailedPrecondition, Reason
from server.domain.exports import UNFINISHED, ExportJob, ExportStatus
from server.domain.permissions import require_export

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class CancelExportJob:
    """ops_manager and above: one's own, and every job for admin."""

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, job_id: UUID, answer: Answer[ExportJob, A]) -> A:
        """The job, CANCELLED from now on, or since before. A worker that has it finds out at its next heartbeat.

        Raises PermissionDenied, NotFound (EXPORT_JOB_NOT_FOUND), and FailedPrecondition (EXPORT_JOB_FINISHED) for one
        that is COMPLETED or FAILED.
        """
        require_export(call.principal)
        now = self.clock()

        def body(repositories: Repositories) -> ExportJob:
            job = find_job(repositories.export_jobs.lock, call, job_id)
            if job.status in UNFINISHED:
                return repositories.export_jobs.cancel(job, now=now)
            if job.status is not ExportStatus.CANCELLED:
                raise FailedPrecondition(
                    f"Export job {job_id} is {job.status.name} and cannot be cancelled any more.",
                    reason=Reason.EXPORT_JOB_FINISHED,
                    metadata={"current_status": job.status.name},
                )
            return job

        return self.uow.answer_once(call, answer, body)
