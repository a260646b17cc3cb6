"""Whose files people from outside see: their own, and those that a public message of the ticket names."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rodistaa.tickets.client import TicketsClient, iterate_pages
from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.contract.attachment_desk import Desk, open_desk, send
from tests.contract.attachment_requests import PDF, Naming, create, insert_unnoticed
from tests.contract.expectations import refused, rows
from tests.contract.streams import timeline_of
from tests.database import TestServer

NOT_FOUND = grpc.StatusCode.NOT_FOUND
OUTSIDE = (Role.SHIPPER, Role.OPERATOR, Role.DRIVER)
UPLOADERS = ("reader", "outsider", "staff")
NAMINGS: tuple[tuple[Naming, ...], ...] = ((), ("note",), ("public",), ("note", "public"), ("public", "note"))


@pytest.fixture(scope="module")
def desk(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(postgres, tmp_path_factory.mktemp("files")) as opened:
        yield opened


class Table:
    """A ticket that two people from outside, staff and a service account sit at."""

    def __init__(self, desk: Desk, role: Role) -> None:
        self.desk = desk
        self.ticket_id = desk.new_ticket().id
        self.reader = desk.running.client(role, f"shared-{role}")
        self.outsider = desk.running.client(Role.OPERATOR, "shared-outsider")
        agent, service = (Role.OPS_AGENT, "shared-agent"), (Role.SYSTEM, "shared-system")
        self.insiders = [desk.manager, *(desk.running.client(*each) for each in (agent, service))]
        for user in (f"shared-{role}", "shared-outsider", "shared-agent", "shared-system"):
            desk.manager.tickets.SetWatch(writes.SetWatchRequest(ticket_id=self.ticket_id, user_id=user, watching=True))

    def file(self, uploader: str, named_by: tuple[Naming, ...] = ()) -> str:
        """A complete one, and messages of staff that name it."""
        by = {"reader": self.reader, "outsider": self.outsider, "staff": self.desk.manager}[uploader]
        attachment_id = self.desk.attach(by, self.ticket_id).id
        for naming in named_by:
            self.desk.say(self.desk.manager, self.ticket_id, attachment_id, internal=naming == "note")
        return attachment_id

    def listed(self, by: TicketsClient) -> list[str]:
        """Ids."""
        return [each.id for each in self.desk.listed(by, self.ticket_id)]

    def named(self, by: TicketsClient) -> set[str]:
        """Ids in the messages that the timeline shows, listed and followed."""
        entries = self.desk.timeline(by, self.ticket_id)
        with timeline_of(by.tickets, self.ticket_id) as stream:
            assert stream.replayed()[0] == entries
        return {each.id for entry in entries for each in entry.message.attachments}


def naming(ticket_id: str, *attachment_ids: str) -> writes.AddMessageRequest:
    return writes.AddMessageRequest(ticket_id=ticket_id, message="What is this?", attachment_ids=attachment_ids)


def downloading(attachment_id: str) -> pb.GetAttachmentDownloadRequest:
    return pb.GetAttachmentDownloadRequest(id=attachment_id)


@pytest.mark.parametrize("role", OUTSIDE)
def test_outside_roles_see_their_own_and_what_public_messages_name(desk: Desk, role: Role) -> None:
    table = Table(desk, role)
    made = {(by, named_by): table.file(by, named_by) for by, named_by in product(UPLOADERS, NAMINGS)}
    seen = [each for (by, named_by), each in made.items() if by == "reader" or "public" in named_by]
    assert table.listed(table.reader) == seen
    assert table.named(table.reader) == {each for (_, named_by), each in made.items() if "public" in named_by}
    everything = list(made.values())
    for inside in table.insiders:
        assert table.listed(inside) == everything
        assert table.named(inside) == {each for (_, named_by), each in made.items() if named_by}
        assert send(desk.download(inside, everything[-5]).download).body == PDF

    for each in seen:
        assert send(desk.download(table.reader, each).download).body == PDF
    hidden = [each for each in everything if each not in seen]
    before = rows(desk.running.database)
    for each in hidden:
        for rpc, request in (
            (table.reader.attachments.GetAttachmentDownload, downloading(each)),
            (table.reader.attachments.CompleteAttachment, pb.CompleteAttachmentRequest(id=each)),
            (table.reader.tickets.AddMessage, naming(table.ticket_id, seen[0], each)),
        ):
            refused(rpc, request, code=NOT_FOUND, reason="ATTACHMENT_NOT_FOUND")
    assert rows(desk.running.database) == before
    assert [each.id for each in desk.say(table.reader, table.ticket_id, *seen).attachments] == seen


def test_what_is_hidden_is_answered_like_what_is_not_there(desk: Desk) -> None:
    table = Table(desk, Role.DRIVER)
    hidden, absent = table.file("staff"), "00000000-0000-4000-8000-000000000000"
    calls: tuple[Any, ...] = (
        (table.reader.attachments.GetAttachmentDownload, downloading),
        (table.reader.attachments.CompleteAttachment, lambda given: pb.CompleteAttachmentRequest(id=given)),
        (table.reader.tickets.AddMessage, lambda given: naming(table.ticket_id, given)),
    )
    for rpc, asking in calls:
        one, other = (
            refused(rpc, asking(given), code=NOT_FOUND, reason="ATTACHMENT_NOT_FOUND").message.replace(given, "")
            for given in (hidden, absent)
        )
        assert one == other


def test_a_file_is_shared_from_the_public_message_on_and_stays_so(desk: Desk) -> None:
    table = Table(desk, Role.SHIPPER)
    attachment_id = table.file("staff")
    with timeline_of(table.reader.tickets, table.ticket_id) as stream:
        stream.replayed()
        assert table.listed(table.reader) == []
        desk.say(desk.manager, table.ticket_id, attachment_id, internal=True)
        assert table.listed(table.reader) == [], "an internal note shares nothing"
        said = desk.say(desk.manager, table.ticket_id, attachment_id)
        assert stream.entry().message == said, "of the note and of the upload they hear nothing"
    assert table.listed(table.reader) == [attachment_id]
    desk.say(desk.manager, table.ticket_id, attachment_id, internal=True)
    assert table.listed(table.reader) == [attachment_id]
    assert desk.download(table.reader, attachment_id).attachment.id == attachment_id


def test_outsiders_share_their_own_files_with_each_other(desk: Desk) -> None:
    table = Table(desk, Role.DRIVER)
    attachment_id = table.file("outsider")
    refused(table.reader.attachments.GetAttachmentDownload, downloading(attachment_id), code=NOT_FOUND)
    desk.say(table.outsider, table.ticket_id, attachment_id)
    assert table.listed(table.reader) == table.listed(table.outsider) == [attachment_id]
    assert table.named(table.reader) == {attachment_id}
    assert send(desk.download(table.reader, attachment_id).download).body == PDF
    desk.say(table.reader, table.ticket_id, attachment_id)


def test_uploads_under_way_are_their_uploaders_alone(desk: Desk) -> None:
    table = Table(desk, Role.DRIVER)
    own, other = (create(by, table.ticket_id).attachment.id for by in (table.reader, table.outsider))
    assert (table.listed(table.reader), table.listed(table.outsider), table.listed(desk.manager)) == (
        [own],
        [other],
        [],
    )
    message = table.reader.tickets.AddMessage
    precondition = grpc.StatusCode.FAILED_PRECONDITION
    refused(message, naming(table.ticket_id, own), code=precondition, reason="ATTACHMENT_NOT_READY")
    refused(message, naming(table.ticket_id, other), code=NOT_FOUND, reason="ATTACHMENT_NOT_FOUND")


def test_a_message_of_another_ticket_shares_nothing(desk: Desk) -> None:
    table, elsewhere = Table(desk, Role.SHIPPER), Table(desk, Role.SHIPPER)
    attachment_id = table.file("staff")
    refused(desk.manager.tickets.AddMessage, naming(elsewhere.ticket_id, attachment_id), code=NOT_FOUND)
    with desk.running.database.connect() as connection:  # as no client could
        connection.execute(
            "INSERT INTO ticket_messages (ticket_id, actor_id, actor_role, message, attachments)"
            " VALUES (%s, 'somebody', 'ops_agent', 'See.', ARRAY[%s::uuid])",
            [elsewhere.ticket_id, attachment_id],
        )
    assert table.listed(table.reader) == elsewhere.listed(elsewhere.reader) == []
    refused(table.reader.attachments.GetAttachmentDownload, downloading(attachment_id), code=NOT_FOUND)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(
        st.tuples(st.sampled_from(("files-shipper", "files-manager")), st.booleans(), st.sampled_from(NAMINGS)),
        max_size=12,
    ),
    size=st.integers(1, 5),
    at_once=st.integers(1, 12),
)
def test_pages_together_are_what_one_may_see_in_order(
    desk: Desk, files: list[tuple[str, bool, tuple[Naming, ...]]], size: int, at_once: int
) -> None:
    """``at_once``: as many are made at the same instant, and come in the order of their ids."""
    ticket_id = desk.new_ticket().id
    made: list[tuple[int, str, str, bool, bool]] = []
    with desk.running.database.connect() as connection:
        for start in range(0, len(files), at_once):
            with connection.transaction():
                for uploader, ready, named_by in files[start : start + at_once]:
                    attachment_id = insert_unnoticed(
                        connection, ticket_id, uploader, ready=ready, named_by=named_by if ready else ()
                    )
                    made.append((start, attachment_id, uploader, ready, ready and "public" in named_by))
    made.sort()
    for client, name in ((desk.shipper, "files-shipper"), (desk.manager, "files-manager")):
        wanted = [
            each
            for _, each, uploader, ready, shared in made
            if uploader == name or shared or (ready and name == "files-manager")
        ]
        request = pb.ListAttachmentsRequest(ticket_id=ticket_id, page_size=size)
        pages = [
            [each.id for each in page.attachments]
            for page in iterate_pages(client.attachments.ListAttachments, request)
        ]
        assert [each for page in pages for each in page] == wanted
        assert all(len(page) == size for page in pages[:-1]), "what is hidden takes no places"
