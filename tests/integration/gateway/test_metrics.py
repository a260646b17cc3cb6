"""What the gateway counts, and where that can be read."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry

from gateway.connections import HEAD_BYTES
from gateway.metrics import NO_ROUTE, HttpMetrics
from server.domain.roles import Role
from tests.gateway_process import Gateway, StartGateway, serving_gateway
from tests.integration.gateway.api_calls import call, made
from tests.integration.gateway.event_sources import EventSource
from tests.integration.gateway.requests import answer_on, request
from tests.running import Running, free_port, token_for
from tests.waiting import eventually

TICKET = "/admin/tickets/{id}"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def gateway(server: Running, registry: CollectorRegistry, tmp_path: Path) -> Iterator[Gateway]:
    metrics = HttpMetrics(registry)
    with serving_gateway(tmp_path, metrics, gateway_target=server.target, max_message_bytes=64 * 1024) as running:
        yield running


def is_at(registry: CollectorRegistry, value: float, name: str, **labels: str) -> None:
    """A request is counted a moment after its answer has come."""
    eventually(lambda: registry.get_sample_value(name, labels) == value, what=f"{name} {labels} of {value}")


def routes(registry: CollectorRegistry) -> set[str]:
    return {
        sample.labels["route"]
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "tickets_http_requests_total"
    }


def refusals(registry: CollectorRegistry) -> dict[str, float]:
    return {
        sample.labels["reason"]: sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "tickets_http_refused_total"
    }


def test_requests_are_counted_by_the_template_of_their_path(gateway: Gateway, registry: CollectorRegistry) -> None:
    for _ in range(2):
        call(gateway, "GET", f"/admin/tickets/{made(gateway)['id']}")
    call(gateway, "GET", "/admin/tickets/TKT-999999999")
    counted = {"method": "GET", "route": TICKET}
    is_at(registry, 2, "tickets_http_requests_total", **counted, status="2xx")
    is_at(registry, 1, "tickets_http_requests_total", **counted, status="4xx")
    is_at(registry, 3, "tickets_http_seconds_count", **counted)
    is_at(registry, 2, "tickets_http_requests_total", method="POST", route="/tickets", status="2xx")
    is_at(registry, 1, "tickets_http_upstream_errors_total", code="NOT_FOUND", answered="yes")
    is_at(registry, 0, "tickets_http_in_flight")


def test_what_clients_make_up_makes_no_series(gateway: Gateway, registry: CollectorRegistry) -> None:
    paths = ["/nowhere", "/admin/nothing/at/all", "/%ff", "/admin/tickets/TKT-1/nothing"]
    for path in paths:
        request("GET", gateway.url + path)
        request("PURGE", gateway.url + path)
    is_at(registry, 4, "tickets_http_requests_total", method="other", route=NO_ROUTE, status="4xx")
    request("GET", f"{gateway.url}/session")
    page = request("GET", f"{gateway.url}/admin/tickets/TKT-1", {"Accept": "text/html"})
    label = "4xx" if page.status == 404 else "2xx"
    is_at(registry, 1, "tickets_http_requests_total", method="GET", route="page", status=label)
    is_at(registry, 1, "tickets_http_requests_total", method="GET", route="/session", status="4xx")
    assert routes(registry) == {NO_ROUTE, "page", "/session"}


def test_open_streams(gateway: Gateway, registry: CollectorRegistry) -> None:
    ticket = made(gateway)["id"]
    bearer = {"Authorization": f"Bearer {token_for(Role.ADMIN)}"}
    source = EventSource(f"{gateway.url}/admin/tickets/{ticket}/timeline:watch", bearer)
    source.next("entry")
    is_at(registry, 1, "tickets_http_streams")
    is_at(registry, 1, "tickets_http_in_flight")
    source.close()
    is_at(registry, 0, "tickets_http_streams")
    counted = {"method": "GET", "route": "/admin/tickets/{ticket_id}/timeline:watch"}
    is_at(registry, 1, "tickets_http_requests_total", **counted, status="2xx")
    assert registry.get_sample_value("tickets_http_seconds_count", counted) is None
    answer = request("GET", f"{gateway.url}/admin/tickets/TKT-999999/timeline:watch", bearer)
    assert answer.status == 404
    is_at(registry, 1, "tickets_http_requests_total", **counted, status="4xx")
    is_at(registry, 0, "tickets_http_streams")


def test_refusals_are_counted_by_why(gateway: Gateway, registry: CollectorRegistry) -> None:
    assert call(gateway, "POST", "/tickets", {"title": "x" * 70_000}).status == 413
    is_at(registry, 1, "tickets_http_refused_total", reason="too_large")
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * HEAD_BYTES + b"\r\n\r\n")
        assert answer_on(connection).status == 431
    is_at(registry, 2, "tickets_http_refused_total", reason="too_large")
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert answer_on(connection).status == 400
    is_at(registry, 1, "tickets_http_refused_total", reason="malformed")


FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
OURS = {"Sec-Fetch-Site": "same-origin"}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_refused_logins_are_counted(registry: CollectorRegistry, server: Running, tmp_path: Path) -> None:
    metrics = HttpMetrics(registry)
    with serving_gateway(tmp_path, metrics, gateway_target=server.target, dev_login=True) as gateway:

        def refused(status: int, path: str, headers: dict[str, str], body: bytes) -> None:
            assert request("POST", f"{gateway.url}{path}", headers, body).status == status

        good = json.dumps({"token": token_for(Role.OPS_AGENT)}).encode()
        refused(403, "/session", {**JSON, **FOREIGN}, good)
        refused(403, "/login", {**FORM, **FOREIGN}, b"role=admin")
        refused(403, "/login", FORM, b"role=admin")
        refused(403, "/login", {**FORM, **OURS, "Host": "evil.example"}, b"role=admin")
        refused(403, "/logout", FOREIGN, b"")
        is_at(registry, 5, "tickets_http_refused_total", reason="foreign_page")
        refused(400, "/session", JSON, b"{")
        refused(400, "/session", JSON, b'{"token": 1}')
        refused(415, "/session", {"Content-Type": "text/plain"}, good)
        refused(401, "/session", JSON, b'{"token": "made up"}')
        refused(401, "/session", JSON, b'{"token": "a.b.c"}')
        refused(400, "/login", {**FORM, **OURS}, b"role=nobody")
        refused(400, "/login", {**FORM, **OURS}, b"\xff")
        is_at(registry, 7, "tickets_http_refused_total", reason="login")
        refused(413, "/session", JSON, b" " * 20_000)
        is_at(registry, 1, "tickets_http_refused_total", reason="too_large")
        refused(200, "/session", JSON, good)
        refused(303, "/logout", OURS, b"")
        assert refusals(registry) == {"foreign_page": 5, "login": 7, "too_large": 1}


def test_who_cannot_be_judged_is_not_refused(registry: CollectorRegistry, tmp_path: Path) -> None:
    target = f"127.0.0.1:{free_port()}"
    with serving_gateway(tmp_path, HttpMetrics(registry), gateway_target=target) as gateway:
        body = json.dumps({"token": token_for(Role.OPS_AGENT)}).encode()
        assert request("POST", f"{gateway.url}/session", JSON, body).status == 503
        is_at(registry, 1, "tickets_http_requests_total", method="POST", route="/session", status="5xx")
        assert refusals(registry) == {}


def test_connections_beyond_the_limit_are_counted(registry: CollectorRegistry, tmp_path: Path) -> None:
    with (
        serving_gateway(tmp_path, HttpMetrics(registry), http_max_connections=1) as gateway,
        socket.create_connection(("127.0.0.1", gateway.port)),
    ):
        is_at(registry, 1, "tickets_http_connections")
        assert request("GET", f"{gateway.url}/healthz").status == 503
        is_at(registry, 1, "tickets_http_refused_total", reason="connections")


def test_a_server_that_does_not_answer(registry: CollectorRegistry, tmp_path: Path) -> None:
    target = f"127.0.0.1:{free_port()}"
    with serving_gateway(tmp_path, HttpMetrics(registry), gateway_target=target) as gateway:
        assert call(gateway, "GET", "/admin/me").status == 503
    is_at(registry, 1, "tickets_http_upstream_errors_total", code="UNAVAILABLE", answered="no")


def test_the_pace_of_the_loop_is_looked_at(gateway: Gateway, registry: CollectorRegistry) -> None:
    assert request("GET", f"{gateway.url}/healthz").status == 200
    eventually(lambda: registry.get_sample_value("tickets_http_loop_delay_seconds_count"), what="a look at the loop")
    assert registry.get_sample_value("tickets_http_codec_waiting") == 0


def test_they_are_read_at_a_port_of_their_own_and_never_at_the_public_one(gateway_processes: StartGateway) -> None:
    port = free_port()
    gateway = gateway_processes(TICKETS_HTTP_METRICS_PORT=str(port))
    assert request("GET", f"{gateway.url}/metrics").status == 404
    with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
        assert answer.read() == b"serving\n"

    def page() -> str:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    eventually(lambda: f'route="{NO_ROUTE}",status="4xx"' in page(), what="the request for /metrics")
    assert "process_open_fds" in page()
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"http://127.0.0.1:{port}/admin/tickets", timeout=10)
    assert gateway.stop() == 0


def test_a_port_that_is_taken_is_named(gateway_processes: StartGateway, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AssertionError):
            gateway_processes(TICKETS_HTTP_METRICS_PORT=str(port))
    assert f"port {port} on 127.0.0.1 cannot be used" in (tmp_path / "gateway-0.log").read_text()
