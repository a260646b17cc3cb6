"""Calls over HTTP that go wrong, or that say more than what they ask for: headers, limits, addresses, lost servers."""

import gzip
import json
import socket
from collections.abc import Iterator
from uuid import uuid4

import grpc
import pytest

from tests.gateway_process import Gateway, serving_gateway
from tests.integration.gateway.api_calls import BEARER, JSON, TICKET, call, head, head_sent, made, refused, violations
from tests.integration.gateway.requests import answer_on, request, seconds_until_closed
from tests.running import Running, shared_data_dir

ORIGIN = "https://admin.example.com"
CALENDAR = {
    "displayName": "Weekdays",
    "timeZone": "Asia/Kolkata",
    "windows": [{"day": "DAY_OF_WEEK_MONDAY", "opensAt": {"hours": 9}, "closesAt": {"hours": 18}}],
}


@pytest.fixture(scope="module")
def api(server: Running) -> Iterator[Gateway]:
    """A gateway before the tests' server."""
    with serving_gateway(shared_data_dir(), gateway_target=server.target) as gateway:
        yield gateway


# --- what is no call


@pytest.mark.parametrize("path", ["/nowhere", "/admin/tickets/", "/admin/tickets/TKT-1/nothing", "/TICKETS"])
def test_a_path_that_is_none(api: Gateway, path: str) -> None:
    refused(call(api, "GET", path), 404, grpc.StatusCode.NOT_FOUND, "UNIMPLEMENTED")


@pytest.mark.parametrize("method", ["DELETE", "PUT", "TRACE", "PROPFIND"])
def test_a_method_that_is_none(api: Gateway, method: str) -> None:
    answer = call(api, method, "/admin/tickets")
    refused(answer, 405, grpc.StatusCode.UNIMPLEMENTED, "UNIMPLEMENTED")
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"


def test_options_tell_what_may_be_asked_for(api: Gateway) -> None:
    answer = call(api, "OPTIONS", "/admin/tickets")
    assert (answer.status, answer.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    assert call(api, "OPTIONS", "/nowhere").status == 404


def test_head_is_get_without_the_body(api: Gateway) -> None:
    ticket = made(api)
    target = f"/admin/tickets/{ticket['id']}"
    head, get = call(api, "HEAD", target), call(api, "GET", target)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["etag"] == get.headers["etag"]
    target = "/admin/sla-policies"  # whose answer does not change with the time, as a ticket's share of time left does
    head, get = call(api, "HEAD", target), call(api, "GET", target)
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.body))
    assert call(api, "HEAD", "/admin/tickets/TKT-999999999").status == 404


# --- bodies and URLs


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "application/xml", ""],
)
def test_a_body_of_another_kind(api: Gateway, kind: str) -> None:
    answer = call(api, "POST", "/tickets", json.dumps(TICKET).encode(), Content_Type=kind)
    refused(answer, 415, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


def test_what_the_client_accepts_does_not_matter(api: Gateway) -> None:
    answer = call(api, "GET", "/admin/tickets?pageSize=1", Accept="application/xml")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip"])
def test_a_compressed_body(api: Gateway, coding: str) -> None:
    body = gzip.compress(json.dumps(TICKET).encode())
    answer = call(api, "POST", "/tickets", body, Content_Type="application/json", Content_Encoding=coding)
    refused(answer, 415, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"title": NaN}',
        b'{"title": "a", "title": "b"}',
        b"[" * 100_000,
        b'{"metadata": ' * 5_000 + b"1" + b"}" * 5_000,
        b'{"metadata": {"a": ' + b"1" * 100_000 + b"}}",
        b"7",
        b"[]",
        b'{"tltle": "Payment for a trip not received"}',
        b'{"title": {"text": "Payment for a trip"}}',
        b'{"priority": "TICKET_PRIORITY_UNHEARD_OF"}',
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_a_body_that_is_no_ticket(api: Gateway, body: bytes) -> None:
    answer = call(api, "POST", "/tickets", body, Content_Type="application/json")
    assert violations(refused(answer, 400, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"))


@pytest.mark.parametrize("query", ["color=red", "pageSize=ten", "pageSize=1&pageSize=2", "filter=x", "pageSize=%zz"])
def test_a_query_that_asks_for_nothing_known(api: Gateway, query: str) -> None:
    answer = call(api, "GET", f"/admin/tickets?{query}")
    assert violations(refused(answer, 400, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"))


def test_a_url_without_end(api: Gateway) -> None:
    answer = call(api, "GET", "/admin/tickets?" + "&".join(["filter.tagsAny=x"] * 2_500))
    refused(answer, 414, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


def test_a_hundred_thousand_parameters(api: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as connection:
        connection.sendall(b"GET /admin/tickets?" + b"&".join([b"a=b"] * 100_000)[:120_000])
        assert answer_on(connection).status == 431
        seconds_until_closed(connection)


def test_a_body_that_is_too_large_is_not_taken_in(api: Gateway) -> None:
    announced = {**JSON, "Content-Length": str(10**12)}
    with head_sent(api, "POST", "/tickets", announced) as connection:
        answer = answer_on(connection)
    refused(answer, 413, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert answer.headers["connection"] == "close"


def test_a_body_in_pieces_ends_where_it_is_too_large(api: Gateway) -> None:
    with head_sent(api, "POST", "/tickets", {**JSON, "Transfer-Encoding": "chunked"}) as connection:
        piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(65):
            connection.sendall(piece)
        connection.sendall(b"0\r\n\r\n")
        answer = answer_on(connection)
    refused(answer, 413, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


def test_a_body_at_the_limit_reaches_the_server(api: Gateway) -> None:
    body = json.dumps(TICKET).encode()
    padded = body + b" " * (api.settings.max_message_bytes - len(body))
    assert call(api, "POST", "/tickets", padded, Content_Type="application/json").status == 200


def test_a_body_that_does_not_come(server: Running) -> None:
    with (
        serving_gateway(shared_data_dir(), gateway_target=server.target, http_stall_seconds=0.3) as slow,
        head_sent(slow, "POST", "/tickets", {**JSON, "Content-Length": "100"}) as connection,
    ):
        connection.sendall(b"{")
        answer = answer_on(connection)
        refused(answer, 408, grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
        seconds_until_closed(connection)


def test_large_bodies_are_taken_in_some_at_a_time(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.calls._LARGE_BODIES", 1)
    large = json.dumps(TICKET).encode().ljust(200_000)
    settings = {"gateway_target": server.target, "http_stall_seconds": 2.0}
    with serving_gateway(shared_data_dir(), **settings) as gateway:
        sent = {**JSON, "Content-Length": str(len(large)), "Expect": "100-continue"}
        with head_sent(gateway, "POST", "/tickets", sent) as first:
            assert b"100 Continue" in first.recv(1000)
            answer = call(gateway, "POST", "/tickets", large, Content_Type="application/json")
            # It waited for the first, and that for its client: who comes to an end first is not said.
            assert answer.status in {200, 503}
            assert call(gateway, "POST", "/tickets", TICKET).status == 200
            assert answer_on(first).status == 408
        assert call(gateway, "POST", "/tickets", large, Content_Type="application/json").status == 200


def test_who_is_refused_before_the_body_was_sent_is_not_asked_for_it(api: Gateway) -> None:
    waiting = {**JSON, "Content-Length": "1000", "Expect": "100-continue"}
    with head_sent(api, "POST", "/nowhere", waiting) as connection:
        assert answer_on(connection).status == 404


def test_a_stranger_is_not_asked_for_a_large_body(api: Gateway) -> None:
    waiting = {**JSON, "Content-Length": "1000000", "Expect": "100-continue", "Authorization": "Bearer of.bad.news"}
    with head_sent(api, "POST", "/tickets", waiting) as connection:
        refused(answer_on(connection), 401, grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")


# --- conditions


def test_a_change_may_depend_on_the_version_that_was_read(api: Gateway) -> None:
    ticket = made(api)
    target = f"/admin/tickets/{ticket['id']}"
    etag = call(api, "GET", target).headers["etag"]
    assert etag == ticket["etag"]
    changed = call(api, "PATCH", f"{target}?updateMask=title", {"title": "A title of another kind"}, If_Match=etag)
    assert changed.status == 200
    assert changed.headers["etag"] != etag
    stale = call(api, "PATCH", f"{target}?updateMask=title", {"title": "A title of a third kind"}, If_Match=f"W/{etag}")
    refused(stale, 412, grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    in_body = call(api, "PATCH", f"{target}?updateMask=title", {"title": "A title of a third kind", "etag": etag})
    refused(in_body, 409, grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert call(api, "POST", f"{target}/archive", {"archived": True}, If_Match="*").status == 200


def test_an_etag_at_the_top_of_a_request_is_one_too(api: Gateway) -> None:
    target = f"/admin/tickets/{made(api)['id']}/transition"
    body = {"status": "TICKET_STATUS_OPEN"}
    refused(call(api, "POST", target, body, If_Match='"ffff"'), 412, grpc.StatusCode.ABORTED, "ETAG_MISMATCH")


@pytest.mark.parametrize("if_match", ['"1", "2"', "1", "W/1", ""])
def test_a_condition_that_is_none(api: Gateway, if_match: str) -> None:
    target = f"/admin/tickets/{made(api)['id']}?updateMask=title"
    answer = call(api, "PATCH", target, {"title": "A title of another kind"}, If_Match=if_match)
    assert violations(refused(answer, 400, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")) == ["ticket.etag"]


def test_a_put_may_depend_on_there_being_nothing_yet(api: Gateway) -> None:
    target, member = f"/admin/members/{uuid4().hex}", {"role": "ROLE_FINANCE", "displayName": "Asha Rao"}
    key = str(uuid4())
    first, second = (call(api, "PUT", target, member, If_None_Match="*", Idempotency_Key=key) for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    etag = first.headers["etag"]
    taken = call(api, "PUT", target, member, If_None_Match=" * ")
    refused(taken, 412, grpc.StatusCode.ALREADY_EXISTS, "MEMBER_EXISTS")
    in_query = call(api, "PUT", f"{target}?createOnly=true", member)
    refused(in_query, 409, grpc.StatusCode.ALREADY_EXISTS, "MEMBER_EXISTS")
    reused = call(api, "PUT", target, {**member, "displayName": "Ravi"}, If_None_Match="*", Idempotency_Key=key)
    refused(reused, 409, grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    both = call(api, "PUT", target, member, If_None_Match="*", If_Match=etag)
    assert violations(refused(both, 400, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")) == ["create_only"]
    assert call(api, "PUT", target, member, If_Match=etag).status == 200
    assert call(api, "PUT", target, member).status == 200


@pytest.mark.parametrize(
    ("target", "body", "reason"),
    [
        ("/admin/members/", {"role": "ROLE_FINANCE", "displayName": "Asha Rao"}, "MEMBER_NOT_FOUND"),
        ("/admin/calendars/", CALENDAR, "CALENDAR_NOT_FOUND"),
    ],
)
def test_a_put_may_depend_on_there_being_something(
    api: Gateway, target: str, body: dict[str, object], reason: str
) -> None:
    """RFC 9110, 13.1.1: ``*`` is false where there is no current representation."""
    target += uuid4().hex
    key = str(uuid4())
    for any_state in ("*", " * "):
        refused(call(api, "PUT", target, body, If_Match=any_state), 412, grpc.StatusCode.NOT_FOUND, reason)
    refused(call(api, "PUT", f"{target}?updateOnly=true", body), 404, grpc.StatusCode.NOT_FOUND, reason)
    refused(call(api, "PUT", target, body, If_Match='"1"'), 412, grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    neither = call(api, "PUT", target, body, If_Match="*", If_None_Match="*")
    assert violations(refused(neither, 400, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")) == ["create_only"]
    assert call(api, "PUT", target, body, If_None_Match="*").status == 200
    first, second = (
        call(api, "PUT", target, {**body, "displayName": "Ravi"}, If_Match="*", Idempotency_Key=key) for _ in range(2)
    )
    assert (first.status, second.body) == (200, first.body)
    assert json.loads(first.body)["displayName"] == "Ravi"


def test_what_never_creates_is_not_found_whatever_state_is_asked_for(api: Gateway) -> None:
    for if_match in ({}, {"If_Match": "*"}, {"If_Match": '"1"'}):
        answer = call(
            api, "PATCH", "/admin/tickets/TKT-999999999?updateMask=title", {"title": TICKET["title"]}, **if_match
        )
        refused(answer, 404, grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND")
        answer = call(api, "DELETE", f"/admin/webhooks/{uuid4()}", **if_match)
        refused(answer, 404, grpc.StatusCode.NOT_FOUND, "WEBHOOK_NOT_FOUND")


@pytest.mark.parametrize("if_none_match", ['"1"', "", '*, "1"'])
def test_a_put_may_not_depend_on_another_state_being_there(api: Gateway, if_none_match: str) -> None:
    member = {"role": "ROLE_FINANCE", "displayName": "Asha Rao"}
    answer = call(api, "PUT", f"/admin/members/{uuid4().hex}", member, If_None_Match=if_none_match)
    assert violations(refused(answer, 400, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")) == ["create_only"]


def test_conditions_that_cannot_be_kept_are_refused(api: Gateway) -> None:
    for answer in (
        call(api, "POST", "/tickets", TICKET, If_Match='"1"'),
        call(api, "POST", "/tickets", TICKET, If_Match="*"),
        call(api, "POST", "/tickets", TICKET, If_None_Match="*"),
        call(api, "PATCH", f"/admin/tickets/{made(api)['id']}", {"etag": '"1"'}, If_Match='"2"'),
    ):
        refused(answer, 400, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


def test_what_the_client_has_is_not_sent_again(api: Gateway) -> None:
    target = f"/admin/tickets/{made(api)['id']}"
    etag = call(api, "GET", target).headers["etag"]
    for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = call(api, "GET", target, If_None_Match=known)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert call(api, "GET", target, If_None_Match='"x"').status == 200


def test_who_gives_a_reason_gets_what_it_discloses_whatever_the_client_has(api: Gateway) -> None:
    target = f"/admin/tickets/{made(api, isSensitive=True)['id']}"
    withheld = call(api, "GET", target)
    reason = "accessReason=The+customer+asks+what+is+written+here"
    shown = call(api, "GET", f"{target}?{reason}", If_None_Match=withheld.headers["etag"])
    assert (shown.status, shown.headers["etag"]) == (200, withheld.headers["etag"])
    assert "description" not in json.loads(withheld.body)
    assert json.loads(shown.body)["description"] == TICKET["description"]


def test_a_key_makes_a_change_happen_once(api: Gateway) -> None:
    key = f"order 66 {uuid4().hex}"
    first, second = (call(api, "POST", "/tickets", TICKET, Idempotency_Key=key) for _ in range(2))
    assert first.status == 200
    assert first.body == second.body
    quoted = call(api, "POST", "/tickets", TICKET, Idempotency_Key=f'"{key}"')
    assert quoted.body == first.body
    other = call(api, "POST", "/tickets", {**TICKET, "title": "Another title of a ticket"}, Idempotency_Key=key)
    refused(other, 409, grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


def test_a_key_that_is_a_uuid_is_the_request_id(api: Gateway) -> None:
    key = str(uuid4())
    first = call(api, "POST", "/tickets", TICKET, Idempotency_Key=key)
    assert call(api, "POST", f"/tickets?requestId={key}", TICKET).body == first.body
    assert call(api, "POST", f"/tickets?requestId={key}", TICKET, Idempotency_Key=key).body == first.body
    answer = call(api, "POST", f"/tickets?requestId={uuid4()}", TICKET, Idempotency_Key=key)
    assert violations(refused(answer, 400, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")) == ["request_id"]


@pytest.mark.parametrize("key", ["", " ", '""', "x" * 256, "\u00e9"])
def test_a_key_that_is_none(api: Gateway, key: str) -> None:
    answer = call(api, "POST", "/tickets", TICKET, Idempotency_Key=key)
    assert violations(refused(answer, 400, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")) == ["request_id"]


# --- what every answer has


def test_a_long_answer_is_compressed_for_who_takes_that(api: Gateway) -> None:
    target = f"/admin/tickets/{made(api, description='x' * 5_000)['id']}"
    plain = call(api, "GET", target)
    assert "content-encoding" not in plain.headers
    packed = call(api, "GET", target, Accept_Encoding="br, gzip;q=0.5")
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < len(plain.body) / 3
    unpacked, expected = json.loads(gzip.decompress(packed.body)), json.loads(plain.body)
    assert unpacked["description"] == expected["description"]
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.headers["etag"] == plain.headers["etag"]
    for refusing in ("gzip;q=0", "br", "identity"):
        assert "content-encoding" not in call(api, "GET", target, Accept_Encoding=refusing).headers


def test_the_request_id_is_the_clients_where_it_is_harmless(api: Gateway) -> None:
    target = "/admin/tickets?pageSize=1"
    assert call(api, "GET", target, X_Request_Id="abc-1").headers["x-request-id"] == "abc-1"
    ids = {call(api, "GET", target, X_Request_Id="not harmless").headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2
    assert "not harmless" not in ids
    assert call(api, "GET", "/admin/tickets/x", X_Request_Id="abc-2").headers["x-request-id"] == "abc-2"


def test_other_origins_are_admitted_by_name_alone(api: Gateway, server: Running) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    wanted = "authorization,content-type,if-match,idempotency-key,last-event-id"
    target = "/admin/tickets/TKT-1"
    assert "access-control-allow-origin" not in request("OPTIONS", api.url + target, asked).headers
    settings = {"gateway_target": server.target, "http_allowed_origins": [ORIGIN]}
    with serving_gateway(shared_data_dir(), **settings) as gateway:
        preflight = request("OPTIONS", gateway.url + target, {**asked, "Access-Control-Request-Headers": wanted})
        assert preflight.status == 200
        assert preflight.headers["access-control-allow-origin"] == ORIGIN
        answer = call(gateway, "GET", "/admin/tickets?pageSize=1", Origin=ORIGIN)
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert {"etag", "x-request-id"} <= set(answer.headers["access-control-expose-headers"].split(", "))
        other = call(gateway, "GET", "/admin/tickets?pageSize=1", Origin="https://evil.example.com")
        assert "access-control-allow-origin" not in other.headers


def test_who_is_unknown_is_told_how_to_be_known(api: Gateway) -> None:
    for headers in ({}, {"Authorization": "Bearer \u00e9"}, {"Authorization": "Basic eDp5"}):
        answer = request("GET", f"{api.url}/admin/tickets", headers)
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_that_no_server_would_take_is_refused_here(api: Gateway) -> None:
    answer = call(api, "GET", "/admin/tickets", Authorization="Bearer " + "x" * 8_000)
    refused(answer, 431, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


# --- connections


def test_requests_may_follow_each_other_on_a_connection_without_waiting(api: Gateway) -> None:
    ticket_id = made(api)["id"]
    targets = [f"/admin/tickets/{ticket_id}", "/nowhere", "/healthz", f"/admin/tickets/{ticket_id}/timeline"]
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as connection:
        connection.sendall(b"".join(head("GET", target, BEARER) for target in targets))
        file = connection.makefile("rb")
        statuses = []
        for _ in targets:
            statuses.append(int(file.readline().split()[1]))
            headers = dict(line.rstrip().split(b": ") for line in iter(file.readline, b"\r\n"))
            file.read(int({name.lower(): value for name, value in headers.items()}[b"content-length"]))
    assert statuses == [200, 404, 200, 200]


@pytest.mark.parametrize("timeout", ["", "1", "1.5S", "-1S", "123456789S", "1x"])
def test_a_deadline_that_is_none(api: Gateway, timeout: str) -> None:
    answer = call(api, "GET", "/admin/tickets", Grpc_Timeout=timeout)
    refused(answer, 400, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


@pytest.mark.parametrize("timeout", ["99999999H", "10S", "20000m", "30000000u"])
def test_a_deadline_as_grpc_writes_it(api: Gateway, timeout: str) -> None:
    assert call(api, "GET", "/admin/tickets?pageSize=1", Grpc_Timeout=timeout).status == 200
