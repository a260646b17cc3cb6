"""Connections on which a whole exchange has one deadline.

An ordinary socket timeout starts anew with each byte, so a peer that drips its answer could hold a worker for hours.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

SocketAddress = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family and what ``connect`` takes there."""

Resolve = Callable[[str, int], Sequence[SocketAddress]]
"""Addresses of a name, best first; OSError when there are none. May take long."""


class Deadline:
    """An instant by which something must be over."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, more than 0; TimeoutError when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline is over")
        return left

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self._at


class TimedSocket(socket.socket):
    """Raises TimeoutError from the calls that our protocols make once its deadline is over, however busy it is."""

    deadline: Deadline | None = None

    def _arm(self) -> None:
        if self.deadline is not None:
            self.settimeout(self.deadline.left())

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int | None = None, flags: int = 0) -> int:
        """What ``makefile`` reads by."""
        self._arm()
        if nbytes is None:  # means "as much as fits" to TLS, for which 0 is something else
            return super().recv_into(buffer, flags=flags)
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        """What TLS sends by."""
        self._arm()
        return super().send(data, flags)

    def sendall(self, data: "ReadableBuffer", flags: int = 0) -> None:
        """Within the deadline as a whole."""
        self._arm()
        super().sendall(data, flags)


class TimedTlsSocket(TimedSocket, ssl.SSLSocket):
    """The same over TLS."""


def client_tls() -> ssl.SSLContext:
    """Verifies certificates and host names against the system's authorities; its sockets are timed."""
    context = ssl.create_default_context()
    context.sslsocket_class = TimedTlsSocket
    return context


def system_resolve(host: str, port: int) -> Sequence[SocketAddress]:
    """By the system's resolver: hosts file, DNS, and whatever else it knows."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _kind, _protocol, _name, address in found]


def resolve_within(deadline: Deadline, resolve: Resolve, host: str, port: int) -> Sequence[SocketAddress]:
    """As ``resolve``, or TimeoutError: the system's resolver knows no time limit, so a thread waits for it."""
    found: list[Sequence[SocketAddress]] = []
    failed: list[OSError] = []

    def look() -> None:
        try:
            found.append(resolve(host, port))
        except OSError as error:
            failed.append(error)
        except UnicodeError:  # what the library makes of an empty or overlong label
            failed.append(socket.gaierror(socket.EAI_NONAME, "not a name"))

    thread = threading.Thread(target=look, name="resolve", daemon=True)
    thread.start()
    thread.join(deadline.left())
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError("the name server did not answer")
    return found[0]


def connect(addresses: Sequence[SocketAddress], deadline: Deadline) -> TimedSocket:
    """To the first address that answers. Each gets a fair part of the time, so that one that is silent does not cost
    the others theirs. OSError of the last one when none does."""
    failure: OSError = ConnectionError("there is no address to connect to")
    for position, (family, address) in enumerate(addresses):
        sock = TimedSocket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(deadline.left() / (len(addresses) - position))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
            continue
        sock.deadline = deadline
        return sock
    raise failure


def start_tls(sock: TimedSocket, context: ssl.SSLContext, host: str, deadline: Deadline) -> TimedTlsSocket:
    """Takes over ``sock``, which is closed on failure. ``context`` is one of ``client_tls``."""
    try:
        sock.settimeout(deadline.left())
        secured = context.wrap_socket(sock, server_hostname=host)
    except (OSError, ValueError):
        sock.close()
        raise
    assert isinstance(secured, TimedTlsSocket)  # noqa: S101 - tells the type checker what the context makes
    secured.deadline = deadline
    return secured
