"""`tickets export` against everything that `tickets up` starts."""

import csv
import hashlib
import io
import json
import os
import pty
import re
import signal
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from rodistaa.tickets.client import (
    TicketsClient,
    connect,
    download_export,
    export_tickets,
    iterate_pages,
)
from rodistaa.tickets.v1 import export_service_pb2 as exports
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from rodistaa.tickets.v1.ticket_pb2 import LINKED_TYPE_BOOKING, TICKET_PRIORITY_CRITICAL, TICKET_PRIORITY_HIGH
from rodistaa.tickets.v1.ticket_reads_pb2 import ListTicketsRequest
from server.embedded.address import running_database_url
from tests.e2e.commands import PATIENCE, Person
from tests.e2e.test_front_door import Running, instances
from tests.waiting import eventually

SUMMARY = re.compile(
    r"^(?P<name>.+): (?P<count>[\d,]+) tickets? as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ,"
    r" (?P<size>[\d,]+) bytes, SHA-256 (?P<sha256>[0-9a-f]{64})\n$"
)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with instances() as make:
        instance: Running = make()
        instance.start()
        yield instance


@pytest.fixture(scope="module")
def token(running: Running) -> str:
    return running.token("ops_manager")


@pytest.fixture
def person(running: Running, token: str, tmp_path: Path) -> Person:
    return Person(running, token, tmp_path)


@pytest.fixture
def client(running: Running, token: str) -> Iterator[TicketsClient]:
    with connect(f"127.0.0.1:{running.port}", token=token, tls=False) as client:
        yield client


def ids_of(client: TicketsClient, wanted: TicketFilter) -> list[str]:
    pages = iterate_pages(client.tickets.ListTickets, ListTicketsRequest(filter=wanted, order_by="created_at desc"))
    return [ticket.id for page in pages for ticket in page.tickets]


def check(summary: str, file: Path, rows: int) -> None:
    """The summary is true of the file."""
    told = SUMMARY.match(summary)
    assert told is not None, summary
    content = file.read_bytes()
    assert told["name"] == file.name
    assert int(told["count"].replace(",", "")) == rows
    assert int(told["size"].replace(",", "")) == len(content)
    assert told["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_file_holds_what_the_list_shows_and_is_what_the_summary_says(person: Person, client: TicketsClient) -> None:
    status, out, err = person.run("export", "--out", "all.csv")
    assert (status, err.splitlines()[0].split(":")[0]) == (0, "waiting for a worker"), err
    file = person.directory / "all.csv"
    with file.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["id"] for row in rows] == ids_of(client, TicketFilter())
    check(out, file, len(rows))
    assert [each.name for each in person.directory.iterdir()] == ["all.csv"], "nothing is left beside it"


def test_every_kind_of_condition_reaches_the_filter(person: Person, client: TicketsClient) -> None:
    wanted = TicketFilter(
        priorities=[TICKET_PRIORITY_HIGH, TICKET_PRIORITY_CRITICAL],
        linked_type=LINKED_TYPE_BOOKING,
        linked_id="BKG-123",
    )
    wanted.created.start.FromJsonString("2026-01-01T00:00:00Z")
    wanted.created.end.FromJsonString("2100-01-01T00:00:00Z")
    expected = ids_of(client, wanted)
    status, out, _ = person.run(
        *("export", "--out", "some.jsonl", "--messages", "--priority", "HIGH", "--priority", "CRITICAL"),
        *(
            "--linked",
            "booking",
            "BKG-123",
            "--created-after",
            "2026-01-01",
            "--created-before",
            "2100-01-01T05:30+05:30",
        ),
    )
    assert status == 0
    lines = [json.loads(line) for line in (person.directory / "some.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == expected
    assert expected
    check(out, person.directory / "some.jsonl", len(expected))
    # What no demo ticket is: the conditions are there, as an empty file shows.
    for nothing in (
        ("--status", "CLOSED", "--unassigned", "--owner-role", "driver"),
        ("--owner", "nobody-of-that-name"),
        ("--franchise", "FR-NONE"),
        ("--created-by", "nobody-of-that-name"),
        ("--tag", "no-such-tag"),
        ("--any-tag", "no-such-tag"),
        ("--sla-status", "no_sla", "--sla-status", "completed", "--status", "NEW"),
        ("--updated-after", "2099-01-01"),
        ("--due-before", "2001-01-01"),
        ("--archived", "--text", "zyzzyva"),
        ("--sensitive", "--text", "zyzzyva"),
    ):
        status, out, err = person.run("export", "--out", "none.jsonl", "--force", *nothing)
        assert (status, (person.directory / "none.jsonl").read_bytes()) == (0, b""), (nothing, out, err)
        check(out, person.directory / "none.jsonl", 0)


def test_standard_output_has_the_file_alone(person: Person, client: TicketsClient) -> None:
    process = person.begin("export", "--out", "-", "--format", "xlsx")
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    workbook = person.directory / "standard output"
    workbook.write_bytes(out)
    check(err.decode().splitlines(keepends=True)[-1], workbook, len(ids_of(client, TicketFilter())))
    assert zipfile.is_zipfile(workbook)


def test_what_is_there_is_replaced_on_demand_alone(person: Person) -> None:
    file = person.directory / "kept.csv"
    file.write_text("mine")
    assert person.run("export", "--out", "kept.csv") == (1, "", "Error: kept.csv exists\n")
    assert file.read_text() == "mine"
    assert person.run("export", "--out", "kept.csv", "--force")[0] == 0
    assert file.read_text().startswith("id,title,")


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (("--out", "tickets"), 2, "give --format, since FILE does not end with one of .csv, .jsonl, .xlsx"),
        (("--out", "-"), 2, "give --format, since FILE does not end with one of .csv, .jsonl, .xlsx"),
        (("--out", "missing/a.csv"), 1, "missing: No such directory"),
        (("--out", "a.csv", "--tag", " "), 1, r".*tags_all\[0\].* \(INVALID_REQUEST\)"),
        (("--out", "a.csv", "--created-after", "soon"), 2, ".*must be a time such as .*"),
        (("--out", "a.csv", "--target", "127.0.0.1:1"), 1, r".* \(UNAVAILABLE\)"),
    ],
)
def test_failures_are_a_line(person: Person, arguments: tuple[str, ...], status: int, complaint: str) -> None:
    ended, out, err = person.run("export", *arguments)
    assert (ended, out) == (status, "")
    assert re.fullmatch(f"Error: {complaint}", err.splitlines()[-1]), err
    assert list(person.directory.iterdir()) == []


def test_it_takes_a_manager(running: Running, tmp_path: Path) -> None:
    status, out, err = Person(running, running.token("shipper"), tmp_path).run("export", "--out", "a.csv")
    assert (status, out) == (1, "")
    assert err.endswith("(ACTION_NOT_ALLOWED)\n")
    assert list(tmp_path.iterdir()) == []


# --- ended before it is done --------------------------------------------------------------------------


@pytest.fixture
def held(running: Running) -> Iterator[None]:
    """Exports with messages begin and get no further, since another session does not let those be read."""
    url = running_database_url(running.data_dir)
    assert url is not None
    with psycopg.connect(url) as session:
        session.execute("LOCK TABLE ticket_messages IN ACCESS EXCLUSIVE MODE")
        yield
        session.rollback()


def job_under_way(client: TicketsClient) -> str:
    """Its id, once a worker has it."""

    def processing() -> list[exports.ExportJob]:
        request = exports.ListExportJobsRequest(statuses=[exports.EXPORT_STATUS_PROCESSING])
        return list(client.exports.ListExportJobs(request).export_jobs)

    return eventually(processing, within=PATIENCE)[0].id


def status_of(client: TicketsClient, job_id: str) -> int:
    return client.exports.GetExportJob(exports.GetExportJobRequest(id=job_id)).export_job.status


@pytest.mark.usefixtures("held")
def test_ctrl_c_cancels_the_job_and_leaves_nothing(person: Person, client: TicketsClient) -> None:
    process = person.begin("export", "--messages", "--out", "a.csv")
    job_id = job_under_way(client)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (130, b"")
    assert err.endswith(b"cancelled\n")
    assert status_of(client, job_id) == exports.EXPORT_STATUS_CANCELLED
    assert list(person.directory.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.usefixtures("held")
def test_a_signal_that_ends_it_cancels_the_job_and_leaves_nothing(
    person: Person, client: TicketsClient, number: signal.Signals
) -> None:
    process = person.begin("export", "--messages", "--out", "a.csv")
    job_id = job_under_way(client)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    assert status_of(client, job_id) == exports.EXPORT_STATUS_CANCELLED
    assert list(person.directory.iterdir()) == []


@pytest.mark.usefixtures("held")
def test_a_job_that_somebody_cancels_is_an_error(person: Person, client: TicketsClient) -> None:
    process = person.begin("export", "--messages", "--out", "a.csv")
    client.exports.CancelExportJob(exports.CancelExportJobRequest(id=job_under_way(client)))
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert err.endswith(b"Error: The export is CANCELLED.\n")
    assert list(person.directory.iterdir()) == []


@pytest.mark.usefixtures("held")
def test_a_terminal_shows_a_bar_that_goes_away(person: Person, client: TicketsClient) -> None:
    terminal, inside = pty.openpty()
    process = person.begin("export", "--messages", "--out", "a.csv", stderr=inside)
    os.close(inside)
    shown = ""

    def read() -> bool:
        nonlocal shown
        shown += os.read(terminal, 65536).decode(errors="replace")
        return re.search(r"exporting .* 0 of [?\d]+ tickets", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)) is not None

    eventually(read, within=PATIENCE)
    assert process.stdout is not None
    client.exports.CancelExportJob(exports.CancelExportJobRequest(id=job_under_way(client)))
    with process.stdout:
        assert process.stdout.read() == b""
    assert process.wait(PATIENCE) == 1
    os.close(terminal)


# --- the client's own ---------------------------------------------------------------------------------


def test_the_client_exports_into_whatever_takes_bytes(client: TicketsClient) -> None:
    seen: list[int] = []
    job = export_tickets(
        client,
        TicketFilter(),
        exports.EXPORT_FORMAT_CSV,
        on_progress=lambda each: seen.append(each.processed_records),
    )
    assert job.status == exports.EXPORT_STATUS_COMPLETED
    assert seen[-1] == job.manifest.row_count == len(ids_of(client, TicketFilter()))
    for given in (job, exports.ExportJob.FromString(job.SerializeToString())):
        given.ClearField("download")  # as ListExportJobs has it
        into = io.BytesIO()
        assert download_export(client, given, into) == job.manifest
        assert hashlib.sha256(into.getvalue()).hexdigest() == job.manifest.sha256


def test_the_same_request_id_is_the_same_job(client: TicketsClient) -> None:
    request_id = str(uuid.uuid4())
    first, second = (
        export_tickets(client, TicketFilter(), exports.EXPORT_FORMAT_JSON_LINES, request_id=request_id)
        for _ in range(2)
    )
    assert first.id == second.id
    assert second.HasField("download")


@pytest.mark.usefixtures("held")
def test_what_interrupts_the_waiting_cancels_the_job(client: TicketsClient) -> None:
    ids: list[str] = []

    def fail(job: exports.ExportJob) -> None:
        ids.append(job.id)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        export_tickets(client, TicketFilter(), exports.EXPORT_FORMAT_XLSX, include_messages=True, on_progress=fail)
    assert status_of(client, ids[0]) == exports.EXPORT_STATUS_CANCELLED
