"""Requests that open live streams, the cursors of lists, and events as bytes.

An event is put together from parts, each serialised once for all who get it: concatenated, serialised messages of one
type are the message that has the fields of all of them.
"""

import base64
import binascii
import hashlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rodistaa.tickets.v1 import ticket_watch_pb2 as pb
from rodistaa.tickets.v1 import timeline_reads_pb2
from server.api.convert.filters import from_filter, to_filter
from server.api.convert.page_tokens import fitting
from server.api.convert.tickets_out import from_view
from server.api.convert.timeline_out import from_item
from server.api.outlets import Outlet
from server.application.call import Call
from server.application.watching.change_feed import Position
from server.application.watching.list_news import Audience
from server.application.watching.outlets import Shared, TicketChange
from server.application.watching.watch_tickets import audience_of
from server.domain.errors import InvalidArgument, Reason
from server.domain.ids import Seq, TicketId
from server.domain.tickets import TicketView
from server.domain.timeline import TimelineItem
from server.domain.validation import MAX_PAGE_SIZE, Checker

_CURSOR = struct.Struct(">12sQQ")
_SNAPSHOT_BYTES = 1024 * 1024


def to_followed(request: timeline_reads_pb2.WatchTimelineRequest) -> tuple[TicketId, Seq, str | None]:
    """The ticket, the number to go on after, and the reason for reading protected texts."""
    check = Checker()
    ticket_id = TicketId(check.ticket_id("ticket_id", request.ticket_id))
    access_reason = check.access_reason("access_reason", request.access_reason)
    if request.after_seq < 0:
        check.fail("after_seq", "must not be negative")
    check.done()
    return ticket_id, Seq(request.after_seq), access_reason


@dataclass(frozen=True, slots=True)
class FollowedList:
    """A checked request."""

    audience: Audience
    cursors: "Cursors"
    after: Position | None
    snapshot_size: int


def to_followed_list(request: pb.WatchTicketsRequest, call: Call) -> FollowedList:
    """Raises InvalidArgument, for a cursor with CURSOR_INVALID."""
    check = Checker()
    where = to_filter(check, "filter", request.filter)
    if not 0 <= request.snapshot_size <= MAX_PAGE_SIZE:
        check.fail("snapshot_size", f"must be from 0 to {MAX_PAGE_SIZE}")
    check.done()
    audience = audience_of(call, where)
    cursors = Cursors(audience)
    return FollowedList(audience, cursors, cursors.read(request.cursor), request.snapshot_size)


class Cursors:
    """The cursors of one audience: opaque, and worth nothing to any other."""

    def __init__(self, audience: Audience) -> None:
        rule = audience.visibility
        digest = hashlib.blake2b(digest_size=12)
        for part in (
            from_filter(audience.where).SerializeToString(deterministic=True),
            b"everything" if rule.everything else rule.user_id.encode(),
            (rule.queue_role or "").encode(),
            b"outside" if audience.is_outside else b"",
            *(franchise.encode() for franchise in sorted(rule.franchise_ids)),
        ):
            digest.update(len(part).to_bytes(4, "big") + part)
        self._fingerprint = digest.digest()

    def write(self, position: Position) -> str:
        """The cursor of a position."""
        packed = _CURSOR.pack(self._fingerprint, position.xid, position.id)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def read(self, cursor: str) -> Position | None:
        """Its position; None for the empty one. Raises InvalidArgument (CURSOR_INVALID)."""
        if not cursor:
            return None
        try:
            packed = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            fingerprint, xid, number = _CURSOR.unpack(packed)
        except (binascii.Error, UnicodeError, ValueError, struct.error):
            raise _invalid_cursor() from None
        if fingerprint != self._fingerprint or xid >= 2**63 or number >= 2**63:
            raise _invalid_cursor()
        return Position(xid, number)


def _invalid_cursor() -> InvalidArgument:
    error = InvalidArgument.field(
        "cursor", "is damaged, or was made for another filter, caller or role; watch again without one"
    )
    error.reason = Reason.CURSOR_INVALID
    return error


class _Wire:
    """An outlet of bytes, for events."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    @property
    def is_over(self) -> bool:
        return not self._outlet.is_open

    @property
    def has_room(self) -> bool:
        return self._outlet.has_room

    @property
    def last_put_at(self) -> float:
        return self._outlet.last_put_at

    def when_taken(self, callback: Callable[[], None]) -> None:
        self._outlet.when_taken(callback)

    def end(self, error: Exception, *, flush: bool = False) -> None:
        self._outlet.end(error, flush=flush)

    def tick(self, now: float) -> None:
        self._outlet.tick(now)


class TimelineWire(_Wire):
    """See ``TimelineOutlet``."""

    def entry(self, item: Shared[TimelineItem]) -> None:
        self._outlet.put(item.made(_entry))

    def mark(self, seq: Seq) -> None:
        progress = timeline_reads_pb2.TimelineProgress(seq=seq)
        self._outlet.put(timeline_reads_pb2.WatchTimelineResponse(progress=progress).SerializeToString())


def _entry(item: TimelineItem) -> bytes:
    return timeline_reads_pb2.WatchTimelineResponse(entry=from_item(item)).SerializeToString()


class ListWire(_Wire):
    """See ``ListOutlet``."""

    def __init__(self, outlet: Outlet, cursors: Cursors) -> None:
        super().__init__(outlet)
        self._cursors = cursors

    def snapshot(self, tickets: Sequence[TicketView], position: Position | None) -> None:
        wires = [from_view(view) for view in tickets]
        while True:
            part = fitting(wires, most=_SNAPSHOT_BYTES)
            wires = wires[len(part) :]
            complete = position is not None and not wires
            event = pb.WatchTicketsResponse(snapshot=pb.TicketSnapshot(tickets=part, complete=complete))
            self._put(event.SerializeToString(), position if complete else None)
            if not wires:
                return

    def changed(self, change: Shared[TicketChange], position: Position) -> None:
        self._put(change.made(_changed), position)

    def left(self, ticket_id: TicketId, position: Position) -> None:
        left = pb.WatchTicketsResponse(left=pb.TicketLeft(ticket_id=ticket_id))
        self._put(left.SerializeToString(), position)

    def mark(self, position: Position | None) -> None:
        self._put(_PROGRESS, position)

    def _put(self, event: bytes, position: Position | None) -> None:
        # Without a cursor a client that breaks off in mid-snapshot begins anew.
        cursor = b"" if position is None else _cursor_field(self._cursors.write(position))
        self._outlet.put(event + cursor)


def _changed(change: TicketChange) -> bytes:
    changed = pb.TicketChanged(ticket=from_view(change.view), seq=change.seq or 0, action=change.action)
    return pb.WatchTicketsResponse(changed=changed).SerializeToString()


def _cursor_field(cursor: str) -> bytes:
    return pb.WatchTicketsResponse(cursor=cursor).SerializeToString()


_PROGRESS = pb.WatchTicketsResponse(progress=pb.TicketProgress()).SerializeToString()
