"""Reading lists to their end."""

import copy
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar


class _PageRequest(Protocol):
    page_token: str


class _Page(Protocol):
    @property
    def next_page_token(self) -> str: ...


_Request = TypeVar("_Request", bound=_PageRequest)
_Response = TypeVar("_Response", bound=_Page)


def iterate_pages(list_page: Callable[[_Request], _Response], request: _Request) -> Iterator[_Response]:
    """Yields the page that `request` asks for and all after it, each read when it is asked for.

        for page in iterate_pages(client.tickets.ListTickets, ListTicketsRequest(filter=overdue)):
            for ticket in page.tickets:
                ...

    Pages are read at different times: a row that moves in the order meanwhile may be seen twice or
    not at all.
    """
    request = copy.deepcopy(request)
    while True:
        page = list_page(request)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token
