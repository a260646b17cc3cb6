"""Finding an export job for somebody who asks for it."""

from collections.abc import Callable
from uuid import UUID

from server.application.call import Call
from server.domain.errors import NotFound, Reason
from server.domain.exports import ExportJob
from server.domain.permissions import may_see_export_of


def find_job(find: Callable[[UUID], ExportJob | None], call: Call, job_id: UUID) -> ExportJob:
    """The job that ``find``, a repository's ``get`` or ``lock``, has of that id.

    Raises NotFound when there is none, and no other when it is somebody else's.
    """
    job = find(job_id)
    if job is None or not may_see_export_of(call.principal, job.requested_by_id):
        raise NotFound(f"Export job {job_id} was not found.", reason=Reason.EXPORT_JOB_NOT_FOUND)
    return job
