"""Connections that say nothing, or too much, before there is a request."""

import sys
from asyncio import Event, TimerHandle, Transport
from collections.abc import Callable
from datetime import timedelta

import grpc
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.errors import error_of, make_status, status_json
from gateway.response_headers import ResponseHeaders, headers_of_all

HEAD_SECONDS = 20.0
"""How long the line and the headers of a request may take, from its first byte, or from the connection's start."""
HEAD_BYTES = 64 * 1024
HEADERS = 100
"""Lines of one head, and of what may follow a body in pieces."""
AHEAD = 100
"""Requests that may come before the answers to earlier ones have been taken. A quarter of a megabyte can hold 14 000 of
the shortest."""
STALL_SECONDS = 600.0
"""How long a client may take nothing of what waits for it. TICKETS_HTTP_STALL_SECONDS, which is never more, ends
streams and downloads before; this is for what is written at once, and for requests that wait behind it."""
FLUSH_SECONDS = 60.0
"""How long a client may take for the rest of an answer when its connection is to be closed."""

_NO_REQUEST = ("HTTP/1.1 400 Bad Request", "This is no HTTP request.")
_TOO_LARGE = (
    "HTTP/1.1 431 Request Header Fields Too Large",
    f"The head of the request is longer than {HEAD_BYTES} bytes or {HEADERS} lines.",
)
_TWO_MEANINGS = (
    "HTTP/1.1 400 Bad Request",
    "A request has one Host, and no Upgrade with a body: only HTTP/1.1 is spoken here.",
)

_crowded = error_of(
    make_status(
        grpc.StatusCode.UNAVAILABLE,
        "DEPENDENCY_UNAVAILABLE",
        "The gateway has as many connections as it takes. Try again.",
        retry_after=timedelta(seconds=1),
    )
)
_CROWDED = ResponseHeaders(
    Response(
        status_json(_crowded.status),
        _crowded.http_status,
        {**_crowded.headers, "Connection": "close"},
        media_type="application/json",
    )
)

CUT_OFF = "tickets.cut_off"
"""Name of the ASGI extension that ends a connection at once: a call without arguments."""
DRAINING = "tickets.draining"
"""Name of the ASGI extension that says that the gateway is to stop: an event, for answers that have no end."""


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's, with the limits that it leaves to a proxy: a connection is closed when the head of a request takes
    too long or too much. The time a body may take is up to who reads it."""

    refused: Callable[[str], None] = staticmethod(lambda _reason: None)
    """Told why, of what is refused here, before there is a request; see ``counting``."""

    _patience: TimerHandle | None = None
    _stall: TimerHandle | None = None
    _unread_bytes = 0
    _kept_bytes = 0
    _refusal = _NO_REQUEST

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._draining = Event()
        # uvicorn would refuse by itself, in words that are no JSON.
        self._most_connections = self.limit_concurrency or sys.maxsize
        self.limit_concurrency = None
        self._await_head()

    def data_received(self, data: bytes) -> None:
        # The next head may come while an answer is still under way, and more headers behind a body in pieces: whatever
        # is not a body is counted, but for the rest of the read that the head, or a piece of a body, ends in.
        self._unread_bytes += len(data)
        if self._between_requests() and self._patience is None:
            self._await_head()
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._between_requests():
            self._head_is_over()
        if self._unread_bytes > HEAD_BYTES:
            if self._between_requests():
                self._refusal = _TOO_LARGE
                self.send_400_response("")
            else:
                self.transport.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        # All of it may have come in one read.
        self._kept_bytes += len(name) + len(value)
        if len(self.headers) > HEADERS or self._kept_bytes + len(self.url) > HEAD_BYTES:
            self._refusal = _TOO_LARGE
            raise ValueError("too many headers")  # which the parser takes for a request that is none

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words, which are no JSON
        """For what is no request, or one whose head is too large."""
        if self.transport.is_closing():
            return
        line, text = self._refusal
        self.refused("too_large" if self._refusal is _TOO_LARGE else "malformed")
        body = status_json(make_status(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", text))
        headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
        lines = [line, *(f"{name}: {value}" for name, value in {**headers, **headers_of_all()}.items()), "", ""]
        self.transport.write("\r\n".join(lines).encode() + body)
        self.transport.close()

    def on_headers_complete(self) -> None:
        self._unread_bytes = 0
        if self._has_two_meanings():
            self._refusal = _TWO_MEANINGS
            raise ValueError("two meanings")
        if len(self.pipeline) >= AHEAD:
            self.refused("ahead")
            self.transport.abort()
            raise ValueError("too many requests ahead of their answers")
        served = self.app
        if len(self.connections) > self._most_connections:
            self.refused("connections")
            self.app = _CROWDED
        super().on_headers_complete()
        self.app = served

    def on_body(self, body: bytes) -> None:
        if not self._between_requests():
            self._unread_bytes = 0
        super().on_body(body)

    def on_message_begin(self) -> None:
        """Nothing but an abort ends a connection whose client takes no more of what is written to it."""
        super().on_message_begin()
        self._kept_bytes = 0
        extensions = {CUT_OFF: self.transport.abort, DRAINING: self._draining}
        self.scope["extensions"] = extensions  # type: ignore[typeddict-item]  # uvicorn's are dicts

    def shutdown(self) -> None:
        """Called when the gateway stops."""
        self._draining.set()
        super().shutdown()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._has_taken()

    def _await_taking(self) -> None:
        self._has_taken()
        left = self.transport.get_write_buffer_size()
        self._stall = self.loop.call_later(STALL_SECONDS, self._abort_unless_below, left)

    def _abort_unless_below(self, left: int) -> None:
        if self.transport.get_write_buffer_size() >= left:
            self.transport.abort()
        else:
            self._await_taking()

    def _has_taken(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._has_taken()
        self._head_is_over()
        super().connection_lost(exc)

    def _has_two_meanings(self) -> bool:
        """The parser leaves the body of a request that asks for another protocol unread, and would take it for the
        next request: one that nobody but its sender knows of, such as a proxy with connections of many clients."""
        names = [name for name, _ in self.headers]
        has_body = b"transfer-encoding" in names or any(
            name == b"content-length" and value.strip(b"0") for name, value in self.headers
        )
        return names.count(b"host") > 1 or (has_body and self.parser.should_upgrade())

    def _between_requests(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn does not say that there may be none
        return cycle is None or cycle.response_complete

    def _await_head(self) -> None:
        self._patience = self.loop.call_later(HEAD_SECONDS, self._close)

    def _head_is_over(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def timeout_keep_alive_handler(self) -> None:
        """Closing waits for what is written to be taken, for ever; that has an end here."""
        self._close()

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
            if self.transport.get_write_buffer_size() > 0:
                self.loop.call_later(FLUSH_SECONDS, self.transport.abort)


def counting(refused: Callable[[str], None]) -> type[BoundedConnection]:
    """The same, which tells what it refuses."""
    return type("CountedConnection", (BoundedConnection,), {"refused": staticmethod(refused)})
