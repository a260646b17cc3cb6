"""Export jobs read: progress, downloads, whose they are, and lists. SQL stands in for workers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen
from uuid import UUID, uuid4

import grpc
import psycopg
import pytest

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.v1 import export_service_pb2 as pb
from rodistaa.tickets.v1 import filter_pb2
from server.domain.attachments import DOWNLOAD_LIFETIME
from server.domain.roles import Role
from server.domain.validation import MAX_LIST_VALUES
from tests.contract.expectations import refused
from tests.contract.export_requests import SHA256, cancel, complete, fail, listed, new_job, process, read, wanted
from tests.contract.matrix import ROLES
from tests.database import Database
from tests.gateway_process import Gateway
from tests.running import Running, free_port, running

PENDING, PROCESSING = pb.EXPORT_STATUS_PENDING, pb.EXPORT_STATUS_PROCESSING
COMPLETED, FAILED, CANCELLED = pb.EXPORT_STATUS_COMPLETED, pb.EXPORT_STATUS_FAILED, pb.EXPORT_STATUS_CANCELLED
NOT_FOUND: dict[str, Any] = {"code": grpc.StatusCode.NOT_FOUND, "reason": "EXPORT_JOB_NOT_FOUND"}
DENIED: dict[str, Any] = {"code": grpc.StatusCode.PERMISSION_DENIED, "reason": "ACTION_NOT_ALLOWED"}
NOBODY = str(UUID(int=7))


@pytest.fixture
def manager(server: Running) -> TicketsClient:
    """Somebody who has no job yet."""
    return server.client(Role.OPS_MANAGER, f"exporter-{uuid4().hex[:8]}")


@pytest.fixture
def connection(server: Running) -> Iterator[psycopg.Connection]:
    with server.database.connect() as opened:
        yield opened


def test_progress_shows_and_an_estimate_with_it(manager: TicketsClient, connection: psycopg.Connection) -> None:
    job_id = new_job(manager).id
    process(connection, job_id)
    begun = read(manager, job_id)
    assert (begun.status, begun.processed_records) == (PROCESSING, 0)
    assert begun.HasField("started_at")
    assert not begun.HasField("total_records")
    assert not begun.HasField("estimated_completion_at")

    process(connection, job_id, done=250, total=1_000)
    before = datetime.now(UTC)
    half = read(manager, job_id)
    after = datetime.now(UTC)
    assert (half.processed_records, half.total_records) == (250, 1_000)
    started = half.started_at.ToDatetime(UTC)
    estimate = half.estimated_completion_at.ToDatetime(UTC)
    assert started + (before - started) * 4 <= estimate <= started + (after - started) * 4
    assert listed(manager)[0].HasField("estimated_completion_at")


def test_a_completed_job_has_a_manifest_and_a_download(manager: TicketsClient, connection: psycopg.Connection) -> None:
    job_id = new_job(manager, format=pb.EXPORT_FORMAT_JSON_LINES).id
    kept = complete(connection, job_id)
    before = datetime.now(UTC)
    job = read(manager, job_id)
    assert (job.status, job.processed_records, job.total_records) == (COMPLETED, 3, 3)
    assert (job.manifest.row_count, job.manifest.sha256, job.manifest.file_size_bytes) == (3, SHA256, 4321)
    assert job.manifest.as_of.ToDatetime(UTC).isoformat() == kept["as_of"]
    assert job.HasField("completed_at")
    assert job.HasField("expires_at")
    assert not job.HasField("estimated_completion_at")

    download = job.download
    assert (download.method, dict(download.headers)) == ("GET", {})
    url = urlsplit(download.url)
    assert url.scheme in ("http", "https")
    assert url.path.endswith(f"/exports/{job_id}/1.jsonl")
    asked = parse_qs(url.query)
    name = f"tickets-20261123T103000Z-{job_id[-8:]}.jsonl"
    assert asked["response-content-type"] == ["application/jsonl"]
    assert asked["response-content-disposition"][0].startswith("attachment")
    assert name in asked["response-content-disposition"][0]
    lifetime = download.expires_at.ToDatetime(UTC) - before
    assert DOWNLOAD_LIFETIME - timedelta(seconds=1) <= lifetime <= DOWNLOAD_LIFETIME + timedelta(seconds=10)


def test_the_download_has_the_bytes_and_the_name(database: Database, gateway: Gateway) -> None:
    """With the store's own signatures, over HTTP, as a browser would."""
    content = "id,title\n1,नमस्ते\n".encode()
    changes = {"data_dir": gateway.settings.data_dir, "files_url": gateway.url}
    with running(database, **changes) as served, database.connect() as connection:
        manager = served.client(Role.OPS_MANAGER, "exporter")
        job_id = new_job(manager).id
        complete(connection, job_id)
        gateway.store.put(f"exports/{job_id}/1.csv", [content], content_type="text/plain")
        download = read(manager, job_id).download
    request = Request(download.url, headers=dict(download.headers), method=download.method)
    with urlopen(request) as answer:
        assert answer.read() == content
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Cache-Control"] == "private, no-store"
        disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert f"tickets-20261123T103000Z-{job_id[-8:]}.csv" in disposition


def test_the_store_need_not_be_there_to_look_at_a_job(database: Database) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    changes = {"s3_endpoint": away, "s3_access_key": "somebody", "s3_secret_key": "0123456789"}
    with running(database, **changes) as served, database.connect() as connection:
        manager = served.client(Role.OPS_MANAGER, "exporter")
        job_id = new_job(manager).id
        complete(connection, job_id)
        assert read(manager, job_id).download.url.startswith(f"{away}/")


def test_a_download_ends_with_its_file(manager: TicketsClient, connection: psycopg.Connection) -> None:
    job_id = new_job(manager).id
    ends = datetime.now(UTC) + timedelta(minutes=2)
    complete(connection, job_id, expires_at=ends)
    job = read(manager, job_id)
    assert job.expires_at.ToDatetime(UTC) == ends
    assert ends - timedelta(seconds=10) < job.download.expires_at.ToDatetime(UTC) <= ends


@pytest.mark.parametrize("left", [-3600, -1, 0])
def test_an_expired_file_has_no_download_and_its_manifest_stays(
    manager: TicketsClient, connection: psycopg.Connection, left: int
) -> None:
    job_id = new_job(manager).id
    complete(connection, job_id, expires_at=datetime.now(UTC) + timedelta(seconds=left))
    job = read(manager, job_id)
    assert (job.status, job.HasField("download"), job.manifest.row_count) == (COMPLETED, False, 3)


def test_a_deleted_file_has_no_download(manager: TicketsClient, connection: psycopg.Connection) -> None:
    job_id = new_job(manager).id
    complete(connection, job_id)
    connection.execute("UPDATE ticket_export_jobs SET object_key = NULL WHERE id = %s", [job_id])
    assert not read(manager, job_id).HasField("download")


def test_lists_have_no_downloads(manager: TicketsClient, connection: psycopg.Connection) -> None:
    job_id = new_job(manager).id
    complete(connection, job_id)
    (job,) = listed(manager)
    assert (job.manifest.row_count, job.HasField("download")) == (3, False)
    expected = read(manager, job_id)
    expected.ClearField("download")
    assert job == expected


def test_why_a_job_failed_is_said_and_nothing_else_shows(
    manager: TicketsClient, connection: psycopg.Connection
) -> None:
    job_id = new_job(manager).id
    fail(connection, job_id, "The file store was away for an hour.")
    job = read(manager, job_id)
    assert (job.status, job.error_message) == (FAILED, "The file store was away for an hour.")
    assert job.HasField("completed_at")
    assert not job.HasField("manifest")

    connection.execute("UPDATE ticket_export_jobs SET status = 'pending' WHERE id = %s", [job_id])
    assert read(manager, job_id).error_message == "", "of an attempt that is not the last"


@pytest.mark.parametrize("wrong", ["", "x", "TKT-1001", NOBODY.replace("-", ""), "{" + NOBODY + "}", "a\0b", "x" * 999])
def test_what_is_no_id_is_refused(manager: TicketsClient, wrong: str) -> None:
    refused(manager.exports.GetExportJob, pb.GetExportJobRequest(id=wrong), field="id")
    refused(manager.exports.CancelExportJob, pb.CancelExportJobRequest(id=wrong), field="id")


def test_a_job_that_never_was_is_not_found(manager: TicketsClient, server: Running) -> None:
    for client in (manager, server.client(Role.ADMIN)):
        refused(client.exports.GetExportJob, pb.GetExportJobRequest(id=NOBODY), **NOT_FOUND)
        refused(client.exports.CancelExportJob, pb.CancelExportJobRequest(id=NOBODY), **NOT_FOUND)


def test_the_jobs_of_others_are_as_if_they_were_not(manager: TicketsClient, server: Running) -> None:
    job = new_job(manager)
    for role in (Role.OPS_MANAGER, Role.CEO_ONCALL):
        other = server.client(role, f"exporter-{uuid4().hex[:8]}")
        absent = refused(other.exports.GetExportJob, pb.GetExportJobRequest(id=NOBODY), **NOT_FOUND)
        found = refused(other.exports.GetExportJob, pb.GetExportJobRequest(id=job.id), **NOT_FOUND)
        assert found.message.replace(job.id, NOBODY) == absent.message
        refused(other.exports.CancelExportJob, pb.CancelExportJobRequest(id=job.id), **NOT_FOUND)
        assert listed(other) == []
    assert read(manager, job.id).status == PENDING


def test_admin_has_the_jobs_of_all(manager: TicketsClient, server: Running, connection: psycopg.Connection) -> None:
    admin = server.client(Role.ADMIN, f"exporter-{uuid4().hex[:8]}")
    theirs, mine = new_job(manager), new_job(admin)
    ids = [job.id for job in listed(admin)]
    assert ids.index(mine.id) < ids.index(theirs.id)
    complete(connection, theirs.id)
    assert read(admin, theirs.id).HasField("download")
    other = new_job(manager)
    assert cancel(admin, other.id).status == CANCELLED
    assert read(manager, other.id).status == CANCELLED


@pytest.mark.parametrize("role", ROLES)
def test_who_is_no_manager_is_refused_before_any_look_at_a_job(
    server: Running, connection: psycopg.Connection, role: str
) -> None:
    """Their own from the time when they were are no exception."""
    someone = f"exporter-{uuid4().hex[:8]}"
    job = new_job(server.client(Role.OPS_MANAGER, someone))
    complete(connection, job.id)
    client = server.client(role, someone).exports
    if role in ("ops_manager", "regional_manager", "hq_support", "ceo_oncall", "admin"):
        assert client.GetExportJob(pb.GetExportJobRequest(id=job.id)).export_job.HasField("download")
        return
    refused(client.CreateExportJob, wanted(), **DENIED)
    refused(client.ListExportJobs, pb.ListExportJobsRequest(), **DENIED)
    for job_id in (job.id, NOBODY):
        refused(client.GetExportJob, pb.GetExportJobRequest(id=job_id), **DENIED)
        refused(client.CancelExportJob, pb.CancelExportJobRequest(id=job_id), **DENIED)


@pytest.fixture
def many(manager: TicketsClient, connection: psycopg.Connection) -> list[str]:
    """Ids of 23 jobs of the manager's, newest first, several of an instant, in all states."""
    first = new_job(manager)
    connection.execute(
        """
        INSERT INTO ticket_export_jobs (requested_by_id, requested_by_role, format, status, created_at)
        SELECT requested_by_id, requested_by_role, 'csv',
            (ARRAY['pending', 'processing', 'completed', 'failed', 'cancelled'])[1 + number %% 5],
            created_at - number / 4 * interval '1 microsecond'
        FROM ticket_export_jobs, generate_series(1, 22) AS number WHERE id = %s
        """,
        [first.id],
    )
    ids = connection.execute(
        "SELECT id::text FROM ticket_export_jobs WHERE requested_by_id = %s ORDER BY created_at DESC, id DESC",
        [first.requested_by_id],
    ).fetchall()
    return [job_id for (job_id,) in ids]


@pytest.mark.parametrize("size", [1, 2, 5, 22, 23, 200])
def test_jobs_come_newest_first_each_once_whatever_the_page(manager: TicketsClient, many: list[str], size: int) -> None:
    assert [job.id for job in listed(manager, size=size)] == many


def test_only_the_states_asked_for(manager: TicketsClient, many: list[str]) -> None:
    everything = listed(manager)
    for statuses in ((COMPLETED,), (PENDING, PROCESSING), (FAILED, CANCELLED, FAILED)):
        for size in (3, 200):
            found = listed(manager, *statuses, size=size)
            assert found == [job for job in everything if job.status in statuses]
            assert found
    for wrong, field in (([0], "statuses[0]"), ([PENDING, 99], "statuses[1]"), ([PENDING] * 1_001, "statuses")):
        refused(manager.exports.ListExportJobs, pb.ListExportJobsRequest(statuses=wrong), field=field)  # type: ignore[arg-type] # no such state


def test_the_default_page_has_25(manager: TicketsClient, many: list[str], connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO ticket_export_jobs (requested_by_id, requested_by_role, status)"
        " SELECT requested_by_id, 'ops_manager', 'failed' FROM ticket_export_jobs, generate_series(1, 5)"
        " WHERE id = %s",
        [many[0]],
    )
    page = manager.exports.ListExportJobs(pb.ListExportJobsRequest())
    assert (len(page.export_jobs), bool(page.next_page_token)) == (25, True)
    for wrong in (-1, 201, 2**31 - 1):
        refused(manager.exports.ListExportJobs, pb.ListExportJobsRequest(page_size=wrong), field="page_size")


def test_a_page_token_is_for_one_list_of_one_caller(manager: TicketsClient, many: list[str], server: Running) -> None:
    rpc = manager.exports.ListExportJobs
    token = rpc(pb.ListExportJobsRequest(page_size=2)).next_page_token
    wrong: dict[str, Any] = {"reason": "PAGE_TOKEN_INVALID", "field": "page_token"}
    refused(rpc, pb.ListExportJobsRequest(page_token=token, statuses=[FAILED]), **wrong)
    refused(rpc, pb.ListExportJobsRequest(page_token=token[:-3]), **wrong)
    refused(rpc, pb.ListExportJobsRequest(page_token="WyIiXQ"), **wrong)
    refused(server.client(Role.ADMIN).exports.ListExportJobs, pb.ListExportJobsRequest(page_token=token), **wrong)
    assert [job.id for job in rpc(pb.ListExportJobsRequest(page_token=token, page_size=9)).export_jobs] == many[2:11]


def test_two_hundred_jobs_with_the_largest_filters_are_paged_too(
    manager: TicketsClient, connection: psycopg.Connection
) -> None:
    """A message may have 4 MiB, and nothing is left out."""
    where = filter_pb2.TicketFilter(franchise_ids=[f"{number:0100}" for number in range(MAX_LIST_VALUES)])
    large = new_job(manager, filter=where)
    connection.execute(
        "INSERT INTO ticket_export_jobs (requested_by_id, requested_by_role, filters, status, created_at)"
        " SELECT requested_by_id, requested_by_role, jsonb_set(filters, '{tags_any}', filters->'franchise_ids'),"
        " 'failed', created_at - number * interval '1 s'"
        " FROM ticket_export_jobs, generate_series(1, 299) AS number WHERE id = %s",
        [large.id],
    )
    found = listed(manager)
    assert len({job.id for job in found}) == len(found) == 300
    assert found == sorted(found, key=lambda job: job.created_at.ToNanoseconds(), reverse=True)
