"""A real HTTP server that answers as it is told, well or badly."""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

from tests.waiting import eventually


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes


@dataclass
class Peer:
    """The server's side: what it got, and when it must let go."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    server_names: list[str | None] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    """Given to the function that answers."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    peer: Peer
    answer: "Answer"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.peer.requests.append(Request(self.path, headers, body))
        try:
            self.answer(self)
        except OSError:
            self.close_connection = True  # the client went away

    def reply(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        """Whole, with names of headers written with underscores."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang(self) -> None:
        """Until the end of the test."""
        self.close_connection = True
        self.peer.closing.wait()

    def drip(self, start: bytes, piece: bytes) -> None:
        """``piece`` again and again, until the client goes away."""
        self.close_connection = True
        self.wfile.write(start)
        while not self.peer.closing.wait(0.05):
            self.wfile.write(piece)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the library
        """Not to stderr."""


Answer = Callable[[Handler], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    tls: ssl.SSLContext | None = None
    peer: Peer

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        self.peer.connections += 1
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that break off are what is tested."""


@contextlib.contextmanager
def http_server(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """On a free port of 127.0.0.1, until the end of the block."""
    peer = Peer()
    handler = type("_Handler", (Handler,), {"peer": peer, "answer": staticmethod(answer)})
    with _Server(("127.0.0.1", 0), handler) as server:
        server.peer, server.tls = peer, tls
        peer.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield peer
        finally:
            peer.closing.set()
            server.shutdown()
            eventually(lambda: not thread.is_alive())
