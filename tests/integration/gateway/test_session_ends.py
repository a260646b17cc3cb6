"""Streams of browsers whose session ends, or becomes another one, at whichever gateway that is asked for."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway import session_ends
from gateway.session_ends import mark_of
from server.adapters.redis.ended_sessions import LOG
from server.domain.roles import Role
from tests.gateway_process import Gateway, StartGateway
from tests.integration.gateway.event_sources import EventSource, close_all
from tests.integration.gateway.requests import Answer, request
from tests.integration.gateway.streams_over_http import gateway_to, status_of, timeline_url
from tests.integration.postgres.rows import insert_message, insert_ticket
from tests.redis_process import RedisProcess
from tests.running import Running, token_for
from tests.waiting import eventually

COOKIE = "__Host-tickets-session"
OURS = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
CHANGED = (9, "SESSION_CHANGED")


@pytest.fixture
def gateways(server: Running, redis_process: RedisProcess, tmp_path: Path) -> Iterator[tuple[Gateway, Gateway]]:
    """Two that have nothing in common but Redis and the server."""
    directories = tmp_path / "one", tmp_path / "two"
    with (
        gateway_to(server, directories[0], redis_url=redis_process.url) as one,
        gateway_to(server, directories[1], redis_url=redis_process.url) as two,
    ):
        yield one, two


@pytest.fixture
def ticket(server: Running) -> str:
    with server.database.connect() as writer:
        return insert_ticket(writer)


def cookie(token: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={token}"}


def opened(gateway: Gateway, ticket: str, headers: dict[str, str], *, comes_back: bool = False) -> EventSource:
    """A stream that has told its first."""
    source = EventSource(timeline_url(gateway.url, ticket), headers, comes_back=comes_back)
    source.next("progress")
    return source


def begin(gateway: Gateway, before: str, token: str) -> Answer:
    """A login in a browser that has a session already."""
    body = json.dumps({"token": token}).encode()
    return request("POST", f"{gateway.url}/session", {**OURS, **cookie(before)}, body)


def log_out(gateway: Gateway, token: str) -> None:
    assert request("DELETE", f"{gateway.url}/session", {**OURS, **cookie(token)}).status == 204


def marks_in(redis_process: RedisProcess) -> list[str]:
    with redis_process.client() as client:
        entries = client.execute_command("XRANGE", LOG, "-", "+")  # type: ignore[no-untyped-call]  # of redis
        return [entry[b"mark"].decode() for _, entry in entries]


def is_told(source: EventSource) -> None:
    """That its session is over."""
    source.end()
    assert status_of(source.events[-1]) == CHANGED
    assert source.status == 200, "EventSource gives up for good at any other"


def still_tells(server: Running, ticket: str, *sources: EventSource) -> None:
    before = [len(source.named("entry")) for source in sources]
    with server.database.connect() as writer:
        insert_message(writer, ticket)
    for source, count in zip(sources, before, strict=True):
        source.next("entry", count + 1)
        assert source.named("error") == []


def test_logging_out_ends_the_streams_of_that_session_alone(
    gateways: tuple[Gateway, Gateway], server: Running, ticket: str
) -> None:
    one, two = gateways
    mine, others = token_for(Role.OPS_MANAGER, "asha"), token_for(Role.OPS_MANAGER, "ravi")
    tabs = [opened(each, ticket, cookie(mine)) for each in (one, one, two)]
    kept = [opened(each, ticket, cookie(others)) for each in (one, two)]
    kept += [opened(each, ticket, {"Authorization": f"Bearer {mine}", **cookie(mine)}) for each in (one, two)]
    log_out(one, mine)
    for tab in tabs:
        is_told(tab)
    still_tells(server, ticket, *kept)
    close_all(kept)


@pytest.mark.parametrize(
    "after",
    [token_for(Role.OPS_MANAGER, "ravi"), token_for(Role.ADMIN, "asha")],
    ids=["somebody else", "another role"],
)
def test_a_session_that_becomes_another_one_ends_the_streams_of_the_first(
    gateways: tuple[Gateway, Gateway], server: Running, ticket: str, after: str
) -> None:
    one, two = gateways
    before = token_for(Role.OPS_MANAGER, "asha")
    tabs = [opened(each, ticket, cookie(before)) for each in gateways]
    assert begin(two, before, before).status == 200
    assert begin(one, before, "nonsense").status == 401
    still_tells(server, ticket, *tabs)
    assert begin(one, before, after).status == 200
    for tab in tabs:
        is_told(tab)
    assert tabs[0].reader.retry_ms == 1000
    new = opened(two, ticket, cookie(after))
    still_tells(server, ticket, new)
    new.close()


def test_who_may_not_end_a_session_ends_no_stream(
    gateways: tuple[Gateway, Gateway], server: Running, ticket: str
) -> None:
    one, two = gateways
    token = token_for(Role.OPS_MANAGER, "asha")
    tabs = [opened(each, ticket, cookie(token)) for each in gateways]
    url = f"{one.url}/session"
    foreign = {**cookie(token), "Sec-Fetch-Site": "cross-site"}
    assert request("DELETE", url, foreign).status == 403
    assert request("POST", f"{one.url}/logout", foreign, b"").status == 403
    assert request("DELETE", url, {**OURS, **cookie(token), "Tickets-Caller": "ravi"}).status == 400
    assert begin(one, token, "").status == 401
    still_tells(server, ticket, *tabs)
    assert request("POST", f"{two.url}/logout", {**OURS, **cookie(token)}, b"").status == 303
    for tab in tabs:
        is_told(tab)


def test_a_stream_that_was_asked_for_before_the_end_and_is_opened_after_it(
    gateways: tuple[Gateway, Gateway], server: Running, ticket: str
) -> None:
    one, two = gateways
    token = token_for(Role.OPS_MANAGER, "asha")
    watching = opened(two, ticket, cookie(token))
    log_out(one, token)
    is_told(watching)
    for gateway in gateways:
        late = EventSource(timeline_url(gateway.url, ticket), cookie(token), comes_back=False)
        is_told(late)
        assert late.named("entry") == []
    # Somebody enters the same token once more.
    assert begin(one, "", token).status == 200
    again = opened(one, ticket, cookie(token))
    still_tells(server, ticket, again)
    again.close()


def test_another_browser_with_the_same_token_goes_on_after_a_moment(
    gateways: tuple[Gateway, Gateway], server: Running, ticket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a session does not revoke its token."""
    one, two = gateways
    monkeypatch.setattr(session_ends, "LATE_SECONDS", 0.5)
    token = token_for(Role.OPS_MANAGER, "asha")
    other = opened(two, ticket, cookie(token), comes_back=True)
    log_out(one, token)
    other.next("error")
    with server.database.connect() as writer:
        insert_message(writer, ticket)
    assert other.next("entry", 2).id == "2"
    assert set(other.statuses) == {200}
    other.close()


def test_while_redis_is_away_the_others_hear_of_it_when_it_is_back(
    gateways: tuple[Gateway, Gateway], server: Running, ticket: str, redis_process: RedisProcess
) -> None:
    one, two = gateways
    tokens = [token_for(Role.OPS_MANAGER, f"asha-{number}") for number in range(3)]
    here = [opened(one, ticket, cookie(token)) for token in tokens]
    there = [opened(two, ticket, cookie(token)) for token in tokens]
    redis_process.stop()
    log_out(one, tokens[0])
    is_told(here[0])
    still_tells(server, ticket, *here[1:], *there)
    redis_process.start()  # with nothing of what it had
    is_told(there[0])
    redis_process.pause()
    log_out(one, tokens[1])
    is_told(here[1])
    still_tells(server, ticket, here[2], *there[1:])
    redis_process.resume()
    is_told(there[1])
    redis_process.flush()
    log_out(two, tokens[2])
    is_told(here[2])
    is_told(there[2])


def test_a_session_that_begins_again_does_not_hear_of_its_own_end(
    gateways: tuple[Gateway, Gateway], server: Running, ticket: str, redis_process: RedisProcess
) -> None:
    one, two = gateways
    token, other = token_for(Role.OPS_MANAGER, "asha"), token_for(Role.OPS_MANAGER, "ravi")
    witness = opened(one, ticket, cookie(other))
    redis_process.pause()
    log_out(one, token)
    assert begin(one, "", token).status == 200
    again = opened(one, ticket, cookie(token))
    redis_process.resume()
    eventually(lambda: mark_of(token) in marks_in(redis_process), what="the end in the log")
    log_out(two, other)
    is_told(witness)  # and so has heard what was in the log before
    still_tells(server, ticket, again)
    again.close()


def test_word_that_comes_late_ends_what_was_opened_before_the_end_alone(
    gateways: tuple[Gateway, Gateway],
    server: Running,
    ticket: str,
    redis_process: RedisProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two = gateways
    monkeypatch.setattr(session_ends, "LATE_SECONDS", 0.0)  # the clock is the same
    token = token_for(Role.OPS_MANAGER, "asha")
    before = opened(two, ticket, cookie(token))
    redis_process.pause()
    log_out(one, token)
    since = opened(two, ticket, cookie(token))
    redis_process.resume()
    is_told(before)
    still_tells(server, ticket, since)
    since.close()


@pytest.mark.parametrize("says_when", [True, False], ids=["a time of its own", "that of Redis"])
def test_a_gateway_that_starts_does_not_take_old_ends_for_new_ones(
    server: Running, ticket: str, redis_process: RedisProcess, tmp_path: Path, *, says_when: bool
) -> None:
    asha, ravi = token_for(Role.OPS_MANAGER, "asha"), token_for(Role.OPS_MANAGER, "ravi")
    then = int((time.time() - 30) * 1000)
    with redis_process.client() as client:
        if says_when:
            client.xadd(LOG, {"mark": mark_of(asha), "at": then})
        else:
            client.xadd(LOG, {"mark": mark_of(asha)}, id=f"{then}-0")
    with gateway_to(server, tmp_path, redis_url=redis_process.url) as gateway:
        kept, witness = (opened(gateway, ticket, cookie(token)) for token in (asha, ravi))
        with redis_process.client() as client:
            an_hour_ahead = int((time.time() + 3600) * 1000)
            client.xadd(LOG, {"mark": mark_of(ravi), "at": an_hour_ahead})
        is_told(witness)
        still_tells(server, ticket, kept)
        kept.close()


def test_what_could_be_nobodys_session_is_told_to_nobody(
    gateways: tuple[Gateway, Gateway], server: Running, ticket: str, redis_process: RedisProcess
) -> None:
    one, two = gateways
    token = token_for(Role.OPS_MANAGER, "asha")
    tab = opened(two, ticket, cookie(token))
    for junk in ("junk", "a.b", "a..c", "a.b.c.d", "x" * 3000):
        log_out(one, junk)
        assert request("POST", f"{one.url}/logout", {**OURS, **cookie(junk)}, b"").status == 303
    log_out(one, token)
    is_told(tab)
    assert marks_in(redis_process) == [mark_of(token)]


def test_a_gateway_that_has_never_found_redis_ends_the_streams_of_its_own(
    server: Running, ticket: str, tmp_path: Path
) -> None:
    with gateway_to(server, tmp_path, redis_url=f"unix://{tmp_path}/nowhere.sock") as gateway:
        token = token_for(Role.OPS_MANAGER, "asha")
        tab = opened(gateway, ticket, cookie(token))
        log_out(gateway, token)
        is_told(tab)


def test_whoever_writes_into_redis_does_no_harm(
    gateways: tuple[Gateway, Gateway], server: Running, ticket: str, redis_process: RedisProcess
) -> None:
    token = token_for(Role.OPS_MANAGER, "asha")
    tabs = [opened(each, ticket, cookie(token)) for each in gateways]
    with redis_process.client() as client:
        for mark in (b"", b"\xff\x00", b"x" * 100_000, mark_of("another").encode()):
            client.xadd("tickets:ended-sessions", {"mark": mark})
        client.xadd("tickets:ended-sessions", {"nonsense": "1", "more": "2"})
    still_tells(server, ticket, *tabs)
    with redis_process.client() as client:
        client.set("tickets:ended-sessions", "no log at all")
    still_tells(server, ticket, *tabs)
    redis_process.flush()
    log_out(gateways[0], token)
    for tab in tabs:
        is_told(tab)


def test_many_sessions_that_end_at_once_at_two_gateways(
    gateways: tuple[Gateway, Gateway], server: Running, ticket: str
) -> None:
    tokens = [token_for(Role.OPS_MANAGER, f"person-{number}") for number in range(12)]
    tabs = [opened(each, ticket, cookie(token)) for token in tokens for each in gateways]
    kept = [opened(each, ticket, cookie(token_for(Role.OPS_MANAGER, "stays"))) for each in gateways]
    with ThreadPoolExecutor(24) as pool:
        # Each at both, as of somebody who has clicked twice.
        list(pool.map(lambda pair: log_out(*pair), [(each, token) for token in tokens for each in gateways]))
    for tab in tabs:
        is_told(tab)
    still_tells(server, ticket, *kept)
    close_all(kept)


def test_a_client_that_takes_nothing_is_cut_off_when_its_session_ends(
    fresh_server: Running, redis_process: RedisProcess, tmp_path: Path
) -> None:
    with (
        fresh_server.database.connect() as writer,
        gateway_to(fresh_server, tmp_path, redis_url=redis_process.url, http_stall_seconds=600.0) as gateway,
    ):
        ticket = insert_ticket(writer)
        for _ in range(1200):
            insert_message(writer, ticket, message="x" * 19_000)
        token = token_for(Role.OPS_MANAGER, "asha")
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as idle:
            idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            path = f"/admin/tickets/{ticket}/timeline:watch"
            idle.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie(token)['Cookie']}\r\n\r\n".encode())
            assert idle.recv(1) == b"H"
            log_out(gateway, token)
            ended = eventually(
                lambda: [line for line in gateway.log if ":watch" in line], within=30, what="the end of its stream"
            )
            assert json.loads(ended[0])["bytes_out"] < 20_000_000


def test_processes_tell_each_other_too_and_end_soon_when_they_are_told_to(
    server: Running, gateway_processes: StartGateway, redis_process: RedisProcess, ticket: str
) -> None:
    started = [
        gateway_processes(TICKETS_GATEWAY_TARGET=server.target, TICKETS_REDIS_URL=redis_process.url) for _ in range(2)
    ]
    token = token_for(Role.OPS_MANAGER, "asha")
    source = EventSource(timeline_url(started[1].url, ticket), cookie(token), comes_back=False)
    source.next("progress")
    assert request("DELETE", f"{started[0].url}/session", {**OURS, **cookie(token)}).status == 204
    is_told(source)
    redis_process.pause()
    for process in started:
        assert process.stop() == 0
        assert "Traceback" not in process.log.read_text()
    redis_process.resume()
