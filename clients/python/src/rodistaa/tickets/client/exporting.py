"""Exports from end to end: ask for one, wait until it is made, get the file."""

import os
import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import grpc

from rodistaa.tickets.client.connection import TicketsClient
from rodistaa.tickets.client.errors import TicketsError
from rodistaa.tickets.client.resuming import Backoff
from rodistaa.tickets.client.transfers import TransferError, TransferOptions, Writable, receive, saving
from rodistaa.tickets.v1.attachment_pb2 import SignedRequest
from rodistaa.tickets.v1.export_service_pb2 import (
    EXPORT_STATUS_CANCELLED,
    EXPORT_STATUS_COMPLETED,
    EXPORT_STATUS_FAILED,
    CancelExportJobRequest,
    CreateExportJobRequest,
    ExportFormat,
    ExportJob,
    ExportManifest,
    ExportStatus,
    GetExportJobRequest,
)
from rodistaa.tickets.v1.filter_pb2 import TicketFilter

POLLS = Backoff(first=timedelta(milliseconds=300), longest=timedelta(seconds=2))
_PATIENCE = timedelta(minutes=5)
_CANCELLING = timedelta(seconds=5)
# The job goes on whether we can ask for it or not.
_PASSING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    }
)


class ExportEndedError(Exception):
    """The export has no file: its job FAILED, or somebody cancelled it. `job` says which, and why."""

    def __init__(self, job: ExportJob) -> None:
        status = ExportStatus.Name(job.status).removeprefix("EXPORT_STATUS_")
        super().__init__(job.error_message or f"The export is {status}.")
        self.job = job


def export_tickets(
    client: TicketsClient,
    ticket_filter: TicketFilter,
    export_format: ExportFormat.ValueType,
    *,
    include_messages: bool = False,
    request_id: str | None = None,
    on_progress: Callable[[ExportJob], None] | None = None,
    polls: Backoff = POLLS,
    patience: timedelta = _PATIENCE,
) -> ExportJob:
    """Has a file made of all tickets that match and that the caller may see; returns the job once it is COMPLETED.

    Waits as long as it takes, and asks how far it is after pauses that grow as `polls` says. `on_progress` is told of
    the job at the beginning and after each of them. A server that cannot be asked is asked again until it was away for
    `patience`. Raises ExportEndedError when the job ends without a file, and TicketsError when it is refused.

    Whatever else ends the waiting, such as KeyboardInterrupt or an error of `on_progress`, cancels the job.
    """
    request = CreateExportJobRequest(
        export_job=ExportJob(filter=ticket_filter, format=export_format, include_messages=include_messages),
        request_id=request_id or str(uuid.uuid4()),
    )
    job = client.exports.CreateExportJob(request).export_job
    try:
        return _awaited(client, job, on_progress, polls, patience)
    except ExportEndedError:
        raise
    except BaseException:
        # It may have ended meanwhile, and the server may be away: neither is what the caller has to hear of.
        with suppress(TicketsError):
            client.exports.CancelExportJob(CancelExportJobRequest(id=job.id), timeout=_CANCELLING.total_seconds())
        raise


def download_export(
    client: TicketsClient,
    job: ExportJob,
    target: str | os.PathLike[str] | Writable,
    *,
    overwrite: bool = True,
    options: TransferOptions | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> ExportManifest:
    """Gets the file of a job that is COMPLETED, and returns the manifest that its size and SHA-256 were compared with.

    `target` is a path, or anything that takes bytes. At a path a whole file appears, or nothing; FileExistsError when
    one is there and `overwrite` is not set. Other targets have had the bytes when TransferError is raised.

    A download that breaks off goes on where it did; a signed URL that has expired is replaced. The file itself is kept
    until `job.expires_at`; TransferError afterwards.
    """
    if job.status != EXPORT_STATUS_COMPLETED:
        raise ExportEndedError(job)
    options = options or TransferOptions()
    given: Iterator[SignedRequest] = iter((job.download,) if job.HasField("download") else ())

    def sign() -> SignedRequest:
        return next(given, None) or _fresh_download(client, job)

    def fetch(into: Writable) -> None:
        manifest = job.manifest
        receive(sign, into, size=manifest.file_size_bytes, sha256=manifest.sha256, options=options, on_bytes=on_bytes)

    if isinstance(target, str | os.PathLike):
        with saving(Path(target), overwrite=overwrite) as file:
            fetch(file)
    else:
        fetch(target)
    return job.manifest


def _fresh_download(client: TicketsClient, job: ExportJob) -> SignedRequest:
    now = client.exports.GetExportJob(GetExportJobRequest(id=job.id)).export_job
    if not now.HasField("download"):
        raise TransferError("The file of the export is no longer kept.")
    return now.download


def _awaited(
    client: TicketsClient,
    job: ExportJob,
    on_progress: Callable[[ExportJob], None] | None,
    polls: Backoff,
    patience: timedelta,
) -> ExportJob:
    pause = polls.first
    heard = time.monotonic()
    renewed = False
    while True:
        if on_progress is not None:
            on_progress(job)
        if job.status in {EXPORT_STATUS_FAILED, EXPORT_STATUS_CANCELLED}:
            raise ExportEndedError(job)
        # The answer to a repeated request may say COMPLETED, without the download that GetExportJob gives.
        if job.status == EXPORT_STATUS_COMPLETED and job.HasField("download"):
            return job
        time.sleep(pause.total_seconds() * random.uniform(0.75, 1.0))  # noqa: S311 - no secret
        pause = min(pause * 1.5, polls.longest)
        try:
            job = client.exports.GetExportJob(GetExportJobRequest(id=job.id)).export_job
        except TicketsError as error:
            # With a token that is made anew for each call, one that expired on its way says nothing of the next.
            expired = error.code is grpc.StatusCode.UNAUTHENTICATED and client.renews_token and not renewed
            if not expired and (error.code not in _PASSING or time.monotonic() - heard > patience.total_seconds()):
                raise
            renewed = renewed or expired
        else:
            heard = time.monotonic()
            renewed = False
            if job.status == EXPORT_STATUS_COMPLETED:
                if on_progress is not None:
                    on_progress(job)
                return job
