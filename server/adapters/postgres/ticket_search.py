"""Full-text search in blocks of the newest matches (docs/adr/0005).

Ranking every match of a frequent word means reading every such ticket. So the newest ``BLOCK`` matches
are ranked, then the next ones: a page costs the same for ten matches and for a million, and paging
through reaches them all.
"""

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    DateTime,
    Interval,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from server.adapters.postgres.predicates import Shape, predicate, shape_of, text_query, values_of
from server.adapters.postgres.rows import TICKET_COLUMNS, to_ticket
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import tickets
from server.application.repositories import Found, Highlight, SearchBlock, SearchPosition
from server.domain.filters import TicketFilter
from server.domain.ids import TicketId
from server.domain.tickets import Ticket
from server.domain.visibility import Visibility

BLOCK = 500
"""Matches that are ranked against each other.

By ``ts_rank``, not by cover density: ``ts_rank_cd`` tries combinations of positions, and a description made for
the purpose keeps it busy for a tenth of a second.
"""

SNIPPET_SOURCE = 2_000
"""Characters of a description that the snippet is taken from, as each of them is parsed anew."""

_SPANS = ("7 days", "49 days")
"""How far back matches are looked for at first, and then further. Only how long a search takes depends on it."""
_QUEUE_SPANS = ("28 days", "112 days")
"""The same for those who see the tickets of a role: a fifth to a third of all, so a block of theirs reaches further
back. A span that does not fill it costs a look at the index for little, and the last one reads every match."""
_MOMENT = DateTime(timezone=True)

# Control characters mark matches, since no stored text contains them.
_START, _STOP = "\x02", "\x03"
_TITLE_OPTIONS = f"StartSel={_START}, StopSel={_STOP}, HighlightAll=true"
_SNIPPET_OPTIONS = f"StartSel={_START}, StopSel={_STOP}, MaxFragments=1, MaxWords=30, MinWords=15"


def search_block(
    session: Session,
    query: str,
    where: TicketFilter,
    visibility: Visibility,
    *,
    start: SearchPosition | None,
    limit: int,
) -> SearchBlock:
    """See ``TicketRepository.search_block``."""
    offset = 0 if start is None else start.offset
    now = datetime.now(UTC)
    values = values_of(where, visibility, now=now) | {"query": query, "limit": limit, "offset": offset}
    values["newest"] = now if start is None else start.block_created_at
    if start is not None:
        values |= {"block_created_at": start.block_created_at, "block_id": start.block_id}
    statement = _search(shape_of(where, visibility), _spans(visibility), continued=start is not None)
    rows = session.all(statement, values)
    if not rows:
        return SearchBlock([], None, None)
    results = [_found(row) for row in rows]
    width = len(TICKET_COLUMNS)
    in_block, newest_at, newest_id, next_at, next_id = rows[0][width + 3 : width + 8]
    begin = SearchPosition(newest_at, TicketId(newest_id), 0)
    following = None
    if offset + len(rows) < in_block:
        following = replace(begin, offset=offset + len(rows))
    elif next_at is not None:
        following = SearchPosition(next_at, TicketId(next_id), 0)
    return SearchBlock(results, begin, following)


def _found(row: tuple[object, ...]) -> Found:
    ticket: Ticket = to_ticket(row)
    width = len(TICKET_COLUMNS)
    rank, title, snippet = row[width : width + 3]
    return Found(
        ticket,
        float(str(rank)),
        _highlights(str(title)),
        _highlights(str(snippet)),
    )


def _highlights(marked: str) -> tuple[Highlight, ...]:
    """``"a \\x02b\\x03 c"`` as three pieces."""
    pieces: list[Highlight] = []
    for part in marked.split(_START):
        match, stop, rest = part.partition(_STOP)
        if stop:
            pieces += [Highlight(match, is_match=True), Highlight(rest, is_match=False)]
        else:
            pieces.append(Highlight(part, is_match=False))
    return tuple(piece for piece in pieces if piece.text)


@lru_cache(maxsize=512)
def _search(shape: Shape, spans: tuple[str, ...], *, continued: bool) -> Statement:
    words = text_query("query")
    taken = _taken(shape, spans, words, continued=continued)
    block = (
        select(*TICKET_COLUMNS, func.ts_rank(tickets.c.search, words).label("rank"))
        .join_from(tickets, taken, tickets.c.id == taken.c.id)
        .where(taken.c.place <= BLOCK)
        .cte("block")
    )
    newest = select(taken.c.created_at, taken.c.id).where(taken.c.place == 1).subquery("newest")
    following = select(taken.c.created_at, taken.c.id).where(taken.c.place == BLOCK + 1).subquery("following")
    size = select(func.count().label("size")).select_from(taken).where(taken.c.place <= BLOCK).subquery("size")
    best_first = (block.c.rank.desc(), block.c.created_at.desc(), block.c.id.desc())
    best = (
        select(block)
        .order_by(*best_first)
        .limit(bindparam("limit", type_=BigInteger()))
        .offset(bindparam("offset", type_=BigInteger()))
        .cte("best")
    )
    english: ColumnElement[Any] = literal_column("'english'::regconfig")
    query = (
        select(
            best,
            func.ts_headline(english, best.c.title, words, bindparam("title_options", _TITLE_OPTIONS)),
            case(
                (best.c.is_sensitive, ""),
                else_=func.ts_headline(
                    english,
                    func.left(best.c.description, SNIPPET_SOURCE),
                    words,
                    bindparam("snippet_options", _SNIPPET_OPTIONS),
                ),
            ),
            size.c.size,
            newest.c.created_at,
            newest.c.id,
            following.c.created_at,
            following.c.id,
        )
        .select_from(best.join(size, literal_column("true")).join(newest, literal_column("true")))
        .outerjoin(following, literal_column("true"))
        .order_by(best.c.rank.desc(), best.c.created_at.desc(), best.c.id.desc())
    )
    return Statement(query, prepare=False)


def _taken(shape: Shape, spans: tuple[str, ...], words: ColumnElement[Any], *, continued: bool) -> CTE:
    """``created_at``, ``id`` and ``place`` of the newest matches, one more than a block to know where the next begins.

    The index on words knows no order: it gives all matches ever, and each has to be looked at for its date. So
    matches are looked for in one span of time after another, back from the beginning, until there are enough.
    """
    key = (tickets.c.created_at, tickets.c.id)
    matches = select(*key).where(tickets.c.search.op("@@", is_comparison=True)(words), predicate(shape))
    if continued:
        begin = tuple_(bindparam("block_created_at", type_=_MOMENT), bindparam("block_id", type_=Text(collation="C")))
        matches = matches.where(tuple_(*key) <= begin)
    enough: ColumnElement[Any] = literal_column(str(BLOCK + 1))
    found: list[CTE] = []
    for number in range(len(spans) + 1):
        span = matches
        if number > 0:
            span = span.where(tickets.c.created_at < _since(spans[number - 1]))
        if number < len(spans):
            span = span.where(tickets.c.created_at >= _since(spans[number]))
        for earlier in found:
            so_far = select(func.count()).select_from(earlier).scalar_subquery()
            span = span.where(so_far < enough)
        found.append(span.order_by(*(column.desc() for column in key)).limit(enough).cte(f"span_{number}"))
    together = union_all(*(select(span) for span in found)).subquery("together")
    newest_first = (together.c.created_at.desc(), together.c.id.desc())
    place = func.row_number().over(order_by=newest_first).label("place")
    return select(together, place).order_by(*newest_first).limit(enough).cte("taken")


def _spans(visibility: Visibility) -> tuple[str, ...]:
    """None for those without a queue: they see so little that all of it is looked at once."""
    if visibility.everything:
        return _SPANS
    return _QUEUE_SPANS if visibility.queue_role is not None else ()


def _since(span: str) -> ColumnElement[Any]:
    return bindparam("newest", type_=_MOMENT) - literal_column(f"interval '{span}'", Interval())
