"""Who gets to see what of sensitive files and of those of sensitive tickets; whose files one may complete and name."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_pb2
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from tests.contract.attachment_desk import Desk, open_desk, send
from tests.contract.attachment_requests import PDF, announced, create
from tests.contract.expectations import refused
from tests.contract.streams import timeline_of
from tests.database import TestServer

PRECONDITION, NOT_FOUND = grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND
WHY = "The driver asks what we hold on record"
NAME = "Aadhaar of Ravi.pdf"


@pytest.fixture(scope="module")
def desk(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(postgres, tmp_path_factory.mktemp("files")) as opened:
        yield opened


def hides(answer: Message) -> bool:
    """Neither the name nor the checksum of the file is anywhere in it."""
    text = MessageToJson(answer)
    return "Aadhaar" not in text and announced().sha256 not in text


def values(row: timeline_pb2.AuditEntry, name: str) -> list[str]:
    """A list among the new values."""
    return [value.string_value for value in row.new_values.fields[name].list_value.values]


def protect(desk: Desk, ticket_id: str) -> None:
    request = writes.UpdateTicketRequest(
        ticket=t.Ticket(id=ticket_id, is_sensitive=True), update_mask=FieldMask(paths=["is_sensitive"])
    )
    desk.manager.tickets.UpdateTicket(request)


@pytest.fixture(params=["file", "ticket"])
def kept(desk: Desk, request: pytest.FixtureRequest) -> tuple[str, str]:
    """A sensitive attachment: by itself, or by its ticket. The ids of ticket and attachment."""
    by_itself = request.param == "file"
    ticket_id = desk.new_ticket(is_sensitive=not by_itself).id
    return ticket_id, desk.attach(desk.shipper, ticket_id, file_name=NAME, is_sensitive=by_itself).id


def test_the_name_is_withheld_unless_a_reason_is_given_which_is_audited_once(desk: Desk, kept: tuple[str, str]) -> None:
    ticket_id, attachment_id = kept
    second = desk.attach(desk.shipper, ticket_id, file_name=NAME, is_sensitive=True).id
    plain = desk.listed(desk.manager, ticket_id)
    assert [(each.redacted, each.file_name, each.sha256, each.is_sensitive) for each in plain] == [
        (True, "", "", True)
    ] * 2
    assert all(each.file_type == "application/pdf" and each.file_size_bytes == len(PDF) for each in plain)
    assert desk.audit(ticket_id, "SENSITIVE_VIEWED") == []
    told = desk.listed(desk.manager, ticket_id, WHY)
    assert [(each.redacted, each.file_name, each.sha256) for each in told] == [(False, NAME, announced().sha256)] * 2
    (row,) = desk.audit(ticket_id, "SENSITIVE_VIEWED", access_reason="")
    assert (row.actor_id, row.reason, row.ip_address) == ("files-manager", WHY, "127.0.0.1")
    assert values(row, "attachment_ids") == [attachment_id, second]
    assert values(row, "fields") == ["file_name", "sha256"]


def test_a_reason_is_not_written_down_where_nothing_protected_is_shown(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    done = desk.attach(desk.shipper, ticket_id)
    assert desk.listed(desk.manager, ticket_id, WHY) == [done]
    assert desk.download(desk.manager, done.id, WHY).attachment == done
    assert desk.audit(ticket_id, "SENSITIVE_VIEWED") == []


def test_the_download_needs_a_reason_and_is_audited(desk: Desk, kept: tuple[str, str]) -> None:
    ticket_id, attachment_id = kept
    stub = desk.manager.attachments
    bare = pb.GetAttachmentDownloadRequest(id=attachment_id)
    error = refused(stub.GetAttachmentDownload, bare, code=PRECONDITION, reason="ACCESS_REASON_REQUIRED")
    assert "Aadhaar" not in error.message
    short = pb.GetAttachmentDownloadRequest(id=attachment_id, access_reason="Because.")
    refused(stub.GetAttachmentDownload, short, reason="ACCESS_REASON_INVALID", field="access_reason")
    listing = pb.ListAttachmentsRequest(ticket_id=ticket_id, access_reason="Because.")
    refused(stub.ListAttachments, listing, reason="ACCESS_REASON_INVALID", field="access_reason")
    assert desk.audit(ticket_id, "SENSITIVE_VIEWED") == []
    got = desk.download(desk.manager, attachment_id, WHY)
    assert (got.attachment.file_name, got.attachment.redacted) == (NAME, False)
    assert send(got.download).body == PDF
    (row,) = desk.audit(ticket_id, "SENSITIVE_VIEWED")
    assert (row.actor_id, row.reason, row.ip_address) == ("files-manager", WHY, "127.0.0.1")
    assert values(row, "attachment_ids") == [attachment_id]
    assert values(row, "fields") == ["content", "file_name", "sha256"]
    assert desk.manager.tickets.VerifyAudit(timeline.VerifyAuditRequest(ticket_id=ticket_id)).intact


def test_its_uploader_gives_a_reason_too(desk: Desk, kept: tuple[str, str]) -> None:
    ticket_id, attachment_id = kept
    bare = pb.GetAttachmentDownloadRequest(id=attachment_id)
    refused(desk.shipper.attachments.GetAttachmentDownload, bare, code=PRECONDITION, reason="ACCESS_REASON_REQUIRED")
    again = desk.shipper.attachments.CompleteAttachment(pb.CompleteAttachmentRequest(id=attachment_id))
    assert again.attachment.redacted
    assert hides(again)
    assert all(each.redacted for each in desk.listed(desk.shipper, ticket_id))


def test_no_answer_without_a_reason_has_the_name(desk: Desk, kept: tuple[str, str]) -> None:
    ticket_id, attachment_id = kept
    said = desk.say(desk.manager, ticket_id, attachment_id)
    assert [(each.id, each.redacted, each.is_sensitive) for each in said.attachments] == [(attachment_id, True, True)]
    assert said.message == "See this.", "the writer's own words"
    assert hides(said)
    for reader in (desk.manager, desk.shipper):
        request = timeline.ListTimelineRequest(ticket_id=ticket_id)
        assert hides(reader.tickets.ListTimeline(request))
        with timeline_of(reader.tickets, ticket_id) as stream:
            entries, _ = stream.replayed()
        assert entries
        assert all(map(hides, entries))
    audit = desk.manager.tickets.ListAuditEntries(timeline.ListAuditEntriesRequest(ticket_id=ticket_id))
    assert hides(audit)


def test_a_reason_for_a_sensitive_ticket_is_good_for_names_in_its_messages(desk: Desk) -> None:
    ticket_id = desk.new_ticket(is_sensitive=True).id
    done = desk.attach(desk.shipper, ticket_id, file_name=NAME, is_sensitive=True)
    desk.say(desk.manager, ticket_id, done.id)
    entries = desk.timeline(desk.shipper, ticket_id, WHY)
    assert [each.file_name for each in entries[-1].message.attachments] == [NAME]
    with timeline_of(desk.shipper.tickets, ticket_id, access_reason=WHY) as stream:
        assert stream.replayed()[0] == entries


def test_a_reason_on_a_ticket_that_is_not_sensitive_shows_no_name_in_its_messages(desk: Desk) -> None:
    """Nothing is written down for it there."""
    ticket_id = desk.new_ticket().id
    done = desk.attach(desk.shipper, ticket_id, file_name=NAME, is_sensitive=True)
    desk.say(desk.manager, ticket_id, done.id)
    assert all(map(hides, desk.timeline(desk.manager, ticket_id, WHY)))
    with timeline_of(desk.manager.tickets, ticket_id, access_reason=WHY) as stream:
        assert all(map(hides, stream.replayed()[0]))
    assert desk.audit(ticket_id, "SENSITIVE_VIEWED") == []


def test_what_was_audited_before_the_ticket_became_sensitive_is_withheld_too(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    done = desk.attach(desk.shipper, ticket_id, file_name=NAME)
    assert not hides(desk.audit(ticket_id, "ATTACHMENT_ADDED")[0])
    protect(desk, ticket_id)
    (row,) = desk.audit(ticket_id, "ATTACHMENT_ADDED")
    assert hides(row)
    assert row.redacted
    assert row.new_values["attachment_id"] == done.id
    assert "file_name" in row.new_values.fields, "that there is one is no secret"
    assert not row.hash, "a hash over the rest of it and a name would give the name away"
    (row,) = desk.audit(ticket_id, "ATTACHMENT_ADDED", access_reason=WHY)
    assert row.new_values["file_name"] == NAME


def test_live_readers_hear_of_a_file(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    with timeline_of(desk.manager.tickets, ticket_id) as stream:
        stream.replayed()
        desk.attach(desk.shipper, ticket_id)
        assert stream.entry().audit_entry.action == "ATTACHMENT_ADDED"


def test_a_complete_file_of_somebody_else_is_not_mine_to_complete(desk: Desk) -> None:
    ticket_id = desk.new_ticket().id
    done, under_way = desk.attach(desk.shipper, ticket_id), create(desk.shipper, ticket_id).attachment
    stub = desk.manager.attachments
    refused(
        stub.CompleteAttachment,
        pb.CompleteAttachmentRequest(id=done.id),
        code=grpc.StatusCode.PERMISSION_DENIED,
        reason="ACTION_NOT_ALLOWED",
    )
    refused(
        stub.CompleteAttachment,
        pb.CompleteAttachmentRequest(id=under_way.id),
        code=NOT_FOUND,
        reason="ATTACHMENT_NOT_FOUND",
    )


def test_an_outsider_cannot_attach_another_tickets_file_to_a_message(desk: Desk) -> None:
    other: Any = desk.attach(desk.manager, desk.new_ticket(by=desk.manager).id)
    request = writes.AddMessageRequest(ticket_id=desk.new_ticket().id, message="Mine?", attachment_ids=[other.id])
    refused(desk.shipper.tickets.AddMessage, request, code=NOT_FOUND, reason="ATTACHMENT_NOT_FOUND")
