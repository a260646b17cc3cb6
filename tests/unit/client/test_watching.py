"""Streams that break, fall silent or are closed, and how they go on."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice

import grpc
import pytest

from rodistaa.tickets.client import (
    Backoff,
    Interruption,
    TicketsClient,
    TicketsError,
    connect,
    follow_timeline,
)
from rodistaa.tickets.v1 import ticket_service_pb2_grpc
from rodistaa.tickets.v1.timeline_pb2 import TimelineEntry
from rodistaa.tickets.v1.timeline_reads_pb2 import TimelineProgress, WatchTimelineRequest, WatchTimelineResponse
from tests.unit.client.conftest import ScriptedTickets, abort
from tests.waiting import eventually

TICKET = WatchTimelineRequest(ticket_id="TKT-1")
AT_ONCE = Backoff(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=50))
HOUR = timedelta(hours=1)

Events = Iterator[WatchTimelineResponse]


def entry(seq: int) -> WatchTimelineResponse:
    return WatchTimelineResponse(entry=TimelineEntry(seq=seq))


def until_cancelled(context: grpc.ServicerContext) -> threading.Event:
    """Set when the stream is over, whoever ended it."""
    over = threading.Event()
    if not context.add_callback(over.set):
        over.set()
    return over


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        None,
    ],
)
def test_a_timeline_is_resumed_after_the_last_number(
    client: TicketsClient, service: ScriptedTickets, code: grpc.StatusCode | None
) -> None:
    def two_at_a_time(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        for seq in (request.after_seq + 1, request.after_seq + 2):
            yield entry(seq)
        if code is not None:
            context.abort(code, "come back")

    service.answer = two_at_a_time
    request = WatchTimelineRequest(ticket_id="TKT-1", after_seq=3)
    with follow_timeline(client, request, backoff=AT_ONCE) as entries:
        assert [each.seq for each in islice(entries, 15)] == list(range(4, 19))
    assert request.after_seq == 3


def test_a_progress_mark_moves_the_point_to_resume_from(client: TicketsClient, service: ScriptedTickets) -> None:
    def hidden_rows_first(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        if request.after_seq == 0:
            yield WatchTimelineResponse(progress=TimelineProgress(seq=41))
            context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        yield WatchTimelineResponse()  # of a kind that only a newer version knows
        yield entry(request.after_seq + 1)

    service.answer = hidden_rows_first
    with follow_timeline(client, TICKET, backoff=AT_ONCE) as entries:
        assert next(entries).seq == 42


@pytest.mark.parametrize(
    "code",
    [grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED],
)
def test_what_no_new_attempt_mends_ends_it(
    client: TicketsClient, service: ScriptedTickets, code: grpc.StatusCode
) -> None:
    def cut_off(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        yield entry(1)
        context.abort(code, "no")

    service.answer = cut_off
    entries = follow_timeline(client, TICKET, backoff=AT_ONCE)
    assert next(entries).seq == 1
    with pytest.raises(TicketsError) as failure:
        next(entries)
    assert failure.value.code is code
    assert len(service.requests) == 1
    assert list(entries) == []


def test_a_defect_that_lasts_is_told_after_five_new_attempts(client: TicketsClient, service: ScriptedTickets) -> None:
    def defect(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        if not request.after_seq:
            yield entry(1)
        context.abort(grpc.StatusCode.INTERNAL, "Internal error.")

    service.answer = defect
    entries = follow_timeline(client, TICKET, backoff=AT_ONCE)
    assert next(entries).seq == 1
    with pytest.raises(TicketsError) as failure:
        next(entries)
    assert failure.value.code is grpc.StatusCode.INTERNAL
    assert len(service.requests) == 6


def test_pauses_grow_to_their_limit_and_are_never_shorter_than_the_server_asks(
    client: TicketsClient, service: ScriptedTickets
) -> None:
    def refuse(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        yield entry(request.after_seq + 1)
        retry_after = timedelta(milliseconds=30) if request.after_seq == 5 else None
        abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "Too slow.", reason="SLOW_CONSUMER", retry_after=retry_after)

    seen: list[Interruption] = []
    service.answer = refuse
    backoff = Backoff(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=8))
    with follow_timeline(client, TICKET, backoff=backoff, on_interruption=seen.append) as entries:
        assert [each.seq for each in islice(entries, 8)] == list(range(1, 9))
    assert {each.error.reason for each in seen} == {"SLOW_CONSUMER"}
    assert all(each.pause <= timedelta(milliseconds=8) for each in seen if each.error.retry_after is None)
    assert [timedelta(milliseconds=30) <= each.pause for each in seen] == [number == 5 for number in range(7)]


def test_it_is_told_once_that_the_server_is_heard_again(client: TicketsClient, service: ScriptedTickets) -> None:
    def at_every_third_attempt(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        if len(service.requests) % 3:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Not yet.")
        yield WatchTimelineResponse(progress=TimelineProgress(seq=request.after_seq))
        yield entry(request.after_seq + 1)
        yield entry(request.after_seq + 2)

    told: list[str] = []
    service.answer = at_every_third_attempt
    with follow_timeline(
        client,
        TICKET,
        backoff=AT_ONCE,
        on_interruption=lambda _: told.append("interrupted"),
        on_resumption=lambda: told.append("resumed"),
    ) as entries:
        while "4" not in told:
            told.append(str(next(entries).seq))
    assert told == [
        *("interrupted", "interrupted", "resumed", "1", "2"),
        *("interrupted", "interrupted", "interrupted", "resumed", "3", "4"),
    ]


def test_a_server_that_falls_silent_is_left(client: TicketsClient, service: ScriptedTickets) -> None:
    def silent(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        yield entry(request.after_seq + 1)
        until_cancelled(context).wait()

    seen: list[Interruption] = []
    service.answer = silent
    silence = timedelta(milliseconds=100)
    with follow_timeline(client, TICKET, silence=silence, backoff=AT_ONCE, on_interruption=seen.append) as entries:
        assert [each.seq for each in islice(entries, 3)] == [1, 2, 3]
    assert [(each.error.code, each.error.message) for each in seen] == [
        (grpc.StatusCode.UNAVAILABLE, "Nothing was heard for 0.1 s.")
    ] * 2


def test_a_reader_that_takes_its_time_is_not_a_silent_server(client: TicketsClient, service: ScriptedTickets) -> None:
    def silent(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        yield entry(request.after_seq + 1)
        until_cancelled(context).wait()

    interrupted: list[Interruption] = []
    service.answer = silent
    silence = timedelta(milliseconds=100)
    with (
        follow_timeline(client, TICKET, silence=silence, backoff=AT_ONCE, on_interruption=interrupted.append) as slow,
        follow_timeline(client, TICKET, silence=silence, backoff=AT_ONCE) as clock,
    ):
        assert next(slow).seq == 1
        assert [each.seq for each in islice(clock, 4)] == [1, 2, 3, 4]
        assert interrupted == []
        assert next(slow).seq == 2
        assert len(interrupted) == 1


def test_a_server_that_is_stopped_and_started_again_is_found_again(service: ScriptedTickets) -> None:
    def one_each(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        yield entry(request.after_seq + 1)
        until_cancelled(context).wait()

    def serve(port: int) -> tuple[grpc.Server, int]:
        server = grpc.server(ThreadPoolExecutor(max_workers=4))
        ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(service, server)
        port = server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        return server, port

    service.answer = one_each
    server, port = serve(0)
    with connect(f"127.0.0.1:{port}", token="t", tls=False) as client:
        entries = follow_timeline(client, TICKET, backoff=AT_ONCE)
        for seq in (1, 2, 3):
            assert next(entries).seq == seq
            server.stop(grace=None).wait()
            server, _ = serve(port)
    server.stop(grace=None).wait()


# --- ended by its owner -----------------------------------------------------------------------------


@pytest.fixture
def streams(service: ScriptedTickets) -> list[threading.Event]:
    """Of each stream that the server has had, whether it is over; each sends one entry and then waits."""
    begun: list[threading.Event] = []

    def wait(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        begun.append(until_cancelled(context))
        yield entry(1)
        begun[-1].wait()

    service.answer = wait
    return begun


@pytest.mark.parametrize("how", ["itself", "its client"])
def test_closing_it_ends_the_iteration_of_another_thread_and_the_stream(
    target: str, streams: list[threading.Event], how: str
) -> None:
    client = connect(target, token="t", tls=False)
    entries = follow_timeline(client, TICKET)
    seen: list[int] = []
    reader = threading.Thread(target=lambda: seen.extend(each.seq for each in entries))
    reader.start()
    eventually(lambda: streams)
    (entries if how == "itself" else client).close()
    reader.join(timeout=15)
    assert not reader.is_alive()
    eventually(streams[0].is_set, what="the end of the stream at the server")
    client.close()
    assert list(follow_timeline(client, TICKET)) == [], "of a client that is closed"


def test_closing_it_ends_a_pause(client: TicketsClient, service: ScriptedTickets) -> None:
    def refuse(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "Later.", reason="TOO_MANY_STREAMS", retry_after=HOUR)
        yield entry(1)

    service.answer = refuse
    pausing = threading.Event()
    entries = follow_timeline(client, TICKET, on_interruption=lambda _: pausing.set())
    reader = threading.Thread(target=lambda: list(entries))
    reader.start()
    assert pausing.wait(15)
    entries.close()
    reader.join(timeout=15)
    assert not reader.is_alive()


def left_by_break(client: TicketsClient) -> None:
    for each in follow_timeline(client, TICKET):
        assert each.seq == 1
        break


def left_by_context(client: TicketsClient) -> None:
    with follow_timeline(client, TICKET) as entries:
        next(entries)
    assert list(entries) == []


@pytest.mark.parametrize("leave", [left_by_break, left_by_context])
def test_leaving_the_loop_ends_the_stream_and_its_thread(
    client: TicketsClient, streams: list[threading.Event], leave: Callable[[TicketsClient], None]
) -> None:
    leave(client)
    eventually(lambda: streams and streams[0].is_set(), what="the end of the stream at the server")
    eventually(lambda: all(each.name != "tickets-watch-silence" for each in threading.enumerate()))


# --- tokens that expire -----------------------------------------------------------------------------


def test_an_expired_token_is_renewed_where_there_is_a_way(target: str, service: ScriptedTickets) -> None:
    def one_a_token(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        yield entry(request.after_seq + 1)
        abort(context, grpc.StatusCode.UNAUTHENTICATED, "The token has expired.", reason="TOKEN_EXPIRED")

    service.answer = one_a_token
    tokens = iter(["first", "second", "third"])
    with (
        connect(target, token=lambda: next(tokens), tls=False) as client,
        follow_timeline(client, TICKET, backoff=AT_ONCE) as entries,
    ):
        assert [each.seq for each in islice(entries, 3)] == [1, 2, 3]
    assert [each["authorization"] for each in service.metadata] == ["Bearer first", "Bearer second", "Bearer third"]


def test_a_renewal_of_the_token_takes_the_first_pause(target: str, service: ScriptedTickets) -> None:
    def short_lived(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        yield entry(request.after_seq + 1)
        abort(context, grpc.StatusCode.UNAUTHENTICATED, "The token has expired.", reason="TOKEN_EXPIRED")

    seen: list[Interruption] = []
    service.answer = short_lived
    backoff = Backoff(first=timedelta(milliseconds=1), longest=timedelta(hours=1))
    with (
        connect(target, token=lambda: "new", tls=False) as client,
        follow_timeline(client, TICKET, backoff=backoff, on_interruption=seen.append) as entries,
    ):
        assert [each.seq for each in islice(entries, 9)] == list(range(1, 10))
    assert len(seen) == 8
    assert all(each.pause <= backoff.first for each in seen)


@pytest.mark.parametrize(("renewable", "attempts"), [(True, 2), (False, 1)])
def test_a_token_that_stays_expired_ends_it(
    target: str, service: ScriptedTickets, renewable: bool, attempts: int
) -> None:
    def expired(request: WatchTimelineRequest, context: grpc.ServicerContext) -> Events:
        abort(context, grpc.StatusCode.UNAUTHENTICATED, "The token has expired.", reason="TOKEN_EXPIRED")
        yield entry(1)

    service.answer = expired
    with (
        connect(target, token=(lambda: "old") if renewable else "old", tls=False) as client,
        pytest.raises(TicketsError) as failure,
    ):
        next(follow_timeline(client, TICKET, backoff=AT_ONCE))
    assert failure.value.reason == "TOKEN_EXPIRED"
    assert len(service.requests) == attempts


def test_an_error_of_the_token_callable_ends_it(target: str) -> None:
    def no_token() -> str:
        raise LookupError("the vault is sealed")

    with connect(target, token=no_token, tls=False) as client, pytest.raises(LookupError, match="sealed"):
        next(follow_timeline(client, TICKET))
