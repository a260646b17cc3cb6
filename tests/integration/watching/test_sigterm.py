"""SIGTERM: every stream is told how far it came, and goes on elsewhere without a hole or a repeat."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from rodistaa.tickets.v1.ticket_watch_pb2 import WatchTicketsRequest
from server.domain.roles import Role
from tests.database import Database
from tests.integration.postgres.rows import insert_message, insert_ticket, update_ticket
from tests.integration.watching.followers import (
    ListFollower,
    TimelineFollower,
    client_of,
    ended_with,
    listed,
    rest_of,
    timeline,
    unread_stub,
)
from tests.running import ServerProcess, StartServer, token_for
from tests.waiting import eventually

SHUTTING_DOWN = (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
MANAGER = token_for(Role.OPS_MANAGER)


@contextmanager
def told_to_go(server: ServerProcess) -> Iterator[None]:
    """SIGTERM, and it has begun to go."""
    with grpc.insecure_channel(server.target) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch  # type: ignore[attr-defined] # not in the stubs
        statuses = watch(health_pb2.HealthCheckRequest(service="rodistaa.tickets.v1.TicketService"), timeout=30)
        assert next(statuses).status == health_pb2.HealthCheckResponse.SERVING
        server.process.send_signal(signal.SIGTERM)
        assert next(statuses).status == health_pb2.HealthCheckResponse.NOT_SERVING
        statuses.cancel()
        yield


def test_streams_end_with_a_mark_and_go_on_elsewhere(database: Database, server_processes: StartServer) -> None:
    first, second = server_processes(), server_processes()
    first.wait_ready()
    second.wait_ready()
    with (
        database.connect() as writer,
        client_of(first.target, MANAGER) as here,
        client_of(second.target, MANAGER) as there,
    ):
        ticket = insert_ticket(writer)
        lists = ListFollower()
        entries = TimelineFollower(ticket)
        list_stream, timeline_stream = lists.open(here), entries.open(here)
        eventually(lambda: lists.held == {ticket: 1} and entries.numbers == [1], what="the beginning")
        first.process.send_signal(signal.SIGTERM)
        assert ended_with(list_stream.end()) == SHUTTING_DOWN
        assert ended_with(timeline_stream.end()) == SHUTTING_DOWN
        assert list_stream.events[-1].HasField("progress")
        assert timeline_stream.events[-1].progress.seq == 1
        update_ticket(writer, ticket, priority="LOW")
        insert_message(writer, ticket)
        lists.open(there)
        entries.open(there)
        eventually(lambda: entries.numbers == [1, 2, 3], what="the entries in between")
        last = insert_ticket(writer)
        eventually(lambda: last in lists.held, what="the last ticket")
        assert lists.held == listed(there, lists.where) == {ticket: 2, last: 1}
        assert [entry.seq for entry in timeline(there, ticket)] == entries.numbers
        assert lists.faults == entries.faults == []
        lists.close()
        entries.close()
    assert first.process.wait(20) == 0


def test_a_list_that_was_still_beginning_begins_anew(database: Database, server_processes: StartServer) -> None:
    """A cursor in the middle of a snapshot would skip the rest of it."""
    with database.connect() as writer:
        for _ in range(200):
            insert_ticket(writer, description="x" * 19_000)
    first, second = server_processes(), server_processes()
    first.wait_ready()
    second.wait_ready()
    request = WatchTicketsRequest(snapshot_size=200)
    with unread_stub(first.target, MANAGER) as stub, client_of(second.target, MANAGER) as there:
        stalled = stub.WatchTickets(request)
        stalled.initial_metadata()
        begun = next(stalled)
        assert begun.HasField("snapshot")
        assert not begun.snapshot.complete
        with told_to_go(first):
            events, error = rest_of(stalled)
        assert ended_with(error) == SHUTTING_DOWN
        assert events[-1].HasField("progress")
        assert not any(event.cursor or event.snapshot.complete for event in events)
        follower = ListFollower()
        follower.open(there)
        eventually(lambda: follower.held == listed(there, follower.where), what="the whole list")
        assert len(follower.held) == 200
        assert follower.faults == []
        follower.close()
