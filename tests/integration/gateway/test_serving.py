"""The gateway as a process, and what it says to any client."""

import json
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from pydantic import ValidationError

from gateway.connections import AHEAD, HEAD_BYTES, HEADERS
from gateway.serving import listen
from server.settings import Settings
from tests.gateway_process import Gateway, StartGateway, serving_gateway
from tests.integration.gateway.requests import (
    Answer,
    answer_on,
    begun,
    request,
    seconds_until_closed,
    send,
    sign_download,
    sign_upload,
)
from tests.running import free_port
from tests.waiting import eventually

ORIGIN = "https://admin.example.com"
BODY = b"what was attached" * 10_000


def test_it_is_healthy_and_says_no_more_than_it_must(gateway: Gateway) -> None:
    answer = request("GET", f"{gateway.url}/healthz")
    assert (answer.status, answer.body) == (200, b"serving\n")
    for path in ("/healthz", "/nowhere", "/healthz/"):
        answer = request("GET", gateway.url + path)
        assert answer.status == (200 if path == "/healthz" else 404)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-request-id"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_pages_of_other_origins_are_admitted_by_name_alone(gateway: Gateway, tmp_path: Path) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    url = sign_upload(gateway.store, BODY).url
    assert "access-control-allow-origin" not in request("OPTIONS", url, asked).headers
    with serving_gateway(tmp_path / "other", http_allowed_origins=[ORIGIN]) as open_gateway:
        signed = sign_upload(open_gateway.store, BODY)
        wanted = ",".join(sorted(name.lower() for name in signed.headers if name.lower() != "content-length"))
        preflight = request("OPTIONS", signed.url, {**asked, "Access-Control-Request-Headers": wanted})
        assert preflight.status == 200
        assert preflight.headers["access-control-allow-origin"] == ORIGIN
        assert "access-control-allow-credentials" not in preflight.headers
        assert request("OPTIONS", signed.url, {**asked, "Origin": "https://evil.example.com"}).status == 400
        put = send(signed, BODY, Origin=ORIGIN)
        assert (put.status, put.headers["access-control-allow-origin"]) == (200, ORIGIN)
        assert "etag" in put.headers["access-control-expose-headers"]


@pytest.mark.parametrize("origin", ["*", "https://a.example.com/", "admin.example.com", "https://*.example.com"])
def test_an_origin_is_written_as_browsers_do(origin: str) -> None:
    with pytest.raises(ValidationError, match="http_allowed_origins"):
        Settings.model_validate({"http_allowed_origins": [origin]})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_answers_do_not_wait_until_their_head_has_come(host: str) -> None:
    with listen(host, 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux alone has it")
def test_connections_to_clients_that_vanished_end() -> None:
    with listen("127.0.0.1", 0, vanished_seconds=5) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 5000


def test_a_connection_that_says_nothing_is_closed(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.connections.HEAD_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as silent:
        seconds_until_closed(silent)
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        seconds_until_closed(slow)


def test_a_head_without_end_is_refused(gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        line = b"X-Filler: " + b"x" * 4000 + b"\r\n"
        for _ in range(HEAD_BYTES // len(line) + 1):
            connection.sendall(line)
        _is_told_why(answer_on(connection), 431)


def test_a_large_head_is_refused_though_it_comes_whole(gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"y" * HEAD_BYTES + b"\r\n\r\n")
        _is_told_why(answer_on(connection), 431)


def _is_told_why(answer: Answer, status: int) -> None:
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]
    said = json.loads(answer.body)
    assert said["code"] == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert said["details"][0]["reason"] == "INVALID_REQUEST"


def test_a_head_of_too_many_lines_is_refused(gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * HEADERS + b"\r\n")
        _is_told_why(answer_on(connection), 431)
        seconds_until_closed(connection)


@pytest.mark.parametrize("more", [b"x" * 4096, b": y\r\nX" * 800], ids=["a long line", "many lines"])
@pytest.mark.parametrize("first", ["an answer that nobody takes", "a body in pieces"])
def test_what_is_kept_of_a_connection_is_bounded_during_an_answer(gateway: Gateway, first: str, more: bytes) -> None:
    gateway.store.put("attachments/a/1", [bytes(20_000_000)], content_type="text/plain")
    signed = sign_download(gateway.store)
    if first == "a body in pieces":
        signed = replace(signed, method="PUT", headers={"Transfer-Encoding": "chunked"})
    with begun(signed) as connection:
        connection.sendall(b"0\r\nX" if signed.method == "PUT" else b"GET /healthz HTTP/1.1\r\nX")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            connection.sendall(more * (20_000_000 // len(more)))


@pytest.mark.parametrize(
    "line",
    [
        b"CONNECT a:1 HTTP/1.1",
        b"GET /rodistaa-tickets/a?X-Amz-Date=\xe9 HTTP/1.1",
        b"GET /healthz HTTP/1.1\r\nX-Torn: a\rb",
        b"PUT /rodistaa-tickets/a HTTP/1.1\r\nContent-Length: -3",
        b"PUT /rodistaa-tickets/a HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4",
        b"PUT /rodistaa-tickets/a HTTP/1.1\r\nTransfer-Encoding : chunked",
        b"GET /healthz HTTP/1.1\r\nHost: y",
        b"POST /session HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3",
        b"POST /session HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked",
        b"\x16\x03\x01\x02\x00\x01",
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(gateway: Gateway, line: bytes) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(line + b"\r\nHost: x\r\n\r\n")
        _is_told_why(answer_on(connection), 400)
        seconds_until_closed(connection)


@pytest.mark.parametrize("upgrade", ["h2c", "websocket"])
def test_another_protocol_is_not_spoken(gateway: Gateway, upgrade: str) -> None:
    asked = {"Connection": "Upgrade", "Upgrade": upgrade}
    assert request("GET", f"{gateway.url}/healthz", asked).body == b"serving\n"


@pytest.mark.parametrize("path", ["/rodistaa-tickets/../../etc/passwd", "/rodistaa-tickets/%2e%2e/%00%ff", "/*"])
def test_no_path_leads_out_of_the_store(gateway: Gateway, path: str) -> None:
    assert request("GET", gateway.url + path).status in {403, 404}


def test_the_health_check_of_containers(gateway: Gateway) -> None:
    def outcome(target: str) -> tuple[int, bytes]:
        done = subprocess.run(
            [sys.executable, "-m", "server.embedded.health", target], capture_output=True, check=False
        )
        return done.returncode, done.stderr

    assert outcome(gateway.url) == (0, b"")
    assert outcome(f"http://127.0.0.1:{free_port()}") == (1, b"")


def test_one_connection_serves_many_requests(gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        for _ in range(3):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer_on(connection).body == b"serving\n"


def test_requests_far_ahead_of_their_answers_end_the_connection(gateway: Gateway) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(one * AHEAD)
        taken = b""
        while taken.count(b"serving\n") < AHEAD:
            taken += connection.recv(65536) or pytest.fail("it was closed")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            connection.sendall(one * 500_000)


def test_who_takes_no_answers_is_cut_off(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.connections.STALL_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * AHEAD + b"GET /G")
        eventually(lambda: _is_cut(connection), what="the end of the connection")


def _is_cut(connection: socket.socket) -> bool:
    try:
        connection.send(b"G")
    except (ConnectionResetError, BrokenPipeError):
        return True
    return False


def test_more_connections_than_may_be_are_told_so(tmp_path: Path) -> None:
    with serving_gateway(tmp_path, http_max_connections=2) as gateway, _silent(gateway) as first, _silent(gateway):
        eventually(lambda: request("GET", f"{gateway.url}/healthz").status == 503, what="the refusal")
        refusal = request("GET", f"{gateway.url}/healthz")
        assert json.loads(refusal.body)["code"] == grpc.StatusCode.UNAVAILABLE.value[0]
        assert refusal.headers["retry-after"] == "1"
        assert refusal.headers["x-content-type-options"] == "nosniff"
        first.close()
        eventually(lambda: request("GET", f"{gateway.url}/healthz").status == 200, what="room")


def _silent(gateway: Gateway) -> socket.socket:
    return socket.create_connection(("127.0.0.1", gateway.port), timeout=10)


def test_large_files_take_no_memory(gateway_processes: StartGateway) -> None:
    process = gateway_processes()
    body = bytes(100_000_000)
    before = peak_memory(process.process.pid)
    assert send(sign_upload(process.store, body), body).status == 200
    assert send(sign_download(process.store)).body == body
    assert peak_memory(process.process.pid) - before < 30_000_000


def test_at_sigterm_an_upload_under_way_is_finished(gateway_processes: StartGateway) -> None:
    process = gateway_processes()
    with begun(sign_upload(process.store, BODY)) as connection:
        connection.sendall(BODY[:1000])
        eventually(lambda: list((process.settings.data_dir / "files").rglob("*,,*")), what="the draft")
        process.process.send_signal(signal.SIGTERM)
        eventually(lambda: not listens(process.settings.http_port), what="the end of listening")
        connection.sendall(BODY[1000:])
        assert answer_on(connection).status == 200
    # Not by another signal: one that comes when Python has begun to end is the end.
    assert process.process.wait(60) == 0
    assert "Traceback" not in process.log.read_text()


def test_an_upload_longer_than_the_drain_is_cut_off_and_nothing_is_left(gateway_processes: StartGateway) -> None:
    process = gateway_processes(TICKETS_DRAIN_GRACE_SECONDS="1")
    files = process.settings.data_dir / "files"
    with begun(sign_upload(process.store, BODY)) as connection:
        connection.sendall(BODY[:1000])
        eventually(lambda: list(files.rglob("*,,*")), what="the draft")
        assert process.stop() == 0
    assert [path for path in files.rglob("*") if path.is_file()] == []


def test_after_a_kill_files_are_there_and_urls_work(gateway_processes: StartGateway) -> None:
    first = gateway_processes()
    assert send(sign_upload(first.store, BODY), BODY).status == 200
    first.kill()
    second = gateway_processes()
    assert send(sign_download(second.store)).body == BODY
    log = first.log.read_text() + second.log.read_text()
    assert "X-Amz" not in log


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "server.cli", "gateway"],
            env={"TICKETS_HTTP_PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == f"Error: port {port} on 127.0.0.1 cannot be used: Address already in use\n"


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def peak_memory(pid: int) -> int:
    """Bytes that were resident at most."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
