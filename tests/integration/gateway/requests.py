"""What a client of signed URLs does, byte by byte where that matters."""

import hashlib
import http.client
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from server.application.object_store import ObjectStore, SignedRequest, Upload

LIFETIME = timedelta(minutes=5)
SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; of a header that came twice, the lines."""
    body: bytes


def sign_upload(
    store: ObjectStore, body: bytes, *, key: str = "attachments/a/1", lifetime: timedelta = LIFETIME
) -> SignedRequest:
    """A PUT for the body."""
    upload = Upload(key, "text/plain", len(body), hashlib.sha256(body).digest())
    return store.sign_upload(upload, now=datetime.now(UTC), lifetime=lifetime)


def sign_download(store: ObjectStore, *, key: str = "attachments/a/1") -> SignedRequest:
    """A GET."""
    return store.sign_download(
        key, file_name="பில்.txt", content_type="text/plain", now=datetime.now(UTC), lifetime=LIFETIME
    )


def send(signed: SignedRequest, body: bytes | None = None, *, method: str | None = None, **headers: str) -> Answer:
    """Make the request. Further headers are written with _ for -."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(method or signed.method, signed.url, {**signed.headers, **more}, body)


def request(method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Answer:
    """One request on a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, _headers(response), response.read())
    finally:
        connection.close()


def _headers(response: http.client.HTTPResponse) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in response.getheaders():
        found[name.lower()] = f"{found[name.lower()]}\n{value}" if name.lower() in found else value
    return found


@contextmanager
def begun(signed: SignedRequest, *, without: str = "", **headers: str) -> Iterator[socket.socket]:
    """A connection on which the head of the request was sent, and nothing of the body."""
    parts = urlsplit(signed.url)
    kept = {name: text for name, text in signed.headers.items() if name.lower() != without}
    sent = {"Host": parts.netloc, **kept, **{name.replace("_", "-"): text for name, text in headers.items()}}
    lines = [
        f"{signed.method} {parts.path}?{parts.query} HTTP/1.1",
        *(f"{name}: {text}" for name, text in sent.items()),
    ]
    with socket.create_connection((parts.hostname, parts.port), timeout=SECONDS) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        yield connection


def answer_on(connection: socket.socket) -> Answer:
    """The next answer on it."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return Answer(response.status, _headers(response), response.read())


def seconds_until_closed(connection: socket.socket) -> float:
    """Reads until the other side ends it."""
    begun_at = time.monotonic()
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - begun_at
