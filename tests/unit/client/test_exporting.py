"""Waiting for exports whose server goes away, fails or is interrupted. A real one is tried in tests/e2e."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import pytest

from rodistaa.tickets.client import (
    Backoff,
    ExportEndedError,
    TicketsClient,
    TicketsError,
    TransferError,
    connect,
    download_export,
    export_tickets,
)
from rodistaa.tickets.v1.export_service_pb2 import (
    EXPORT_FORMAT_CSV,
    EXPORT_STATUS_CANCELLED,
    EXPORT_STATUS_COMPLETED,
    EXPORT_STATUS_FAILED,
    EXPORT_STATUS_PENDING,
    EXPORT_STATUS_PROCESSING,
    CancelExportJobRequest,
    CancelExportJobResponse,
    CreateExportJobRequest,
    CreateExportJobResponse,
    ExportJob,
    ExportManifest,
    GetExportJobRequest,
    GetExportJobResponse,
)
from rodistaa.tickets.v1.export_service_pb2_grpc import ExportServiceServicer, add_ExportServiceServicer_to_server
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from tests.unit.client.conftest import abort
from tests.unit.client.store import AT_ONCE, DENIED, Store, running_store, sha256

AT_ONCE_POLLS = Backoff(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=2))
CONTENT = b"id,title\r\nTKT-1,Truck did not arrive\r\n"

Step = ExportJob | Callable[[grpc.ServicerContext], None]


class ScriptedExports(ExportServiceServicer):
    """Each question after a job is answered by the next step; the last one stays."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.created: list[CreateExportJobRequest] = []
        self.cancelled: list[str] = []

    def CreateExportJob(  # noqa: N802
        self, request: CreateExportJobRequest, context: grpc.ServicerContext
    ) -> CreateExportJobResponse:
        self.created.append(request)
        return CreateExportJobResponse(export_job=ExportJob(id="job", status=EXPORT_STATUS_PENDING))

    def GetExportJob(  # noqa: N802
        self, request: GetExportJobRequest, context: grpc.ServicerContext
    ) -> GetExportJobResponse:
        assert request.id == "job"
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, ExportJob):
            return GetExportJobResponse(export_job=step)
        step(context)
        return GetExportJobResponse()

    def CancelExportJob(  # noqa: N802
        self, request: CancelExportJobRequest, context: grpc.ServicerContext
    ) -> CancelExportJobResponse:
        self.cancelled.append(request.id)
        return CancelExportJobResponse()


@pytest.fixture
def exports() -> ScriptedExports:
    return ScriptedExports()  # type: ignore[abstract]  # the rest stays UNIMPLEMENTED


@pytest.fixture
def client(exports: ScriptedExports) -> Iterator[TicketsClient]:
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    add_ExportServiceServicer_to_server(exports, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with connect(f"127.0.0.1:{port}", token="a-token", tls=False) as client:
        yield client
    server.stop(grace=None).wait()


@pytest.fixture
def store() -> Iterator[Store]:
    with running_store() as running:
        yield running


def export(client: TicketsClient, **options: Any) -> ExportJob:
    wanted = TicketFilter(tags_all=["kyc"])
    return export_tickets(client, wanted, EXPORT_FORMAT_CSV, polls=AT_ONCE_POLLS, **options)


def at(processed: int) -> ExportJob:
    return ExportJob(id="job", status=EXPORT_STATUS_PROCESSING, processed_records=processed, total_records=9)


def away(context: grpc.ServicerContext) -> None:
    # The channel is told not to try again by itself, as its attempts would hide ours.
    context.set_trailing_metadata((("grpc-retry-pushback-ms", "-1"),))
    context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")


def defect(context: grpc.ServicerContext) -> None:
    context.abort(grpc.StatusCode.INTERNAL, "Internal error.")


DONE = ExportJob(id="job", status=EXPORT_STATUS_COMPLETED, processed_records=9, total_records=9)


def test_a_job_is_followed_to_its_end_through_failures_that_pass(
    client: TicketsClient, exports: ScriptedExports
) -> None:
    exports.steps = [at(0), away, away, at(4), defect, DONE]
    seen: list[int] = []
    job = export(client, include_messages=True, on_progress=lambda each: seen.append(each.processed_records))
    assert job == DONE
    assert seen[0] == 0
    assert seen[-2:] == [4, 9]
    assert exports.cancelled == []
    (created,) = exports.created
    assert created.export_job.include_messages
    assert list(created.export_job.filter.tags_all) == ["kyc"]


@pytest.mark.parametrize("status", [EXPORT_STATUS_FAILED, EXPORT_STATUS_CANCELLED])
def test_a_job_without_a_file_is_an_error_of_its_own(
    client: TicketsClient, exports: ScriptedExports, status: Any
) -> None:
    exports.steps = [at(4), ExportJob(id="job", status=status, error_message="The file store was away.")]
    with pytest.raises(ExportEndedError, match=r"^The file store was away\.$") as failure:
        export(client)
    assert failure.value.job.status == status
    assert exports.cancelled == [], "there is nothing left to cancel"


def test_what_ends_the_waiting_cancels_the_job(client: TicketsClient, exports: ScriptedExports) -> None:
    def interrupt(job: ExportJob) -> None:
        if job.processed_records:
            raise KeyboardInterrupt

    exports.steps = [at(0), at(4)]
    with pytest.raises(KeyboardInterrupt):
        export(client, on_progress=interrupt)
    assert exports.cancelled == ["job"]


def test_patience_has_an_end(client: TicketsClient, exports: ScriptedExports) -> None:
    exports.steps = [away]
    with pytest.raises(TicketsError) as failure:
        export(client, patience=timedelta())
    assert failure.value.code is grpc.StatusCode.UNAVAILABLE
    assert exports.cancelled == ["job"]


def test_an_error_that_stays_ends_it_at_once(client: TicketsClient, exports: ScriptedExports) -> None:
    exports.steps = [
        lambda context: abort(context, grpc.StatusCode.NOT_FOUND, "No such job.", reason="EXPORT_JOB_NOT_FOUND"),
        DONE,
    ]
    with pytest.raises(TicketsError, match="EXPORT_JOB_NOT_FOUND"):
        export(client)


# --- the file -----------------------------------------------------------------------------------------


def completed(store: Store, *, signed: bool) -> ExportJob:
    job = ExportJob(
        id="job",
        status=EXPORT_STATUS_COMPLETED,
        manifest=ExportManifest(row_count=1, sha256=sha256(CONTENT), file_size_bytes=len(CONTENT)),
    )
    if signed:
        job.download.CopyFrom(store.sign("GET"))
    return job


def test_an_expired_url_is_replaced_by_asking_for_the_job(
    client: TicketsClient, exports: ScriptedExports, store: Store
) -> None:
    old, new = completed(store, signed=True), completed(store, signed=True)
    exports.steps = [new]
    store.answers = [lambda asking: asking.reply(403, DENIED), lambda asking: asking.reply(200, CONTENT)]
    into = io.BytesIO()
    assert download_export(client, old, into, options=AT_ONCE) == old.manifest
    assert into.getvalue() == CONTENT
    assert [each.path[-1] for each in store.asked] == ["1", "2"]


def test_a_file_that_is_no_longer_kept_is_said(client: TicketsClient, exports: ScriptedExports, store: Store) -> None:
    job = completed(store, signed=False)
    exports.steps = [job]
    with pytest.raises(TransferError, match="no longer kept"):
        download_export(client, job, io.BytesIO(), options=AT_ONCE)


def test_an_unfinished_job_has_no_file(client: TicketsClient) -> None:
    with pytest.raises(ExportEndedError, match="PROCESSING"):
        download_export(client, at(4), io.BytesIO())
