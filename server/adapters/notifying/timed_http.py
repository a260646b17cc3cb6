"""HTTP POST with one deadline for everything: name, connection, TLS, request and answer.

Proxies from the environment are not used, redirects are not followed.
"""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from server.adapters.notifying.timed_sockets import (
    Deadline,
    Resolve,
    TimedSocket,
    connect,
    resolve_within,
    start_tls,
    system_resolve,
)

_STALE = (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status, headers, and as much of the body as was asked for."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes = field(repr=False)


class HttpOrigin:
    """One scheme, host and port; the connection is kept for the next request. Not for several threads at once."""

    def __init__(
        self, scheme: str, host: str, port: int, *, tls: ssl.SSLContext, resolve: Resolve = system_resolve
    ) -> None:
        """``resolve`` is asked once for each connection, and what it gives is all that is connected to."""
        self._scheme = scheme
        self._host = host
        self._port = port
        self._tls = tls
        self._resolve = resolve
        self._kept: tuple[http.client.HTTPConnection, TimedSocket] | None = None

    def post(
        self, resource: str, headers: Mapping[str, str], body: bytes, deadline: Deadline, *, read_at_most: int
    ) -> HttpAnswer:
        """The answer, whatever its status, with at most so many bytes of its body. OSError or HTTPException when there
        is none within the deadline."""
        if self._kept is not None:
            try:
                return self._exchange(resource, headers, body, deadline, read_at_most)
            except _STALE:
                pass  # closed by the other side since the last request, as it may
        self._connect(deadline)
        return self._exchange(resource, headers, body, deadline, read_at_most)

    def close(self) -> None:
        """Ends the connection, if there is one; the next request makes another."""
        if self._kept is not None:
            self._kept[0].close()
            self._kept = None

    def _connect(self, deadline: Deadline) -> None:
        addresses = resolve_within(deadline, self._resolve, self._host, self._port)
        sock = connect(addresses, deadline)
        if self._scheme == "https":
            sock = start_tls(sock, self._tls, self._host, deadline)
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.default_port = 443 if self._scheme == "https" else 80  # which the Host header leaves out
        connection.auto_open = 0
        connection.sock = sock
        self._kept = connection, sock

    def _exchange(
        self, resource: str, headers: Mapping[str, str], body: bytes, deadline: Deadline, read_at_most: int
    ) -> HttpAnswer:
        assert self._kept is not None  # noqa: S101 - tells the type checker
        connection, sock = self._kept
        reusable = False
        try:
            sock.deadline = deadline
            connection.request("POST", resource, body, {"Accept": "*/*", **headers})
            with connection.getresponse() as response:
                answer = HttpAnswer(response.status, response.headers, response.read(read_at_most))
                reusable = response.isclosed() and not response.will_close
            return answer
        finally:
            if not reusable:
                self.close()


def origin_of(url: str, *, tls: ssl.SSLContext) -> tuple[HttpOrigin, str]:
    """The origin and the resource of an http(s) URL that an operator configured. ValueError when it is none."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http or https address")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return HttpOrigin(parts.scheme, parts.hostname, port, tls=tls), resource
