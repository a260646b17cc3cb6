"""Outlets: open streams that nobody waits for, whatever their clients do."""

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any, cast

import grpc
import pytest

from server.api.outlets import Bounds, Outlet
from server.domain.errors import Reason, Unauthenticated, Unavailable, ticket_not_found
from tests.unit.api.rig import seen
from tests.unit.api.stream_rig import Client, StreamRig, streaming
from tests.waiting import eventually

LARGE = b"x" * 100_000
"""More than the window of a client that does not read, so that it is stuck by the second at the latest."""
SHUTTING_DOWN = Unavailable(reason=Reason.SHUTTING_DOWN)


@pytest.fixture
def streams() -> Iterator[StreamRig]:
    with streaming() as rig:
        yield rig


@pytest.fixture
def narrow(streams: StreamRig) -> Iterator[grpc.Channel]:
    with streams.channel() as channel:
        yield channel


def stuck(streams: StreamRig, channel: grpc.Channel, messages: int = 20) -> Client:
    """A client that does not read, with so many messages put to it."""
    client = streams.watch(channel)
    for _ in range(messages):
        assert client.outlet.put(LARGE)
    return client


def in_seconds(seconds: float) -> float:
    return time.monotonic() + seconds


def test_a_client_knows_that_its_stream_is_open_before_anything_happens(streams: StreamRig) -> None:
    client = streams.watch()
    assert client.call.initial_metadata() is not None
    assert client.outlet.is_open
    assert not client.outlet.is_over
    assert client.outlet.waiting == 0


def test_messages_of_many_threads_arrive_all_and_in_the_order_of_each(streams: StreamRig) -> None:
    client = streams.watch()
    reader = client.draining()

    def put(writer: int) -> None:
        for number in range(2000):
            assert client.outlet.put(b"%d %d" % (writer, number))

    writers = [threading.Thread(target=put, args=(writer,)) for writer in range(5)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    client.outlet.end(SHUTTING_DOWN, flush=True)
    reader.join(30)
    assert seen(client.error).info.reason == "SHUTTING_DOWN"
    assert len(client.read) == 10_000
    for writer in range(5):
        numbers = [int(number) for by, number in map(bytes.split, client.read) if int(by) == writer]
        assert numbers == list(range(2000))


def test_a_slow_reader_is_ended_and_the_others_do_not_notice(streams: StreamRig, narrow: grpc.Channel) -> None:
    streams.watching.bounds = Bounds()
    slow = streams.watch(narrow)
    fast = [streams.watch() for _ in range(10)]
    readers = [client.draining() for client in fast]
    message = b"x" * 10_000
    for _ in range(400):
        eventually(lambda: all(client.outlet.waiting < 50 for client in fast))
        for client in fast:
            assert client.outlet.put(message)
        slow.outlet.put(message)
    assert not slow.outlet.is_open
    for client in fast:
        client.outlet.end(SHUTTING_DOWN, flush=True)
    for reader in readers:
        reader.join(30)
    assert [len(client.read) for client in fast] == [400] * 10
    assert len(slow.drain().read) < 400
    error = seen(slow.error)
    assert (error.code, error.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SLOW_CONSUMER")
    assert dict(error.info.metadata) == {"retry_after_ms": "1000"}
    lines = [streams.lines.next() for _ in range(11)]
    assert sorted(line["reason"] for line in lines) == ["SHUTTING_DOWN"] * 10 + ["SLOW_CONSUMER"]


def test_a_message_that_does_not_leave_ends_the_stream_and_then_cuts_it(
    streams: StreamRig, narrow: grpc.Channel
) -> None:
    client = stuck(streams, narrow)
    client.outlet.tick(in_seconds(9))
    assert client.outlet.is_open
    client.outlet.tick(in_seconds(11))
    assert not client.outlet.put(b"late")
    client.outlet.tick(in_seconds(1))
    assert not client.outlet.is_over, "it may still take the status, details included"
    client.outlet.tick(in_seconds(3))
    eventually(lambda: client.outlet.is_over)
    client.outlet.tick(in_seconds(100))
    client.drain()
    assert client.error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "Resume from the last" in client.error.details()
    assert "grpc-status-details-bin" not in dict(client.error.trailing_metadata())
    line = streams.lines.next()
    assert (line["code"], line["reason"]) == ("RESOURCE_EXHAUSTED", "SLOW_CONSUMER")


def test_who_reads_in_time_has_the_details(streams: StreamRig, narrow: grpc.Channel) -> None:
    client = stuck(streams, narrow)
    client.outlet.tick(in_seconds(11))
    client.drain()
    assert seen(client.error).info.reason == "SLOW_CONSUMER"
    eventually(lambda: client.outlet.is_over)


def test_streams_that_are_not_read_hold_no_thread() -> None:
    with streaming(threads=2) as streams, streams.channel() as narrow:
        first = stuck(streams, narrow)
        before = threading.active_count()
        clients = [stuck(streams, narrow) for _ in range(50)]
        assert threading.active_count() - before <= 1, "two threads serve, and one of them may not have been there"
        reader = streams.watch()
        reader.outlet.put(b"served")
        assert next(reader.call) == b"served"
        for client in [first, *clients]:
            client.call.cancel()
        eventually(lambda: all(client.outlet.is_over for client in [first, *clients]))


def test_an_end_lets_the_backlog_go_first_where_it_may(streams: StreamRig, narrow: grpc.Channel) -> None:
    client = stuck(streams, narrow)
    client.outlet.end(SHUTTING_DOWN, flush=True)
    assert not client.outlet.put(b"late")
    assert client.drain().read == [LARGE] * 20
    error = seen(client.error)
    assert (error.code, error.info.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
    line = streams.lines.next()
    assert (line["code"], line["reason"]) == ("UNAVAILABLE", "SHUTTING_DOWN")


def test_an_end_drops_the_backlog_where_nothing_more_may_be_sent(streams: StreamRig, narrow: grpc.Channel) -> None:
    client = stuck(streams, narrow)
    client.outlet.end(ticket_not_found("TKT-1"), flush=False)
    assert client.outlet.waiting <= 1, "the one that is being sent"
    client.outlet.end(SHUTTING_DOWN, flush=True)
    assert len(client.drain().read) < 5
    assert seen(client.error).info.reason == "TICKET_NOT_FOUND"
    line = streams.lines.next()
    assert (line["code"], line["reason"]) == ("NOT_FOUND", "TICKET_NOT_FOUND")


def test_a_flush_that_is_not_taken_is_cut_with_its_own_status(streams: StreamRig, narrow: grpc.Channel) -> None:
    client = stuck(streams, narrow)
    client.outlet.end(Unauthenticated("The token has expired.", reason=Reason.TOKEN_EXPIRED), flush=True)
    client.outlet.tick(in_seconds(3))
    eventually(lambda: client.outlet.is_over)
    assert len(client.drain().read) < 5
    assert client.error.code() is grpc.StatusCode.UNAUTHENTICATED
    line = streams.lines.next()
    assert (line["code"], line["reason"]) == ("UNAUTHENTICATED", "TOKEN_EXPIRED")


def test_a_client_that_leaves_before_its_end_is_sent_was_not_ended(streams: StreamRig, narrow: grpc.Channel) -> None:
    client = stuck(streams, narrow)
    client.outlet.end(SHUTTING_DOWN, flush=True)
    client.call.cancel()
    line = streams.lines.next()
    assert line["code"] == "CANCELLED"
    assert "reason" not in line


@pytest.mark.parametrize("leave", ["the call", "the connection"])
def test_a_client_that_leaves_amid_a_message(streams: StreamRig, leave: str) -> None:
    streams.watching.bounds = Bounds(max_messages=20)
    with streams.channel() as narrow:
        client = stuck(streams, narrow)
        assert not client.outlet.has_room
        called = threading.Event()
        client.outlet.when_taken(called.set)
        if leave == "the call":
            client.call.cancel()
        else:
            narrow.close()
        eventually(lambda: client.outlet.is_over)
    assert not client.outlet.is_open
    assert not client.outlet.put(b"late")
    assert client.outlet.waiting == 0
    assert called.wait(10), "who waits for room must not wait for ever"
    client.outlet.end(SHUTTING_DOWN, flush=True)
    client.outlet.tick(in_seconds(100))
    assert streams.lines.next()["code"] == "CANCELLED"


def test_a_server_stops_while_streams_are_open(streams: StreamRig, narrow: grpc.Channel) -> None:
    clients = [streams.watch(), stuck(streams, narrow), stuck(streams, narrow)]
    clients[2].outlet.end(SHUTTING_DOWN, flush=True)
    assert streams.rig.server.drain(0.1)
    assert all(client.outlet.is_over for client in clients)
    assert not clients[0].outlet.put(b"late")


def test_a_server_that_stops_lets_streams_end_themselves(streams: StreamRig) -> None:
    clients = [streams.watch() for _ in range(20)]

    def end_all() -> None:
        for client in clients:
            client.outlet.put(b"cursor")
            client.outlet.end(SHUTTING_DOWN, flush=True)

    streams.rig.server.before_stop(end_all)
    readers = [client.draining() for client in clients]
    assert streams.rig.server.drain(10)
    for reader in readers:
        reader.join(10)
    assert [client.read for client in clients] == [[b"cursor"]] * 20
    assert {seen(client.error).info.reason for client in clients} == {"SHUTTING_DOWN"}


def test_a_message_above_all_bounds_is_taken_by_an_empty_outlet(streams: StreamRig, narrow: grpc.Channel) -> None:
    streams.watching.bounds = Bounds(max_bytes=1_000_000)
    client = streams.watch(narrow)
    enormous = bytes(3 * 1024 * 1024)
    assert client.outlet.put(enormous)
    assert client.outlet.put(b"small")
    assert client.outlet.put(enormous), "what is being sent is not backlog, and little waits behind it"
    assert not client.outlet.put(b"too much")
    assert client.drain().read == [enormous]
    assert seen(client.error).info.reason == "SLOW_CONSUMER"


def test_the_backlog_is_bounded_by_number_too(streams: StreamRig, narrow: grpc.Channel) -> None:
    streams.watching.bounds = Bounds(max_messages=10)
    client = stuck(streams, narrow, 10)
    outcome = [client.outlet.put(b"x") for _ in range(3)]
    assert outcome[-1] is False, "two of the large ones have left at the most"
    assert seen(client.drain().error).info.reason == "SLOW_CONSUMER"


def test_who_waits_for_room_is_called_when_there_is_some(streams: StreamRig, narrow: grpc.Channel) -> None:
    streams.watching.bounds = Bounds(max_messages=40, max_bytes=1 << 30)
    client = streams.watch(narrow)
    called: list[str] = []
    client.outlet.when_taken(lambda: called.append("empty"))
    assert called == ["empty"], "at once"
    for _ in range(30):
        client.outlet.put(LARGE)
    assert not client.outlet.has_room
    client.outlet.when_taken(cast("Any", None))  # fails when it is called, which must not hurt the next one
    client.outlet.when_taken(lambda: called.append(threading.current_thread().name))
    assert len(called) == 1
    first = [next(client.call) for _ in range(25)]
    eventually(lambda: len(called) == 2)
    assert called[1] != threading.current_thread().name
    client.outlet.end(SHUTTING_DOWN, flush=True)
    assert [*first, *client.drain().read] == [LARGE] * 30
    assert len(called) == 2


def test_who_goes_on_only_where_there_is_room_is_never_too_fast(streams: StreamRig) -> None:
    """How a replay goes."""
    streams.watching.bounds = Bounds(max_messages=100)
    client = streams.watch()
    wanted = threading.Semaphore(0)
    reader = client.draining()
    for number in range(5000):
        if not client.outlet.has_room:
            client.outlet.when_taken(wanted.release)
            assert wanted.acquire(timeout=10)
        assert client.outlet.put(b"%d" % number)
    client.outlet.end(SHUTTING_DOWN, flush=True)
    reader.join(10)
    assert [int(message) for message in client.read] == list(range(5000))


def test_what_grpc_does_not_take_ends_that_stream_alone(streams: StreamRig) -> None:
    client, other = streams.watch(), streams.watch()
    assert not client.outlet.put(cast("Any", "text"))
    assert seen(client.drain().error).info.reason == "INTERNAL"
    assert other.outlet.put(b"fine")
    assert next(other.call) == b"fine"


def test_a_message_that_grpc_refuses_only_later_ends_that_stream_alone(streams: StreamRig) -> None:
    client, other = streams.watch(), streams.watch()
    client.outlet.put(bytes(5 * 1024 * 1024))
    client.outlet.put(b"more")
    assert client.drain().error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    eventually(lambda: client.outlet.is_over)
    assert other.outlet.put(b"fine")
    assert next(other.call) == b"fine"


def test_silence_can_be_told(streams: StreamRig) -> None:
    opened_after = time.monotonic()
    outlet = streams.watch().outlet
    at_start = outlet.last_put_at
    assert opened_after <= at_start <= time.monotonic()
    outlet.put(b"x")
    assert at_start <= outlet.last_put_at <= time.monotonic()


@pytest.mark.parametrize("how", ["ended", "cancelled", "cut"])
def test_nothing_is_left_of_a_stream_that_is_over(streams: StreamRig, narrow: grpc.Channel, how: str) -> None:
    def come_and_go() -> weakref.ref[Outlet]:
        client = stuck(streams, narrow)
        outlet = client.outlet
        match how:
            case "ended":
                outlet.end(SHUTTING_DOWN, flush=True)
                client.drain()
            case "cancelled":
                client.call.cancel()
            case "cut":
                outlet.end(SHUTTING_DOWN, flush=True)
                outlet.tick(in_seconds(3))
        eventually(lambda: outlet.is_over)
        streams.watching.states.clear()
        return weakref.ref(outlet)

    remains = come_and_go()

    def is_gone() -> bool:
        gc.collect()  # an error that was caught holds frames, which hold the error
        return remains() is None

    eventually(is_gone)
