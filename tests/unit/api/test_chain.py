"""What every call meets on its way in and out, over real gRPC."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

import google.rpc.error_details_pb2 as error_details
import grpc
import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

from rodistaa.tickets.v1 import directory_service_pb2 as pb
from server.api.errors import INTERNAL_TEXT
from server.api.interceptors.access_log import AccessLog
from server.api.interceptors.authentication import Authentication
from server.api.interceptors.chain import Concerns
from server.api.interceptors.deadline import Deadline
from server.api.interceptors.metrics import Metrics
from server.api.interceptors.peer_address import PeerAddress
from server.api.interceptors.rate_limit import RateLimit
from server.api.interceptors.tracing import Tracing
from server.api.server import ServerOptions
from server.domain.errors import FieldViolation, InvalidArgument, Unavailable
from tests.unit.api.rig import DIRECTORY, LIST_MEMBERS, TOKEN, OneToken, Rig, failure, health_of, running

TRUNCATED = b"\x0a\x05ab"
NOT_UTF8 = b"\x12\x02\xff\xfe"


@pytest.fixture
def rig() -> Iterator[Rig]:
    with running() as started:
        yield started


def concerns(**chosen: object) -> Concerns:
    return Concerns(Authentication(OneToken()), **chosen)  # type: ignore[arg-type]


def test_a_servicer_gets_the_call(rig: Rig) -> None:
    rig.list_members(metadata=(*TOKEN, ("x-request-id", "abc-123")))
    (call,) = rig.directory.calls
    assert call.principal.user_id == "asha"
    assert call.ip_address == "127.0.0.1"
    assert call.trace_id == "abc-123"


# --- request id


def test_the_request_id_is_echoed(rig: Rig) -> None:
    trailers = dict(rig.list_members(metadata=(*TOKEN, ("x-request-id", "abc-123"))).trailing_metadata())
    assert trailers["x-request-id"] == "abc-123"


def test_each_call_without_an_id_gets_one(rig: Rig) -> None:
    ids = {dict(rig.list_members().trailing_metadata())["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("given", ["", 'a" injected="1', "x" * 101, "a b"])
def test_an_id_that_could_do_harm_is_replaced(rig: Rig, given: str) -> None:
    trailers = dict(rig.list_members(metadata=(*TOKEN, ("x-request-id", given))).trailing_metadata())
    assert trailers["x-request-id"] != given


# --- authentication


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ((), "TOKEN_MISSING"),
        ((("authorization", "Bearer bad"),), "TOKEN_INVALID"),
        ((("authorization", "Basic good"),), "TOKEN_INVALID"),
        ((("authorization", "good"),), "TOKEN_INVALID"),
        ((("authorization", ""),), "TOKEN_INVALID"),
    ],
)
def test_without_good_credentials_nobody_gets_in(rig: Rig, metadata: object, reason: str) -> None:
    error = failure(lambda: rig.list_members(metadata=metadata))
    assert (error.code, error.info.reason) == (grpc.StatusCode.UNAUTHENTICATED, reason)
    assert rig.directory.calls == []


def test_the_scheme_is_not_case_sensitive(rig: Rig) -> None:
    rig.list_members(metadata=(("authorization", "bearer good"),))


def test_authentication_comes_before_any_look_at_the_request(rig: Rig) -> None:
    error = failure(lambda: rig.raw(LIST_MEMBERS, TRUNCATED, metadata=()))
    assert error.code is grpc.StatusCode.UNAUTHENTICATED


def test_nobody_makes_the_server_wait_before_saying_who_it_is() -> None:
    done = threading.Event()

    def never() -> Iterator[bytes]:
        done.wait(30)
        yield from ()

    with running(options=ServerOptions(port=0, threads=1)) as rig:
        silent: Any = rig.channel.stream_unary(LIST_MEMBERS)
        error = failure(lambda: silent(never(), timeout=10))
        done.set()
    assert error.code is grpc.StatusCode.UNAUTHENTICATED


def test_a_client_that_goes_away_without_a_request_is_no_defect() -> None:
    done = threading.Event()
    lines: queue.Queue[str] = queue.Queue()

    def never() -> Iterator[bytes]:
        done.wait(30)
        yield from ()

    with running(concerns(access_log=AccessLog(lines.put))) as rig:
        silent: Any = rig.channel.stream_unary(LIST_MEMBERS)
        with structlog.testing.capture_logs() as logs, pytest.raises(grpc.RpcError):
            silent(never(), metadata=TOKEN, timeout=0.2)
        line = json.loads(lines.get(timeout=10))
        done.set()
    # grpc may tell the end of the messages before it tells why they ended; on a busy machine it is all over before.
    assert line["code"] in {"CANCELLED", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED"}
    assert logs == []


def test_a_call_without_a_request_is_the_clients_mistake(rig: Rig) -> None:
    silent: Any = rig.channel.stream_unary(LIST_MEMBERS)
    error = failure(lambda: silent(iter(()), metadata=TOKEN, timeout=10))
    assert (error.code, error.info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


# --- malformed requests, unknown and unimplemented methods


@pytest.mark.parametrize("body", [TRUNCATED, NOT_UTF8, b"\xff" * 20, b"\x0b" * 200])
def test_bytes_that_are_no_message_are_the_clients_mistake(rig: Rig, body: bytes) -> None:
    error = failure(lambda: rig.raw(LIST_MEMBERS, body))
    assert (error.code, error.info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


@pytest.mark.parametrize("path", [f"/{DIRECTORY}/Nothing", "/no.such.Service/Method", "/", "/x"])
def test_an_unknown_method_is_unimplemented(rig: Rig, path: str) -> None:
    error = failure(lambda: rig.raw(path, b"", metadata=()))
    assert (error.code, error.info.reason) == (grpc.StatusCode.UNIMPLEMENTED, "UNIMPLEMENTED")


def test_a_method_that_the_servicer_leaves_out_is_unimplemented(rig: Rig) -> None:
    error = failure(lambda: rig.stub.UpsertMember(pb.UpsertMemberRequest(), metadata=TOKEN, timeout=10))
    assert (error.code, error.info.reason) == (grpc.StatusCode.UNIMPLEMENTED, "UNIMPLEMENTED")


# --- errors


def test_a_domain_error_arrives_with_its_details(rig: Rig) -> None:
    def behave() -> pb.ListMembersResponse:
        raise InvalidArgument.of([FieldViolation("page_size", "must not be negative")])

    rig.directory.behave = behave
    error = failure(rig.list_members)
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    (violation,) = error.detail(error_details.BadRequest).field_violations
    assert (violation.field, violation.description) == ("page_size", "must not be negative")


@pytest.mark.parametrize("kind", [RuntimeError, KeyError, NotImplementedError, MemoryError, UnicodeError])
def test_a_defect_is_told_to_the_log_alone(rig: Rig, kind: type[Exception]) -> None:
    def behave() -> pb.ListMembersResponse:
        raise kind("connection to postgresql://tickets:hunter2@db failed")

    rig.directory.behave = behave
    with structlog.testing.capture_logs() as logs:
        error = failure(rig.list_members)
    assert (error.code, error.message, error.info.reason) == (grpc.StatusCode.INTERNAL, INTERNAL_TEXT, "INTERNAL")
    assert error.info.metadata["request_id"] == error.request_id
    assert "hunter2" not in str(error)
    (line,) = [entry for entry in logs if entry["event"] == "internal error"]
    assert line["request_id"] == error.request_id
    assert "hunter2" in str(line["exc_info"])


def test_an_answer_that_cannot_be_serialised_is_a_defect(rig: Rig) -> None:
    rig.directory.behave = lambda: "not a message"  # type: ignore[assignment,return-value]
    assert failure(rig.list_members).code is grpc.StatusCode.INTERNAL


# --- limits


def test_over_the_rate_limit_the_answer_says_when_to_come_back() -> None:
    with running(concerns(rate_limit=RateLimit(0.5, 2))) as rig:
        rig.list_members()
        rig.list_members()
        error = failure(rig.list_members)
    assert (error.code, error.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
    retry = error.detail(error_details.RetryInfo).retry_delay.ToTimedelta().total_seconds()
    assert 0 < retry <= 2.0
    assert int(error.info.metadata["retry_after_ms"]) == pytest.approx(retry * 1000, abs=1)


def test_the_clients_deadline_reaches_the_use_case(rig: Rig) -> None:
    rig.stub.ListMembers(pb.ListMembersRequest(), metadata=TOKEN, timeout=7.0)
    left = rig.directory.calls[0].seconds_left()
    assert left is not None
    assert 5.0 < left <= 7.5, "the wire rounds it up a little"


@pytest.mark.parametrize("timeout", [None, 3600.0])
def test_no_call_gets_more_time_than_the_server_allows(timeout: float | None) -> None:
    with running(concerns(deadline=Deadline(12.0))) as rig:
        rig.stub.ListMembers(pb.ListMembersRequest(), metadata=TOKEN, timeout=timeout)
    deadline = rig.directory.calls[0].deadline
    assert deadline is not None
    assert 5.0 < deadline - time.monotonic() <= 12.0


def test_a_swamped_server_refuses_at_once_and_still_answers_health_checks() -> None:
    entered, leave = threading.Semaphore(0), threading.Event()
    with running(options=ServerOptions(port=0, threads=1, max_waiting_calls=1)) as rig:

        def behave() -> pb.ListMembersResponse:
            entered.release()
            leave.wait(30)
            return pb.ListMembersResponse()

        rig.list_members()
        rig.directory.behave = behave
        busy = rig.stub.ListMembers.future(pb.ListMembersRequest(), metadata=TOKEN, timeout=30)
        assert entered.acquire(timeout=10)
        # One more may wait; which of the next is refused depends on when the first of them is queued.
        others = [rig.stub.ListMembers.future(pb.ListMembersRequest(), metadata=TOKEN, timeout=30) for _ in range(5)]
        refused = [failed for failed in others[1:] if failed.exception() is not None]
        health = health_of(rig)
        leave.set()
        busy.result()
        others[0].result()
    assert len(refused) == 4
    assert {call.code() for call in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert health == "SERVING"


# --- observers


def test_one_line_a_call_without_secrets() -> None:
    lines: list[str] = []
    with running(concerns(access_log=AccessLog(lines.append))) as rig:
        rig.list_members(metadata=(*TOKEN, ("x-request-id", "r1")))
        failure(lambda: rig.list_members(metadata=(("authorization", "Bearer hunter2"),)))
        failure(lambda: rig.raw("/no.such.Service/Secret", b""))
    good, bad, unknown = map(json.loads, lines)
    assert {key: good[key] for key in ("event", "method", "code", "sub", "role", "ip", "request_id", "level")} == {
        "event": "rpc",
        "method": "DirectoryService/ListMembers",
        "code": "OK",
        "sub": "asha",
        "role": "admin",
        "ip": "127.0.0.1",
        "request_id": "r1",
        "level": "info",
    }
    assert good["duration_ms"] >= 0
    assert (bad["code"], bad["reason"]) == ("UNAUTHENTICATED", "TOKEN_INVALID")
    assert unknown["method"] == "unknown"
    assert "hunter2" not in "".join(lines)


def test_successful_reads_can_be_sampled() -> None:
    lines: list[str] = []
    with running(concerns(access_log=AccessLog(lines.append, keep_one_in=3))) as rig:
        for _ in range(6):
            rig.list_members()
        failure(lambda: rig.list_members(metadata=()))
    assert [json.loads(line).get("sampled") for line in lines] == [3, 3, None]


def test_metrics_count_by_method_and_code() -> None:
    registry = CollectorRegistry()
    with running(concerns(metrics=Metrics(registry))) as rig:
        rig.list_members()
        failure(lambda: rig.list_members(metadata=()))
        failure(lambda: rig.raw("/no.such.Service/A", b""))
        failure(lambda: rig.raw("/no.such.Service/B", b""))
    method = {"method": "DirectoryService/ListMembers"}
    value = registry.get_sample_value
    assert value("tickets_rpc_handled_total", {**method, "code": "OK"}) == 1
    assert value("tickets_rpc_handled_total", {**method, "code": "UNAUTHENTICATED"}) == 1
    assert value("tickets_rpc_handled_total", {"method": "unknown", "code": "UNIMPLEMENTED"}) == 2
    assert value("tickets_rpc_seconds_count", method) == 2
    assert value("tickets_rpc_in_flight", {"kind": "unary"}) == 0


def test_a_span_continues_the_callers_trace() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    with running(concerns(tracing=Tracing(provider.get_tracer("test")))) as rig:
        rig.list_members(metadata=(*TOKEN, ("traceparent", f"00-{trace_id}-b7ad6b7169203331-01")))
    (span,) = exporter.get_finished_spans()
    assert span.name == "rodistaa.tickets.v1.DirectoryService/ListMembers"
    assert format(span.context.trace_id, "032x") == trace_id
    assert span.attributes is not None
    assert span.attributes["rpc.grpc.status_code"] == 0


def test_a_trusted_proxy_may_name_its_client() -> None:
    forwarded = (*TOKEN, ("x-forwarded-for", "6.6.6.6, 203.0.113.9"))
    with running(concerns(peer_address=PeerAddress(["127.0.0.0/8"]))) as rig:
        rig.list_members(metadata=forwarded)
    with running() as untrusting:
        untrusting.list_members(metadata=forwarded)
    assert rig.directory.calls[0].ip_address == "203.0.113.9"
    assert untrusting.directory.calls[0].ip_address == "127.0.0.1"


def test_an_unavailable_dependency_asks_to_retry(rig: Rig) -> None:
    def behave() -> pb.ListMembersResponse:
        raise Unavailable(context={"sqlstate": "57P01"})

    rig.directory.behave = behave
    with structlog.testing.capture_logs() as logs:
        error = failure(rig.list_members)
    assert (error.code, error.info.reason) == (grpc.StatusCode.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE")
    assert error.detail(error_details.RetryInfo).retry_delay.seconds == 1
    assert [entry["context"] for entry in logs if entry["event"] == "refused"] == [{"sqlstate": "57P01"}]
