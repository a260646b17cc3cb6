"""Looking how far a job is, and where its file can be had."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from server.application.call import Call
from server.application.clock import Clock
from server.application.exports.finding import find_job
from server.application.object_store import ObjectStore, SignedRequest
from server.application.unit_of_work import UnitOfWork
from server.domain.attachments import DOWNLOAD_LIFETIME
from server.domain.exports import MEDIA_TYPES, ExportJob, ExportStatus, file_name_of
from server.domain.permissions import require_export

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ExportJobView:
    """A job at an instant."""

    job: ExportJob
    seen_at: datetime
    download: SignedRequest | None


@dataclass(frozen=True, slots=True)
class GetExportJob:
    """ops_manager and above: one's own, and every job for admin."""

    uow: UnitOfWork
    clock: Clock
    store: ObjectStore

    def __call__(self, call: Call, job_id: UUID) -> ExportJobView:
        """The job, with a download of at most DOWNLOAD_LIFETIME while it has a file, and never beyond that.

        Raises PermissionDenied, NotFound (EXPORT_JOB_NOT_FOUND). The store is not asked, so it need not be there.
        """
        require_export(call.principal)
        job = self.uow.read(call, lambda repositories: find_job(repositories.export_jobs.get, call, job_id))
        now = self.clock()
        return ExportJobView(job, now, self._download(job, now))

    def _download(self, job: ExportJob, now: datetime) -> SignedRequest | None:
        if job.status is not ExportStatus.COMPLETED or job.manifest is None:
            return None
        if job.object_key is None or job.expires_at is None:
            return None
        lifetime = min(DOWNLOAD_LIFETIME, (job.expires_at - now) // _SECOND * _SECOND)
        if lifetime < _SECOND:
            return None
        return self.store.sign_download(
            job.object_key,
            file_name=file_name_of(job, job.manifest.as_of),
            content_type=MEDIA_TYPES[job.format],
            now=now,
            lifetime=lifetime,
        )
