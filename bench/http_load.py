"""Closed-loop callers over HTTP/1.1: whole requests made before, one connection for each caller, kept alive."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.load import DEADLINE_SECONDS, Channels

_RECEIVED_BYTES = 256 * 1024
_LENGTH = b"content-length: "


@dataclass(frozen=True)
class HttpWork:
    """Requests whose answers say their length, as all do that are no streams."""

    target: str
    bodies: Sequence[bytes]
    """Whole requests, head and all."""

    @contextmanager
    def caller(self, _channels: Channels, _number: int) -> Iterator[Callable[[bytes], object]]:
        """A connection for a round: between rounds the gateway would close it as idle."""
        host, _, port = self.target.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield lambda request: ask(connection, request)

    def __str__(self) -> str:
        return f"{self.bodies[0].partition(b'?')[0][:80].decode(errors='replace')} on {self.target}"


def get(path: str, token: str, **headers: str) -> bytes:
    """A request as ``HttpWork`` takes it."""
    lines = {"Host": "gateway", "Authorization": f"Bearer {token}", **headers}
    return "\r\n".join(
        [f"GET {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in lines.items()), "", ""]
    ).encode()


def ask(connection: socket.socket, request: bytes) -> bytes:
    """The body of the answer. Raises OSError, also for an answer that is no success."""
    connection.sendall(request)
    answer = _more(connection)
    while (head := answer.find(b"\r\n\r\n")) < 0:
        answer += _more(connection)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise OSError(answer.decode(errors="replace"))
    at = answer.index(_LENGTH) + len(_LENGTH)
    missing = head + 4 + int(answer[at : answer.index(b"\r", at)]) - len(answer)
    pieces = [answer[head + 4 :]]
    while missing > 0:
        pieces.append(_more(connection))
        missing -= len(pieces[-1])
    return b"".join(pieces)


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(_RECEIVED_BYTES)
    if not received:
        raise ConnectionResetError("the gateway has closed the connection")
    return received
