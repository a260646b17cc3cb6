"""Live streams over HTTP, as browsers have them."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from server.domain.roles import Role
from tests.database import Database
from tests.gateway_process import Gateway
from tests.integration.gateway.event_sources import EventReader, EventSource, close_all
from tests.integration.gateway.requests import Answer, request
from tests.integration.gateway.streams_over_http import MANAGER, gateway_to, status_of, timeline_url
from tests.integration.postgres.rows import insert_message, insert_ticket
from tests.running import AUDIENCE, SECRET, Running, running, token_for
from tests.waiting import eventually


@pytest.fixture
def world(fresh_server: Running, tmp_path: Path) -> Iterator[tuple[Running, Gateway]]:
    """A gateway before an empty server."""
    with gateway_to(fresh_server, tmp_path) as gateway:
        yield fresh_server, gateway


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


def test_a_stream_that_has_ended_leaves_its_connection_alone(
    world: tuple[Running, Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    served, gateway = world
    with served.database.connect() as writer:
        url = timeline_url(gateway.url, insert_ticket(writer))
    monkeypatch.setattr("gateway.sse.LAST_WORDS_SECONDS", 0.05)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.connect()
    connection.auto_open = 0  # a connection that was cut is an error
    begun = time.monotonic()
    connection.request("HEAD", urlsplit(url).path, headers=MANAGER)
    connection.getresponse().read()
    while time.monotonic() < begun + 0.5:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"serving\n"
    connection.close()


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
