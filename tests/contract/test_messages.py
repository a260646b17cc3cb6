"""AddMessage: who may say what where, and what it does to the ticket."""

from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest

from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_pb2
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.roles import Role
from tests.contract.expectations import refused, rows
from tests.contract.requests import REASON, World, ticket
from tests.running import Running

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


@pytest.fixture
def world(server: Running) -> World:
    return World(server)


def message(ticket_id: str, text: str = "We are looking into it.", **fields: Any) -> writes.AddMessageRequest:
    return writes.AddMessageRequest(ticket_id=ticket_id, message=text, **fields)


def get(world: World, ticket_id: str) -> t.Ticket:
    return world.admin.tickets.GetTicket(reads.GetTicketRequest(id=ticket_id)).ticket


def messages(world: World, ticket_id: str, **fields: Any) -> list[timeline_pb2.Message]:
    asked = timeline.ListTimelineRequest(ticket_id=ticket_id, page_size=200, **fields)
    entries = world.admin.tickets.ListTimeline(asked).entries
    return [entry.message for entry in entries if entry.HasField("message")]


def shippers_ticket(world: World, sub: str, **fields: Any) -> t.Ticket:
    request = writes.CreateTicketRequest(ticket=ticket(**fields))
    return world.running.client(Role.SHIPPER, sub).tickets.CreateTicket(request).ticket


def test_a_message_is_kept_as_written_and_numbered(world: World) -> None:
    made = world.new_ticket()
    text = "पहली पंक्ति\n\n\tdone 👨‍👩‍👧 <b>not bold</b>"
    first = world.admin.tickets.AddMessage(message(made.id, f"  {text}\n")).message
    second = world.admin.tickets.AddMessage(message(made.id, is_internal_note=True)).message
    assert (first.message, first.actor_id, first.actor_role) == (text, "contract-admin", t.ROLE_ADMIN)
    assert (first.is_internal_note, second.is_internal_note) == (False, True)
    assert 1 < first.seq < second.seq
    assert str(UUID(first.id)) == first.id
    assert messages(world, made.id) == [first, second]


def test_the_first_public_word_of_staff_is_the_first_response(world: World) -> None:
    made = shippers_ticket(world, "messages-shipper")
    own = world.running.client(Role.SHIPPER, "messages-shipper").tickets
    own.AddMessage(message(made.id, "When?"))
    world.admin.tickets.AddMessage(message(made.id, "Between ourselves.", is_internal_note=True))
    assert not get(world, made.id).HasField("first_responded_at")
    world.admin.tickets.AddMessage(message(made.id, "Tomorrow."))
    answered = get(world, made.id)
    assert answered.HasField("first_responded_at")
    assert not answered.first_response_breached
    world.admin.tickets.AddMessage(message(made.id, "Or the day after."))
    assert get(world, made.id).first_responded_at == answered.first_responded_at


def test_an_automatic_acknowledgement_is_no_first_response(world: World) -> None:
    service = world.running.client(Role.SYSTEM, "messages-service").tickets
    made = service.CreateTicket(writes.CreateTicketRequest(ticket=ticket())).ticket
    service.AddMessage(message(made.id, "We have received your request."))
    assert not get(world, made.id).HasField("first_responded_at")


def test_outside_roles_neither_write_nor_see_internal_notes(world: World) -> None:
    made = shippers_ticket(world, "messages-outside")
    own = world.running.client(Role.SHIPPER, "messages-outside").tickets
    refused(
        own.AddMessage,
        message(made.id, is_internal_note=True),
        code=grpc.StatusCode.PERMISSION_DENIED,
        reason="ACTION_NOT_ALLOWED",
    )
    world.admin.tickets.AddMessage(message(made.id, "Between ourselves.", is_internal_note=True))
    own.AddMessage(message(made.id, "When?"))
    entries = own.ListTimeline(timeline.ListTimelineRequest(ticket_id=made.id)).entries
    assert [entry.message.message for entry in entries] == ["When?"]


def test_a_stranger_does_not_learn_that_there_is_a_ticket(world: World) -> None:
    made = shippers_ticket(world, "messages-mine")
    stranger = world.running.client(Role.DRIVER, "messages-stranger").tickets
    seen = refused(stranger.AddMessage, message(made.id), code=grpc.StatusCode.NOT_FOUND)
    absent = refused(stranger.AddMessage, message("TKT-987654321"), code=grpc.StatusCode.NOT_FOUND)
    assert seen.reason == absent.reason == "TICKET_NOT_FOUND"
    assert seen.message.replace(made.id, "") == absent.message.replace("TKT-987654321", "")


def test_a_closed_ticket_takes_messages_and_an_archived_one_does_not(world: World) -> None:
    made = world.open_ticket()
    for status, summary in ((t.TICKET_STATUS_RESOLVED, "Paid."), (t.TICKET_STATUS_CLOSED, "")):
        world.admin.tickets.TransitionTicket(
            writes.TransitionTicketRequest(id=made.id, status=status, resolution_summary=summary)
        )
    assert world.admin.tickets.AddMessage(message(made.id, "Thank you.")).message.seq > 0
    world.admin.tickets.ArchiveTicket(writes.ArchiveTicketRequest(id=made.id))
    before = rows(world.running.database)
    refused(world.admin.tickets.AddMessage, message(made.id), code=PRECONDITION, reason="TICKET_ARCHIVED")
    assert rows(world.running.database) == before


def test_the_text_of_a_sensitive_ticket_is_withheld_from_all_but_its_writer(world: World) -> None:
    made = world.new_ticket(is_sensitive=True)
    written = world.admin.tickets.AddMessage(message(made.id, "The PAN is ABCDE1234F.")).message
    assert (written.message, written.redacted) == ("The PAN is ABCDE1234F.", False)
    (withheld,) = messages(world, made.id)
    assert (withheld.message, withheld.redacted, withheld.id) == ("", True, written.id)
    (read,) = messages(world, made.id, access_reason=REASON)
    assert (read.message, read.redacted) == ("The PAN is ABCDE1234F.", False)


def test_the_same_request_is_one_message(world: World) -> None:
    made = world.new_ticket()
    asked = message(made.id, request_id=str(uuid4()))
    first = world.admin.tickets.AddMessage(asked)
    assert world.admin.tickets.AddMessage(asked) == first
    assert len(messages(world, made.id)) == 1
    asked.message = "Something else."
    refused(world.admin.tickets.AddMessage, asked, code=grpc.StatusCode.ALREADY_EXISTS, reason="REQUEST_ID_REUSED")


@pytest.fixture
def attached(world: World) -> tuple[str, dict[str, str]]:
    """A ticket with attachments as the attachment service will leave them: complete ones and one under way."""
    made, other = world.new_ticket().id, world.new_ticket().id
    ids = {name: str(uuid4()) for name in ("scan.pdf", "photo.jpg", "pending.pdf", "other.pdf")}
    with world.running.database.connect() as connection:
        for name, attachment_id in ids.items():
            connection.execute(
                "INSERT INTO ticket_attachments"
                " (id, ticket_id, uploaded_by_id, file_name, object_key, file_type, file_size_bytes, status)"
                " VALUES (%s, %s, 'asha', %s, %s, 'application/pdf', 12, %s)",
                [
                    attachment_id,
                    other if name == "other.pdf" else made,
                    name,
                    attachment_id,
                    "pending" if name == "pending.pdf" else "completed",
                ],
            )
    return made, ids


def test_attachments_are_referred_to_in_the_order_given(world: World, attached: tuple[str, dict[str, str]]) -> None:
    ticket_id, ids = attached
    asked = message(ticket_id, attachment_ids=[ids["scan.pdf"], ids["photo.jpg"].upper()])
    written = world.admin.tickets.AddMessage(asked).message
    assert [each.file_name for each in written.attachments] == ["scan.pdf", "photo.jpg"]
    assert messages(world, ticket_id) == [written]


def test_attachments_that_are_not_there_not_complete_or_named_twice_are_refused(
    world: World, attached: tuple[str, dict[str, str]]
) -> None:
    ticket_id, ids = attached
    before = rows(world.running.database)
    rpc = world.admin.tickets.AddMessage
    for missing in (str(uuid4()), ids["other.pdf"]):
        asked = message(ticket_id, attachment_ids=[ids["scan.pdf"], missing])
        refused(rpc, asked, code=grpc.StatusCode.NOT_FOUND, reason="ATTACHMENT_NOT_FOUND")
    pending = message(ticket_id, attachment_ids=[ids["pending.pdf"]])
    refused(rpc, pending, code=PRECONDITION, reason="ATTACHMENT_NOT_READY")
    twice = message(ticket_id, attachment_ids=[ids["scan.pdf"], ids["scan.pdf"].upper()])
    refused(rpc, twice, field="attachment_ids[1]")
    for wrong in (
        "",
        "x",
        "{" + ids["scan.pdf"] + "}",
        ids["scan.pdf"].replace("-", ""),
        "urn:uuid:" + ids["scan.pdf"],
    ):
        refused(rpc, message(ticket_id, attachment_ids=[ids["scan.pdf"], wrong]), field="attachment_ids[1]")
    assert rows(world.running.database) == before
