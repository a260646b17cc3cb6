"""Sessions of browsers: a token in a cookie, worth nothing to pages of others."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import jwt
import pytest

from server.domain.roles import Role
from tests.gateway_process import Gateway, serving_gateway
from tests.integration.gateway.browsers import Browser
from tests.integration.gateway.event_sources import EventSource
from tests.integration.gateway.requests import Answer, request
from tests.integration.postgres.rows import insert_ticket
from tests.running import AUDIENCE, SECRET, Running, free_port, token_for

ALLOWED = "https://admin.example.com"
COOKIE = "__Host-tickets-session"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def gateway(server: Running, tmp_path: Path) -> Iterator[Gateway]:
    """One as in production, but for TLS, which a proxy before it would have."""
    with serving_gateway(tmp_path, gateway_target=server.target, http_allowed_origins=[ALLOWED]) as running:
        yield running


def begin(gateway: Gateway, token: str, **headers: str) -> Answer:
    body = json.dumps({"token": token}).encode()
    return request("POST", f"{gateway.url}/session", {**JSON, **named(headers)}, body)


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def reason(answer: Answer) -> str:
    (info,) = [each for each in json.loads(answer.body)["details"] if each["@type"].endswith("ErrorInfo")]
    return str(info["reason"])


def test_a_token_becomes_a_cookie_that_scripts_and_others_do_not_get(gateway: Gateway) -> None:
    token = token_for(Role.FRANCHISE_AGENT, "agent-1", ("FR-001", "FR-002"))
    answer = begin(gateway, token)
    assert answer.status == 200
    told = json.loads(answer.body)
    assert (told["userId"], told["role"], told["franchiseIds"]) == (
        "agent-1",
        "franchise_agent",
        ["FR-001", "FR-002"],
    )
    line = answer.headers["set-cookie"]
    assert line.startswith(f"{COOKIE}={token}; ")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} < set(line.split("; "))
    assert "Domain" not in line
    (age,) = re.findall(r"Max-Age=(\d+)", line)
    assert 3500 < int(age) <= 3600
    assert answer.headers["cache-control"] == "no-store"


def test_it_is_told_and_ended(gateway: Gateway) -> None:
    browser = Browser()
    assert browser.fetch("GET", f"{gateway.url}/session").status == 401
    body = json.dumps({"token": token_for(Role.OPS_AGENT, "agent-2")}).encode()
    browser.fetch("POST", f"{gateway.url}/session", body, **JSON)
    told = json.loads(browser.fetch("GET", f"{gateway.url}/session").body)
    assert (told["userId"], told["role"], told["franchiseIds"]) == ("agent-2", "ops_agent", [])
    assert datetime.fromisoformat(told["expireTime"]) > datetime.now(UTC)
    assert browser.fetch("DELETE", f"{gateway.url}/session").status == 204
    assert browser.cookies == {f"127.0.0.1:{gateway.port}": {}}
    assert browser.fetch("GET", f"{gateway.url}/session").status == 401


def test_calls_and_streams_are_made_with_it(gateway: Gateway, server: Running) -> None:
    with server.database.connect() as writer:
        ticket = insert_ticket(writer)
    cookie = {"Cookie": f"other=1; {COOKIE}={token_for(Role.OPS_MANAGER)}; more=2"}
    assert request("GET", f"{gateway.url}/admin/tickets/{ticket}", cookie).status == 200
    source = EventSource(f"{gateway.url}/admin/tickets/{ticket}/timeline:watch", cookie)
    source.next("entry")
    source.close()


def test_a_header_wins_over_the_cookie(gateway: Gateway) -> None:
    good, bad = token_for(Role.OPS_MANAGER), "nonsense"
    url = f"{gateway.url}/admin/tickets"
    both = {"Authorization": f"Bearer {bad}", "Cookie": f"{COOKIE}={good}"}
    assert request("GET", url, both).status == 401
    # And is no cookie, so that it may come from anywhere.
    elsewhere = {"Authorization": f"Bearer {good}", "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert request("GET", url, {**elsewhere, "Cookie": f"{COOKIE}={bad}"}).status == 200
    body = json.dumps({"message": "Hello"}).encode()
    answer = request("POST", f"{url}/TKT-999999/messages", {**elsewhere, **JSON}, body)
    assert (answer.status, reason(answer)) == (404, "TICKET_NOT_FOUND")


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": ALLOWED}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False),
        ({"Sec-Fetch-Site": "nonsense"}, False),
        ({"Origin": "http://HOST"}, True),
        ({"Origin": "https://HOST"}, True),
        ({"Origin": ALLOWED}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
        ({"Origin": "http://HOST.evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://[::1"}, False),
        ({}, False),
    ],
)
def test_a_cookie_changes_things_for_pages_of_the_gateways_own_alone(
    gateway: Gateway, headers: dict[str, str], taken: bool
) -> None:
    host = f"127.0.0.1:{gateway.port}"
    sent = {name: value.replace("HOST", host) for name, value in headers.items()}
    cookie = {"Cookie": f"{COOKIE}={token_for(Role.OPS_MANAGER)}"}
    body = json.dumps({"message": "Hello"}).encode()
    answer = request("POST", f"{gateway.url}/admin/tickets/TKT-999999/messages", {**JSON, **cookie, **sent}, body)
    assert (answer.status, reason(answer)) == ((404, "TICKET_NOT_FOUND") if taken else (403, "ACTION_NOT_ALLOWED"))
    ended = request("DELETE", f"{gateway.url}/session", {**cookie, **sent})
    assert ended.status == (204 if taken else 403)


def test_reads_by_pages_of_others_are_refused_where_browsers_tell(gateway: Gateway) -> None:
    """A read may be audited, under the name of whoever is made to make it."""
    cookie = {"Cookie": f"{COOKIE}={token_for(Role.OPS_MANAGER)}"}
    url = f"{gateway.url}/admin/tickets"
    assert request("GET", url, cookie).status == 200
    assert request("GET", url, {**cookie, "Sec-Fetch-Site": "same-origin"}).status == 200
    assert request("GET", url, {**cookie, "Sec-Fetch-Site": "cross-site"}).status == 403
    assert request("GET", f"{gateway.url}/session", {**cookie, "Sec-Fetch-Site": "cross-site"}).status == 403


def test_nobody_is_logged_in_by_a_page_of_others(gateway: Gateway) -> None:
    token = token_for(Role.OPS_MANAGER)
    assert begin(gateway, token, Sec_Fetch_Site="cross-site").status == 403
    assert begin(gateway, token, Origin="https://evil.example").status == 403
    assert begin(gateway, token, Origin=ALLOWED).status == 200
    form = request(
        "POST",
        f"{gateway.url}/session",
        {"Content-Type": "text/plain"},
        json.dumps({"token": token}).encode(),
    )
    assert form.status == 415


def expired() -> str:
    claims = {"sub": "x", "role": "admin", "aud": AUDIENCE, "exp": datetime.now(UTC) - timedelta(hours=1)}
    return jwt.encode(claims, SECRET, algorithm="HS256")


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("nonsense", "TOKEN_INVALID"),
        ("", "TOKEN_INVALID"),
        ("a; Path=/evil", "TOKEN_INVALID"),
        ("a\r\nSet-Cookie: b=c", "TOKEN_INVALID"),
        ("x" * 9000, "TOKEN_INVALID"),
        (jwt.encode({"sub": "x", "role": "admin"}, "y" * 32, algorithm="HS256"), "TOKEN_INVALID"),
        (expired(), "TOKEN_EXPIRED"),
    ],
)
def test_what_the_server_does_not_believe_makes_no_session(gateway: Gateway, token: str, said: str) -> None:
    answer = begin(gateway, token)
    assert (answer.status, reason(answer)) == (401, said)
    assert "set-cookie" not in answer.headers


def test_a_cookie_that_has_expired_is_taken_back(gateway: Gateway) -> None:
    answer = request("GET", f"{gateway.url}/session", {"Cookie": f"{COOKIE}={expired()}"})
    assert (answer.status, reason(answer)) == (401, "TOKEN_EXPIRED")
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=; Max-Age=0; ")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"token": 1}', b'{"token": "a", "more": 1}', b"[" * 10_000, b"\xff"]
)
def test_bodies_that_are_no_token(gateway: Gateway, body: bytes) -> None:
    answer = request("POST", f"{gateway.url}/session", JSON, body)
    assert (answer.status, reason(answer)) == (400, "INVALID_REQUEST")


def test_a_token_that_no_browser_would_keep_is_refused_in_words(gateway: Gateway) -> None:
    answer = begin(gateway, token_for(Role.FRANCHISE_AGENT, "agent-1", tuple(f"FR-{n:03}" for n in range(400))))
    assert (answer.status, reason(answer)) == (400, "INVALID_REQUEST")
    assert "4096" in answer.body.decode()
    large = request("POST", f"{gateway.url}/session", JSON, b" " * 20_000)
    assert (large.status, reason(large)) == (413, "INVALID_REQUEST")


def test_a_token_that_no_server_would_take_is_refused_as_it_is_for_calls(gateway: Gateway) -> None:
    token = "x" * 7_900
    cookie = {"Cookie": f"{COOKIE}={token}"}
    answers = [
        request("GET", f"{gateway.url}/admin/tickets", cookie),
        request("GET", f"{gateway.url}/session", cookie),
        begin(gateway, token),
    ]
    assert {(answer.status, reason(answer)) for answer in answers} == {(431, "INVALID_REQUEST")}
    assert len({answer.body for answer in answers}) == 1


def test_other_methods_are_named(gateway: Gateway) -> None:
    answer = request("PATCH", f"{gateway.url}/session", JSON, b"{}")
    assert answer.status == 405
    assert {"GET", "POST", "DELETE"} <= set(answer.headers["allow"].split(", "))


def test_without_the_server_nobody_is_logged_out(tmp_path: Path) -> None:
    with serving_gateway(tmp_path, gateway_target=f"127.0.0.1:{free_port()}") as gateway:
        cookie = {"Cookie": f"{COOKIE}={token_for(Role.OPS_MANAGER)}"}
        answer = request("GET", f"{gateway.url}/session", cookie)
        assert (answer.status, "set-cookie" in answer.headers) == (503, False)
        assert begin(gateway, token_for(Role.OPS_MANAGER)).status == 503


@pytest.mark.parametrize("value", ["", "a b", "a,b", "é", "x" * 9000])
def test_cookies_that_are_no_tokens_are_nobody(gateway: Gateway, value: str) -> None:
    headers = {"Cookie": f"{COOKIE}={value}"}
    answer = request("GET", f"{gateway.url}/admin/tickets", headers)
    assert (answer.status, reason(answer)) == (401, "TOKEN_MISSING")


def test_what_a_page_of_somebody_else_asks_for_is_not_done(gateway: Gateway, server: Running) -> None:
    with server.database.connect() as writer:
        ticket = insert_ticket(writer)
    browser, tickets = Browser(), f"{gateway.url}/admin/tickets/{ticket}"
    body = json.dumps({"token": token_for(Role.OPS_MANAGER, "agent-of-now")}).encode()
    browser.fetch("POST", f"{gateway.url}/session", body, **JSON)
    message = json.dumps({"message": "Written on a page of the agent of before."}).encode()

    def refused_for(method: str, url: str, body: bytes | None = None) -> Answer:
        answer = browser.fetch(method, url, body, **JSON, Accept="application/json", Tickets_Caller="agent-of-before")
        assert (answer.status, reason(answer)) == (400, "SESSION_CHANGED")
        assert json.loads(answer.body)["code"] == 9  # FAILED_PRECONDITION
        return answer

    refused_for("GET", tickets)
    refused_for("POST", f"{tickets}/messages", message)
    refused_for("GET", f"{tickets}/timeline:watch")
    refused_for("POST", f"{gateway.url}/admin/tickets:watch", b"{}")
    assert "set-cookie" not in refused_for("DELETE", f"{gateway.url}/session").headers
    told = browser.fetch("GET", f"{gateway.url}/session", Tickets_Caller="agent-of-before")
    assert json.loads(told.body)["userId"] == "agent-of-now"
    with server.database.connect() as reader:
        assert reader.execute("SELECT count(*) FROM ticket_messages WHERE ticket_id = %s", (ticket,)).fetchone() == (0,)
    for headers in ({"Tickets_Caller": "agent-of-now"}, {}):
        assert browser.fetch("POST", f"{tickets}/messages", message, **JSON, **headers).status == 200
    assert browser.fetch("DELETE", f"{gateway.url}/session", Tickets_Caller="agent-of-now").status == 204


@pytest.mark.parametrize("subject", ["auth0|5f7c8ec7", "asha@example.com", "a+b"])
def test_any_subject_can_be_named(gateway: Gateway, subject: str) -> None:
    cookie = {"Cookie": f"{COOKIE}={token_for(Role.OPS_MANAGER, subject)}"}
    me = f"{gateway.url}/admin/me"
    for written in (subject, quote(subject, safe="")):
        assert request("GET", me, {**cookie, "Tickets-Caller": written}).status == 200
    for other in (quote("அ", safe=""), "", subject.upper(), f"{subject}, {subject}"):
        answer = request("GET", me, {**cookie, "Tickets-Caller": other})
        assert (answer.status, reason(answer)) == (400, "SESSION_CHANGED"), other


def test_a_token_of_the_callers_own_takes_no_notice_of_the_page(gateway: Gateway) -> None:
    both = {
        "Authorization": f"Bearer {token_for(Role.OPS_MANAGER, 'manager-1')}",
        "Cookie": f"{COOKIE}={token_for(Role.OPS_AGENT, 'agent-3')}",
        "Tickets-Caller": "agent-4",
    }
    answer = request("GET", f"{gateway.url}/admin/me", both)
    assert (answer.status, json.loads(answer.body)["userId"]) == (200, "manager-1")


def test_without_a_session_or_with_a_spoiled_one_the_answer_is_to_log_in(gateway: Gateway) -> None:
    for cookie in ({}, {"Cookie": f"{COOKIE}=nonsense"}, {"Cookie": f"{COOKIE}=a.b.c"}):
        answer = request("GET", f"{gateway.url}/admin/me", {**cookie, "Tickets-Caller": "agent-5"})
        assert answer.status == 401
