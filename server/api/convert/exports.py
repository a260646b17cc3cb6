"""Export jobs."""

from datetime import datetime
from uuid import UUID

from rodistaa.tickets.v1 import export_service_pb2 as pb
from server.api.convert.enums import EnumPair
from server.api.convert.filters import from_filter, to_filter
from server.api.convert.page_tokens import PageToken, fitting
from server.api.convert.positions import from_position
from server.api.convert.signed_requests import from_signed_request
from server.api.convert.values import set_timestamp
from server.application.exports.create_export_job import NewExport
from server.application.exports.get_export_job import ExportJobView
from server.application.exports.list_export_jobs import ExportJobPage, position_of
from server.domain.exports import ExportFormat, ExportJob, ExportManifest, ExportStatus, estimated_completion
from server.domain.validation import Checker

_FORMAT = EnumPair(pb.ExportFormat, "EXPORT_FORMAT_", ExportFormat)
_STATUS = EnumPair(pb.ExportStatus, "EXPORT_STATUS_", ExportStatus)


def from_job(job: ExportJob, *, seen_at: datetime | None = None) -> pb.ExportJob:
    """A job without its download; with an estimate of its end when it was seen at an instant."""
    wire = pb.ExportJob(
        id=str(job.id),
        requested_by_id=job.requested_by_id,
        filter=from_filter(job.filter),
        format=_FORMAT.to_wire[job.format],
        status=_STATUS.to_wire[job.status],
        processed_records=job.processed_records,
        total_records=job.total_records,
        error_message=(job.error_message or "") if job.status is ExportStatus.FAILED else "",
        include_messages=job.include_messages,
    )
    estimate = None if seen_at is None else estimated_completion(job, now=seen_at)
    for target, moment in (
        (wire.created_at, job.created_at),
        (wire.started_at, job.started_at),
        (wire.completed_at, job.completed_at),
        (wire.expires_at, job.expires_at),
        (wire.estimated_completion_at, estimate),
    ):
        if moment is not None:
            set_timestamp(target, moment)
    if job.status is ExportStatus.COMPLETED and job.manifest is not None:
        wire.manifest.CopyFrom(_from_manifest(job.manifest))
    return wire


def _from_manifest(manifest: ExportManifest) -> pb.ExportManifest:
    wire = pb.ExportManifest(
        row_count=manifest.row_count, sha256=manifest.sha256, file_size_bytes=manifest.file_size_bytes
    )
    set_timestamp(wire.as_of, manifest.as_of)
    return wire


def from_view(view: ExportJobView) -> pb.ExportJob:
    """A job with its download."""
    wire = from_job(view.job, seen_at=view.seen_at)
    if view.download is not None:
        wire.download.CopyFrom(from_signed_request(view.download))
    return wire


def to_new_export(request: pb.CreateExportJobRequest) -> NewExport:
    """What is asked for; what else the job of the request holds is not read."""
    check, wire = Checker(), request.export_job
    if not request.HasField("export_job"):
        check.fail("export_job", "is required")
        check.done()
    new = NewExport(
        filter=to_filter(check, "export_job.filter", wire.filter),
        format=_FORMAT.required(check, "export_job.format", wire.format, ExportFormat.CSV),
        include_messages=wire.include_messages,
    )
    check.done()
    return new


def to_job_id(request: pb.GetExportJobRequest | pb.CancelExportJobRequest) -> UUID:
    """Which job is meant."""
    check = Checker()
    job_id = check.uuid("id", request.id)
    check.done()
    return job_id


def to_jobs_query(request: pb.ListExportJobsRequest) -> tuple[tuple[ExportStatus, ...], int]:
    """Jobs in which states, and how many of them."""
    check = Checker()
    statuses = _STATUS.many(check, "statuses", request.statuses)
    limit = check.page_size("page_size", request.page_size)
    check.done()
    return statuses, limit


def jobs_response(page: ExportJobPage, token: PageToken) -> pb.ListExportJobsResponse:
    """The jobs that fit into one message: a filter may be large."""
    jobs = fitting(from_job(job, seen_at=page.seen_at) for job in page.jobs)
    following = position_of(page.jobs[len(jobs) - 1]) if len(jobs) < len(page.jobs) else page.next
    return pb.ListExportJobsResponse(export_jobs=jobs, next_page_token=token.write(from_position(following)))
