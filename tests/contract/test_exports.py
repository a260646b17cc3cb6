"""Export jobs as those who ask for them see them. Where a worker would have been at work, SQL stands in for it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import grpc
import psycopg
import pytest
from google.protobuf.message import Message

from rodistaa.tickets.client import TicketsClient, TicketsError
from rodistaa.tickets.v1 import attachment_pb2, filter_pb2
from rodistaa.tickets.v1 import export_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_pb2 as t
from server.domain.exports import MAX_UNFINISHED_JOBS
from server.domain.roles import Role
from tests.contract.expectations import refused, rows
from tests.contract.export_requests import cancel, complete, fail, listed, new_job, process, read, wanted
from tests.contract.requests import full_filter, moment
from tests.integration.postgres.transaction_pooler import TransactionPooler
from tests.running import Running, StartServer, running
from tests.waiting import eventually

PENDING, PROCESSING = pb.EXPORT_STATUS_PENDING, pb.EXPORT_STATUS_PROCESSING
COMPLETED, FAILED, CANCELLED = pb.EXPORT_STATUS_COMPLETED, pb.EXPORT_STATUS_FAILED, pb.EXPORT_STATUS_CANCELLED
NOT_FOUND: dict[str, Any] = {"code": grpc.StatusCode.NOT_FOUND, "reason": "EXPORT_JOB_NOT_FOUND"}
TOO_MANY: dict[str, Any] = {"code": grpc.StatusCode.FAILED_PRECONDITION, "reason": "TOO_MANY_EXPORT_JOBS"}
FINISHED: dict[str, Any] = {"code": grpc.StatusCode.FAILED_PRECONDITION, "reason": "EXPORT_JOB_FINISHED"}
REUSED: dict[str, Any] = {"code": grpc.StatusCode.ALREADY_EXISTS, "reason": "REQUEST_ID_REUSED"}


@pytest.fixture
def manager(server: Running) -> TicketsClient:
    """Somebody who has no job yet."""
    return server.client(Role.OPS_MANAGER, f"exporter-{uuid4().hex[:8]}")


@pytest.fixture
def connection(server: Running) -> Iterator[psycopg.Connection]:
    with server.database.connect() as opened:
        yield opened


def test_a_job_comes_back_as_asked_for(manager: TicketsClient, server: Running) -> None:
    asked_at = datetime.now(UTC)
    job = new_job(manager, filter=full_filter(), format=pb.EXPORT_FORMAT_XLSX, include_messages=True)
    assert str(UUID(job.id)) == job.id
    assert (job.format, job.include_messages, job.status) == (pb.EXPORT_FORMAT_XLSX, True, PENDING)
    assert job.filter == full_filter()
    assert asked_at <= job.created_at.ToDatetime(UTC) <= datetime.now(UTC)
    assert (job.processed_records, job.error_message) == (0, "")
    for absent in (
        "total_records",
        "started_at",
        "completed_at",
        "expires_at",
        "manifest",
        "download",
        "estimated_completion_at",
    ):
        assert not job.HasField(absent), absent
    assert read(manager, job.id) == job
    assert listed(manager) == [job]


def test_the_least_that_a_job_needs_is_its_format(manager: TicketsClient) -> None:
    """Then it is about all tickets, without their messages."""
    job = new_job(manager)
    assert (job.filter, job.include_messages) == (filter_pb2.TicketFilter(), False)


@pytest.mark.parametrize("kind", [pb.EXPORT_FORMAT_CSV, pb.EXPORT_FORMAT_JSON_LINES, pb.EXPORT_FORMAT_XLSX])
def test_every_format_is_taken(manager: TicketsClient, kind: pb.ExportFormat.ValueType) -> None:
    assert read(manager, new_job(manager, format=kind).id).format == kind


@pytest.mark.parametrize(
    "where",
    [
        filter_pb2.TicketFilter(unassigned=True),
        filter_pb2.TicketFilter(sensitive=True),
        filter_pb2.TicketFilter(created=filter_pb2.TimeRange()),
        filter_pb2.TicketFilter(created=filter_pb2.TimeRange(start=moment(2026)), due=filter_pb2.TimeRange()),
        filter_pb2.TicketFilter(updated=filter_pb2.TimeRange(end=moment(2026))),
        filter_pb2.TicketFilter(text='नहीं -payment or "a b" \' ; -- %s'),
        filter_pb2.TicketFilter(tags_any=["क्‍ष", "👨‍👩‍👧", "\\u0000", "{}"]),
        filter_pb2.TicketFilter(statuses=t.TicketStatus.values()[1:], owner_roles=t.Role.values()[1:]),
    ],
    ids=str,
)
def test_a_filter_survives_being_kept(manager: TicketsClient, where: filter_pb2.TicketFilter) -> None:
    assert read(manager, new_job(manager, filter=where).id).filter == where


def test_what_only_the_server_says_is_not_read(manager: TicketsClient) -> None:
    strange = pb.ExportJob(
        id="\0 is no UUID",
        requested_by_id="somebody-else",
        format=pb.EXPORT_FORMAT_CSV,
        status=COMPLETED,
        processed_records=-1,
        total_records=-1,
        error_message="\0",
        manifest=pb.ExportManifest(row_count=-1, sha256="\0"),
        download=attachment_pb2.SignedRequest(url="https://example.com"),
    )
    for name in ("created_at", "started_at", "completed_at", "expires_at", "estimated_completion_at"):
        getattr(strange, name).seconds = 2**62
    job = manager.exports.CreateExportJob(pb.CreateExportJobRequest(export_job=strange)).export_job
    assert str(UUID(job.id)) == job.id
    assert job.created_at.ToDatetime(UTC) <= datetime.now(UTC)
    assert (job.status, job.processed_records, job.error_message) == (PENDING, 0, "")
    assert job.requested_by_id.startswith("exporter-")
    assert not job.HasField("manifest")
    assert not job.HasField("download")


def test_the_job_keeps_the_rights_of_the_request(server: Running, connection: psycopg.Connection) -> None:
    someone = f"exporter-{uuid4().hex[:8]}"
    job = new_job(server.client(Role.REGIONAL_MANAGER, someone, ("FR-002", "FR-001")))
    kept = connection.execute(
        "SELECT requested_by_id, requested_by_role, requested_by_franchise_ids FROM ticket_export_jobs WHERE id = %s",
        [job.id],
    ).fetchone()
    assert kept == (someone, "regional_manager", ["FR-001", "FR-002"])


def test_a_wrong_request_is_refused_field_by_field_and_leaves_nothing(manager: TicketsClient, server: Running) -> None:
    create = manager.exports.CreateExportJob
    before = rows(server.database)
    refused(create, pb.CreateExportJobRequest(), field="export_job")
    refused(create, pb.CreateExportJobRequest(export_job=pb.ExportJob()), field="export_job.format")
    for number in (4, 99, -1, 2**31 - 1):
        refused(create, wanted(format=number), field="export_job.format")
    for where, field in (
        (filter_pb2.TicketFilter(owner_id="a\0b"), "owner_id"),
        (filter_pb2.TicketFilter(text="a\0b"), "text"),
        (filter_pb2.TicketFilter(tags_any=["fine", "\x01x"]), "tags_any[1]"),
        (filter_pb2.TicketFilter(statuses=[t.TICKET_STATUS_NEW, 99]), "statuses[1]"),  # type: ignore[list-item] # no such state
        (filter_pb2.TicketFilter(linked_id="BKG-1"), "linked_id"),
        (filter_pb2.TicketFilter(created=filter_pb2.TimeRange(start=moment(1999))), "created.start"),
        (
            filter_pb2.TicketFilter(due=filter_pb2.TimeRange(start=moment(2027), end=moment(2026))),
            "due.end",
        ),
        (filter_pb2.TicketFilter(franchise_ids=[f"FR-{number}" for number in range(1_001)]), "franchise_ids"),
    ):
        refused(create, wanted(filter=where), field=f"export_job.filter.{field}")
    request = wanted()
    request.request_id = "once"
    refused(create, request, field="request_id")
    assert rows(server.database) == before


def test_a_lone_surrogate_is_refused(manager: TicketsClient) -> None:
    payload = wanted(filter=filter_pb2.TicketFilter(owner_id="qqq")).SerializeToString()
    rpc: Any = manager.channel.unary_unary("/rodistaa.tickets.v1.ExportService/CreateExportJob")
    with pytest.raises(TicketsError) as caught:
        rpc(payload.replace(b"qqq", b"\xed\xa0\x80"))
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT


def test_a_sixth_unfinished_job_is_refused_until_one_ends(
    manager: TicketsClient, connection: psycopg.Connection
) -> None:
    jobs = [new_job(manager) for _ in range(MAX_UNFINISHED_JOBS)]
    process(connection, jobs[0].id)
    error = refused(manager.exports.CreateExportJob, wanted(), **TOO_MANY)
    assert error.metadata["limit"] == str(MAX_UNFINISHED_JOBS) == "5"
    assert len(listed(manager)) == 5, "refused, and yet it is there"

    complete(connection, jobs[0].id)
    new_job(manager)
    refused(manager.exports.CreateExportJob, wanted(), **TOO_MANY)
    cancel(manager, jobs[1].id)
    new_job(manager)
    refused(manager.exports.CreateExportJob, wanted(), **TOO_MANY)
    fail(connection, jobs[2].id, "The store was away.")
    new_job(manager)


def test_the_jobs_of_others_do_not_count(manager: TicketsClient, server: Running) -> None:
    for _ in range(MAX_UNFINISHED_JOBS):
        new_job(manager)
    new_job(server.client(Role.OPS_MANAGER, f"exporter-{uuid4().hex[:8]}"))


def test_a_repeated_request_is_answered_though_there_are_too_many(manager: TicketsClient) -> None:
    request = wanted()
    request.request_id = str(uuid4())
    first = manager.exports.CreateExportJob(request)
    for _ in range(MAX_UNFINISHED_JOBS - 1):
        new_job(manager)
    assert manager.exports.CreateExportJob(request) == first
    assert len(listed(manager)) == MAX_UNFINISHED_JOBS


def at_once(call: Callable[[int], object], times: int) -> list[str]:
    """The reasons of refusals, and OK, of that many calls at the same moment."""
    start = Barrier(times)

    def run(number: int) -> str:
        start.wait()
        try:
            call(number)
        except TicketsError as error:
            return f"{error.code.name} {error.reason}"
        return "OK"

    with ThreadPoolExecutor(times) as pool:
        return sorted(pool.map(run, range(times)))


def test_twenty_at_once_make_five_jobs(manager: TicketsClient) -> None:
    outcomes = at_once(lambda _: new_job(manager), 20)
    assert outcomes == ["FAILED_PRECONDITION TOO_MANY_EXPORT_JOBS"] * 15 + ["OK"] * 5
    assert len(listed(manager)) == 5


def test_twenty_at_once_over_two_processes_make_five_jobs(server_processes: StartServer, database: Any) -> None:
    served = [Running(process.target, database) for process in (server_processes(), server_processes())]
    try:
        clients = [each.client(Role.OPS_MANAGER, "exporter") for each in served]
        for client in clients:
            client.exports.ListExportJobs(pb.ListExportJobsRequest(), wait_for_ready=True, timeout=60)
        outcomes = at_once(lambda number: new_job(clients[number % 2]), 20)
        assert outcomes == ["FAILED_PRECONDITION TOO_MANY_EXPORT_JOBS"] * 15 + ["OK"] * 5
        assert len(listed(clients[0])) == 5
    finally:
        for each in served:
            each.close()


def test_behind_a_transaction_pooler_twenty_at_once_make_five_jobs_too(database: Any) -> None:
    """The lock that they queue for ends with the transaction, not with the session."""
    pooler = TransactionPooler(database.dsn, 4)
    try:
        with running(database, database_url=pooler.dsn, database_transaction_pooling=True) as served:
            client = served.client(Role.OPS_MANAGER, "exporter")
            assert at_once(lambda _: new_job(client), 20).count("OK") == 5
            assert len(listed(client)) == 5
        assert pooler.left_behind == set()
    finally:
        pooler.close()


def test_the_same_request_twenty_times_at_once_is_one_job(manager: TicketsClient) -> None:
    request = wanted()
    request.request_id = str(uuid4())
    ids = set()
    outcomes = at_once(lambda _: ids.add(manager.exports.CreateExportJob(request).export_job.id), 20)
    assert outcomes == ["OK"] * 20
    assert [job.id for job in listed(manager)] == list(ids)


def test_a_request_id_is_for_one_request(manager: TicketsClient, server: Running) -> None:
    request = wanted()
    request.request_id = str(uuid4())
    job = manager.exports.CreateExportJob(request).export_job
    request.export_job.include_messages = True
    refused(manager.exports.CreateExportJob, request, **REUSED)
    refused(
        manager.exports.CancelExportJob, pb.CancelExportJobRequest(id=job.id, request_id=request.request_id), **REUSED
    )
    request.export_job.include_messages = False
    other = server.client(Role.REGIONAL_MANAGER, job.requested_by_id)
    refused(other.exports.CreateExportJob, request, **REUSED)


def test_an_unfinished_job_is_cancelled_at_once(manager: TicketsClient, connection: psycopg.Connection) -> None:
    waiting, running_job = new_job(manager), new_job(manager)
    process(connection, running_job.id, done=5, total=9)
    cancelled = waiting
    for job in (waiting, running_job):
        before = datetime.now(UTC)
        cancelled = cancel(manager, job.id)
        assert cancelled.status == CANCELLED
        assert before <= cancelled.completed_at.ToDatetime(UTC) <= datetime.now(UTC)
        assert (cancelled.error_message, cancelled.HasField("download")) == ("", False)
        assert read(manager, job.id) == cancelled
    assert (cancelled.processed_records, cancelled.total_records) == (5, 9), "how far it came"
    leases = connection.execute(
        "SELECT count(lease_until) FROM ticket_export_jobs WHERE id = ANY(%s::uuid[])", [[waiting.id, running_job.id]]
    ).fetchone()
    assert leases == (0,)


def test_cancelling_again_is_no_error_and_changes_nothing(manager: TicketsClient) -> None:
    job = cancel(manager, new_job(manager).id)
    assert cancel(manager, job.id) == job


def test_a_finished_job_cannot_be_cancelled(manager: TicketsClient, connection: psycopg.Connection) -> None:
    made, failed = new_job(manager).id, new_job(manager).id
    complete(connection, made)
    fail(connection, failed, "It was too much.")
    for job_id, name in ((made, "COMPLETED"), (failed, "FAILED")):
        before = read(manager, job_id)
        error = refused(manager.exports.CancelExportJob, pb.CancelExportJobRequest(id=job_id), **FINISHED)
        assert error.metadata["current_status"] == name
        assert name in error.message
        after = read(manager, job_id)
        for job in (before, after):
            job.ClearField("download")
        assert after == before


def test_a_repeated_cancellation_gives_the_first_answer(manager: TicketsClient, connection: psycopg.Connection) -> None:
    request = pb.CancelExportJobRequest(id=new_job(manager).id, request_id=str(uuid4()))
    first = manager.exports.CancelExportJob(request)
    complete(connection, request.id)
    assert manager.exports.CancelExportJob(request) == first
    request.id = new_job(manager).id
    refused(manager.exports.CancelExportJob, request, **REUSED)


def test_twenty_cancel_at_once_and_a_job_ends_once(manager: TicketsClient) -> None:
    job_id = new_job(manager).id
    answers: list[Message] = []
    assert at_once(lambda _: answers.append(cancel(manager, job_id)), 20) == ["OK"] * 20
    assert all(answer == answers[0] for answer in answers), "one completed_at"


def somebody_waits(connection: psycopg.Connection) -> Any:
    """For a row that this connection has locked."""
    query = "SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    return connection.execute(query).fetchone()


def test_a_job_that_a_worker_finishes_meanwhile_is_not_cancelled(
    manager: TicketsClient, connection: psycopg.Connection
) -> None:
    """The cancellation waits for the row, and then sees what became of it."""
    job_id = new_job(manager).id
    with ThreadPoolExecutor(1) as pool:
        with connection.transaction():
            complete(connection, job_id)
            late = pool.submit(cancel, manager, job_id)
            eventually(lambda: somebody_waits(connection))
        with pytest.raises(TicketsError) as caught:
            late.result()
    assert caught.value.reason == "EXPORT_JOB_FINISHED"
    assert read(manager, job_id).status == COMPLETED


def test_a_deadline_that_passes_while_a_job_is_locked_leaves_nothing(
    manager: TicketsClient, connection: psycopg.Connection
) -> None:
    job_id = new_job(manager).id
    request = pb.CancelExportJobRequest(id=job_id, request_id=str(uuid4()))
    with connection.transaction():
        connection.execute("SELECT FROM ticket_export_jobs WHERE id = %s FOR UPDATE", [job_id])
        with pytest.raises(TicketsError) as caught:
            manager.exports.CancelExportJob(request, timeout=0.3)
        assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
        eventually(lambda: not somebody_waits(connection))
    assert read(manager, job_id).status == PENDING
    assert manager.exports.CancelExportJob(request).export_job.status == CANCELLED, "its request_id is free"


def test_without_a_token_nothing_is_said(server: Running) -> None:
    with grpc.insecure_channel(server.target) as channel:
        rpc: Any = channel.unary_unary("/rodistaa.tickets.v1.ExportService/GetExportJob")
        with pytest.raises(grpc.RpcError) as caught:
            rpc(b"\xff")
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
