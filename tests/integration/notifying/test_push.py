"""Push messages against a server that plays Firebase Cloud Messaging and its sign-in."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from server.adapters.notifying.fcm import FcmProvider, ServiceAccount
from server.application.notifications.channels import DeliveryFailed, OutgoingMessage, Send
from tests.integration.notifying.http_server import Handler, Peer, http_server
from tests.integration.notifying.messages import message

KEY = rsa.generate_private_key(65537, 2048)
DEVICE = "device-token-which-is-personal"


def error(code: str, status: str = "") -> bytes:
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}] if code else []
    return json.dumps({"error": {"message": f"about {DEVICE}", "status": status, "details": details}}).encode()


@dataclass
class Fcm:
    """Its answers, in order; then 200. ``valid`` are the access tokens that it takes."""

    answers: list[Callable[[Handler], None]] = field(default_factory=list)
    sign_in: Callable[[Handler], None] | None = None
    given: int = 0
    valid: set[str] = field(default_factory=set)
    peer: Peer | None = None

    def __call__(self, handler: Handler) -> None:
        if handler.path == "/token":
            self._token(handler)
        elif handler.headers["Authorization"].removeprefix("Bearer ") not in self.valid:
            handler.reply(401, error("", "UNAUTHENTICATED"))
        elif self.answers:
            self.answers.pop(0)(handler)
        else:
            handler.reply(200, b'{"name": "projects/rodistaa/messages/1"}')

    def _token(self, handler: Handler) -> None:
        if self.sign_in is not None:
            self.sign_in(handler)
            return
        self.given += 1
        token = f"access-{self.given}"
        self.valid = {token}
        handler.reply(200, json.dumps({"access_token": token, "expires_in": 3600, "token_type": "Bearer"}).encode())

    def messages(self) -> list[dict[str, Any]]:
        assert self.peer is not None
        sent = [request for request in self.peer.requests if request.path != "/token"]
        assert {request.path for request in sent} <= {"/v1/projects/rodistaa/messages:send"}
        return [json.loads(request.body)["message"] for request in sent]


def provider(peer: Peer, seconds: float = 20.0) -> FcmProvider:
    url = f"http://127.0.0.1:{peer.port}"
    account = ServiceAccount("rodistaa", "push@rodistaa.example", f"{url}/token", "k1", KEY)
    return FcmProvider(account, timeout_seconds=seconds, url=url)


@pytest.fixture
def fcm() -> Iterator[Fcm]:
    service = Fcm()
    with http_server(service) as peer:
        service.peer = peer
        yield service


@pytest.fixture
def push(fcm: Fcm) -> FcmProvider:
    assert fcm.peer is not None
    return provider(fcm.peer)


def failure_of(send: Send, outgoing: OutgoingMessage) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        send(outgoing)
    assert DEVICE not in caught.value.message
    assert "access-" not in caught.value.message
    return caught.value


def answering(status: int, body: bytes, **headers: str) -> Callable[[Handler], None]:
    return lambda handler: handler.reply(status, body, **headers)


def test_what_is_sent(fcm: Fcm, push: FcmProvider) -> None:
    with push.session() as send:
        send(message("n-1", DEVICE, title="Überfällig", body="Zeile\nzwei", is_critical=True))
        send(message("n-2", DEVICE))
    first, second = fcm.messages()
    assert first["token"] == DEVICE
    assert first["notification"] == {"title": "Überfällig", "body": "Zeile\nzwei"}
    assert first["data"] == {"dedupe_key": "n-1", "ticket_id": "TKT-1001", "kind": "ESCALATED"}
    assert first["android"] == {"priority": "HIGH", "notification": {"tag": "n-1"}}
    assert first["apns"]["headers"] == {"apns-collapse-id": "n-1", "apns-priority": "10"}
    assert second["android"]["priority"] == "NORMAL"
    assert fcm.peer is not None
    assert fcm.peer.connections == 2, "one for the sign-in, one for the batch"


def test_how_we_sign_in(fcm: Fcm, push: FcmProvider) -> None:
    for _ in range(3):
        with push.session() as send:
            send(message("n-1", DEVICE))
    assert fcm.given == 1, "the access token is kept"
    assert fcm.peer is not None
    form = parse_qs(fcm.peer.requests[0].body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    url = f"http://127.0.0.1:{fcm.peer.port}/token"
    claims = jwt.decode(form["assertion"][0], KEY.public_key(), ["RS256"], audience=url)
    assert (claims["iss"], claims["exp"] - claims["iat"]) == ("push@rodistaa.example", 3600)
    assert claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
    assert jwt.get_unverified_header(form["assertion"][0])["kid"] == "k1"


def test_an_access_token_that_is_refused_is_replaced(fcm: Fcm, push: FcmProvider) -> None:
    with push.session() as send:
        send(message("n-1", DEVICE))
        fcm.valid.clear()
        assert not failure_of(send, message("n-2", DEVICE)).permanent
        send(message("n-2", DEVICE))
    assert fcm.given == 2


@pytest.mark.parametrize(
    ("answer", "permanent", "text"),
    [
        ((404, error("UNREGISTERED", "NOT_FOUND")), True, "The device is no longer registered for push messages."),
        ((403, error("SENDER_ID_MISMATCH")), True, "The device token belongs to another push project."),
        (
            (400, error("INVALID_ARGUMENT")),
            True,
            "The push service refused the device token or the message (400 INVALID_ARGUMENT).",
        ),
        ((403, error("", "PERMISSION_DENIED")), False, "The push service refused our account (403 PERMISSION_DENIED)."),
        ((404, error("", "NOT_FOUND")), False, "The push service refused our account (404 NOT_FOUND)."),
        ((500, error("INTERNAL")), False, "The push service failed (500 INTERNAL)."),
        ((502, b"<!DOCTYPE html>" + DEVICE.encode()), False, "The push service failed (502)."),
        ((500, b"[" * 50_000), False, "The push service failed (500)."),
        (
            (500, b'{"error": {"status": "<b>' + DEVICE.encode() + b'</b>", "details": 5}}'),
            False,
            "The push service failed (500).",
        ),
        ((302, b""), False, "The push service failed (302)."),
    ],
)
def test_refusals(fcm: Fcm, push: FcmProvider, answer: tuple[int, bytes], permanent: bool, text: str) -> None:
    fcm.answers.append(answering(*answer))
    with push.session() as send:
        failure = failure_of(send, message("n-1", DEVICE))
        send(message("n-2", DEVICE))
    assert (failure.permanent, failure.message) == (permanent, text)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {}, timedelta(seconds=60)),
        (429, {"Retry_After": "90"}, timedelta(seconds=90)),
        (503, {"Retry_After": "30"}, timedelta(seconds=30)),
        (503, {}, None),
    ],
)
def test_how_long_to_wait(
    fcm: Fcm, push: FcmProvider, status: int, headers: dict[str, str], wait: timedelta | None
) -> None:
    fcm.answers.append(answering(status, error("UNAVAILABLE"), **headers))
    with push.session() as send:
        failure = failure_of(send, message("n-1", DEVICE))
    assert (failure.permanent, failure.retry_after) == (False, wait)


@pytest.mark.parametrize(
    "sign_in",
    [
        answering(400, b'{"error": "invalid_grant"}'),
        answering(200, b"{}"),
        answering(200, b'{"access_token": "", "expires_in": 1}'),
        answering(503, b""),
    ],
)
def test_a_sign_in_that_fails(fcm: Fcm, push: FcmProvider, sign_in: Callable[[Handler], None]) -> None:
    fcm.sign_in = sign_in
    with push.session() as send:
        assert not failure_of(send, message("n-1", DEVICE)).permanent
        fcm.sign_in = None
        send(message("n-1", DEVICE))


@pytest.mark.parametrize("where", ["sign-in", "messages"])
def test_a_service_that_hangs(fcm: Fcm, where: str) -> None:
    if where == "sign-in":
        fcm.sign_in = Handler.hang
    else:
        fcm.answers = [Handler.hang] * 2
    assert fcm.peer is not None
    with provider(fcm.peer, seconds=0.3).session() as send:
        for number in range(2):
            failure = failure_of(send, message(f"n-{number}", DEVICE))
            assert failure.message == "The push service did not answer within 0.3 s."


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(fcm: Fcm, push: FcmProvider) -> None:
    def last(handler: Handler) -> None:
        handler.reply(200)
        handler.close_connection = True  # without saying so

    fcm.answers = [last, last]
    with push.session() as send:
        for number in range(3):
            send(message(f"n-{number}", DEVICE))
    assert len(fcm.messages()) == 3


def test_a_long_text_stays_below_the_limit(fcm: Fcm, push: FcmProvider) -> None:
    with push.session() as send:
        send(message("n-1", DEVICE, title="न" * 500, body="𝄞" * 20_000))
    [sent] = fcm.messages()
    assert sent["notification"]["title"].endswith("न…")
    assert sent["notification"]["body"].endswith("𝄞…")
    assert len(json.dumps(sent, ensure_ascii=False).encode()) < 4096
