"""Live streams, read as a client reads them; no wait is without an end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from google.protobuf.message import Message

from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from rodistaa.tickets.v1.ticket_service_pb2_grpc import TicketServiceStub
from rodistaa.tickets.v1.timeline_pb2 import TimelineEntry
from tests.database import Database
from tests.waiting import eventually

SECONDS = 40.0
"""More than any stream of a test lasts; one that hangs ends with DEADLINE_EXCEEDED then."""
STREAMING = frozenset({"WatchTimeline", "WatchTickets"})


def first_of(open_stream: Callable[..., Any]) -> Callable[[Any], Message]:
    """The stream as a call with one answer: its first event; then it is cancelled."""

    def call(request: Any) -> Message:
        stream = open_stream(request, timeout=SECONDS)
        try:
            return next(stream)  # type: ignore[no-any-return] # a stub's
        finally:
            stream.cancel()

    return call


class TimelineEvents:
    """An open stream of one ticket."""

    def __init__(self, call: Any) -> None:
        self.call = call

    def next(self) -> timeline.WatchTimelineResponse:
        """The next event; a TicketsError when the stream ends."""
        event = next(self.call)
        assert isinstance(event, timeline.WatchTimelineResponse)
        return event

    def entry(self) -> TimelineEntry:
        """The next event, which has to be an entry; marks may come at any time, and are passed over."""
        while True:
            event = self.next()
            if event.HasField("entry"):
                return event.entry

    def replayed(self) -> tuple[list[TimelineEntry], int]:
        """All entries up to the first mark, and its number."""
        entries: list[TimelineEntry] = []
        while True:
            event = self.next()
            if event.HasField("progress"):
                return entries, event.progress.seq
            entries.append(event.entry)

    def until_mark(self, seq: int) -> list[TimelineEntry]:
        """All entries up to a mark of at least that number."""
        entries: list[TimelineEntry] = []
        while True:
            event = self.next()
            if event.HasField("progress") and event.progress.seq >= seq:
                return entries
            if event.HasField("entry"):
                entries.append(event.entry)


@contextmanager
def timeline_of(
    stub: TicketServiceStub, ticket_id: str, *, after_seq: int = 0, access_reason: str = ""
) -> Iterator[TimelineEvents]:
    """Follow a ticket."""
    request = timeline.WatchTimelineRequest(ticket_id=ticket_id, after_seq=after_seq, access_reason=access_reason)
    call = stub.WatchTimeline(request, timeout=SECONDS)
    try:
        yield TimelineEvents(call)
    finally:
        call.cancel()


class ListEvents:
    """An open stream of a list."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self.cursor = ""
        """Of the last event."""

    def next(self) -> watch.WatchTicketsResponse:
        """The next event that is more than a sign of life; a TicketsError when the stream ends."""
        while True:
            event = next(self.call)
            assert isinstance(event, watch.WatchTicketsResponse)
            self.cursor = event.cursor
            if not event.HasField("progress"):
                return event

    def snapshot(self) -> list[t.Ticket]:
        """The tickets that it begins with; only the last part is complete, and has a cursor."""
        tickets: list[t.Ticket] = []
        while True:
            event = self.next()
            assert event.HasField("snapshot"), event
            assert bool(event.cursor) is event.snapshot.complete
            tickets += event.snapshot.tickets
            if event.snapshot.complete:
                return tickets
            assert event.snapshot.tickets

    def changed(self) -> watch.TicketChanged:
        """The next event, which has to be this."""
        event = self.next()
        assert event.HasField("changed"), event
        assert event.cursor
        return event.changed

    def left(self) -> str:
        """The next event, which has to be this; its ticket."""
        event = self.next()
        assert event.HasField("left"), event
        assert event.cursor
        return event.left.ticket_id

    def mark(self) -> str:
        """The cursor of the next event, which has to be a sign of life."""
        event = next(self.call)
        assert event.HasField("progress"), event
        assert event.cursor
        self.cursor = event.cursor
        return str(event.cursor)

    def until(self, ticket_id: str) -> list[tuple[str, str]]:
        """What is told of which ticket, up to the first news of this one."""
        seen: list[tuple[str, str]] = []
        while not seen or seen[-1][1] != ticket_id:
            event = self.next()
            kind = str(event.WhichOneof("event"))
            seen.append((kind, event.changed.ticket.id if kind == "changed" else event.left.ticket_id))
        return seen


@contextmanager
def list_of(stub: TicketServiceStub, request: watch.WatchTicketsRequest) -> Iterator[ListEvents]:
    """Follow a list."""
    call = stub.WatchTickets(request, timeout=SECONDS)
    try:
        yield ListEvents(call)
    finally:
        call.cancel()


def settle(database: Database) -> None:
    """Until a list that is followed from now on is told of nothing that has happened before.

    Where another transaction is at work, it may be told again of what its snapshot shows.
    """
    with database.connect() as connection:
        row = connection.execute("SELECT pg_current_xact_id()::text").fetchone()
        assert row is not None
        query = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > %s::xid8"
        eventually(lambda: connection.execute(query, row).fetchone() == (True,), what="the end of older transactions")


def pages_of_timeline(stub: TicketServiceStub, ticket_id: str, access_reason: str = "") -> list[TimelineEntry]:
    """The same timeline, read by ListTimeline."""
    entries: list[TimelineEntry] = []
    request = timeline.ListTimelineRequest(ticket_id=ticket_id, page_size=200, access_reason=access_reason)
    while True:
        page = stub.ListTimeline(request)
        entries += page.entries
        request.page_token = page.next_page_token
        if not request.page_token:
            return entries


def fetched(stub: TicketServiceStub, ticket_id: str) -> t.Ticket:
    """The ticket, read by GetTicket; as ``still`` has it."""
    return still(stub.GetTicket(reads.GetTicketRequest(id=ticket_id)).ticket)


def still(ticket: t.Ticket) -> t.Ticket:
    """The ticket without what moves from one moment to the next."""
    copy = t.Ticket()
    copy.CopyFrom(ticket)
    copy.ClearField("sla_percent_left")
    return copy
