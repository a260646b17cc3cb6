"""Server streams: those that hold no thread, and plain generators; and the parts of grpcio that the former need."""

import inspect
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import _server
from grpc._cython import cygrpc  # type: ignore[attr-defined]  # compiled; the stubs leave it out

import server
from rodistaa.tickets.v1 import ticket_service_pb2_grpc as pb_grpc
from rodistaa.tickets.v1 import ticket_watch_pb2 as pb
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline_pb
from server.api.outlets import Outlet
from server.api.server import Registration
from server.domain.errors import Reason, Unavailable, ticket_not_found
from tests.unit.api.rig import TOKEN, failure, running
from tests.unit.api.stream_rig import REQUEST, TICKETS, StreamRig, streaming
from tests.waiting import eventually


@pytest.fixture
def streams() -> Iterator[StreamRig]:
    with streaming() as rig:
        yield rig


def test_messages_arrive_in_order_and_the_log_tells_of_the_opening_and_of_the_end(streams: StreamRig) -> None:
    responses = streams.stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30)
    outlet = streams.watching.opened.get(timeout=10)
    call = streams.watching.states[0].call
    assert call is not None
    assert call.principal.user_id == "asha"
    first, second = timeline_pb.WatchTimelineResponse(), timeline_pb.WatchTimelineResponse()
    first.progress.seq, second.progress.seq = 1, 2
    assert outlet.put(first.SerializeToString())
    assert outlet.put(second.SerializeToString())
    assert [next(responses), next(responses)] == [first, second]
    opening = streams.lines.opening()
    assert {key: opening[key] for key in ("method", "sub", "role", "ip", "level")} == {
        "method": "TicketService/WatchTimeline",
        "sub": "asha",
        "role": "admin",
        "ip": "127.0.0.1",
        "level": "info",
    }
    assert streams.lines.has_no_end(), "the line comes when the stream ends"
    outlet.end(ticket_not_found("TKT-1"), flush=True)
    error = failure(lambda: list(responses))
    assert (error.code, error.info.reason) == (grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND")
    line = streams.lines.next()
    assert (line["code"], line["reason"], line["request_id"]) == ("NOT_FOUND", "TICKET_NOT_FOUND", error.request_id)
    assert line["request_id"] == opening["request_id"]


def test_a_stream_may_be_refused_at_the_start(streams: StreamRig) -> None:
    streams.watching.refuse = Unavailable()
    error = failure(lambda: list(streams.stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30)))
    assert error.code is grpc.StatusCode.UNAVAILABLE
    line = streams.lines.next()
    assert (line["code"], line["level"]) == ("UNAVAILABLE", "warning")
    assert streams.lines.has_no_opening()


def test_the_end_that_a_server_s_stop_brings_is_no_warning(streams: StreamRig) -> None:
    client = streams.watch()
    client.outlet.end(Unavailable(reason=Reason.SHUTTING_DOWN), flush=True)
    client.drain()
    line = streams.lines.next()
    assert (line["code"], line["reason"], line["level"]) == ("UNAVAILABLE", "SHUTTING_DOWN", "info")


def test_a_handler_that_fails_with_its_stream_open_ends_it(streams: StreamRig) -> None:
    def fail(outlet: Outlet) -> None:
        outlet.put(b"")
        raise RuntimeError("hunter2")

    streams.watching.then = fail
    error = failure(lambda: list(streams.stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30)))
    assert (error.code, error.info.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    outlet = streams.watching.opened.get(timeout=10)
    eventually(lambda: outlet.is_over)
    assert not outlet.put(b"late")
    assert streams.lines.next()["code"] == "INTERNAL"


def test_a_handler_that_fails_after_the_end_of_its_stream_changes_nothing(streams: StreamRig) -> None:
    def fail(outlet: Outlet) -> None:
        outlet.end(Unavailable(reason=Reason.SHUTTING_DOWN), flush=False)
        raise RuntimeError("hunter2")

    streams.watching.then = fail
    error = failure(lambda: list(streams.stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30)))
    assert (error.code, error.info.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
    assert streams.rig.server.drain(5.0)


def test_a_failure_in_the_polling_thread_costs_one_stream(streams: StreamRig) -> None:
    def fail() -> None:
        raise RuntimeError("hunter2")

    client, other = streams.watch(), streams.watch()
    stream = client.outlet._stream
    with stream.lock:
        stream.start(b"first", fail)
    assert client.drain().error.code() is grpc.StatusCode.CANCELLED
    assert other.outlet.put(b"fine")
    assert next(other.call) == b"fine"


def test_streams_need_credentials_too(streams: StreamRig) -> None:
    error = failure(lambda: list(streams.stub.WatchTimeline(REQUEST, timeout=30)))
    assert (error.code, error.info.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
    assert streams.watching.states == []


def test_a_client_that_goes_away_is_cancelled_in_the_log(streams: StreamRig) -> None:
    responses = streams.stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30)
    streams.watching.opened.get(timeout=10)
    responses.cancel()
    assert streams.lines.next()["code"] == "CANCELLED"


def test_many_streams_hold_no_threads(streams: StreamRig) -> None:
    def threads() -> int:
        return sum(thread.name.startswith("rpc") for thread in threading.enumerate())

    before = threads()  # other tests' servers have theirs
    open_streams = [streams.stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30) for _ in range(100)]
    for _ in open_streams:
        streams.watching.opened.get(timeout=10)
    assert threads() - before <= 32
    for stream in open_streams:
        stream.cancel()


def test_a_generator_works_and_its_errors_are_mapped(streams: StreamRig) -> None:
    def generate() -> Iterator[pb.WatchTicketsResponse]:
        yield pb.WatchTicketsResponse()
        raise RuntimeError("hunter2")

    responses = streams.stub.WatchTickets(pb.WatchTicketsRequest(), metadata=TOKEN, timeout=30)
    assert list(responses) == []
    assert streams.lines.next()["code"] == "OK"
    streams.watching.generate = generate
    broken = streams.stub.WatchTickets(pb.WatchTicketsRequest(), metadata=TOKEN, timeout=30)
    next(broken)
    error = failure(lambda: next(broken))
    assert (error.code, error.info.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert streams.lines.next()["code"] == "INTERNAL"


def test_an_unimplemented_stream_says_so() -> None:
    bare = Registration.of(TICKETS, pb_grpc.add_TicketServiceServicer_to_server, pb_grpc.TicketServiceServicer())  # type: ignore[abstract]  # all UNIMPLEMENTED
    with running(registrations=[bare]) as rig:
        stub = pb_grpc.TicketServiceStub(rig.channel)
        error = failure(lambda: list(stub.WatchTimeline(REQUEST, metadata=TOKEN, timeout=30)))
    assert (error.code, error.info.reason) == (grpc.StatusCode.UNIMPLEMENTED, "UNIMPLEMENTED")


_private: Any = _server
CHANGED = f"grpcio {grpc.__version__} is not what server/api/streams.py was written for; see ADR 0015"


def test_grpcio_still_has_what_streams_are_made_of() -> None:
    parameters = {
        function: list(inspect.signature(getattr(_private, function)).parameters)
        for function in ("_is_rpc_state_active", "_possibly_finish_call", "_status")
    }
    assert parameters == {
        "_is_rpc_state_active": ["state"],
        "_possibly_finish_call": ["state", "token"],
        "_status": ["rpc_event", "state", "serialized_response"],
    }, CHANGED
    state = _private._RPCState()
    with state.condition:
        assert state.condition.acquire(blocking=False), f"{CHANGED}: the lock of a call is not re-entrant"
        state.condition.release()
    assert (state.due, state.initial_metadata_allowed, state.statused, state.callbacks) == (set(), True, False, [])
    assert {"_rpc_event", "_state"} <= set(_private._Context.__annotations__), CHANGED
    assert callable(cygrpc.Call.start_server_batch), CHANGED
    assert callable(cygrpc.Call.cancel), CHANGED
    assert cygrpc.SendMessageOperation(b"x", 0), CHANGED


def test_an_open_call_keeps_its_books_as_before(streams: StreamRig) -> None:
    client = streams.watch()
    rpc: Any = client.outlet._stream._rpc
    assert isinstance(rpc, _private._RPCState), CHANGED
    eventually(lambda: rpc.due == {_private._RECEIVE_CLOSE_ON_SERVER_TOKEN}, what=CHANGED)
    client.outlet.put(b"one")
    assert next(client.call) == b"one"
    eventually(lambda: rpc.due == {_private._RECEIVE_CLOSE_ON_SERVER_TOKEN}, what=CHANGED)
    client.outlet.end(Unavailable(), flush=False)
    client.drain()
    eventually(lambda: not rpc.due and rpc.callbacks is None, what=CHANGED)


def test_private_names_of_grpcio_stand_in_one_module_alone() -> None:
    root = Path(next(iter(server.__path__)))
    private = ("grpc._", "from grpc import _", "_rpc_event", "cygrpc")
    users = {path.name for path in root.rglob("*.py") if any(name in path.read_text() for name in private)}
    assert users == {"streams.py"}
