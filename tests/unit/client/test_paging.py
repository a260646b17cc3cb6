"""Reading lists to their end."""

import grpc
import pytest

from rodistaa.tickets.client import TicketsClient, iterate_pages
from rodistaa.tickets.v1.ticket_pb2 import Ticket
from rodistaa.tickets.v1.ticket_reads_pb2 import ListTicketsRequest, ListTicketsResponse
from tests.unit.client.conftest import ScriptedTickets


@pytest.fixture
def three_pages(service: ScriptedTickets) -> None:
    pages = {
        "": ListTicketsResponse(tickets=[Ticket(id="TKT-1")], next_page_token="two"),
        # A page may be empty without being the last.
        "two": ListTicketsResponse(next_page_token="three"),
        "three": ListTicketsResponse(tickets=[Ticket(id="TKT-3")]),
    }

    def page(request: ListTicketsRequest, context: grpc.ServicerContext) -> ListTicketsResponse:
        return pages[request.page_token]

    service.answer = page


@pytest.mark.usefixtures("three_pages")
def test_every_page_is_read_with_the_same_arguments(client: TicketsClient, service: ScriptedTickets) -> None:
    request = ListTicketsRequest(page_size=7, order_by="priority")
    found = [ticket.id for page in iterate_pages(client.tickets.ListTickets, request) for ticket in page.tickets]
    assert found == ["TKT-1", "TKT-3"]
    assert {(each.page_size, each.order_by) for each in service.requests} == {(7, "priority")}
    assert request.page_token == ""


@pytest.mark.usefixtures("three_pages")
def test_pages_are_read_only_when_asked_for(client: TicketsClient, service: ScriptedTickets) -> None:
    next(iterate_pages(client.tickets.ListTickets, ListTicketsRequest()))
    assert len(service.requests) == 1
