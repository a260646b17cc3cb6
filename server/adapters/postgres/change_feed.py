"""The outbox as live streams read it (docs/adr/0012, docs/adr/0016)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Text,
    any_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.sql.elements import ColumnElement

from server.adapters.postgres import feed_tickets
from server.adapters.postgres.past_states import rebuilt
from server.adapters.postgres.predicates import text_query
from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import Xid8, outbox, outbox_horizon, tickets
from server.application.call import Call
from server.application.watching.change_feed import FeedEvent, FeedPage, Position, TicketHistory, TimelinePlace
from server.domain.errors import OutOfRange
from server.domain.ids import ChainNo, Seq, TicketId
from server.domain.timeline import AuditEntry, Message

_XIDS = range(2**64)
_IDS = range(-(2**63), 2**63)

# Within one statement it is the same wherever it stands.
_xmin: ColumnElement[str] = func.pg_snapshot_xmin(func.pg_current_snapshot())
_o = outbox.c
_TRUE: ColumnElement[Any] = literal_column("'true'::jsonb")
_horizon = outbox_horizon.c
_chain_no = _o.payload["chain_no"]


def _position(name: str) -> Any:  # noqa: ANN401 - a row value
    xid = cast(bindparam(f"{name}_xid", type_=Text()), Xid8)
    return tuple_(xid, bindparam(f"{name}_id", type_=BigInteger()))


def _page(*, bounded: bool) -> Statement:
    """The rows, settled ones first, with whether some between them and the position are gone: that alone comes where
    there are none.

    Planned each time, by the positions: a plan for any position might read and sort all that is left of the outbox.
    """
    events = (
        select(
            _o.xid,
            _o.id,
            _o.ticket_id,
            _o.seq,
            _o.event_type,
            case((func.jsonb_typeof(_chain_no) == "number", cast(_chain_no, BigInteger))).label("chain_no"),
            or_(_o.kind == "watch", func.coalesce(_o.payload["is_internal_note"] == _TRUE, false())).label(
                "is_internal"
            ),
            (_o.xid < _xmin).label("is_settled"),
        )
        .where(tuple_(_o.xid, _o.id) > _position("after"))
        .order_by(_o.xid, _o.id)
        .limit(bindparam("limit", type_=BigInteger()))
    )
    if bounded:
        events = events.where(tuple_(_o.xid, _o.id) <= _position("upto"))
    event = events.lateral("event")
    is_gone = tuple_(_horizon.xid, _horizon.id) > _position("after")
    here = select(is_gone.label("is_gone")).subquery("here")
    page = select(here.c.is_gone, *event.c).select_from(here.outerjoin(event, true()))
    return Statement(page.order_by(event.c.xid, event.c.id), prepare=False)


_NEXT = _page(bounded=False)
_NEXT_UPTO = _page(bounded=True)
# Never xmin itself, though nothing below it is still to come: after a crash of PostgreSQL numbers are given out again
# of which nothing had reached the disk. What has a row here has reached it.
_last = select(_o.xid, _o.id).where(_o.xid < _xmin).order_by(_o.xid.desc(), _o.id.desc()).limit(1).subquery("last")
_is_kept = tuple_(_last.c.xid, _last.c.id) > tuple_(_horizon.xid, _horizon.id)
_HEAD = Statement(
    select(
        case((_is_kept, _last.c.xid), else_=_horizon.xid), case((_is_kept, _last.c.id), else_=_horizon.id)
    ).select_from(outbox_horizon.outerjoin(_last, true()))
)
_place = _position("place")
_IS_GONE = Statement(
    select(
        or_(
            tuple_(_horizon.xid, _horizon.id) > _place,
            cast(bindparam("place_xid", type_=Text()), Xid8) >= _xmin,
        )
    )
)
_FOUND = Statement(
    select(tickets.c.id).where(
        tickets.c.id == any_(bindparam("among", type_=ARRAY(Text(collation="C")))),
        tickets.c.search.op("@@", is_comparison=True)(text_query("text")),
    )
)


class PostgresChangeFeed:
    """See ``ChangeFeed``."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def head(self, call: Call) -> Position:
        with self._sessions.autocommit(call) as session:
            row = session.first(_HEAD, {})
        if row is None:
            raise LookupError("outbox_horizon has lost its row")
        return Position(int(row[0]), row[1])

    def read(self, call: Call, after: Position, *, upto: Position | None = None, limit: int) -> FeedPage:
        values: dict[str, Any] = {**_values("after", after), "limit": limit}
        if upto is not None:
            values |= _values("upto", upto)
        with self._sessions.autocommit(call) as session:
            rows = session.all(_NEXT if upto is None else _NEXT_UPTO, values)
        events = tuple(
            FeedEvent(
                Position(int(xid), id_),
                TicketId(ticket_id),
                None if seq is None else Seq(seq),
                action,
                None if chain_no is None else ChainNo(chain_no),
                is_internal,
            )
            for _, xid, id_, ticket_id, seq, action, chain_no, is_internal, is_settled in rows
            if is_settled
        )
        if not rows or rows[0][0]:
            raise _gone()
        if upto is not None and len(events) < limit:
            return FeedPage(events, max(after, upto))
        early = tuple((Position(int(row[1]), row[2]), TicketId(row[3])) for row in rows if row[-1] is False)
        return FeedPage(events, events[-1].position if events else after, early)

    def check(self, call: Call, position: Position) -> None:
        if position.xid in _XIDS and position.id in _IDS:
            with self._sessions.autocommit(call) as session:
                row = session.first(_IS_GONE, _values("place", position))
            if row == (False,):
                return
        raise _gone()

    def histories(self, call: Call, events: Sequence[FeedEvent]) -> Mapping[TicketId, TicketHistory]:
        first: dict[TicketId, ChainNo] = {}
        for event in events:
            if event.chain_no is not None:
                first[event.ticket_id] = min(event.chain_no, first.get(event.ticket_id, event.chain_no))
        with self._sessions.transaction(call, snapshot=True) as session:
            places = feed_tickets.places(session, {event.ticket_id for event in events})
            changes = feed_tickets.changes_since(session, first)
        return {ticket_id: rebuilt(place.state, changes.get(ticket_id, ())) for ticket_id, place in places.items()}

    def text_matches(self, call: Call, text: str, among: Collection[TicketId]) -> frozenset[TicketId]:
        if not among:
            return frozenset()
        with self._sessions.autocommit(call) as session:
            rows = session.all(_FOUND, {"text": text, "among": list(among)})
        return frozenset(TicketId(ticket_id) for (ticket_id,) in rows)

    def timelines(
        self, call: Call, after: Mapping[TicketId, Seq], *, limit: int
    ) -> Mapping[TicketId, tuple[TimelinePlace, list[Message | AuditEntry]]]:
        with self._sessions.transaction(call, snapshot=True) as session:
            places = feed_tickets.places(session, after.keys())
            behind = {
                ticket_id: after[ticket_id] for ticket_id in places if places[ticket_id].last_seq > after[ticket_id]
            }
            entries = feed_tickets.entries_after(session, behind, limit=limit)
        return {ticket_id: (place, entries.get(ticket_id, [])) for ticket_id, place in places.items()}

    def places(self, call: Call, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, TimelinePlace]:
        with self._sessions.autocommit(call) as session:
            return feed_tickets.places(session, ticket_ids)


def _gone() -> OutOfRange:
    return OutOfRange("The changes after this cursor are not kept any more: list again.")


def _values(name: str, position: Position) -> dict[str, Any]:
    return {f"{name}_xid": str(position.xid), f"{name}_id": position.id}
