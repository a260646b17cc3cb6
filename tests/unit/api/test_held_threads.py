"""Clients that take a thread and leave it waiting; over a real server, except for the rules of cutting themselves."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import google.rpc.error_details_pb2 as error_details
import grpc
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from prometheus_client import CollectorRegistry

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from server.api.calls import CallState, Method
from server.api.interceptors.authentication import Authentication
from server.api.interceptors.chain import Concerns
from server.api.interceptors.deadline import Deadline
from server.api.interceptors.metrics import Metrics
from server.api.pools import HandlerPool, HeldThreads, Holding
from server.api.server import ServerOptions
from server.domain.errors import ResourceExhausted
from server.domain.ids import UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from tests.unit.api.rig import LIST_MEMBERS, TOKEN, OneToken, Rig, health_of, running, seen

CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"


class AnyToken:
    """The token is the name."""

    def verify(self, token: str) -> Principal:
        return Principal(UserId(token), Role.SHIPPER)


def token(name: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {name}"),)


class Silence:
    """Opens calls whose message never comes."""

    def __init__(self, rig: Rig) -> None:
        self._done = threading.Event()
        self._rig = rig
        self.calls: list[Any] = []

    def open(self, path: str, number: int, metadata: Any = TOKEN, *, streaming: bool = False) -> list[Any]:
        opened: list[Any] = []
        channel: Any = self._rig.channel
        for _ in range(number):
            if streaming:
                opened.append(channel.stream_stream(path)(self._never(), metadata=metadata))
            else:
                opened.append(channel.stream_unary(path).future(self._never(), metadata=metadata))
        self.calls += opened
        return opened

    def end(self) -> None:
        self._done.set()
        for call in self.calls:
            call.cancel()

    def _never(self) -> Iterator[bytes]:
        self._done.wait(60)
        yield from ()


@contextmanager
def silence(rig: Rig) -> Iterator[Silence]:
    opened = Silence(rig)
    try:
        yield opened
    finally:
        opened.end()


def code_of(call: Any) -> grpc.StatusCode:
    error = call.exception(timeout=20)
    assert isinstance(error, grpc.RpcError)
    code: grpc.StatusCode = error.code()
    return code


def test_calls_whose_message_never_comes_give_their_threads_back() -> None:
    registry = CollectorRegistry()
    concerns = Concerns(Authentication(OneToken()), metrics=Metrics(registry))
    options = ServerOptions(port=0, threads=4, request_body_timeout_seconds=0.3)
    with structlog.testing.capture_logs() as logs, running(concerns, options=options) as rig, silence(rig) as silent:
        stuck = silent.open(LIST_MEMBERS, 8)
        assert {code_of(call) for call in stuck} <= {
            grpc.StatusCode.CANCELLED,
            grpc.StatusCode.DEADLINE_EXCEEDED,
            grpc.StatusCode.RESOURCE_EXHAUSTED,
        }
        rig.list_members()
    assert [entry for entry in logs if entry["event"] == "calls that held a thread without sending were cut"]
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    ended = {"method": "DirectoryService/ListMembers", "code": "DEADLINE_EXCEEDED"}
    assert registry.get_sample_value("tickets_rpc_handled_total", ended)
    assert registry.get_sample_value("tickets_rpc_in_flight", {"kind": "unary"}) == 0


def test_others_are_served_soon_although_all_threads_are_held() -> None:
    concerns = Concerns(Authentication(AnyToken()))
    options = ServerOptions(port=0, threads=4, request_body_timeout_seconds=3600.0)
    with running(concerns, options=options) as rig, silence(rig) as silent:
        silent.open(LIST_MEMBERS, 40, token("evil"))
        # The patience is a second; without the bound this would wait for ever.
        rig.list_members(token("asha"))
        # From now on this caller gets its share at the most; the rest is refused at once.
        refused: queue.Queue[Any] = queue.Queue()
        for call in silent.open(LIST_MEMBERS, 8, token("evil")):
            call.add_done_callback(refused.put)
        error = seen(refused.get(timeout=20).exception())
        rig.list_members(token("asha"))
    assert (error.code, error.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
    assert error.detail(error_details.RetryInfo).retry_delay.seconds == 1


def test_the_limit_of_a_unary_call_covers_the_wait_for_its_message() -> None:
    concerns = Concerns(Authentication(OneToken()), deadline=Deadline(0.2))
    options = ServerOptions(port=0, threads=1, request_body_timeout_seconds=3600.0)
    with running(concerns, options=options) as rig, silence(rig) as silent:
        (stuck,) = silent.open(LIST_MEMBERS, 1)
        assert code_of(stuck) is grpc.StatusCode.CANCELLED


def test_a_burst_of_honest_calls_of_one_caller_is_never_refused() -> None:
    with running() as rig:
        for _ in range(3):
            calls = [
                rig.stub.ListMembers.future(pb.ListMembersRequest(), metadata=TOKEN, timeout=60) for _ in range(200)
            ]
            assert [call.exception() for call in calls] == [None] * 200


@pytest.mark.parametrize(("path", "streaming"), [(CHECK, False), (WATCH, True)])
def test_silent_health_checks_keep_nobody_out(path: str, streaming: bool) -> None:
    with running(options=ServerOptions(port=0, threads=2)) as rig, silence(rig) as silent:
        silent.open(path, 24, (), streaming=streaming)
        rig.list_members()
        assert health_of(rig) == "SERVING"


def test_health_can_be_watched() -> None:
    with running() as rig:
        stub: Any = health_pb2_grpc.HealthStub(rig.channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=20)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        rig.server.health.servicer.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()


def test_idle_reflection_streams_do_not_keep_others_from_it() -> None:
    with running() as rig, silence(rig) as silent:
        path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        silent.open(path, 8, (), streaming=True)
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(rig.channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        (answer,) = stub.ServerReflectionInfo(iter([request]), timeout=20)
    assert answer.HasField("list_services_response")


def test_calls_cancelled_in_the_queue_are_not_executed() -> None:
    registry = CollectorRegistry()
    concerns = Concerns(Authentication(OneToken()), metrics=Metrics(registry))
    entered, leave = threading.Event(), threading.Event()
    with running(concerns, options=ServerOptions(port=0, threads=1)) as rig:

        def behave() -> pb.ListMembersResponse:
            entered.set()
            leave.wait(30)
            return pb.ListMembersResponse()

        rig.directory.behave = behave
        busy = rig.stub.ListMembers.future(pb.ListMembersRequest(), metadata=TOKEN, timeout=30)
        assert entered.wait(10)
        backlog = [rig.stub.ListMembers.future(pb.ListMembersRequest(), metadata=TOKEN, timeout=30) for _ in range(5)]
        # Streams of one connection arrive in order, cancellations too: an answer to this one comes after them.
        for call in backlog:
            call.cancel()
        health_of(rig)
        leave.set()
        busy.result(timeout=10)
        rig.list_members()
    assert len(rig.directory.calls) == 2
    gone = {"method": "DirectoryService/ListMembers", "code": "CANCELLED"}
    assert (registry.get_sample_value("tickets_rpc_handled_total", gone) or 0) <= 5


# --- the rules of cutting


class FakeContext:
    """As much of a call as the rules look at."""

    def __init__(self) -> None:
        self.cancelled = False

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return ()

    def cancel(self) -> None:
        self.cancelled = True


def held_call(name: str | None = None, deadline: float | None = None) -> CallState:
    context: Any = FakeContext()
    state = CallState(Method("/a/b", "a/b"), context)
    state.principal = None if name is None else Principal(UserId(name), Role.SHIPPER)
    state.deadline = deadline
    return state


def held(holding: Holding, *, wanted: bool = False) -> HeldThreads:
    return HeldThreads(holding, lambda: wanted)


def test_nobody_is_cut_who_was_seen_only_once() -> None:
    threads = held(Holding(0.0, 0.0, 1))
    state = held_call()
    threads.hold(state)
    assert (threads.cut(), threads.cut()) == (0, 1)
    assert not threads.release(state)


def test_who_sends_in_time_is_left_alone() -> None:
    threads = held(Holding(0.0, 0.0, 1))
    state = held_call()
    threads.hold(state)
    threads.cut()
    assert threads.release(state)
    assert threads.cut() == 0


def test_within_the_limit_only_impatience_cuts() -> None:
    assert [_cut_twice(wanted=wanted) for wanted in (False, True)] == [0, 1]


def _cut_twice(*, wanted: bool) -> int:
    threads = held(Holding(3600.0, 0.0, 1), wanted=wanted)
    threads.hold(held_call("asha"))
    threads.cut()
    return threads.cut()


def test_a_deadline_that_passed_cuts() -> None:
    threads = held(Holding(3600.0, 3600.0, 1))
    threads.hold(held_call("asha", deadline=0.0))
    threads.cut()
    assert threads.cut() == 1


def test_over_its_share_a_caller_is_cut_and_then_refused() -> None:
    threads = held(Holding(3600.0, 0.0, 2))
    greedy, modest = [held_call("evil") for _ in range(5)], [held_call("asha") for _ in range(2)]
    for state in (*greedy, *modest):
        threads.hold(state)
    threads.cut()
    assert threads.cut() == 3
    assert [threads.release(state) for state in greedy] == [True, True, False, False, False], "the latest are cut"
    assert all(threads.release(state) for state in modest)
    for state in greedy[:2]:
        threads.hold(state)
    one_more = held_call("evil")
    with pytest.raises(ResourceExhausted) as refused:
        threads.hold(one_more)
    assert refused.value.retry_after.total_seconds() == 1
    assert not threads.release(one_more)
    threads.hold(held_call("asha"))


def test_the_pool_knows_who_holds_its_threads() -> None:
    pool = HandlerPool(1, "test", Holding(0.0, 0.0, 1))
    pool.held.hold(held_call())
    pool.held.cut()
    assert pool.held.cut() == 1
    assert pool.finish(0.0)
