"""The page for probers: what it says, and that one who gives up is no news."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from prometheus_client import CollectorRegistry

from server.metrics_http import MetricsServer
from tests.waiting import eventually


@contextmanager
def page(healthy: Callable[[], bool]) -> Iterator[int]:
    server = MetricsServer("127.0.0.1", 0, CollectorRegistry(), healthy)
    try:
        yield server.port
    finally:
        server.close()


def status(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(("healthy", "expected"), [(True, 200), (False, 503)])
def test_healthz_says_what_it_is_told(healthy: bool, expected: int) -> None:
    with page(lambda: healthy) as port:
        assert status(port, "/healthz") == expected
        assert (status(port, "/metrics"), status(port, "/")) == (200, 404)


def test_a_prober_that_gives_up_leaves_no_trace(capfd: pytest.CaptureFixture[str]) -> None:
    asked, gone = threading.Event(), threading.Event()

    def healthy() -> bool:
        asked.set()
        return gone.wait(10)

    with page(healthy) as port:
        prober = socket.create_connection(("127.0.0.1", port))
        prober.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert asked.wait(10)
        prober.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with a reset
        prober.close()
        gone.set()
        eventually(
            lambda: not any("process_request" in thread.name for thread in threading.enumerate()),
            what="the end of the request",
        )
    assert capfd.readouterr() == ("", "")


def test_other_errors_are_written_down(capfd: pytest.CaptureFixture[str]) -> None:
    def healthy() -> bool:
        raise ValueError("a defect")

    with page(healthy) as port, pytest.raises(ConnectionError):
        status(port, "/healthz")
    assert "a defect" in capfd.readouterr().err
