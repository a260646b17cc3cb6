"""Terms of tickets in PostgreSQL: a bounded number of index entries, however many tickets there are.

No index knows "the terms that somebody may see". So some tickets are looked at: the latest ones of each reason to see
them, in the order of the index that the reason has; and for those who see everything also those whose term begins with
the prefix, in the order of the index on the term. Others would learn from what is missing there how much is hidden from
them. Each of these reads stops after a fixed number of entries, whatever they turn out to be; only then
what is archived, hidden or does not match is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Select,
    Text,
    and_,
    bindparam,
    collate,
    func,
    literal_column,
    select,
    true,
    union,
)
from sqlalchemy.sql.elements import ColumnElement

from server.adapters.postgres.predicates import parts_of, visibility_values, visible_for
from server.adapters.postgres.sessions import Session
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import OPEN_TICKETS, ticket_linked_type, tickets
from server.domain.terms import TermCount, TermKind, TermQuery
from server.domain.visibility import Visibility

LATEST = 1_000
"""Latest tickets of a reason to see them."""

LATEST_OF_FEW = 50
"""The least of them of each of the caller's franchises, where these share ``LATEST``."""

NEAREST = 2_000
"""Tickets that begin with a prefix, by term."""

_t = tickets.c
_C_TEXT = Text(collation="C")
_COLUMN: dict[TermKind, Any] = {
    TermKind.TAG: _t.tags,
    TermKind.FRANCHISE_ID: _t.assigned_franchise_id,
    TermKind.LINKED_ID: _t.linked_id,
}
_LAST = "\U0010ffff"
"""Sorts, bytewise, after all that a term may go on with."""

_QUEUE_STATES = (OPEN_TICKETS, "tickets.status = 'RESOLVED'", "tickets.status = 'CLOSED'")
"""A queue has an index by time for each of them, and none for all."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """What decides the text of a statement."""

    kind: TermKind
    visibility: frozenset[str]
    prefixes: int
    """By how many spellings of the prefix the index on the term is asked."""


@dataclass(frozen=True, slots=True)
class PostgresTermRepository:
    """See ``TermRepository``."""

    session: Session

    def suggest(self, wanted: TermQuery, visibility: Visibility) -> list[TermCount]:
        statement, values = suggestion(wanted, visibility)
        return [TermCount(term, count) for term, count in self.session.all(statement, values)]


def suggestion(wanted: TermQuery, visibility: Visibility) -> tuple[Statement, dict[str, Any]]:
    """The statement for a query, and its parameters."""
    franchises = max(1, len(visibility.franchise_ids))
    values: dict[str, Any] = visibility_values(visibility) | {
        "prefix": wanted.prefix,
        "linked_type": None if wanted.linked_type is None else wanted.linked_type.value,
        "limit": wanted.limit,
        "latest_of_each": max(LATEST_OF_FEW, LATEST // franchises),
    }
    by_term = wanted.kind is not TermKind.TAG and visibility.everything
    prefixes = {wanted.prefix, wanted.prefix.upper()} if by_term and wanted.prefix else set()
    for place, prefix in enumerate(sorted(prefixes)):
        values |= {f"low_{place}": prefix, f"high_{place}": prefix + _LAST}
    return _suggest(_Shape(wanted.kind, parts_of(visibility), len(prefixes))), values


@lru_cache(maxsize=64)
def _suggest(shape: _Shape) -> Statement:
    # A ticket that is there for several reasons counts once: UNION leaves out repeated rows.
    seen = union(*_latest(shape), *_nearest(shape)).subquery("seen")
    found = select(seen.c.id, seen.c.term)
    if shape.kind is TermKind.TAG:
        tag = func.unnest(seen.c.term).table_valued("tag", name="each", joins_implicitly=True).render_derived()
        found = select(seen.c.id, tag.c.tag.label("term"))
    terms = found.subquery("terms")
    count = func.count()
    return Statement(
        select(terms.c.term, count)
        .where(func.starts_with(_folded(terms.c.term), _folded(bindparam("prefix", type_=Text()))))
        .group_by(terms.c.term)
        .order_by(count.desc(), terms.c.term)
        .limit(bindparam("limit", type_=BigInteger())),
        prepare=False,
    )


def _folded(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Without case, in every script, and the same on every machine."""
    return func.lower(collate(text, "pg_c_utf8"))


def _latest(shape: _Shape) -> Iterator[Select[Any]]:
    """The latest tickets of each reason."""
    if not shape.visibility:
        yield _kept(_in_time(_columns(shape.kind).where(~literal_column("tickets.archived"))))
        return
    for name, reason in visible_for(shape.visibility).items():
        rows = _columns(shape.kind).where(reason)
        if name == "queue":
            for state in _QUEUE_STATES:
                yield _kept(_in_time(rows.where(literal_column(state))))
        elif name == "franchises":
            # The index has the tickets of one franchise in order of time, not those of several.
            each = (
                func.unnest(bindparam("viewer_franchises", type_=ARRAY(_C_TEXT)))
                .table_valued("id", name="each")
                .render_derived()
            )
            of_one = _in_time(rows.where(_t.assigned_franchise_id == each.c.id), "latest_of_each").lateral("of_one")
            yield _kept(select(of_one).select_from(each.join(of_one, true())))
        else:
            yield _kept(_in_time(rows))


def _nearest(shape: _Shape) -> Iterator[Select[Any]]:
    """Those whose term begins with a spelling of the prefix, by term."""
    column = _COLUMN[shape.kind]
    for place in range(shape.prefixes):
        low = bindparam(f"low_{place}", type_=_C_TEXT)
        high = bindparam(f"high_{place}", type_=_C_TEXT)
        rows = _columns(shape.kind).where(column >= low, column < high)
        order = [column, _t.created_at, _t.id]
        if shape.kind is TermKind.LINKED_ID:
            rows = rows.where(_of_type())
        yield _kept(rows.order_by(*order).limit(NEAREST))


def _columns(kind: TermKind) -> Select[Any]:
    """Id and term of tickets, and whether they count: what does not is read all the same, and left out after."""
    counts = [~literal_column("tickets.archived"), _COLUMN[kind].is_not(None)]
    if kind is TermKind.LINKED_ID:
        counts.append(_of_type())
    return select(_t.id, _COLUMN[kind].label("term"), and_(*counts).label("counts"))


def _of_type() -> ColumnElement[bool]:
    return _t.linked_type == bindparam("linked_type", type_=ticket_linked_type)


def _in_time(rows: Select[Any], limit: str | None = None) -> Select[Any]:
    most: Any = LATEST if limit is None else bindparam(limit, type_=BigInteger())
    return rows.order_by(_t.created_at.desc(), _t.id.desc()).limit(most)


def _kept(rows: Select[Any]) -> Select[Any]:
    found = rows.subquery()
    return select(found.c.id, found.c.term).where(found.c.counts)
