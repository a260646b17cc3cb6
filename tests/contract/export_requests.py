"""Valid, fully set requests to ExportService, and jobs as workers would have left them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from google.protobuf.message import Message

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.v1 import export_service_pb2 as exports
from rodistaa.tickets.v1 import filter_pb2

OFFERED = (
    "ExportService/CreateExportJob",
    "ExportService/GetExportJob",
    "ExportService/ListExportJobs",
    "ExportService/CancelExportJob",
)
SHA256 = "0123456789abcdef" * 4


def wanted(**fields: Any) -> exports.CreateExportJobRequest:
    """For a CSV of all tickets, save for what is given."""
    return exports.CreateExportJobRequest(
        export_job=exports.ExportJob(**{"format": exports.EXPORT_FORMAT_CSV, **fields})
    )


def read(client: TicketsClient, job_id: str) -> exports.ExportJob:
    """The job as it is now."""
    return client.exports.GetExportJob(exports.GetExportJobRequest(id=job_id)).export_job


def cancel(client: TicketsClient, job_id: str) -> exports.ExportJob:
    """The job, given up."""
    return client.exports.CancelExportJob(exports.CancelExportJobRequest(id=job_id)).export_job


def listed(
    client: TicketsClient, *statuses: exports.ExportStatus.ValueType, size: int = 200
) -> list[exports.ExportJob]:
    """All that the client gets listed, in pages of a size."""
    found: list[exports.ExportJob] = []
    request = exports.ListExportJobsRequest(statuses=statuses, page_size=size)
    while True:
        page = client.exports.ListExportJobs(request)
        assert len(page.export_jobs) <= size
        found += page.export_jobs
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


def new_job(client: TicketsClient, **fields: Any) -> exports.ExportJob:
    """A job of the client's, PENDING."""
    return client.exports.CreateExportJob(wanted(**fields)).export_job


def make_room(client: TicketsClient, user_id: str) -> None:
    """One person may have 5 unfinished jobs, and nobody works on these."""
    for job in listed(client, exports.EXPORT_STATUS_PENDING, exports.EXPORT_STATUS_PROCESSING):
        if job.requested_by_id == user_id:  # admin sees those of others too
            cancel(client, job.id)


def process(connection: psycopg.Connection, job_id: str, *, done: int = 0, total: int | None = None) -> None:
    """A worker has taken it up, ten seconds ago."""
    connection.execute(
        "UPDATE ticket_export_jobs SET status = 'processing', attempts = attempts + 1, processed_records = %s,"
        " total_records = %s, started_at = now() - interval '10 s', lease_until = now() + interval '30 s'"
        " WHERE id = %s",
        [done, total, job_id],
    )


def complete(connection: psycopg.Connection, job_id: str, *, expires_at: datetime | None = None) -> dict[str, Any]:
    """A worker has made a file of three tickets; the manifest as stored."""
    as_of = datetime(2026, 11, 23, 10, 30, 0, 123456, tzinfo=UTC)
    manifest = {"row_count": 3, "sha256": SHA256, "as_of": as_of.isoformat(), "file_size_bytes": 4321}
    process(connection, job_id, done=3, total=3)
    connection.execute(
        "UPDATE ticket_export_jobs SET status = 'completed', manifest = %s, completed_at = now(), lease_until = NULL,"
        " object_key = 'exports/' || id || '/1.' || format, expires_at = %s WHERE id = %s",
        [json.dumps(manifest), expires_at or datetime.now(UTC) + timedelta(days=7), job_id],
    )
    return manifest


def fail(connection: psycopg.Connection, job_id: str, message: str) -> None:
    """A worker has given it up."""
    process(connection, job_id)
    connection.execute(
        "UPDATE ticket_export_jobs SET status = 'failed', error_message = %s, completed_at = now(), lease_until = NULL"
        " WHERE id = %s",
        [message, job_id],
    )


def valid_requests(admin: TicketsClient, admin_id: str, where: filter_pb2.TicketFilter) -> dict[str, Message]:
    """By ``Service/Method``, in the order of OFFERED."""
    make_room(admin, admin_id)
    wanted = exports.ExportJob(filter=where, format=exports.EXPORT_FORMAT_XLSX, include_messages=True)
    return {
        "ExportService/CreateExportJob": exports.CreateExportJobRequest(export_job=wanted),
        "ExportService/GetExportJob": exports.GetExportJobRequest(id=new_job(admin).id),
        "ExportService/ListExportJobs": exports.ListExportJobsRequest(
            statuses=[exports.EXPORT_STATUS_PENDING, exports.EXPORT_STATUS_COMPLETED], page_size=10
        ),
        "ExportService/CancelExportJob": exports.CancelExportJobRequest(id=new_job(admin).id),
    }
