"""The benchmark's readers of server-sent events come back as browsers do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from bench.followers import FollowedByHttp, Followers
from bench.http_load import get
from tests.waiting import eventually


class Answers:
    """Gives each connection in turn one answer, and ends it; keeps the requests."""

    def __init__(self, answers: list[bytes]) -> None:
        self.requests: list[bytes] = []
        self._answers = answers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.target = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        for answer in self._answers:
            connection, _ = self._socket.accept()
            with connection:
                self.requests.append(connection.recv(65536))
                connection.sendall(answer)


@pytest.fixture
def followers() -> Iterator[Followers]:
    with Followers() as followers:
        yield followers


def event(number: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\n\r\nid: %d\ndata: {}\n\n" % number


def test_a_stream_that_ends_is_resumed_after_its_last_event(followers: Followers) -> None:
    server = Answers([event(6), event(7), b"HTTP/1.1 404 Not Found\r\n\r\n"])
    followers.open(server.target, [FollowedByHttp(get("/watched", "token", Last_Event_ID="5"))])
    with pytest.raises(RuntimeError, match=r"stream 0 has ended: .*404"):
        eventually(lambda: followers.collect() is None, within=60, what="the end of the stream")
    server.close()
    ids = [line for request in server.requests for line in request.split(b"\r\n") if line.startswith(b"Last-Event-ID")]
    assert ids == [b"Last-Event-ID: 5", b"Last-Event-ID: 6", b"Last-Event-ID: 7"]
    assert all(request.endswith(b"\r\n\r\n") and request.startswith(b"GET /watched ") for request in server.requests)
