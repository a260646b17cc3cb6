"""A real server whose streams are in the hands of the test, and clients that read them, late or never."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from rodistaa.tickets.v1 import ticket_service_pb2_grpc as pb_grpc
from rodistaa.tickets.v1 import ticket_watch_pb2 as pb
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline_pb
from server.api.calls import CallState, state_of
from server.api.interceptors.access_log import AccessLog
from server.api.interceptors.authentication import Authentication, TokenVerifier
from server.api.interceptors.chain import Concerns
from server.api.outlets import Bounds, Outlet, outlet_of
from server.api.server import Registration, ServerOptions
from server.api.streams import threadless
from server.domain.errors import TicketsError
from tests.unit.api.rig import TOKEN, OneToken, Rig, running

TICKETS = "rodistaa.tickets.v1.TicketService"
WATCH_TIMELINE = f"/{TICKETS}/WatchTimeline"
REQUEST = timeline_pb.WatchTimelineRequest(ticket_id="TKT-1")

ROOMY = Bounds(max_messages=100_000, max_bytes=1 << 30)
"""Bounds that no test reaches."""

SMALL_WINDOW = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 65_536),
)
"""For clients that do not read: they are stuck after 64 KiB, on a connection of their own."""


class Watching(pb_grpc.TicketServiceServicer):
    """WatchTimeline without a thread, WatchTickets as a generator."""

    def __init__(self) -> None:
        self.bounds = ROOMY
        self.opened: queue.Queue[Outlet] = queue.Queue()
        self.states: list[CallState] = []
        self.refuse: TicketsError | None = None
        self.then: Callable[[Outlet], None] = lambda outlet: None
        self.generate: Callable[[], Iterator[pb.WatchTicketsResponse]] = lambda: iter(())

    @threadless
    def WatchTimeline(self, request: timeline_pb.WatchTimelineRequest, context: grpc.ServicerContext) -> None:  # noqa: N802
        self.states.append(state_of(context))
        if self.refuse is not None:
            raise self.refuse
        outlet = outlet_of(context, self.bounds)
        self.opened.put(outlet)
        self.then(outlet)

    def WatchTickets(  # noqa: N802 - generated name
        self, request: pb.WatchTicketsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchTicketsResponse]:
        yield from self.generate()


class LineBox:
    """Lines of the access log as they come; those of openings lie apart."""

    def __init__(self) -> None:
        self._ends: queue.Queue[dict[str, Any]] = queue.Queue()
        self._openings: queue.Queue[dict[str, Any]] = queue.Queue()

    def write(self, line: str) -> None:
        fields = json.loads(line)
        (self._openings if fields["event"] == "stream opened" else self._ends).put(fields)

    def opening(self) -> dict[str, Any]:
        return self._openings.get(timeout=10)

    def next(self) -> dict[str, Any]:
        return self._ends.get(timeout=10)

    def has_no_end(self) -> bool:
        return self._ends.empty()

    def has_no_opening(self) -> bool:
        return self._openings.empty()


@dataclass
class Client:
    """One open stream from both ends. ``call`` gives the messages as bytes."""

    call: Any
    outlet: Outlet
    read: list[bytes] = field(default_factory=list)
    ended: grpc.RpcError | None = None

    def drain(self) -> Client:
        """Read to the end, which is an error always."""
        try:
            self.read.extend(self.call)
        except grpc.RpcError as error:
            self.ended = error
        return self

    def draining(self) -> threading.Thread:
        """``drain`` in a thread."""
        thread = threading.Thread(target=self.drain, daemon=True)
        thread.start()
        return thread

    @property
    def error(self) -> Any:
        assert self.ended is not None, "the stream has not failed"
        return self.ended


@dataclass
class StreamRig:
    """The server, its servicer, its access log."""

    rig: Rig
    watching: Watching
    lines: LineBox

    @property
    def stub(self) -> pb_grpc.TicketServiceStub:
        return pb_grpc.TicketServiceStub(self.rig.channel)

    def watch(self, channel: grpc.Channel | None = None) -> Client:
        """Open a stream of raw messages."""
        stream: Any = (channel or self.rig.channel).unary_stream(WATCH_TIMELINE)
        call = stream(REQUEST.SerializeToString(), metadata=TOKEN, timeout=60)
        return Client(call, self.watching.opened.get(timeout=10))

    @contextmanager
    def channel(self) -> Iterator[grpc.Channel]:
        """A connection with little room for what is not read."""
        with grpc.insecure_channel(f"127.0.0.1:{self.rig.server.port}", options=SMALL_WINDOW) as channel:
            yield channel


@contextmanager
def streaming(tokens: TokenVerifier | None = None, *, threads: int = 32) -> Iterator[StreamRig]:
    watching, lines = Watching(), LineBox()  # type: ignore[abstract]  # the rest is UNIMPLEMENTED
    registration = Registration.of(TICKETS, pb_grpc.add_TicketServiceServicer_to_server, watching)
    concerns = Concerns(Authentication(tokens or OneToken()), access_log=AccessLog(lines.write))
    options = ServerOptions(port=0, threads=threads)
    with running(concerns, options=options, registrations=[registration]) as rig:
        yield StreamRig(rig, watching, lines)
