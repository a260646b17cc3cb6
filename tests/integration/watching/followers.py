"""Clients of live streams that write down what they are told, without the client library's own resuming."""

import base64
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import grpc

from rodistaa.tickets.client import TicketsClient, TicketsError, connect
from rodistaa.tickets.client.ticket_list import TicketList
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1.filter_pb2 import TicketFilter
from rodistaa.tickets.v1.ticket_reads_pb2 import ListTicketsRequest
from rodistaa.tickets.v1.ticket_service_pb2_grpc import TicketServiceStub
from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsRequest, WatchTicketsResponse
from rodistaa.tickets.v1.timeline_pb2 import TimelineEntry
from rodistaa.tickets.v1.timeline_reads_pb2 import ListTimelineRequest, WatchTimelineRequest, WatchTimelineResponse
from tests.waiting import eventually

Event = TypeVar("Event")
OWN_CONNECTION = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 200),
)


class Stream(Generic[Event]):
    """One open stream, read by a thread of its own until it ends."""

    def __init__(self, call: Any, told: Callable[[Event], object] = lambda _: None) -> None:
        self.events: list[Event] = []
        self.error: TicketsError | None = None
        self._told = told
        self._call = call
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for event in self._call:
                self.events.append(event)
                self._told(event)
        except TicketsError as error:
            self.error = error

    @property
    def is_over(self) -> bool:
        """Whether it has ended, and everything that came is written down."""
        return not self._thread.is_alive()

    def end(self, within: float = 20.0) -> TicketsError:
        """Wait for the server to end it; what with."""
        eventually(lambda: self.is_over, within=within, what="the end of the stream")
        assert self.error is not None, "a watch never ends well"
        return self.error

    def close(self) -> None:
        """Break it off, and take what has come."""
        self._call.cancel()
        self._thread.join(10)
        assert self.is_over


@contextmanager
def client_of(target: str, token: str, *options: tuple[str, Any]) -> Iterator[TicketsClient]:
    """A client with a connection of its own."""
    with connect(target, token=token, tls=False, channel_options=[*OWN_CONNECTION, *options]) as client:
        yield client


class Follower(Generic[Event]):
    """Goes through any number of streams, and checks what no stream may do."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._stream: Stream[Event] | None = None

    def open(self, client: TicketsClient) -> Stream[Event]:
        """From where it is."""
        self._stream = self._opened(client)
        return self._stream

    @property
    def stream(self) -> Stream[Event]:
        """The newest."""
        assert self._stream is not None
        return self._stream

    def close(self) -> None:
        """Break the stream off, if there is one."""
        if self._stream is not None:
            self._stream.close()

    def _opened(self, client: TicketsClient) -> Stream[Event]:
        raise NotImplementedError


class TimelineFollower(Follower[WatchTimelineResponse]):
    """Follows one timeline."""

    def __init__(self, ticket_id: str, *, access_reason: str = "") -> None:
        super().__init__()
        self.ticket_id = ticket_id
        self.entries: list[TimelineEntry] = []
        self.seq = 0
        """To resume after."""
        self._access_reason = access_reason

    def _opened(self, client: TicketsClient) -> Stream[WatchTimelineResponse]:
        request = WatchTimelineRequest(ticket_id=self.ticket_id, after_seq=self.seq, access_reason=self._access_reason)
        return Stream(client.tickets.WatchTimeline(request), self.told)

    def told(self, event: WatchTimelineResponse) -> None:
        if event.HasField("entry"):
            if event.entry.seq <= self.seq:
                self.faults.append(f"{self.ticket_id}: {event.entry.seq} after {self.seq}")
            self.entries.append(event.entry)
            self.seq = event.entry.seq
        else:
            if event.progress.seq < self.seq:
                self.faults.append(f"{self.ticket_id}: a mark of {event.progress.seq} after {self.seq}")
            self.seq = event.progress.seq

    @property
    def numbers(self) -> list[int]:
        """Of the entries, in the order in which they came."""
        return [entry.seq for entry in self.entries]


class ListFollower(Follower[WatchTicketsResponse]):
    """Follows a list."""

    def __init__(self, where: TicketFilter | None = None, *, snapshot_size: int = 200) -> None:
        super().__init__()
        self.where = where or TicketFilter()
        self.list = TicketList()
        self.cursor = ""
        self.cursors: set[str] = set()
        """Of all events but progress marks."""
        self.events: list[WatchTicketsResponse] = []
        self._size = snapshot_size
        self._in_snapshot = True

    def _opened(self, client: TicketsClient) -> Stream[WatchTicketsResponse]:
        self.list.reconnected()
        self._in_snapshot = not self.cursor
        request = WatchTicketsRequest(
            filter=self.where, cursor=self.cursor, snapshot_size=0 if self.cursor else self._size
        )
        return Stream(client.tickets.WatchTickets(request), self.told)

    def told(self, event: WatchTicketsResponse) -> None:
        kind = event.WhichOneof("event")
        if self._in_snapshot:
            if event.cursor and not event.snapshot.complete:
                self.faults.append(f"{kind} brings a cursor before the snapshot is complete")
            self._in_snapshot = not event.snapshot.complete
        elif kind == "snapshot":
            self.faults.append("a snapshot nobody asked for")
        elif not event.cursor:
            self.faults.append(f"{kind} without a cursor")
        if event.cursor and kind in {"changed", "left"}:
            if event.cursor in self.cursors:
                self.faults.append(f"{kind} of a cursor told before")
            self.cursors.add(event.cursor)
        if event.cursor:
            if self.cursor and place_of(event.cursor) < place_of(self.cursor):
                self.faults.append(f"{kind}: {event.cursor} after {self.cursor}")
            self.cursor = event.cursor
        self.events.append(event)
        self.list.apply(event)

    @property
    def held(self) -> Mapping[str, int]:
        """What the list holds: versions by id."""
        return {ticket.id: ticket.version for ticket in self.list.tickets.values()}


def place_of(cursor: str) -> bytes:
    """What orders the cursors of one watch. Clients cannot know this: to them a cursor is opaque."""
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[12:]


def listed(client: TicketsClient, where: TicketFilter) -> Mapping[str, int]:
    """What ListTickets says: versions by id."""
    return {ticket.id: ticket.version for ticket in all_tickets(client, where)}


def all_tickets(client: TicketsClient, where: TicketFilter) -> Iterable[t.Ticket]:
    """Every page of ListTickets."""
    request = ListTicketsRequest(filter=where, page_size=200)
    while True:
        answer = client.tickets.ListTickets(request)
        yield from answer.tickets
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


def timeline(client: TicketsClient, ticket_id: str, access_reason: str = "") -> Sequence[TimelineEntry]:
    """Every page of ListTimeline."""
    request = ListTimelineRequest(ticket_id=ticket_id, page_size=200, access_reason=access_reason)
    found: list[TimelineEntry] = []
    while True:
        answer = client.tickets.ListTimeline(request)
        found += answer.entries
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def ended_with(error: TicketsError) -> tuple[grpc.StatusCode, str]:
    """What tests compare."""
    return error.code, error.reason


@contextmanager
def unread_stub(target: str, token: str) -> Iterator[TicketServiceStub]:
    """For streams that nobody reads: the client's window is small, and stays so."""
    options = [*OWN_CONNECTION, ("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 1024)]
    with grpc.insecure_channel(target, options=options) as channel:
        authorised = grpc.intercept_channel(channel, _Bearer(token))
        yield TicketServiceStub(authorised)


class _Bearer(grpc.UnaryStreamClientInterceptor):
    def __init__(self, token: str) -> None:
        self._metadata = (("authorization", f"Bearer {token}"),)

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return continuation(client_call_details._replace(metadata=self._metadata), request)


def rest_of(call: Any) -> tuple[list[Any], TicketsError]:
    """What a stream that was not read brings after all, and its end."""
    events = []
    try:
        for event in call:
            events.append(event)  # noqa: PERF402 - what came before the error is wanted
    except grpc.RpcError as error:
        return events, TicketsError.from_rpc_error(error)
    raise AssertionError("a watch never ends well")
