"""Pages of tickets, cut to what fits into one message, with the token of what comes next."""

from dataclasses import replace

from rodistaa.tickets.v1 import ticket_reads_pb2 as pb
from server.api.convert.page_tokens import PageToken, fitting
from server.api.convert.ticket_reads_in import from_list_position, from_search_position
from server.api.convert.tickets_out import from_found, from_ticket
from server.application.tickets.list_tickets import ListQuery, TicketPage, Total, position_of
from server.application.tickets.search_tickets import SearchPage, SearchQuery


def list_response(page: TicketPage, query: ListQuery, token: PageToken) -> pb.ListTicketsResponse:
    """A page of a list."""
    tickets = fitting(from_ticket(ticket) for ticket in page.tickets)
    following = page.next
    if len(tickets) < len(page.tickets):
        following = position_of(page.tickets[len(tickets) - 1], query.order)
    response = pb.ListTicketsResponse(tickets=tickets, next_page_token=token.write(from_list_position(following)))
    _set_total(response, page.total)
    return response


def search_response(page: SearchPage, query: SearchQuery, token: PageToken) -> pb.SearchTicketsResponse:
    """A page of a search."""
    results = fitting(from_found(found) for found in page.results)
    following = page.next
    if len(results) < len(page.results) and page.block is not None:
        offset = 0 if query.start is None else query.start.offset
        following = replace(page.block, offset=offset + len(results))
    response = pb.SearchTicketsResponse(results=results, next_page_token=token.write(from_search_position(following)))
    _set_total(response, page.total)
    return response


def _set_total(response: pb.ListTicketsResponse | pb.SearchTicketsResponse, total: Total | None) -> None:
    if total is not None:
        response.total_size = total.count
        response.total_size_capped = total.capped
