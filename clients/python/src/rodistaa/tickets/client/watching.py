"""The two watches of the ticket service, followed without an end, a gap or a repeat."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from rodistaa.tickets.client.connection import TicketsClient
from rodistaa.tickets.client.errors import TicketsError
from rodistaa.tickets.client.resuming import Backoff, Following, Interruption, Stream, resumed
from rodistaa.tickets.v1.ticket_pb2 import Ticket
from rodistaa.tickets.v1.ticket_watch_pb2 import TicketSnapshot, WatchTicketsRequest, WatchTicketsResponse
from rodistaa.tickets.v1.timeline_pb2 import TimelineEntry
from rodistaa.tickets.v1.timeline_reads_pb2 import WatchTimelineRequest, WatchTimelineResponse

SILENCE = timedelta(seconds=45)
"""The server is heard at least every 15 s; three times that long without a word is a dead stream."""

_BACKOFF = Backoff()
_CURSOR_LOST = frozenset({"CURSOR_EXPIRED", "CURSOR_INVALID"})


def follow_timeline(
    client: TicketsClient,
    request: WatchTimelineRequest,
    *,
    on_interruption: Callable[[Interruption], None] | None = None,
    on_resumption: Callable[[], None] | None = None,
    silence: timedelta = SILENCE,
    backoff: Backoff = _BACKOFF,
) -> Following[TimelineEntry]:
    """Yields the entries after `request.after_seq`, each once, in order, then new ones, until it is closed.

        with follow_timeline(client, WatchTimelineRequest(ticket_id="TKT-1001")) as entries:
            for entry in entries:
                ...

    Blocks between entries. A stream that breaks, or from which nothing was heard for `silence`, is resumed after a
    pause; `on_interruption` is told before the pause, and `on_resumption` when the server is heard again, both in the
    thread that iterates. With an expired token it is resumed once, if `connect` was given a callable for it. Raises
    TicketsError for what reconnecting cannot mend, as when the ticket may no longer be seen (TICKET_NOT_FOUND), and for
    an error inside the server that comes back five times.
    """
    position = WatchTimelineRequest()
    position.CopyFrom(request)
    line = client.watches.open(silence)
    events = resumed(
        lambda: client.tickets.WatchTimeline(position),
        line,
        backoff=backoff,
        renews_token=client.renews_token,
        on_interruption=on_interruption,
        on_resumption=on_resumption,
    )
    return Following(_entries(events, position), line)


def _entries(events: Iterator[WatchTimelineResponse], position: WatchTimelineRequest) -> Iterator[TimelineEntry]:
    for event in events:
        if event.HasField("entry"):
            position.after_seq = event.entry.seq
            yield event.entry
        elif event.HasField("progress"):
            position.after_seq = event.progress.seq


def follow_tickets(
    client: TicketsClient,
    request: WatchTicketsRequest,
    *,
    on_interruption: Callable[[Interruption], None] | None = None,
    on_resumption: Callable[[], None] | None = None,
    silence: timedelta = SILENCE,
    backoff: Backoff = _BACKOFF,
) -> Following[WatchTicketsResponse]:
    """Yields changes of the tickets that `request.filter` matches, in commit order, until it is closed.

    As `follow_timeline`. Progress marks are yielded too, for callers that store the cursor. The parts of a snapshot are
    yielded as one event. A snapshot always begins the list anew, and there may be more than one: a watch that began
    with a snapshot and whose cursor the server no longer takes, after days of absence or because the caller now sees
    other tickets, begins with a new one. Any other watch raises TicketsError then (CURSOR_EXPIRED, CURSOR_INVALID):
    list again and watch from no cursor. `TicketList` keeps a list by these events.
    """
    position = WatchTicketsRequest()
    position.CopyFrom(request)
    parts: list[Ticket] = []

    def open_stream() -> Stream[WatchTicketsResponse]:
        parts.clear()
        return client.tickets.WatchTickets(position)

    def begin_anew(error: TicketsError) -> bool:
        if error.reason not in _CURSOR_LOST or request.cursor or not request.snapshot_size or not position.cursor:
            return False
        position.cursor = ""
        position.snapshot_size = request.snapshot_size
        return True

    line = client.watches.open(silence)
    events = resumed(
        open_stream,
        line,
        backoff=backoff,
        mends=begin_anew,
        renews_token=client.renews_token,
        on_interruption=on_interruption,
        on_resumption=on_resumption,
    )
    return Following(_changes(events, position, parts), line)


def _changes(
    events: Iterator[WatchTicketsResponse], position: WatchTicketsRequest, parts: list[Ticket]
) -> Iterator[WatchTicketsResponse]:
    for event in events:
        if event.HasField("snapshot"):
            parts.extend(event.snapshot.tickets)
            if not event.snapshot.complete:
                continue
        # Without a cursor there is nothing to resume from yet.
        if event.cursor:
            position.cursor = event.cursor
            position.snapshot_size = 0
        if event.HasField("snapshot"):
            yield WatchTicketsResponse(snapshot=TicketSnapshot(tickets=parts, complete=True), cursor=event.cursor)
            parts.clear()
        else:
            yield event
