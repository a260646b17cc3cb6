"""`tickets attach` and `tickets attachments`, and the client, against everything that `tickets up` starts."""

import hashlib
import io
import json
import re
import tracemalloc
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from rodistaa.tickets.client import (
    TicketsClient,
    TicketsError,
    TransferError,
    connect,
    download_attachment,
    upload_attachment,
)
from rodistaa.tickets.v1.attachment_pb2 import ATTACHMENT_STATE_READY, Attachment
from rodistaa.tickets.v1.attachment_service_pb2 import ListAttachmentsRequest
from server.commands.ticket_files import saved_name
from tests.e2e.commands import Person
from tests.e2e.test_front_door import Running, instances
from tests.ticket_requests import new_ticket

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 64
REASON = "Comparing the two documents of the driver"


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


@pytest.fixture
def ticket_id(client: TicketsClient) -> str:
    return client.tickets.CreateTicket(new_ticket()).ticket.id


def listed(client: TicketsClient, ticket_id: str) -> list[Attachment]:
    return list(client.attachments.ListAttachments(ListAttachmentsRequest(ticket_id=ticket_id)).attachments)


def test_files_go_there_and_come_back(person: Person, client: TicketsClient, ticket_id: str) -> None:
    (person.directory / "POD ₹48,500.pdf").write_bytes(PDF)
    (person.directory / "rates.csv").write_text("route,rate\nPune-Delhi,48500\n")
    status, out, err = person.run("attach", ticket_id, "POD ₹48,500.pdf", "rates.csv")
    assert (status, err) == (0, "")
    first, second = listed(client, ticket_id)
    assert (first.file_name, first.file_type, first.file_size_bytes) == ("POD ₹48,500.pdf", "application/pdf", len(PDF))
    assert (second.file_name, second.file_type) == ("rates.csv", "text/csv")
    assert out.splitlines() == [
        f"{first.id}  {len(PDF):>10}  application/pdf  POD ₹48,500.pdf",
        f"{second.id}  {second.file_size_bytes:>10}  text/csv  rates.csv",
    ]
    into = person.directory / "in"
    into.mkdir()
    assert person.run("attachments", ticket_id, "--download", "in") == (0, out, "")
    assert {each.name: each.read_bytes() for each in into.iterdir()} == {
        f"{first.id[-12:]}-POD_48_500.pdf": PDF,
        f"{second.id[-12:]}-rates.csv": (person.directory / "rates.csv").read_bytes(),
    }
    status, _, err = person.run("attachments", ticket_id, "--download", "in")
    assert (status, err.count(" exists\n")) == (1, 2), "what is there is kept"
    status, out, _ = person.run("attachments", ticket_id, "--json")
    assert [json.loads(line)["fileName"] for line in out.splitlines()] == ["POD ₹48,500.pdf", "rates.csv"]


def test_one_file_that_fails_does_not_keep_the_others_back(
    person: Person, client: TicketsClient, ticket_id: str
) -> None:
    for name, content in (("run.exe", b"MZ"), ("odd", b"?"), ("lie.pdf", b"MZ\x90\x00"), ("good.pdf", PDF)):
        (person.directory / name).write_bytes(content)
    status, out, err = person.run("attach", ticket_id, "run.exe", "odd", "lie.pdf", "good.pdf")
    assert status == 1
    assert [re.sub("^Error: ", "", line).split(": ")[0] for line in err.splitlines()] == ["run.exe", "odd", "lie.pdf"]
    assert "(ATTACHMENT_TYPE_NOT_ALLOWED)" in err
    assert "give file_type" in err
    assert "(ATTACHMENT_MISMATCH)" in err
    assert out.endswith("good.pdf\n")
    ready = [each.file_name for each in listed(client, ticket_id) if each.state == ATTACHMENT_STATE_READY]
    assert ready == ["good.pdf"]
    _, out, _ = person.run("attachments", ticket_id)
    assert re.search(r"lie\.pdf  \(not complete\)$", out, re.MULTILINE)


def test_a_sensitive_file_needs_a_reason(person: Person, ticket_id: str) -> None:
    (person.directory / "pan.pdf").write_bytes(PDF)
    status, out, _ = person.run("attach", ticket_id, "pan.pdf", "--sensitive", "--name", "PAN card.pdf")
    assert status == 0
    assert "sensitive" in out
    into = person.directory / "in"
    into.mkdir()
    status, out, err = person.run("attachments", ticket_id, "--download", "in")
    assert status == 1
    assert out.endswith("(name withheld: sensitive)\n")
    assert err.endswith("(ACCESS_REASON_REQUIRED)\n")
    assert list(into.iterdir()) == []
    status, out, err = person.run("attachments", ticket_id, "--download", "in", "--access-reason", REASON)
    assert (status, err) == (0, "")
    assert out.endswith("PAN card.pdf  (sensitive)\n")
    assert [each.read_bytes() for each in into.iterdir()] == [PDF]


def test_a_ticket_that_may_not_be_seen_is_a_line(person: Person) -> None:
    (person.directory / "a.pdf").write_bytes(PDF)
    for command in (("attach", "TKT-999999999", "a.pdf"), ("attachments", "TKT-999999999")):
        status, out, err = person.run(*command)
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert err.endswith("(TICKET_NOT_FOUND)\n")


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("invoice.pdf", "123456789abc-invoice.pdf"),
        ("../../etc/passwd", "123456789abc-.._.._etc_passwd"),
        ("..", "123456789abc-.."),
        (".bashrc", "123456789abc-.bashrc"),
        ("a\x1b[2Jb\u202efdp.exe", "123456789abc-a_2Jb_fdp.exe"),
        ("CON", "123456789abc-CON"),
        ("चालान.pdf", "123456789abc-च_ल_न.pdf"),
        ("", "123456789abc-attachment"),
    ],
)
def test_names_of_files_are_made_safe_before_they_are_saved(name: str, saved: str) -> None:
    assert saved_name("0199-0000-123456789abc", name) == saved
    assert "/" not in saved


def test_the_end_of_a_long_name_is_kept() -> None:
    saved = saved_name("0199-0000-123456789abc", "\u0905" * 251 + ".pdf")
    assert saved.endswith("\u0905.pdf")
    assert len(saved.encode()) <= 255


# --- the client's own ---------------------------------------------------------------------------------


def test_the_same_request_id_attaches_a_file_once(client: TicketsClient, ticket_id: str, tmp_path: Path) -> None:
    file = tmp_path / "pod.pdf"
    file.write_bytes(PDF)
    request_id = str(uuid.uuid4())
    with file.open("rb") as opened:
        first = upload_attachment(client, ticket_id, opened, request_id=request_id)
    # As after a crash between the upload and the answer: the store has it, so it is not taken again.
    second = upload_attachment(client, ticket_id, file, request_id=request_id)
    assert (first.state, first.id, first.sha256) == (ATTACHMENT_STATE_READY, second.id, hashlib.sha256(PDF).hexdigest())
    assert [each.id for each in listed(client, ticket_id)] == [first.id]


def test_an_open_file_is_read_from_where_it_stands(client: TicketsClient, ticket_id: str) -> None:
    source = io.BytesIO(b"not this|" + PDF)
    source.seek(9)
    attachment = upload_attachment(client, ticket_id, source, file_name="pod.pdf")
    into = io.BytesIO()
    assert download_attachment(client, attachment.id, into) == attachment
    assert into.getvalue() == PDF


def test_a_download_is_whole_or_not_there(client: TicketsClient, ticket_id: str, tmp_path: Path) -> None:
    attachment = upload_attachment(client, ticket_id, PDF, file_name="pod.pdf")
    target = tmp_path / "saved"
    counts: list[int] = []
    assert download_attachment(client, attachment.id, target, on_bytes=counts.append) == attachment
    assert (target.read_bytes(), counts[-1]) == (PDF, len(PDF))
    with pytest.raises(FileExistsError):
        download_attachment(client, attachment.id, target, overwrite=False)
    with pytest.raises(TicketsError, match="ATTACHMENT_NOT_FOUND"):
        download_attachment(client, str(uuid.uuid4()), tmp_path / "nothing")
    assert [each.name for each in tmp_path.iterdir()] == ["saved"]


def test_other_bytes_than_announced_are_refused_by_the_store(client: TicketsClient, ticket_id: str) -> None:
    class Changing(io.BytesIO):
        """Another one when it is read again, of the same size."""

        def seek(self, offset: int, whence: int = 0, /) -> int:
            super().seek(0)
            self.write(b"%PDF-1.6")
            return super().seek(offset, whence)

    with pytest.raises(TransferError) as failure:
        upload_attachment(client, ticket_id, Changing(PDF), file_name="pod.pdf")
    assert failure.value.code in {"BadDigest", "XAmzContentChecksumMismatch"}
    assert listed(client, ticket_id)[0].state != ATTACHMENT_STATE_READY


def test_large_files_pass_through_little_memory(client: TicketsClient, ticket_id: str, tmp_path: Path) -> None:
    file = tmp_path / "large.pdf"
    with file.open("wb") as opened:
        opened.write(PDF)
        opened.truncate(20 * 1024 * 1024)
    tracemalloc.start()
    try:
        attachment = upload_attachment(client, ticket_id, file)
        download_attachment(client, attachment.id, tmp_path / "back.pdf")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * 1024 * 1024
    assert (tmp_path / "back.pdf").stat().st_size == 20 * 1024 * 1024


def test_a_refused_announcement_sends_nothing(client: TicketsClient, ticket_id: str) -> None:
    for content, name, reason in ((b"", "empty.pdf", "INVALID_REQUEST"), (PDF, "a/b.pdf", "INVALID_REQUEST")):
        with pytest.raises(TicketsError) as failure:
            upload_attachment(client, ticket_id, content, file_name=name)
        assert failure.value.reason == reason
    assert listed(client, ticket_id) == []
