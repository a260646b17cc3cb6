"""SIGTERM: calls under way finish, new ones are turned away, and the process is gone in good time."""

import signal
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from rodistaa.tickets.client import TicketsClient, TicketsError, connect
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from server.domain.roles import Role
from tests.database import Database
from tests.integration.postgres.rows import insert_ticket
from tests.integration.reliability.children import children_of
from tests.integration.reliability.connections import blocked_statements, server_connections
from tests.running import ServerProcess, StartServer, free_port, token_for
from tests.ticket_requests import retitle
from tests.waiting import eventually

SERVICE = "rodistaa.tickets.v1.TicketService"


@contextmanager
def client_of(target: str) -> Iterator[TicketsClient]:
    """A client that repeats nothing by itself."""
    with connect(
        target, token=token_for(Role.OPS_MANAGER), tls=False, channel_options=[("grpc.enable_retries", 0)]
    ) as client:
        yield client


def end_of(future: "Future[Any]") -> Any:
    """The answer, or the error."""
    try:
        return future.result(30)
    except TicketsError as error:
        return error


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_call_under_way_is_finished(database: Database, server_processes: StartServer, processes: str) -> None:
    with database.connect(autocommit=False) as holder:
        ticket_id = insert_ticket(holder)
        holder.commit()
        server = server_processes("--processes", processes)
        server.wait_ready()
        with client_of(server.target) as client, ThreadPoolExecutor(1) as pool:
            holder.execute("SELECT 1 FROM tickets WHERE id = %s FOR UPDATE", [ticket_id])
            under_way = pool.submit(client.tickets.UpdateTicket, retitle(ticket_id, "Payment is late"), timeout=30)
            eventually(lambda: blocked_statements(database) == 1, what="a call under way")
            server.process.send_signal(signal.SIGTERM)
            eventually(lambda: refuses_connections(server.target), what="the end of listening")
            assert server.process.poll() is None
            assert blocked_statements(database) == 1
            holder.rollback()
            assert end_of(under_way).ticket.title == "Payment is late"
        assert server.process.wait(20) == 0
    eventually(lambda: server_connections(database) == [], what="no connections")


def refuses_connections(target: str) -> bool:
    """Whether a new client finds nobody."""
    with grpc.insecure_channel(target) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=0.2)
        except grpc.FutureTimeoutError:
            return True
    return False


def test_a_watcher_of_health_and_a_connected_client_are_told(database: Database, server_processes: StartServer) -> None:
    """Load balancers stop sending before the last call has ended."""
    with database.connect(autocommit=False) as holder:
        ticket_id = insert_ticket(holder)
        holder.commit()
        server = server_processes()
        server.wait_ready()
        with (
            client_of(server.target) as client,
            ThreadPoolExecutor(1) as pool,
            grpc.insecure_channel(server.target) as channel,
        ):
            watch = health_pb2_grpc.HealthStub(channel).Watch  # type: ignore[attr-defined] # not in the stubs
            statuses = watch(health_pb2.HealthCheckRequest(service=SERVICE), timeout=30)
            assert next(statuses).status == health_pb2.HealthCheckResponse.SERVING
            holder.execute("SELECT 1 FROM tickets WHERE id = %s FOR UPDATE", [ticket_id])
            under_way = pool.submit(client.tickets.UpdateTicket, retitle(ticket_id, "Payment is late"), timeout=30)
            eventually(lambda: blocked_statements(database) == 1, what="a call under way")
            server.process.send_signal(signal.SIGTERM)
            assert next(statuses).status == health_pb2.HealthCheckResponse.NOT_SERVING
            holder.rollback()
            assert end_of(under_way).ticket.title == "Payment is late"
            # Nothing but the watch is left, and it is no reason to stay.
            statuses.cancel()
        assert server.process.wait(20) == 0


def test_processes_that_have_not_begun_to_serve_are_stopped_too(server_processes: StartServer) -> None:
    server = server_processes("--processes", "2")
    eventually(lambda: len(children_of(server)) == 2, what="two processes")
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == 0


def test_callers_do_not_notice_that_servers_take_turns(database: Database, server_processes: StartServer) -> None:
    """The next one listens on the same port before the one before is told to go, as in a rolling restart."""
    with database.connect() as connection:
        get = reads.GetTicketRequest(id=insert_ticket(connection))
    answers: list[int] = []
    stop = threading.Event()

    def start(port: int | None) -> ServerProcess:
        healthz = free_port()
        server = server_processes(port=port, TICKETS_REUSE_PORT="true", TICKETS_METRICS_PORT=str(healthz))
        eventually(lambda: answers_ok(f"http://127.0.0.1:{healthz}/healthz"), within=30, what="a server that serves")
        return server

    def call_on_and_on() -> None:
        own_connection = [("grpc.use_local_subchannel_pool", 1)]
        with connect(
            server.target, token=token_for(Role.OPS_MANAGER), tls=False, channel_options=own_connection
        ) as client:
            while not stop.is_set():
                client.tickets.GetTicket(get, timeout=20)
                answers.append(1)

    def some_calls_more() -> None:
        wanted = len(answers) + 200
        eventually(lambda: len(answers) >= wanted, what="200 calls more")

    server = start(None)
    with ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(call_on_and_on) for _ in range(8)]
        try:
            some_calls_more()
            start(server.port)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) == 0
            some_calls_more()
        finally:
            stop.set()
    assert [caller.exception() for caller in callers] == [None] * len(callers)


def answers_ok(url: str) -> bool:
    """Whether somebody answers there, and well."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def test_what_does_not_finish_is_cut_off_whole(database: Database, server_processes: StartServer) -> None:
    with database.connect(autocommit=False) as holder:
        ticket_id = insert_ticket(holder)
        holder.commit()
        server = server_processes(TICKETS_DRAIN_GRACE_SECONDS="0.5")
        server.wait_ready()
        with client_of(server.target) as client, ThreadPoolExecutor(1) as pool:
            holder.execute("SELECT 1 FROM tickets WHERE id = %s FOR UPDATE", [ticket_id])
            request = retitle(ticket_id, "Payment is late", request_id=str(uuid4()))
            under_way = pool.submit(client.tickets.UpdateTicket, request, timeout=30)
            eventually(lambda: blocked_statements(database) == 1, what="a call under way")
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(20) == 0
            assert end_of(under_way).code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
        holder.rollback()
        eventually(lambda: server_connections(database) == [], what="no connections")
        # What was cut off can be sent again, and happens once.
        again = server_processes(port=server.port)
        again.wait_ready()
        with client_of(again.target) as client:
            assert client.tickets.UpdateTicket(request).ticket.version == 2
