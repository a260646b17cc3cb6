"""An object store that does as each test says, on a port of its own."""

import hashlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rodistaa.tickets.client import Backoff, TransferOptions
from rodistaa.tickets.v1.attachment_pb2 import SignedRequest

AT_ONCE = TransferOptions(
    attempts=4,
    silence=timedelta(seconds=10),
    backoff=Backoff(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=5)),
)
DENIED = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


@dataclass(frozen=True)
class Asked:
    """A request as the store got it."""

    method: str
    path: str
    headers: Mapping[str, str]


class Asking(BaseHTTPRequestHandler):
    """A request, and what may be answered to it."""

    def reply(self, status: int, body: bytes | str = b"", length: int | None = None, **headers: str) -> None:
        """Says that the body has ``length`` bytes, whether or not it has; the connection is closed after it."""
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("content-length", str(len(content) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def body(self) -> bytes:
        """What was uploaded."""
        return self.rfile.read(int(self.headers["content-length"]))

    @property
    def start(self) -> int:
        """The first byte of a GET's range."""
        return int((self.headers["range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))

    def log_message(self, *_: object) -> None:
        """Quiet."""


Answer = Callable[[Asking], None]


@dataclass
class Store:
    """Runs ``answers`` one after the other, the last one for all requests after it."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    signed: int = 0

    def handle(self, asking: Asking) -> None:
        self.asked.append(Asked(asking.command, asking.path, {k.lower(): v for k, v in asking.headers.items()}))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer(asking)

    def sign(self, method: str, **headers: str) -> SignedRequest:
        """Each differs from the one before, as signatures do."""
        self.signed += 1
        return SignedRequest(
            method=method,
            url=f"{self.url}/bucket/key?X-Amz-Signature=secret-{self.signed}",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that leave early are what some tests are about; anything else is a defect of a test."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as it was given


@contextmanager
def running_store() -> Iterator[Store]:
    store = Store()

    class Handler(Asking):
        def do_GET(self) -> None:
            store.handle(self)

        def do_PUT(self) -> None:
            store.handle(self)

    server = _Quiet(("127.0.0.1", 0), Handler)
    store.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
