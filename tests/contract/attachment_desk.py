"""A server with a gateway beside it, and what their clients do with files: calls, and signed requests over HTTP."""

import http.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.v1 import attachment_pb2, ticket_pb2, timeline_pb2
from rodistaa.tickets.v1 import attachment_service_pb2 as pb
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.domain.attachments import object_key_of
from server.domain.ids import TicketId
from server.domain.roles import Role
from tests.contract.attachment_requests import PDF, complete, create
from tests.contract.requests import ticket
from tests.database import TestServer
from tests.gateway_process import Gateway, serving_gateway
from tests.running import Running, running


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(signed: attachment_pb2.SignedRequest, body: bytes | None = None, **headers: str) -> Answer:
    """Make a signed request, with these headers in place of, or beside, its own."""
    url = urlsplit(signed.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=30)
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    own = {name: value for name, value in signed.headers.items() if name.lower() not in changed}
    try:
        connection.request(signed.method, f"{url.path}?{url.query}", body=body, headers={**own, **changed})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class Desk:
    """The server, the gateway, and people with roles."""

    running: Running
    gateway: Gateway

    @property
    def manager(self) -> TicketsClient:
        """Sees everything."""
        return self.running.client(Role.OPS_MANAGER, "files-manager")

    @property
    def shipper(self) -> TicketsClient:
        """Sees what is his."""
        return self.running.client(Role.SHIPPER, "files-shipper")

    def new_ticket(self, by: TicketsClient | None = None, **fields: Any) -> ticket_pb2.Ticket:
        """The shipper's, unless somebody else makes it."""
        request = writes.CreateTicketRequest(ticket=ticket(**fields))
        return (by or self.shipper).tickets.CreateTicket(request).ticket

    def attach(
        self, client: TicketsClient, ticket_id: str, content: bytes = PDF, **fields: Any
    ) -> attachment_pb2.Attachment:
        """All the way: announce, upload over HTTP, complete."""
        made = create(client, ticket_id, content, **fields)
        assert send(made.upload, content).status == 200
        return complete(client, made.attachment.id)

    def replace_in_store(self, attachment: attachment_pb2.Attachment, content: bytes, kind: str = "") -> None:
        """Put other bytes under the attachment's key, past all signatures, as a store without checks would let in."""
        key = object_key_of(TicketId(attachment.ticket_id), UUID(attachment.id))
        self.gateway.store.put(key, [content], content_type=kind or attachment.file_type)

    def is_stored(self, attachment: attachment_pb2.Attachment) -> bool:
        """Whether the store has an object of the attachment's key."""
        return self.gateway.store.stat(object_key_of(TicketId(attachment.ticket_id), UUID(attachment.id))) is not None

    def listed(self, client: TicketsClient, ticket_id: str, access_reason: str = "") -> list[attachment_pb2.Attachment]:
        """A page of 25."""
        request = pb.ListAttachmentsRequest(ticket_id=ticket_id, access_reason=access_reason)
        return list(client.attachments.ListAttachments(request).attachments)

    def download(
        self, client: TicketsClient, attachment_id: str, access_reason: str = ""
    ) -> pb.GetAttachmentDownloadResponse:
        """A signed GET."""
        request = pb.GetAttachmentDownloadRequest(id=attachment_id, access_reason=access_reason)
        return client.attachments.GetAttachmentDownload(request)

    def audit(self, ticket_id: str, *actions: str, access_reason: str = "") -> list[timeline_pb2.AuditEntry]:
        """Rows of these actions, oldest first."""
        request = timeline.ListAuditEntriesRequest(ticket_id=ticket_id, access_reason=access_reason, page_size=200)
        rows = self.manager.tickets.ListAuditEntries(request).audit_entries
        return [row for row in rows if row.action in actions]

    def timeline(
        self, client: TicketsClient, ticket_id: str, access_reason: str = ""
    ) -> list[timeline_pb2.TimelineEntry]:
        """The whole of it."""
        request = timeline.ListTimelineRequest(ticket_id=ticket_id, access_reason=access_reason, page_size=200)
        return list(client.tickets.ListTimeline(request).entries)

    def say(
        self, client: TicketsClient, ticket_id: str, *attachment_ids: str, internal: bool = False
    ) -> timeline_pb2.Message:
        """A message that names attachments."""
        request = writes.AddMessageRequest(
            ticket_id=ticket_id, message="See this.", attachment_ids=attachment_ids, is_internal_note=internal
        )
        return client.tickets.AddMessage(request).message


@contextmanager
def open_desk(postgres: TestServer, data_dir: Path) -> Iterator[Desk]:
    """On a database and a directory of its own."""
    with (
        serving_gateway(data_dir) as gateway,
        postgres.new_database() as database,
        running(database, data_dir=data_dir, files_url=gateway.url) as served,
    ):
        yield Desk(served, gateway)
