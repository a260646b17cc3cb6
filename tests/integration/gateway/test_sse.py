"""Live streams over HTTP, as browsers have them."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import jwt
import pytest
from google.protobuf import json_format

from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import timeline_reads_pb2 as reads
from server.domain.roles import Role
from tests.database import Database
from tests.gateway_process import Gateway, StartGateway, serving_gateway
from tests.integration.gateway.event_sources import Event, EventReader, EventSource, close_all
from tests.integration.gateway.requests import Answer, request
from tests.integration.postgres.rows import insert_message, insert_ticket
from tests.integration.watching.flow import Flow
from tests.integration.watching.followers import client_of
from tests.running import AUDIENCE, SECRET, Running, StartServer, free_port, running, token_for
from tests.waiting import eventually

MANAGER = {"Authorization": f"Bearer {token_for(Role.OPS_MANAGER)}"}


@contextmanager
def gateway_to(served: Running, directory: Path, **changes: object) -> Iterator[Gateway]:
    with serving_gateway(directory, gateway_target=served.target, **changes) as gateway:
        yield gateway


@pytest.fixture
def world(fresh_server: Running, tmp_path: Path) -> Iterator[tuple[Running, Gateway]]:
    """A gateway before an empty server."""
    with gateway_to(fresh_server, tmp_path) as gateway:
        yield fresh_server, gateway


def timeline_url(gateway_url: str, ticket: str, query: str = "") -> str:
    return f"{gateway_url}/admin/tickets/{ticket}/timeline:watch?{query}"


def status_of(event: Event) -> tuple[int, str]:
    """Code and reason of an error."""
    status = json.loads(event.data)
    (info,) = [detail for detail in status["details"] if detail["@type"].endswith("ErrorInfo")]
    return status["code"], info["reason"]


def test_a_timeline(world: tuple[Running, Gateway]) -> None:
    served, gateway = world
    with served.database.connect() as writer:
        ticket = insert_ticket(writer)
        source = EventSource(timeline_url(gateway.url, ticket), MANAGER)
        first = source.next("entry")
        assert first.id == "1"
        assert json.loads(first.data)["entry"]["seq"] == "1"
        assert source.next("progress").id == "1"
        insert_message(writer, ticket)
        assert source.next("entry", 2).id == "2"
        assert source.headers["content-type"] == "text/event-stream"
        assert "no-store" in source.headers["cache-control"]
        assert source.reader.retry_ms == 1000
        source.close()


def test_a_timeline_goes_on_after_the_last_event_and_not_after_what_the_address_says(
    world: tuple[Running, Gateway],
) -> None:
    served, gateway = world
    with served.database.connect() as writer:
        ticket = insert_ticket(writer)
        for _ in range(4):
            insert_message(writer, ticket)
    url = timeline_url(gateway.url, ticket, "afterSeq=1")
    fresh = EventSource(url, MANAGER)
    resumed = EventSource(url, {**MANAGER, "Last-Event-ID": "3"})
    assert resumed.next("entry").id == "4"
    assert fresh.next("entry").id == "2"
    close_all([fresh, resumed])


@pytest.mark.parametrize("last", ["x", "-1", "1.0", "99999999999999999999", "1 2"])
def test_a_last_event_that_never_was(world: tuple[Running, Gateway], last: str) -> None:
    served, gateway = world
    with served.database.connect() as writer:
        url = timeline_url(gateway.url, insert_ticket(writer))
    answer = request("GET", url, {**MANAGER, "Last-Event-ID": last})
    assert answer.status == 400
    (violation,) = violations_of(answer)
    assert violation["field"] == "after_seq"


def violations_of(answer: Answer) -> list[dict[str, Any]]:
    details = json.loads(answer.body)["details"]
    (bad,) = [detail for detail in details if detail["@type"].endswith("BadRequest")]
    found: list[dict[str, Any]] = bad["fieldViolations"]
    return found


def test_a_list(world: tuple[Running, Gateway]) -> None:
    served, gateway = world
    with served.database.connect() as writer:
        ticket = insert_ticket(writer)
        url = f"{gateway.url}/admin/tickets:watch?filter.priorities=TICKET_PRIORITY_HIGH&snapshotSize=5"
        source = EventSource(url, MANAGER)
        snapshot = source.next("snapshot")
        data = json.loads(snapshot.data)
        assert data["snapshot"]["complete"] is True
        assert snapshot.id == data["cursor"]
        made = insert_ticket(writer, priority="HIGH")
        changed = source.next("changed")
        assert json.loads(changed.data)["changed"]["ticket"]["id"] == made != ticket
        source.close()
        insert_ticket(writer, priority="LOW")
        later = insert_ticket(writer, priority="HIGH")
    # As a browser comes back: the same address, snapshotSize and all.
    resumed = EventSource(url, {**MANAGER, "Last-Event-ID": changed.id})
    assert json.loads(resumed.next("changed").data)["changed"]["ticket"]["id"] == later
    assert resumed.named("snapshot") == []
    resumed.close()


def test_clients_that_post_are_told_the_same(world: tuple[Running, Gateway]) -> None:
    served, gateway = world
    with served.database.connect() as writer:
        ticket = insert_ticket(writer)
    body = json.dumps({"afterSeq": "0"}).encode()
    with posted(f"/admin/tickets/{ticket}/timeline:watch", gateway, body) as lines:
        reader = EventReader()
        assert next(event for line in lines if (event := reader.line(line))).name == "entry"


@contextmanager
def posted(path: str, gateway: Gateway, body: bytes, **headers: str) -> Iterator[Iterator[str]]:
    """The lines of a stream that a POST opened."""
    sent = {
        "Host": "x",
        **MANAGER,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **headers,
    }
    head = f"POST {path} HTTP/1.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent.items()) + "\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        with connection.makefile("r", encoding="utf-8", newline="\n") as file:
            status = file.readline()
            assert " 200 " in status, status
            while file.readline().strip():
                pass
            yield (line.removesuffix("\n") for line in file if not re.fullmatch(r"[0-9a-f]*\r\n", line))


@pytest.mark.parametrize(
    ("headers", "path", "status", "reason"),
    [
        ({}, "/admin/tickets:watch", 401, "TOKEN_MISSING"),
        (MANAGER, "/admin/tickets/TKT-999999999/timeline:watch", 404, "TICKET_NOT_FOUND"),
        (MANAGER, "/admin/tickets:watch?cursor=nonsense", 400, "CURSOR_INVALID"),
        (MANAGER, "/admin/tickets:watch?snapshotSize=1000", 400, "INVALID_REQUEST"),
        (MANAGER, "/admin/tickets:watch?colour=red", 400, "INVALID_REQUEST"),
        ({**MANAGER, "Last-Event-ID": "nonsense"}, "/admin/tickets:watch", 400, "CURSOR_INVALID"),
    ],
)
def test_an_error_before_the_first_event_is_the_status(
    world: tuple[Running, Gateway], headers: dict[str, str], path: str, status: int, reason: str
) -> None:
    _, gateway = world
    answer = request("GET", gateway.url + path, headers)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert reason in answer.body.decode()


def test_a_head_tells_the_status_and_opens_nothing(world: tuple[Running, Gateway]) -> None:
    served, gateway = world
    with served.database.connect() as writer:
        ticket = insert_ticket(writer)
    answer = request("HEAD", timeline_url(gateway.url, ticket), MANAGER)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
    assert request("HEAD", timeline_url(gateway.url, "TKT-999999999"), MANAGER).status == 404


def test_who_loses_sight_is_told_so_and_does_not_come_back(world: tuple[Running, Gateway]) -> None:
    served, gateway = world
    agent = {"Authorization": f"Bearer {token_for(Role.FRANCHISE_AGENT, 'agent-7', ('FR-001',))}"}
    with served.database.connect() as writer:
        ticket = insert_ticket(writer, assigned_franchise_id="FR-001")
        source = EventSource(timeline_url(gateway.url, ticket), agent)
        source.next("progress")
        writer.execute("UPDATE tickets SET assigned_franchise_id = 'FR-002' WHERE id = %s", [ticket])
    assert status_of(source.next("error")) == (5, "TICKET_NOT_FOUND")
    source.end()
    assert source.statuses == [200, 404]


@pytest.mark.slow
def test_a_token_that_expires_ends_the_stream(database: Database, tmp_path: Path) -> None:
    with (
        running(database, jwt_leeway_seconds=0) as served,
        gateway_to(served, tmp_path) as gateway,
        database.connect() as writer,
    ):
        claims = {"sub": "manager-9", "role": "ops_manager", "aud": AUDIENCE}
        token = jwt.encode({**claims, "exp": datetime.now(UTC) + timedelta(seconds=3)}, SECRET, algorithm="HS256")
        url = timeline_url(gateway.url, insert_ticket(writer))
        source = EventSource(url, {"Cookie": f"__Host-tickets-session={token}"})
        source.next("entry")
        assert status_of(source.next("error")) == (16, "TOKEN_EXPIRED")
        source.end()
        assert source.statuses == [200, 401]


def test_silence_is_broken_by_comments(world: tuple[Running, Gateway], monkeypatch: pytest.MonkeyPatch) -> None:
    served, gateway = world
    with served.database.connect() as writer:
        ticket = insert_ticket(writer)
    monkeypatch.setattr("gateway.sse.HEARTBEAT_SECONDS", 0.05)
    source = EventSource(timeline_url(gateway.url, ticket), MANAGER)
    source.next("progress")
    eventually(lambda: source.reader.comments >= 3, what="signs of life")
    source.close()


def test_a_stream_that_has_nothing_to_say_is_open_all_the_same(world: tuple[Running, Gateway]) -> None:
    """With a cursor nothing is sent before there is news."""
    served, gateway = world
    url = f"{gateway.url}/admin/tickets:watch"
    first = EventSource(url, MANAGER)
    eventually(lambda: first.reader.last_id, what="a cursor")
    first.close()
    resumed = EventSource(url, {**MANAGER, "Last-Event-ID": first.reader.last_id})
    eventually(lambda: resumed.reader.comments, what="a sign of life")
    assert resumed.status == 200
    with served.database.connect() as writer:
        insert_ticket(writer)
    resumed.next("changed")
    resumed.close()


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


def test_a_client_that_takes_nothing_is_cut_off_and_nobody_waits_for_it(
    world: tuple[Running, Gateway], tmp_path: Path
) -> None:
    served, _ = world
    with (
        served.database.connect() as writer,
        gateway_to(served, tmp_path / "impatient", http_stall_seconds=1.0) as gateway,
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
            eventually(lambda: any('"status": 200' in line for line in gateway.log), within=30, what="its end")
            source.close()
            taken = 0
            try:
                while chunk := idle.recv(1 << 20):
                    taken += len(chunk)
            except ConnectionResetError:
                pass
            assert taken < 20_000_000


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
            for connection in connections:
                connection.sendall(head)
            for connection in connections:
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


def read_until(connection: socket.socket, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        chunk = connection.recv(65536)
        assert chunk, seen[-500:]
        seen += chunk


def memory_of(pid: int) -> int:
    """Resident bytes."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


def threads_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
