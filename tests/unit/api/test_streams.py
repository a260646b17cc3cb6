"""Server streams: those that hold no thread, and plain generators."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from rodistaa.tickets.v1 import ticket_service_pb2_grpc as pb_grpc
from rodistaa.tickets.v1 import ticket_watch_pb2 as pb
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline_pb
from server.api.calls import Send, call_of
from server.api.interceptors.access_log import AccessLog
from server.api.interceptors.authentication import Authentication
from server.api.interceptors.chain import Concerns
from server.api.server import Registration
from server.api.streams import end_stream, fail_stream
from server.domain.errors import TicketsError, Unavailable, ticket_not_found
from tests.unit.api.rig import TOKEN, OneToken, failure, running

TICKETS = "rodistaa.tickets.v1.TicketService"
REQUEST = timeline_pb.WatchTimelineRequest(ticket_id="TKT-1")


class Opened:
    """One open stream, in the hands of the test."""

    def __init__(self, context: grpc.ServicerContext, send: Send) -> None:
        self.context = context
        self.send = send


class Watching(pb_grpc.TicketServiceServicer):
    """WatchTimeline without a thread, WatchTickets as a generator."""

    def __init__(self) -> None:
        self.opened: queue.Queue[Opened] = queue.Queue()
        self.refuse: TicketsError | None = None
        self.users: list[str] = []
        self.generate: Callable[[], Iterator[pb.WatchTicketsResponse]] = lambda: iter(())

    def WatchTimeline(  # type: ignore[override]  # noqa: N802 - generated name, grpcio's third argument
        self, request: timeline_pb.WatchTimelineRequest, context: grpc.ServicerContext, send: Send
    ) -> None:
        self.users.append(call_of(context).principal.user_id)
        if self.refuse is not None:
            raise self.refuse
        self.opened.put(Opened(context, send))

    WatchTimeline.experimental_non_blocking = True  # type: ignore[attr-defined]

    def WatchTickets(  # noqa: N802 - generated name
        self, request: pb.WatchTicketsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchTicketsResponse]:
        yield from self.generate()


class LineBox:
    """Lines of the access log as they come."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self.write = self._lines.put

    def next(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self._lines.get(timeout=10))
        return line

    def empty(self) -> bool:
        return self._lines.empty()


@pytest.fixture
def watching() -> Watching:
    return Watching()  # type: ignore[abstract]  # the rest is UNIMPLEMENTED


@pytest.fixture
def lines() -> LineBox:
    return LineBox()


@pytest.fixture
def stub(watching: Watching, lines: LineBox) -> Iterator[pb_grpc.TicketServiceStub]:
    registration = Registration.of(TICKETS, pb_grpc.add_TicketServiceServicer_to_server, watching)
    concerns = Concerns(Authentication(OneToken()), access_log=AccessLog(lines.write))
    with running(concerns, registrations=[registration]) as rig:
        yield pb_grpc.TicketServiceStub(rig.channel)


def test_messages_and_shared_bytes_arrive_in_order(
    stub: pb_grpc.TicketServiceStub, watching: Watching, lines: LineBox
) -> None:
    responses = stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30)
    opened = watching.opened.get(timeout=10)
    assert watching.users == ["asha"]
    first = timeline_pb.WatchTimelineResponse()
    opened.send(first)
    opened.send(first.SerializeToString())
    assert [next(responses), next(responses)] == [first, first]
    assert lines.empty(), "the line comes when the stream ends"
    end_stream(opened.context)
    assert list(responses) == []
    assert lines.next()["code"] == "OK"


def test_a_stream_ends_with_the_same_details_as_any_call(
    stub: pb_grpc.TicketServiceStub, watching: Watching, lines: LineBox
) -> None:
    responses = stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30)
    fail_stream(watching.opened.get(timeout=10).context, ticket_not_found("TKT-1"))
    error = failure(lambda: list(responses))
    assert (error.code, error.info.reason) == (grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND")
    line = lines.next()
    assert (line["code"], line["reason"], line["request_id"]) == ("NOT_FOUND", "TICKET_NOT_FOUND", error.request_id)


def test_a_stream_may_be_refused_at_the_start(
    stub: pb_grpc.TicketServiceStub, watching: Watching, lines: LineBox
) -> None:
    watching.refuse = Unavailable()
    error = failure(lambda: list(stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30)))
    assert error.code is grpc.StatusCode.UNAVAILABLE
    assert lines.next()["code"] == "UNAVAILABLE"


def test_streams_need_credentials_too(stub: pb_grpc.TicketServiceStub, watching: Watching) -> None:
    error = failure(lambda: list(stub.WatchTimeline(REQUEST, timeout=30)))
    assert (error.code, error.info.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
    assert watching.users == []


def test_a_client_that_goes_away_is_cancelled_in_the_log(
    stub: pb_grpc.TicketServiceStub, watching: Watching, lines: LineBox
) -> None:
    responses = stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30)
    gone = threading.Event()
    watching.opened.get(timeout=10).context.add_callback(gone.set)
    responses.cancel()
    assert gone.wait(10)
    assert lines.next()["code"] == "CANCELLED"


def test_many_streams_hold_no_threads(stub: pb_grpc.TicketServiceStub, watching: Watching) -> None:
    def threads() -> int:
        return sum(thread.name.startswith("rpc") for thread in threading.enumerate())

    before = threads()  # other tests' servers have theirs
    open_streams = [stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30) for _ in range(100)]
    for _ in open_streams:
        watching.opened.get(timeout=10)
    assert threads() - before <= 32
    for stream in open_streams:
        stream.cancel()


def test_a_generator_works_and_its_errors_are_mapped(
    stub: pb_grpc.TicketServiceStub, watching: Watching, lines: LineBox
) -> None:
    def generate() -> Iterator[pb.WatchTicketsResponse]:
        yield pb.WatchTicketsResponse()
        raise RuntimeError("hunter2")

    responses = stub.WatchTickets(pb.WatchTicketsRequest(), metadata=TOKEN, timeout=30)
    assert list(responses) == []
    assert lines.next()["code"] == "OK"
    watching.generate = generate
    broken = stub.WatchTickets(pb.WatchTicketsRequest(), metadata=TOKEN, timeout=30)
    next(broken)
    error = failure(lambda: next(broken))
    assert (error.code, error.info.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert lines.next()["code"] == "INTERNAL"


def test_an_unimplemented_stream_says_so() -> None:
    bare = Registration.of(TICKETS, pb_grpc.add_TicketServiceServicer_to_server, pb_grpc.TicketServiceServicer())  # type: ignore[abstract]  # all UNIMPLEMENTED
    with running(registrations=[bare]) as rig:
        stub = pb_grpc.TicketServiceStub(rig.channel)
        error = failure(lambda: list(stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30)))
    assert (error.code, error.info.reason) == (grpc.StatusCode.UNIMPLEMENTED, "UNIMPLEMENTED")
