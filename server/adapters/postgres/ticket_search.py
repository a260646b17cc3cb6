"""Full-text search in blocks of the newest matches (docs/adr/0005).

Ranking every match of a frequent word means reading every such ticket. So the newest ``BLOCK`` matches
are ranked, then the next ones: a page costs the same for ten matches and for a million, and paging
through reaches them all.
"""

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Text, bindparam, func, literal_column, select, tuple_
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
"""Matches that are ranked against each other."""

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
    values = values_of(where, visibility, now=datetime.now(UTC)) | {"query": query, "limit": limit, "offset": offset}
    if start is not None:
        values |= {"block_created_at": start.block_created_at, "block_id": start.block_id}
    rows = session.all(_search(shape_of(where, visibility), continued=start is not None), values)
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
        () if ticket.is_sensitive else _highlights(str(snippet)),
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
def _search(shape: Shape, *, continued: bool) -> Statement:
    words = text_query("query")
    matches = select(*TICKET_COLUMNS, tickets.c.search).where(
        tickets.c.search.op("@@", is_comparison=True)(words), predicate(shape)
    )
    if continued:
        begin = tuple_(
            bindparam("block_created_at", type_=DateTime(timezone=True)),
            bindparam("block_id", type_=Text(collation="C")),
        )
        matches = matches.where(tuple_(tickets.c.created_at, tickets.c.id) <= begin)
    newest_first = (tickets.c.created_at.desc(), tickets.c.id.desc())
    # One more than a block, to know where the next one begins.
    taken = matches.order_by(*newest_first).limit(literal_column(str(BLOCK + 1))).cte("taken")
    numbered = select(
        taken,
        func.row_number().over(order_by=(taken.c.created_at.desc(), taken.c.id.desc())).label("place"),
    ).cte("numbered")
    block = select(numbered).where(numbered.c.place <= BLOCK).cte("block")
    newest = select(numbered.c.created_at, numbered.c.id).where(numbered.c.place == 1).subquery("newest")
    following = select(numbered.c.created_at, numbered.c.id).where(numbered.c.place == BLOCK + 1).subquery("following")
    size = select(func.count().label("size")).select_from(block).subquery("size")
    rank = func.ts_rank_cd(block.c.search, words).label("rank")
    best = (
        select(*(block.c[column.name] for column in TICKET_COLUMNS), rank)
        .order_by(rank.desc(), block.c.created_at.desc(), block.c.id.desc())
        .limit(bindparam("limit", type_=BigInteger()))
        .offset(bindparam("offset", type_=BigInteger()))
        .cte("best")
    )
    english: ColumnElement[Any] = literal_column("'english'::regconfig")
    query = (
        select(
            *(best.c[column.name] for column in TICKET_COLUMNS),
            best.c.rank,
            func.ts_headline(english, best.c.title, words, bindparam("title_options", _TITLE_OPTIONS)),
            func.ts_headline(english, best.c.description, words, bindparam("snippet_options", _SNIPPET_OPTIONS)),
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
