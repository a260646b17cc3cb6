"""Watching without an end: streams that break are resumed where they were."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import grpc

from rodistaa.tickets.client.connection import TicketsClient
from rodistaa.tickets.client.errors import TicketsError
from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsRequest, WatchTicketsResponse
from rodistaa.tickets.v1.timeline_pb2 import TimelineEntry
from rodistaa.tickets.v1.timeline_reads_pb2 import WatchTimelineRequest, WatchTimelineResponse

# The server went away, or cut us off because we were slow; both say "come back".
_RESUMABLE = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED})

_Event = TypeVar("_Event")
_Event_co = TypeVar("_Event_co", covariant=True)


class _Stream(Protocol[_Event_co]):
    def __iter__(self) -> Iterator[_Event_co]: ...
    def cancel(self) -> bool: ...


def follow_timeline(
    client: TicketsClient,
    request: WatchTimelineRequest,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[TimelineEntry]:
    """Yields the entries after `request.after_seq`, each once, in order, then new ones, for ever.

    Blocks between entries. Raises TicketsError for what reconnecting cannot mend, as when the
    ticket may no longer be seen. `pause` is called with seconds before each new attempt.
    """
    position = WatchTimelineRequest()
    position.CopyFrom(request)

    def advance(event: WatchTimelineResponse) -> None:
        if event.HasField("entry"):
            position.after_seq = event.entry.seq
        elif event.HasField("progress"):
            position.after_seq = event.progress.seq

    for event in _resumed(lambda: client.tickets.WatchTimeline(position), advance, pause):
        if event.HasField("entry"):
            yield event.entry


def follow_tickets(
    client: TicketsClient,
    request: WatchTicketsRequest,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[WatchTicketsResponse]:
    """Yields changes of the tickets that `request.filter` matches, in commit order, for ever.

    As `follow_timeline`; progress marks are yielded too, for callers that store the cursor. Raises
    TicketsError with reason CURSOR_EXPIRED after an absence longer than the server's retention:
    then list again and watch from no cursor.
    """
    position = WatchTicketsRequest()
    position.CopyFrom(request)

    def advance(event: WatchTicketsResponse) -> None:
        position.cursor = event.cursor
        position.snapshot_size = 0

    yield from _resumed(lambda: client.tickets.WatchTickets(position), advance, pause)


def _resumed(
    open_stream: Callable[[], _Stream[_Event]],
    advance: Callable[[_Event], None],
    pause: Callable[[float], None],
) -> Iterator[_Event]:
    failures = 0
    while True:
        stream = open_stream()
        try:
            for event in stream:
                failures = 0
                advance(event)
                yield event
        except TicketsError as error:
            if error.code not in _RESUMABLE:
                raise
        finally:
            stream.cancel()
        # Jitter keeps thousands of watchers of one restarted server from coming back at once.
        pause(min(0.1 * 2**failures, 15.0) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        failures += 1
