"""Finding tickets by words."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.repositories import Found, SearchPosition
from server.application.tickets.list_tickets import Total, total_of
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.filters import TOTAL_CAP, TicketFilter
from server.domain.visibility import visibility_of


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Which page of which search."""

    words: str
    where: TicketFilter
    start: SearchPosition | None
    limit: int
    include_total: bool = False


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of results and what comes after it."""

    results: list[Found]
    next: SearchPosition | None
    block: SearchPosition | None
    """The beginning of the block that the results are from; None without results."""
    total: Total | None


@dataclass(frozen=True, slots=True)
class SearchTickets:
    """Ranked within blocks of the newest matches; see ``SearchBlock``."""

    uow: UnitOfWork

    def __call__(self, call: Call, query: SearchQuery) -> SearchPage:
        """The page; it holds fewer results than asked for only at the end of a block or of the search."""
        visibility = visibility_of(call.principal)

        def body(repositories: Repositories) -> SearchPage:
            block = repositories.tickets.search_block(
                query.words, query.where, visibility, start=query.start, limit=query.limit
            )
            total = None
            if query.include_total:
                total = total_of(
                    repositories.tickets.count(query.where, visibility, query=query.words, at_most=TOTAL_CAP + 1)
                )
            return SearchPage(list(block.results), block.next, block.start, total)

        return self.uow.read(call, body)
