"""Attachments over gRPC and real HTTP: from the announcement to the download, and everything that is refused."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest

from rodistaa.tickets.client import TicketsError
from rodistaa.tickets.v1 import attachment_pb2
from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.attachments import ABANDONED_AFTER, MAX_ATTACHMENTS, MAX_UPLOADS_UNDER_WAY
from server.domain.roles import Role
from tests.contract.attachment_desk import Desk, open_desk, send
from tests.contract.attachment_requests import PDF, announced, complete, create
from tests.contract.expectations import refused, rows
from tests.database import TestServer

PRECONDITION, NOT_FOUND = grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND
READY, PENDING = attachment_pb2.ATTACHMENT_STATE_READY, attachment_pb2.ATTACHMENT_STATE_PENDING
LIMIT = 25 * 1024 * 1024


@pytest.fixture(scope="module")
def desk(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(postgres, tmp_path_factory.mktemp("files")) as opened:
        yield opened


def request_for(ticket_id: str, content: bytes = PDF, **fields: Any) -> pb.CreateAttachmentRequest:
    return pb.CreateAttachmentRequest(ticket_id=ticket_id, attachment=announced(content, **fields))


def completion(attachment_id: str, **fields: Any) -> pb.CompleteAttachmentRequest:
    return pb.CompleteAttachmentRequest(id=attachment_id, **fields)


def test_from_the_announcement_to_the_download(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    before = datetime.now(UTC)
    made = create(desk.shipper, ticket_id, file_name="  POD भुगतान.pdf ", file_type="Application/PDF")
    assert (made.attachment.state, made.attachment.redacted) == (PENDING, False)
    assert made.attachment.file_name == "POD भुगतान.pdf"
    assert made.attachment.file_type == "application/pdf"
    assert made.attachment.uploaded_by_id == "files-shipper"
    assert not made.attachment.HasField("completed_at")
    lifetime = made.upload.expires_at.ToDatetime(UTC) - before
    assert timedelta(minutes=14) < lifetime <= timedelta(minutes=15, seconds=1)
    assert desk.listed(desk.manager, ticket_id) == [], "nobody else sees it"
    assert desk.listed(desk.shipper, ticket_id) == [made.attachment]

    assert send(made.upload, PDF).status == 200
    done = complete(desk.shipper, made.attachment.id)
    assert done.state == READY
    assert done.completed_at.ToDatetime(UTC) >= before
    assert desk.listed(desk.manager, ticket_id) == [done]
    assert done.sha256 == hashlib.sha256(PDF).hexdigest()

    got = desk.download(desk.manager, done.id)
    assert got.attachment == done
    assert timedelta(minutes=4) < got.download.expires_at.ToDatetime(UTC) - before <= timedelta(minutes=5, seconds=2)
    answer = send(got.download)
    assert (answer.status, answer.body) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "private" in answer.headers["cache-control"]


def test_it_is_in_the_timeline_and_in_the_audit_with_its_uploader(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    done = desk.attach(desk.shipper, ticket_id)
    (row,) = desk.audit(ticket_id, "ATTACHMENT_ADDED")
    assert (row.actor_id, row.ip_address) == ("files-shipper", "127.0.0.1")
    assert dict(row.new_values) == {
        "attachment_id": done.id,
        "uploaded_by_id": "files-shipper",
        "file_type": "application/pdf",
        "file_size_bytes": len(PDF),
        "is_sensitive": False,
        "file_name": done.file_name,
        "sha256": done.sha256,
    }
    assert [entry.audit_entry.action for entry in desk.timeline(desk.manager, ticket_id)] == [
        "TICKET_CREATED",
        "ATTACHMENT_ADDED",
    ]
    assert desk.timeline(desk.shipper, ticket_id) == [], "audit rows are for staff"
    request = timeline.VerifyAuditRequest(ticket_id=ticket_id)
    assert desk.manager.tickets.VerifyAudit(request).intact


NAMES = [
    "Übergabe-Protokoll (2).pdf",
    "न.pdf",
    '"; filename=evil.exe',
    "a%0d%0aSet-Cookie: x.pdf",
    "%s%n{0}.pdf",
    "CON.pdf",
    "..pdf",
    "-rf.pdf",
    "👨‍👩‍👧.pdf",
    "e\u0301.pdf",
    "x" * 255,
    "'; DROP TABLE ticket_attachments; --",
    "<script>alert(1)</script>.pdf".replace("/", "-"),
    "\ufeffname.pdf",
]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_kept_as_they_are_and_harm_no_header(desk: Desk, name: str) -> None:
    done = desk.attach(desk.shipper, desk.new_ticket().id, file_name=name)
    assert done.file_name == name
    answer = send(desk.download(desk.manager, done.id).download)
    assert (answer.status, answer.body) == (200, PDF)
    shown = answer.headers["content-disposition"]
    assert shown.startswith("attachment;")
    assert shown.isascii()
    assert shown.count('"') in (0, 2)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("file_name", ""),
        ("file_name", "  "),
        ("file_name", "\u200b"),
        ("file_name", "."),
        ("file_name", ".. "),
        ("file_name", "../../etc/passwd"),
        ("file_name", "a/b.pdf"),
        ("file_name", "C:\\b.pdf"),
        ("file_name", "a\0.pdf"),
        ("file_name", "a\n.pdf"),
        ("file_name", "a\x7f.pdf"),
        ("file_name", "a\x85.pdf"),
        ("file_name", "\u202egpj.exe"),
        ("file_name", "\u2066gpj\u2069.exe"),
        ("file_name", "x" * 256),
        ("file_size_bytes", 0),
        ("file_size_bytes", -1),
        ("file_size_bytes", LIMIT + 1),
        ("file_size_bytes", 2**63 - 1),
        ("file_size_bytes", -(2**63)),
        ("sha256", ""),
        ("sha256", "0" * 63),
        ("sha256", "0" * 65),
        ("sha256", "g" * 64),
        ("sha256", "\u0660" * 64),
    ],
)
def test_a_bad_announcement_is_refused_and_leaves_nothing(desk: Desk, field: str, value: Any) -> None:
    asked = request_for(desk.new_ticket().id, **{field: value})
    before = rows(desk.running.database)
    refused(desk.shipper.attachments.CreateAttachment, asked, reason="INVALID_REQUEST", field=f"attachment.{field}")
    assert rows(desk.running.database) == before


@pytest.mark.parametrize(
    "kind", ["", "application/x-msdownload", "text/html", "text/plain; charset=utf-8", "image/*", "pdf", "text/plain\0"]
)
def test_a_type_that_is_not_accepted_has_a_reason_of_its_own(desk: Desk, kind: str) -> None:
    asked = request_for(desk.new_ticket().id, file_type=kind)
    refused(
        desk.shipper.attachments.CreateAttachment,
        asked,
        reason="ATTACHMENT_TYPE_NOT_ALLOWED",
        field="attachment.file_type",
    )


def test_all_that_is_wrong_with_an_announcement_is_said_at_once(desk: Desk) -> None:
    wrong = attachment_pb2.Attachment(file_name="a/b", file_type="x", file_size_bytes=0, sha256="x")
    asked = pb.CreateAttachmentRequest(ticket_id="x", attachment=wrong)
    error = refused(desk.shipper.attachments.CreateAttachment, asked, reason="INVALID_REQUEST")
    names = ("attachment.file_name", "attachment.file_type", "attachment.file_size_bytes", "attachment.sha256")
    assert {violation.field for violation in error.field_violations} == {"ticket_id", *names}
    missing = pb.CreateAttachmentRequest(ticket_id=desk.new_ticket().id)
    refused(desk.shipper.attachments.CreateAttachment, missing, field="attachment")


def test_the_largest_file_goes_through(desk: Desk) -> None:
    content = PDF + os.urandom(LIMIT - len(PDF))
    done = desk.attach(desk.shipper, desk.new_ticket().id, content)
    assert done.file_size_bytes == LIMIT
    assert send(desk.download(desk.shipper, done.id).download).body == content


def test_other_bytes_than_announced_never_arrive_and_the_right_ones_still_may(desk: Desk) -> None:
    made = create(desk.shipper, desk.new_ticket().id)
    changed = PDF.replace(b"1.7", b"1.4")
    assert send(made.upload, changed).status == 400
    assert send(made.upload, PDF + b"more").status in (400, 403)
    assert send(made.upload, PDF[:-1]).status in (400, 403)
    assert send(made.upload, PDF, content_type="text/html").status == 403
    refused(
        desk.shipper.attachments.CompleteAttachment,
        completion(made.attachment.id),
        code=PRECONDITION,
        reason="ATTACHMENT_NOT_UPLOADED",
    )
    assert send(made.upload, PDF).status == 200
    assert send(made.upload, PDF).status == 412, "a URL that was used is of no use any more"
    assert complete(desk.shipper, made.attachment.id).state == READY
    assert send(made.upload, PDF).status == 412


def test_a_url_for_one_file_opens_no_other(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    one, two = (desk.attach(desk.shipper, ticket_id) for _ in range(2))
    signed = desk.download(desk.shipper, one.id).download
    stolen = attachment_pb2.SignedRequest(method="GET", url=signed.url.replace(one.id, two.id))
    assert send(stolen).status == 403
    renamed = attachment_pb2.SignedRequest(method="GET", url=signed.url.replace("attachment%3B", "inline%3B"))
    assert send(renamed).status == 403
    assert send(attachment_pb2.SignedRequest(method="GET", url=signed.url.partition("?")[0])).status == 403
    assert send(attachment_pb2.SignedRequest(method="DELETE", url=signed.url)).status in (403, 405)


@pytest.mark.parametrize(
    ("stored", "kind", "mismatch"),
    [
        (PDF + b"x", "", "size"),
        (PDF[:-1], "", "size"),
        (PDF, "text/html", "type"),
        (PDF.replace(b"1.7", b"1.4"), "", "checksum"),
    ],
)
def test_what_a_careless_store_let_in_is_thrown_away_and_may_be_uploaded_again(
    desk: Desk, stored: bytes, kind: str, mismatch: str
) -> None:
    made = create(desk.shipper, desk.new_ticket().id)
    desk.replace_in_store(made.attachment, stored, kind)
    error = refused(
        desk.shipper.attachments.CompleteAttachment,
        completion(made.attachment.id),
        code=PRECONDITION,
        reason="ATTACHMENT_MISMATCH",
    )
    assert error.metadata["mismatch"] == mismatch
    assert not desk.is_stored(made.attachment)
    assert send(made.upload, PDF).status == 200
    assert complete(desk.shipper, made.attachment.id).state == READY


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/pdf", b"MZ\x90\0 this is a program"),
        ("image/png", b"<svg onload='alert(1)'/>"),
        ("text/plain", b"<!doctype html><script>alert(1)</script>"),
        ("text/csv", b"#!/bin/sh\n"),
        ("image/jpeg", PDF),
    ],
)
def test_content_of_another_type_than_announced_is_thrown_away(desk: Desk, kind: str, content: bytes) -> None:
    ticket_id = desk.new_ticket().id
    made = create(desk.shipper, ticket_id, content, file_type=kind)
    assert send(made.upload, content).status == 200
    error = refused(
        desk.shipper.attachments.CompleteAttachment,
        completion(made.attachment.id),
        code=PRECONDITION,
        reason="ATTACHMENT_MISMATCH",
    )
    assert error.metadata["mismatch"] == "content"
    assert not desk.is_stored(made.attachment)
    assert desk.listed(desk.manager, ticket_id) == []
    assert desk.audit(ticket_id, "ATTACHMENT_ADDED") == []


def test_completing_twice_succeeds_without_a_look_at_the_store(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    done = desk.attach(desk.shipper, ticket_id)
    desk.replace_in_store(done, b"whatever")
    assert complete(desk.shipper, done.id) == done
    assert len(desk.audit(ticket_id, "ATTACHMENT_ADDED")) == 1


def test_twenty_completions_at_once_are_one(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    made = create(desk.shipper, ticket_id)
    assert send(made.upload, PDF).status == 200
    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(lambda _: complete(desk.shipper, made.attachment.id), range(20)))
    assert all(each == done[0] for each in done)
    assert len(desk.audit(ticket_id, "ATTACHMENT_ADDED")) == 1


def test_a_repeated_announcement_is_one_attachment_with_an_upload_that_works(desk: Desk) -> None:
    asked = request_for(desk.new_ticket().id)
    asked.request_id = str(uuid4())
    first, again = (desk.shipper.attachments.CreateAttachment(asked) for _ in range(2))
    assert first.attachment == again.attachment
    assert send(again.upload, PDF).status == 200
    assert complete(desk.shipper, first.attachment.id).state == READY
    with desk.running.database.connect() as connection:
        row = connection.execute(
            "SELECT position('X-Amz' in convert_from(response, 'LATIN1')) FROM idempotency_keys WHERE request_id = %s",
            [asked.request_id],
        ).fetchone()
    assert row == (0,), "a signed URL is a secret that is not kept"


def test_what_was_swept_is_not_found(desk: Desk) -> None:
    made = create(desk.shipper, desk.new_ticket().id)
    assert send(made.upload, PDF).status == 200
    with desk.running.database.connect() as connection:
        connection.execute("DELETE FROM ticket_attachments WHERE id = %s", [made.attachment.id])
    for attachment_id in (made.attachment.id, str(uuid4())):
        refused(
            desk.shipper.attachments.CompleteAttachment,
            completion(attachment_id),
            code=NOT_FOUND,
            reason="ATTACHMENT_NOT_FOUND",
        )


def test_an_archived_ticket_takes_no_files_and_shows_those_it_has(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    done = desk.attach(desk.shipper, ticket_id)
    made = create(desk.shipper, ticket_id)
    assert send(made.upload, PDF).status == 200
    archive = writes.ArchiveTicketRequest(id=ticket_id, archived=True)
    desk.manager.tickets.ArchiveTicket(archive)
    stub = desk.shipper.attachments
    refused(stub.CreateAttachment, request_for(ticket_id), code=PRECONDITION, reason="TICKET_ARCHIVED")
    refused(stub.CompleteAttachment, completion(made.attachment.id), code=PRECONDITION, reason="TICKET_ARCHIVED")
    assert complete(desk.shipper, done.id) == done
    assert send(desk.download(desk.shipper, done.id).download).status == 200
    archive.archived = False
    desk.manager.tickets.ArchiveTicket(archive)
    assert complete(desk.shipper, made.attachment.id).state == READY, "nothing was lost"


def test_the_last_places_of_a_ticket_are_given_once(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    free = 5
    with desk.running.database.connect() as connection:
        connection.execute(
            "INSERT INTO ticket_attachments (ticket_id, uploaded_by_id, file_name, object_key, file_type,"
            " file_size_bytes) SELECT %s, 'x', 'x', 'x', 'x', 1 FROM generate_series(1, %s)",
            [ticket_id, MAX_ATTACHMENTS - free],
        )

    def attempt(_: int) -> str:
        try:
            create(desk.shipper, ticket_id)
        except TicketsError as error:
            return str(error.reason)
        return "made"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(attempt, range(20)))
    assert sorted(outcomes) == ["TOO_MANY_ATTACHMENTS"] * (20 - free) + ["made"] * free


def test_pages_are_oldest_first_and_hold_each_once(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    made = [desk.attach(desk.shipper, ticket_id).id for _ in range(3)]
    made += [create(desk.shipper, ticket_id).attachment.id for _ in range(2)]
    create(desk.manager, ticket_id)
    with desk.running.database.connect() as connection:  # ties are broken by id
        connection.execute("UPDATE ticket_attachments SET created_at = now() WHERE id = ANY (%s::uuid[])", [made[3:]])
    found: list[str] = []
    request = pb.ListAttachmentsRequest(ticket_id=ticket_id, page_size=2)
    while True:
        page = desk.shipper.attachments.ListAttachments(request)
        found += [each.id for each in page.attachments]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == [*made[:3], *sorted(made[3:])]
    request.ticket_id = desk.new_ticket().id
    refused(desk.shipper.attachments.ListAttachments, request, reason="PAGE_TOKEN_INVALID", field="page_token")


def test_without_the_store_nothing_is_lost(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("away")
    with open_desk(postgres, directory) as desk:
        ticket_id = desk.new_ticket().id
        made = create(desk.shipper, ticket_id)
        assert send(made.upload, PDF).status == 200
        files, elsewhere = desk.gateway.files, directory / "elsewhere"
        shutil.move(files, elsewhere)
        files.write_text("no directory")
        error = refused(
            desk.shipper.attachments.CompleteAttachment,
            completion(made.attachment.id),
            code=grpc.StatusCode.UNAVAILABLE,
            reason="DEPENDENCY_UNAVAILABLE",
        )
        assert str(directory) not in error.message
        assert desk.listed(desk.shipper, ticket_id) == [made.attachment]
        create(desk.shipper, ticket_id)
        files.unlink()
        shutil.move(elsewhere, files)
        assert complete(desk.shipper, made.attachment.id).state == READY


def test_a_deadline_that_passes_leaves_the_upload_as_it_is(desk: Desk) -> None:
    made = create(desk.shipper, desk.new_ticket().id)
    assert send(made.upload, PDF).status == 200
    with pytest.raises(TicketsError) as caught:
        desk.shipper.attachments.CompleteAttachment(completion(made.attachment.id), timeout=0.0001)
    assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert complete(desk.shipper, made.attachment.id).state == READY


def test_what_is_under_way_cannot_be_downloaded(desk: Desk) -> None:
    made = create(desk.shipper, desk.new_ticket().id)
    request = pb.GetAttachmentDownloadRequest(id=made.attachment.id)
    own, other = desk.shipper.attachments, desk.manager.attachments
    refused(own.GetAttachmentDownload, request, code=PRECONDITION, reason="ATTACHMENT_NOT_READY")
    refused(other.GetAttachmentDownload, request, code=NOT_FOUND, reason="ATTACHMENT_NOT_FOUND")


def test_nobody_learns_of_files_of_tickets_that_they_do_not_see(desk: Desk) -> None:
    ticket_id = desk.new_ticket(by=desk.manager).id
    done = desk.attach(desk.manager, ticket_id)
    stub = desk.running.client(Role.DRIVER, "files-stranger").attachments
    calls: list[tuple[Callable[[Any], Any], Callable[[str], Any]]] = [
        (stub.CompleteAttachment, completion),
        (stub.GetAttachmentDownload, lambda given: pb.GetAttachmentDownloadRequest(id=given)),
    ]
    for rpc, asking in calls:
        seen, absent = (
            refused(rpc, asking(given), code=NOT_FOUND, reason="ATTACHMENT_NOT_FOUND")
            for given in (done.id, "00000000-0000-4000-8000-000000000000")
        )
        assert seen.message.replace(done.id, "") == absent.message.replace("00000000-0000-4000-8000-000000000000", "")
    refused(stub.CreateAttachment, request_for(ticket_id), code=NOT_FOUND, reason="TICKET_NOT_FOUND")
    listing = pb.ListAttachmentsRequest(ticket_id=ticket_id)
    refused(stub.ListAttachments, listing, code=NOT_FOUND, reason="TICKET_NOT_FOUND")


def test_an_upload_is_kept_for_longer_than_anything_signed_for_it_works() -> None:
    assert timedelta(hours=24) + timedelta(minutes=15) < ABANDONED_AFTER


def test_the_last_uploads_of_a_person_begin_once_and_the_others_are_not_held_up(desk: Desk) -> None:
    name, free = f"busy-{uuid4().hex[:8]}", 5
    busy = desk.running.client(Role.OPS_AGENT, name)
    tickets = [desk.new_ticket(busy).id for _ in range(2)]
    with desk.running.database.connect() as connection:
        connection.execute(
            "INSERT INTO ticket_attachments (ticket_id, uploaded_by_id, file_name, object_key, file_type,"
            " file_size_bytes) SELECT %s, %s, 'x', 'x', 'x', 1 FROM generate_series(1, %s)",
            [tickets[0], name, MAX_UPLOADS_UNDER_WAY - free],
        )

    def attempt(number: int) -> str:
        try:
            create(busy, tickets[number % 2])
        except TicketsError as error:
            return f"{error.reason} {error.metadata['limit']}"
        return "made"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(attempt, range(20)))
    refusal = f"TOO_MANY_ATTACHMENTS {MAX_UPLOADS_UNDER_WAY}"
    assert sorted(outcomes) == [refusal] * (20 - free) + ["made"] * free
    assert create(desk.manager, tickets[0]).attachment.id
    with desk.running.database.connect() as connection:
        connection.execute(
            "UPDATE ticket_attachments SET status = 'completed' WHERE uploaded_by_id = %s AND file_name = 'x'", [name]
        )
    assert create(busy, tickets[1]).attachment.id
