"""Keys from an address: a real HTTP server where the network matters, a function where time does."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from server.adapters.identity.jwks_url import JwksUrl, fetch_bytes, require_safe
from server.adapters.identity.tokens import JwtVerifier
from server.domain.errors import Unauthenticated, Unavailable
from tests.unit.identity.keys import AUDIENCE, Clock, KeyPair, jwks

OLD, NEW = KeyPair.make(kid="old"), KeyPair.make(kid="new")
URL = "https://login.rodistaa.example/jwks.json"


class Provider:
    """An identity provider as a function; ``fetched`` is set after each answer."""

    def __init__(self, *keys: KeyPair) -> None:
        self.answer: str | Exception = jwks(*keys)
        self.count = 0
        self.fetched = threading.Semaphore(0)

    def __call__(self, url: str, timeout: float) -> bytes:
        self.count += 1
        try:
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer.encode()
        finally:
            self.fetched.release()


def source(provider: Provider, clock: Clock) -> JwksUrl:
    return JwksUrl(URL, max_age_seconds=300, fetch=provider, clock=clock)


def test_an_unknown_key_is_fetched_at_once_but_not_for_every_token() -> None:
    clock, provider = Clock(), Provider(OLD)
    verifier = JwtVerifier(source(provider, clock), audience=AUDIENCE, clock=clock)
    verifier.verify(OLD.sign())
    provider.answer = jwks(OLD, NEW)
    clock.now += 11
    assert verifier.verify(NEW.sign()).user_id == "asha"
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            verifier.verify(KeyPair.make(kid="nobody").sign())
    assert provider.count == 2


def test_keys_are_renewed_in_the_background() -> None:
    clock, provider = Clock(), Provider(OLD)
    keys = source(provider, clock)
    before = keys.current()
    provider.fetched.acquire(timeout=10)
    provider.answer = jwks(NEW)
    clock.now += 301
    assert keys.current() is before, "nobody waits for it"
    assert provider.fetched.acquire(timeout=10)
    for thread in threading.enumerate():
        if thread.name == "jwks-refresh":
            thread.join(10)
    after = keys.current()
    assert after.find("ES256", "new") is not None
    assert after.find("ES256", "old") is None


@pytest.mark.parametrize("failure", [OSError("connection refused"), TimeoutError(), "<html>", "{}"])
def test_the_last_good_keys_outlive_a_failure(failure: str | Exception) -> None:
    clock, provider = Clock(), Provider(OLD)
    keys = source(provider, clock)
    provider.answer = failure
    clock.now += 301
    assert keys.refreshed().find("ES256", "old") is not None
    assert provider.count == 2


def test_a_server_that_never_had_keys_asks_to_come_back() -> None:
    clock, provider = Clock(), Provider()
    provider.answer = OSError("no route")
    keys = source(provider, clock)
    with pytest.raises(Unavailable):
        keys.current()
    provider.answer = jwks(OLD)
    clock.now += 11
    assert keys.current().find("ES256", "old") is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://login.rodistaa.example/jwks.json",
        "http://10.0.0.1/jwks.json",
        "http://localhost.evil.example/jwks.json",
        "file:///etc/passwd",
        "ftp://login.rodistaa.example/",
        "https://",
        "",
    ],
)
def test_keys_must_be_authentic(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        require_safe(url)


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:8080/jwks", "http://localhost/jwks", "http://[::1]:1/jwks"])
def test_addresses_that_are_taken(url: str) -> None:
    require_safe(url)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/jwks":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(jwks(OLD).encode())
        elif self.path == "/long":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b" " * (1024 * 1024 + 1))
        elif self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "http://login.rodistaa.example/jwks")
            self.end_headers()
        else:
            self.send_error(503)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_over_http(address: str) -> None:
    assert JwksUrl(f"{address}/jwks").current().find("ES256", "old") is not None


def test_an_error_page_is_an_error(address: str) -> None:
    with pytest.raises(OSError, match="503"):
        fetch_bytes(f"{address}/away", 5.0)


def test_an_endless_answer_is_cut_off(address: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        fetch_bytes(f"{address}/long", 5.0)


def test_a_redirect_to_an_address_that_is_not_safe_is_not_followed(address: str) -> None:
    with pytest.raises(ValueError, match="https"):
        fetch_bytes(f"{address}/elsewhere", 5.0)
