"""SMS against a real HTTP server."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.adapters.notifying.sms_http import HttpSmsProvider
from server.application.notifications.channels import DeliveryFailed, OutgoingMessage, Send
from tests.integration.notifying.http_server import Handler, http_server
from tests.integration.notifying.messages import message
from tests.integration.notifying.tls import Tls

NUMBER = "+919812345678"


def provider(port: int, seconds: float = 20.0, **options: Any) -> HttpSmsProvider:
    return HttpSmsProvider(f"http://127.0.0.1:{port}/v1/send?account=7", timeout_seconds=seconds, **options)


def failure_of(send: Send, outgoing: OutgoingMessage) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        send(outgoing)
    assert NUMBER not in caught.value.message
    assert "hunter2" not in caught.value.message
    return caught.value


def accept(handler: Handler) -> None:
    handler.reply(202)


def test_what_is_sent() -> None:
    with http_server(accept) as peer:
        sms = provider(peer.port, token="hunter2", headers={"X-Account": "rodistaa"})
        with sms.session() as send:
            send(message("n-1", NUMBER, title="TKT-1001 ist spät", body="An ops_manager."))
            send(message("n-2", NUMBER))
    first, second = peer.requests
    assert first.path == "/v1/send?account=7"
    assert json.loads(first.body) == {"to": NUMBER, "text": "TKT-1001 ist spät\nAn ops_manager."}
    assert first.headers["idempotency-key"] == "n-1"
    assert first.headers["authorization"] == "Bearer hunter2"
    assert first.headers["x-account"] == "rodistaa"
    assert second.headers["idempotency-key"] == "n-2"
    assert peer.connections == 1


def test_the_body_is_the_operators() -> None:
    template = {
        "from": "RODSTA",
        "messages": [{"to": "{to}", "body": "{text}", "ref": "{kind}/{ticket_id}/{dedupe_key}", "flash": False}],
        "{unknown}": "{unknown}",
    }
    with http_server(accept) as peer, provider(peer.port, body=template).session() as send:
        send(message("n-1", NUMBER, title="{to}", body='"}{kind}'))
    assert json.loads(peer.requests[0].body) == {
        "from": "RODSTA",
        "messages": [{"to": NUMBER, "body": '{to}\n"}{kind}', "ref": "ESCALATED/TKT-1001/n-1", "flash": False}],
        "{unknown}": "{unknown}",
    }


def test_a_long_text_is_cut() -> None:
    with http_server(accept) as peer, provider(peer.port).session() as send:
        send(message("n-1", NUMBER, body="x" * 5000))
    text = json.loads(peer.requests[0].body)["text"]
    assert len(text) == 320
    assert text.endswith("…")


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (400, True),
        (413, True),
        (422, True),
        (401, False),
        (403, False),
        (404, False),
        (409, False),
        (302, False),
        (500, False),
    ],
)
def test_refusals(status: int, permanent: bool) -> None:
    statuses = [status, 200]
    with (
        http_server(lambda handler: handler.reply(statuses.pop(0), NUMBER.encode())) as peer,
        provider(peer.port, token="hunter2").session() as send,
    ):
        failure = failure_of(send, message("n-1", NUMBER))
        send(message("n-2", NUMBER))
    assert failure.permanent is permanent
    assert str(status) in failure.message


def test_how_long_to_wait() -> None:
    with (
        http_server(lambda handler: handler.reply(429, Retry_After="45")) as peer,
        provider(peer.port).session() as send,
    ):
        failure = failure_of(send, message("n-1", NUMBER))
    assert (failure.permanent, failure.retry_after) == (False, timedelta(seconds=45))


@pytest.mark.parametrize("answer", [Handler.hang, lambda handler: handler.drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n")])
def test_a_provider_that_is_too_slow(answer: Any) -> None:
    with http_server(answer) as peer, provider(peer.port, seconds=0.3).session() as send:
        for number in range(2):
            failure = failure_of(send, message(f"n-{number}", NUMBER))
            assert (failure.permanent, failure.message) == (False, "The SMS provider did not answer within 0.3 s.")
    assert peer.connections == 2


def test_over_tls(tmp_path: Path) -> None:
    tls = Tls(tmp_path)
    with http_server(accept, tls.server) as peer:
        url = f"https://localhost:{peer.port}/"
        with HttpSmsProvider(url, timeout_seconds=20, tls=tls.client).session() as send:
            send(message("n-1", NUMBER))
        with HttpSmsProvider(url, timeout_seconds=20).session() as send:
            failure = failure_of(send, message("n-2", NUMBER))
    assert failure.message.startswith("The SMS provider has no valid certificate: ")
    assert len(peer.requests) == 1
