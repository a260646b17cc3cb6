"""Live streams over HTTP while clients, gateways and servers come and go, many at a time."""

import json
import re
import socket
from pathlib import Path
from urllib.request import urlopen

import pytest
from google.protobuf import json_format

from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import timeline_reads_pb2 as reads
from server.domain.roles import Role
from tests.database import Database
from tests.gateway_process import StartGateway, serving_gateway
from tests.integration.gateway.event_sources import Event, EventSource, close_all
from tests.integration.gateway.requests import request
from tests.integration.gateway.streams_over_http import MANAGER, gateway_to, status_of, timeline_url
from tests.integration.postgres.rows import insert_message, insert_ticket
from tests.integration.watching.flow import Flow
from tests.integration.watching.followers import client_of
from tests.running import Running, StartServer, free_port, running, token_for
from tests.waiting import eventually


def test_while_the_server_is_away_who_resumes_is_told_to_come_back(tmp_path: Path) -> None:
    """Browsers give up for good at any other status than 200."""
    with serving_gateway(tmp_path, gateway_target=f"127.0.0.1:{free_port()}") as gateway:
        url = timeline_url(gateway.url, "TKT-1001")
        assert request("GET", url, MANAGER).status == 503
        resumed = EventSource(url, {**MANAGER, "Last-Event-ID": "3"}, comes_back=False)
        assert status_of(resumed.next("error")) == (14, "DEPENDENCY_UNAVAILABLE")
        assert (resumed.status, resumed.reader.retry_ms) == (200, 1000)
        resumed.end()


def gauge(port: int, name: str) -> float:
    """A metric of a server, over all its labels."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}[ {{]", line))


def test_who_goes_away_leaves_nothing_on_the_server(
    server_processes: StartServer, database: Database, tmp_path: Path
) -> None:
    port = free_port()
    server = server_processes(TICKETS_METRICS_PORT=str(port))
    server.wait_ready()
    with database.connect() as writer, serving_gateway(tmp_path, gateway_target=server.target) as gateway:
        ticket = insert_ticket(writer)
        sources = [EventSource(timeline_url(gateway.url, ticket), MANAGER) for _ in range(5)]
        for source in sources:
            source.next("progress")
        eventually(lambda: gauge(port, "tickets_watches") == 5, what="the streams")
        close_all(sources)
        eventually(lambda: gauge(port, "tickets_watches") == 0, what="the end of the streams")


def test_a_client_that_takes_nothing_is_cut_off_and_nobody_waits_for_it(fresh_server: Running, tmp_path: Path) -> None:
    with (
        fresh_server.database.connect() as writer,
        gateway_to(fresh_server, tmp_path, http_stall_seconds=1.0) as gateway,
    ):
        ticket = insert_ticket(writer)
        for _ in range(1200):
            insert_message(writer, ticket, message="x" * 19_000)
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as idle:
            idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            path = f"/admin/tickets/{ticket}/timeline:watch"
            head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {MANAGER['Authorization']}\r\n\r\n"
            idle.sendall(head.encode())
            source = EventSource(timeline_url(gateway.url, ticket, "afterSeq=1150"), MANAGER)
            source.next("entry", 51)
            eventually(lambda: gateway.log, within=30, what="its end")
            (line,) = gateway.log
            assert json.loads(line)["bytes_out"] < 20_000_000
            source.close()


def test_a_gateway_that_stops_says_so_and_the_next_goes_on(server: Running, gateway_processes: StartGateway) -> None:
    first = gateway_processes(TICKETS_GATEWAY_TARGET=server.target)
    with server.database.connect() as writer:
        ticket = insert_ticket(writer)
        source = EventSource(timeline_url(first.url, ticket), MANAGER, comes_back=False)
        source.next("progress")
        assert first.stop() == 0
        source.end()
        assert status_of(source.events[-1]) == (14, "SHUTTING_DOWN")
        assert source.reader.retry_ms == 100
        assert "Traceback" not in first.log.read_text()
        insert_message(writer, ticket)
    second = gateway_processes(TICKETS_GATEWAY_TARGET=server.target)
    resumed = EventSource(timeline_url(second.url, ticket), {**MANAGER, "Last-Event-ID": source.reader.last_id})
    assert resumed.next("entry").id == "2"
    resumed.close()


class Followed:
    """A timeline and a list, followed by browsers that come back by themselves."""

    def __init__(self, flow: Flow, gateway_url: str) -> None:
        self.flow = flow
        self.sources = [
            EventSource(timeline_url(gateway_url, flow.ticket), MANAGER, told=self._entry),
            EventSource(
                f"{gateway_url}/admin/tickets:watch?snapshotSize=200", MANAGER, told=self._change, opened=self._again
            ),
        ]

    def _entry(self, event: Event) -> None:
        if event.name != "error":
            self.flow.entries.told(json_format.Parse(event.data, reads.WatchTimelineResponse()))

    def _change(self, event: Event) -> None:
        if event.name != "error":
            self.flow.tickets.told(json_format.Parse(event.data, watch.WatchTicketsResponse()))

    def _again(self) -> None:
        self.flow.tickets.list.reconnected()
        self.flow.tickets._in_snapshot = not self.flow.tickets.cursor

    def point_to(self, gateway_url: str) -> None:
        """Where the next connections go, as behind a balancer."""
        for source in self.sources:
            source.url = gateway_url + source.url[source.url.index("/admin/") :]


def test_nothing_is_missed_or_doubled_when_servers_and_gateways_are_killed(
    database: Database, server_processes: StartServer, gateway_processes: StartGateway
) -> None:
    port = free_port()
    server = server_processes(port=port)
    server.wait_ready()
    gateway = gateway_processes(TICKETS_GATEWAY_TARGET=f"127.0.0.1:{port}")
    flow = Flow(database)
    followed = Followed(flow, gateway.url)
    flow.is_told()
    for gently in (False, True):
        flow.write(20)
        server.stop() if gently else server.kill()
        flow.write()
        server = server_processes(port=port)
        server.wait_ready()
        flow.write()
        flow.is_told()
        flow.write(20)
        gateway.stop() if gently else gateway.kill()
        flow.write()
        gateway = gateway_processes(TICKETS_GATEWAY_TARGET=f"127.0.0.1:{port}")
        followed.point_to(gateway.url)
        flow.write()
        flow.is_told()
    with client_of(server.target, token_for(Role.OPS_MANAGER)) as client:
        flow.reckon(client)
    assert all(set(source.statuses) == {200} for source in followed.sources)
    close_all(followed.sources)


@pytest.mark.slow
def test_500_streams_in_one_process(database: Database, gateway_processes: StartGateway) -> None:
    with running(database, max_watches_per_principal=1000) as served, database.connect() as writer:
        ticket = insert_ticket(writer)
        gateway = gateway_processes(TICKETS_GATEWAY_TARGET=served.target)
        threads_before = threads_of(gateway.process.pid)
        memory_before = memory_of(gateway.process.pid)
        head = (
            f"GET /admin/tickets/{ticket}/timeline:watch HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: {MANAGER['Authorization']}\r\n\r\n"
        ).encode()
        connections = [socket.create_connection(("127.0.0.1", gateway.settings.http_port), 60) for _ in range(500)]
        try:
            # All at once some would be told to come back: only a few of the server's threads open streams.
            for first in range(0, len(connections), 25):
                for connection in connections[first : first + 25]:
                    connection.sendall(head)
                for connection in connections[first : first + 25]:
                    assert read_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
                    read_until(connection, b"event: progress")
            insert_message(writer, ticket, message="the news")
            for number, connection in enumerate(connections):
                read_until(connection, b"the news")
                if number % 50 == 0:
                    assert request("GET", f"{gateway.url}/admin/tickets/{ticket}", MANAGER).status == 200
            grown = memory_of(gateway.process.pid) - memory_before
            threads = threads_of(gateway.process.pid)
            assert grown < 100_000_000
            assert threads <= threads_before + 20
        finally:
            for connection in connections:
                connection.close()


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    """Up to it and no further."""
    seen = b""
    while not seen.endswith(wanted):
        chunk = connection.recv(1)
        assert chunk, seen[-500:]
        seen += chunk
    return seen


def memory_of(pid: int) -> int:
    """Resident bytes."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


def threads_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
