"""Deliveries to a real receiver, and to those that try to hurt the sender."""

import base64
import hmac
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from server.adapters.notifying.timed_sockets import SocketAddress, client_tls
from server.adapters.notifying.webhook_http import HttpWebhookSender
from server.application.notifications.channels import DeliveryFailed, WebhookAnswer, WebhookPost
from server.application.notifications.webhook_targets import WebhookTargets
from tests.integration.notifying.http_server import Answer, Handler, http_server
from tests.integration.notifying.tls import Tls

DOCUMENT = Path(__file__).parents[3] / "docs" / "notifications.md"
HERE = WebhookTargets((ipaddress.ip_network("127.0.0.1/32"),))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"type":"ESCALATED","data":{"title":"₹"}}'.encode()


class Names:
    """A name server; gives the next of its answers each time, and the last for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = [list(answer) for answer in answers]
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[SocketAddress]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            (socket.AF_INET6, (text, port, 0, 0)) if ":" in text else (socket.AF_INET, (text, port)) for text in answer
        ]


def post(url: str, secrets: tuple[str, ...] = (SECRET,)) -> WebhookPost:
    return WebhookPost("d-1", url, BODY, secrets, datetime.now(UTC))


def sender(
    targets: WebhookTargets = HERE,
    *,
    names: Names | None = None,
    seconds: float = 20.0,
    tls: ssl.SSLContext | None = None,
) -> HttpWebhookSender:
    if names is None:
        return HttpWebhookSender(targets, timeout_seconds=seconds, tls=tls)
    return HttpWebhookSender(targets, timeout_seconds=seconds, tls=tls, resolve=names)


def failure_of(sender: HttpWebhookSender, outgoing: WebhookPost) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        sender.post(outgoing)
    assert "127.0.0" not in caught.value.message
    return caught.value


def ok(handler: Handler) -> None:
    handler.reply(204, b"")


def test_what_a_receiver_gets() -> None:
    old = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    with http_server(ok) as peer:
        url = f"http://127.0.0.1:{peer.port}/hooks/a%20b?key=x&y"
        assert sender().post(post(url, (SECRET, old))) == WebhookAnswer(204)
    [request] = peer.requests
    assert (request.path, request.body) == ("/hooks/a%20b?key=x&y", BODY)
    assert request.headers["host"] == f"127.0.0.1:{peer.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "d-1"
    for secret in (SECRET, old):
        Webhook(secret).verify(request.body, request.headers)


def test_the_receiver_in_the_document_knows_what_is_ours() -> None:
    (code,) = re.findall(r"```python\n(def is_ours.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"base64": base64, "hmac": hmac, "time": time, "Mapping": Mapping}
    exec(code, names)
    is_ours = names["is_ours"]
    old = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    with http_server(ok) as peer:
        sender().post(post(f"http://127.0.0.1:{peer.port}/", (SECRET, old)))
    [request] = peer.requests
    headers = dict(request.headers)
    assert is_ours(SECRET, headers, request.body)
    assert is_ours(old, headers, request.body)
    assert not is_ours("whsec_" + "B" * 32, headers, request.body)
    assert not is_ours(SECRET, headers, request.body + b" ")
    earlier = str(int(headers["webhook-timestamp"]) - 301)
    assert not is_ours(SECRET, {**headers, "webhook-timestamp": earlier}, request.body)


def test_a_name_is_asked_for_once_and_what_it_gave_is_what_is_used() -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    with http_server(ok) as peer:
        assert sender(names=names).post(post(f"http://hooks.example:{peer.port}/")).status_code == 204
    assert names.asked == ["hooks.example"]
    assert peer.requests[0].headers["host"] == f"hooks.example:{peer.port}"


def test_a_name_that_turns_to_an_inner_address_is_refused_then() -> None:
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    with http_server(ok) as peer:
        hooks = sender(names=names)
        hooks.post(post(f"http://hooks.example:{peer.port}/"))
        failure = failure_of(hooks, post(f"http://hooks.example:{peer.port}/"))
    assert (failure.permanent, len(peer.requests)) == (False, 1)
    assert failure.message == "The host's name leads to an address that webhooks may not reach."


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "::1", "0.0.0.0", "10.0.0.1"])
def test_no_name_leads_inside(address: str) -> None:
    with http_server(ok) as peer:
        failure_of(sender(WebhookTargets(), names=Names([address])), post(f"http://hooks.example:{peer.port}/"))
    assert peer.connections == 0


def test_of_several_addresses_only_the_permitted_are_tried() -> None:
    with http_server(ok) as peer:
        hooks = sender(names=Names(["127.0.0.2", "::1", "127.0.0.1"]))
        assert hooks.post(post(f"http://hooks.example:{peer.port}/")).status_code == 204
        only = WebhookTargets((ipaddress.ip_network("127.0.0.2/32"),))
        failure_of(sender(only, names=Names(["127.0.0.2", "127.0.0.1"])), post(f"http://hooks.example:{peer.port}/"))
    assert peer.connections == 1


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]", "127.0.0.1", "u:p@127.0.0.1"]
)
def test_spellings_of_an_inner_address(host: str) -> None:
    with http_server(ok) as peer:
        failure = failure_of(sender(WebhookTargets()), post(f"http://{host}:{peer.port}/"))
    assert failure.permanent
    assert peer.connections == 0


def test_localhost_by_the_real_resolver() -> None:
    with http_server(ok) as peer:
        failure_of(sender(WebhookTargets()), post(f"http://localhost:{peer.port}/"))
        assert peer.connections == 0
        assert sender().post(post(f"http://localhost:{peer.port}/")).status_code == 204


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers(status: int) -> None:
    with http_server(ok) as inner:

        def redirect(handler: Handler) -> None:
            handler.reply(status, Location=f"http://127.0.0.1:{inner.port}/")

        with http_server(redirect) as peer:
            assert sender().post(post(f"http://127.0.0.1:{peer.port}/")).status_code == status
    assert inner.connections == 0


@pytest.mark.parametrize("status", [200, 201, 400, 410, 500, 503])
def test_any_status_is_an_answer(status: int) -> None:
    with http_server(lambda handler: handler.reply(status, b"no")) as peer:
        assert sender().post(post(f"http://127.0.0.1:{peer.port}/")) == WebhookAnswer(status)


def test_retry_after() -> None:
    with http_server(lambda handler: handler.reply(429, Retry_After="120")) as peer:
        answer = sender().post(post(f"http://127.0.0.1:{peer.port}/"))
    assert answer == WebhookAnswer(429, timedelta(seconds=120))


_ABSURD = "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"


@pytest.mark.parametrize("status", [200, 410])
def test_a_date_that_makes_no_sense_changes_no_answer(status: int) -> None:
    with http_server(lambda handler: handler.reply(status, Retry_After=_ABSURD)) as peer:
        assert sender().post(post(f"http://127.0.0.1:{peer.port}/")) == WebhookAnswer(status)


def hang(handler: Handler) -> None:
    handler.hang()


def drip_status(handler: Handler) -> None:
    handler.drip(b"HTTP/1.1 200 O", b"K")


def drip_headers(handler: Handler) -> None:
    handler.drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n")


def drip_continues(handler: Handler) -> None:
    handler.drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n")


def drip_body(handler: Handler) -> None:
    handler.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x")


def drip_chunks(handler: Handler) -> None:
    handler.drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")


@pytest.mark.parametrize("answer", [hang, drip_status, drip_headers, drip_continues, drip_body, drip_chunks])
@pytest.mark.parametrize("secure", [False, True])
def test_a_receiver_that_is_too_slow_is_cut_off(answer: Answer, secure: bool, tmp_path: Path) -> None:
    tls = Tls(tmp_path)
    with http_server(answer, tls.server if secure else None) as peer:
        url = f"http{'s' if secure else ''}://127.0.0.1:{peer.port}/"
        failure = failure_of(sender(seconds=0.5, tls=tls.client), post(url))
    assert (failure.permanent, failure.message) == (False, "The receiver did not answer within 0.5 s.")


def test_a_handshake_that_never_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failure = failure_of(sender(seconds=0.3), post(f"https://127.0.0.1:{silent.getsockname()[1]}/"))
    assert failure.message == "The receiver did not answer within 0.3 s."


def test_a_name_server_that_never_answers() -> None:
    over = threading.Event()

    def never(host: str, port: int) -> Sequence[SocketAddress]:
        over.wait()
        return []

    hooks = HttpWebhookSender(HERE, timeout_seconds=0.3, resolve=never)
    failure = failure_of(hooks, post("https://hooks.example/"))
    over.set()
    assert failure.message == "The receiver did not answer within 0.3 s."


def test_a_body_without_end_is_read_only_so_far() -> None:
    sent = threading.Event()

    def flood(handler: Handler) -> None:
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while not handler.peer.closing.is_set():
                handler.wfile.write(b"x" * 65536)
        finally:
            sent.set()

    with http_server(flood) as peer:
        assert sender().post(post(f"http://127.0.0.1:{peer.port}/")) == WebhookAnswer(200)
        assert sent.wait(15), "the connection was kept open"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"hello\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 99 No\r\n\r\n",
    ],
)
def test_what_is_no_http(answer: bytes) -> None:
    def raw(handler: Handler) -> None:
        handler.close_connection = True
        handler.wfile.write(answer)

    with http_server(raw) as peer:
        failure = failure_of(sender(), post(f"http://127.0.0.1:{peer.port}/"))
    assert not failure.permanent


def test_tls_verifies_the_name_and_not_the_address(tmp_path: Path) -> None:
    tls = Tls(tmp_path)
    with http_server(ok, tls.server) as peer:
        names = Names(["127.0.0.1"])
        secure = sender(names=names, tls=tls.client)
        assert secure.post(post(f"https://localhost:{peer.port}/")).status_code == 204
        failure = failure_of(secure, post(f"https://hooks.example:{peer.port}/"))
        assert failure.message.startswith("The receiver has no valid certificate: ")
        stranger = failure_of(sender(names=names, tls=client_tls()), post(f"https://localhost:{peer.port}/"))
        assert stranger.message.startswith("The receiver has no valid certificate: ")
        plain = failure_of(secure, post(f"http://localhost:{peer.port}/"))
    assert [each.permanent for each in (failure, stranger, plain)] == [False] * 3
    assert len(peer.requests) == 1


def test_the_name_is_sent_ahead_for_servers_of_many_names(tmp_path: Path) -> None:
    tls = Tls(tmp_path)
    seen: list[str | None] = []
    tls.server.sni_callback = lambda _socket, name, _context: seen.append(name)
    with http_server(ok, tls.server) as peer:
        sender(names=Names(["127.0.0.1"]), tls=tls.client).post(post(f"https://localhost:{peer.port}/"))
    assert seen == ["localhost"]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server(ok) as proxy, http_server(ok) as peer:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        sender().post(post(f"http://127.0.0.1:{peer.port}/"))
    assert (proxy.connections, peer.connections) == (0, 1)


def test_nobody_listens() -> None:
    with http_server(ok) as peer:
        pass
    failure = failure_of(sender(), post(f"http://127.0.0.1:{peer.port}/"))
    assert (failure.permanent, failure.message) == (False, "The receiver refused the connection.")


def test_a_secret_that_is_none() -> None:
    with http_server(ok) as peer:
        assert failure_of(sender(), post(f"http://127.0.0.1:{peer.port}/", ("whsec_",))).permanent
    assert peer.connections == 0
