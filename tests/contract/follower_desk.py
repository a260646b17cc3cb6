"""Tickets that are followed, and whoever changes them."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from rodistaa.tickets.client import TicketsClient, iterate_pages
from rodistaa.tickets.v1 import filter_pb2
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.contract.requests import REASON, ticket
from tests.contract.streams import ListEvents, list_of, pages_of_timeline, settle, still
from tests.running import Running

_words = count(1)
Filter = filter_pb2.TicketFilter


@dataclass
class Desk:
    """Tickets with a tag of this test alone, and somebody who may change them in every way."""

    running: Running
    admin: TicketsClient
    tag: str

    def new(self, **fields: Any) -> t.Ticket:
        """One more."""
        values = {"tags": [self.tag], "priority": t.TICKET_PRIORITY_HIGH, **fields}
        return self.admin.tickets.CreateTicket(writes.CreateTicketRequest(ticket=ticket(**values))).ticket

    def update(self, ticket_id: str, **fields: Any) -> None:
        """Fields of the ticket itself."""
        request = writes.UpdateTicketRequest(ticket=t.Ticket(id=ticket_id, **fields), reason=REASON)
        request.update_mask.paths.extend(fields)
        self.admin.tickets.UpdateTicket(request)

    def move(self, ticket_id: str, status: str, summary: str = "") -> None:
        """To a status."""
        request = writes.TransitionTicketRequest(id=ticket_id, status=t.TicketStatus.Value(f"TICKET_STATUS_{status}"))
        request.resolution_summary = summary
        self.admin.tickets.TransitionTicket(request)

    def assign(self, ticket_id: str, **fields: Any) -> None:
        """To a queue, a person, a franchise."""
        values = {"owner_role": t.ROLE_OPS_AGENT, **fields}
        self.admin.tickets.AssignTicket(writes.AssignTicketRequest(id=ticket_id, reason=REASON, **values))

    def archive(self, ticket_id: str, *, archived: bool) -> None:
        """Away, or out again."""
        self.admin.tickets.ArchiveTicket(writes.ArchiveTicketRequest(id=ticket_id, archived=archived))

    def say(self, ticket_id: str, text: str = "A word.") -> None:
        """A message."""
        self.admin.tickets.AddMessage(writes.AddMessageRequest(ticket_id=ticket_id, message=text))

    def where(self, **fields: Any) -> Filter:
        """Of these tickets, those."""
        return Filter(**{"tags_any": [self.tag], **fields})

    def follow(self, **request: Any) -> AbstractContextManager[ListEvents]:
        """A stream that is told of nothing that has been done already."""
        settle(self.running.database)
        return list_of(self.admin.tickets, watch.WatchTicketsRequest(**{"filter": self.where(), **request}))

    def listed(self, where: Filter, limit: int) -> list[t.Ticket]:
        """By ListTickets; each as ``still`` has it."""
        request = reads.ListTicketsRequest(filter=where, page_size=200)
        pages = iterate_pages(self.admin.tickets.ListTickets, request)
        return [still(each) for page in pages for each in page.tickets][:limit]

    def last_seq(self, ticket_id: str) -> int:
        """The newest of its timeline."""
        return pages_of_timeline(self.admin.tickets, ticket_id)[-1].seq


def desk_of(served: Running) -> Desk:
    return Desk(served, served.client(Role.ADMIN, "watch-admin"), f"watch-{next(_words)}")


@pytest.fixture
def desk(server: Running) -> Desk:
    return desk_of(server)
