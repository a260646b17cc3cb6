"""Server streams as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

One message is under way at a time: the next is asked for when the socket has taken the last, so that a client that
reads slowly is slow for the gRPC server too, which ends the stream by its own limits.
"""

import asyncio
from asyncio import Task, TimerHandle
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractContextManager, aclosing, suppress
from datetime import timedelta
from functools import cache
from typing import cast

import google.rpc.error_details_pb2 as error_details
import google.rpc.status_pb2 as rpc_status
import grpc
from google.protobuf.message import Message
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from gateway.connections import CUT_OFF, DRAINING
from gateway.contract import Rpc
from gateway.errors import make_status, status_json
from gateway.json_codec import to_json
from gateway.resuming import EventKinds
from gateway.upstream import Metadata, Upstream, UpstreamError

OPENING_SECONDS = 1.0
"""How long a first event, or an error that becomes the HTTP status, is waited for."""
HEARTBEAT_SECONDS = 10.0
"""Of silence, after which a comment says that the connection is alive."""
LAST_WORDS_SECONDS = 2.0
"""How long a client may take for what is left when the gateway stops, or the session has ended."""
RETRY = timedelta(seconds=1)
"""After which browsers come back when a stream has ended."""
_SHUTTING_DOWN = make_status(
    grpc.StatusCode.UNAVAILABLE,
    "SHUTTING_DOWN",
    "The gateway is stopping. Resume the stream.",
    retry_after=timedelta(milliseconds=100),
)
_SESSION_OVER = make_status(
    grpc.StatusCode.FAILED_PRECONDITION,
    "SESSION_CHANGED",
    "The session that this stream was opened with has ended, or has become another one.",
)
_PASSING = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED})
"""Errors that waiting helps against."""
_COMMENT = b":\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class EventStreams:
    """Serves streams, any number at a time, each in the task of its request.

    ``watched`` gives an event that is set when the session that a request came with is over. ``stall_seconds`` is how
    long a client may take none of what is written to it before its connection is cut.
    """

    def __init__(
        self,
        upstream: Upstream,
        watched: Callable[[Request], AbstractContextManager[asyncio.Event]],
        *,
        stall_seconds: float,
    ) -> None:
        self._upstream = upstream
        self._watched = watched
        self._stall_seconds = stall_seconds

    async def serve(  # noqa: PLR0917 - as ASGI apps take theirs
        self, rpc: Rpc, request: Message, metadata: Metadata, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer one request; its body must have been read.

        Raises BadRequest, and UpstreamError for an error before the first event, while there is no answer yet.
        """
        kinds = kinds_of(rpc)
        last_event_id = _last_event_id(scope)
        if last_event_id:
            kinds.resume(request, last_event_id)
        stream = _Stream(kinds, scope, send, self._stall_seconds)
        messages = cast("AsyncGenerator[Message, None]", self._upstream.stream(rpc, request, metadata=metadata))
        with self._watched(Request(scope)) as over:
            async with aclosing(messages):
                await self._relay(messages, stream, receive, over, resumes=bool(last_event_id))

    async def _relay(
        self,
        messages: AsyncIterator[Message],
        stream: "_Stream",
        receive: Receive,
        session_over: asyncio.Event,
        *,
        resumes: bool,
    ) -> None:
        draining: asyncio.Event = stream.scope["extensions"][DRAINING]
        gone = asyncio.create_task(_until_gone(receive))
        endings = {
            asyncio.create_task(session_over.wait()): _SESSION_OVER,
            asyncio.create_task(draining.wait()): _SHUTTING_DOWN,
        }
        for ending in endings:
            # A stream that ended by itself cancels the tasks; its connection is for other requests then.
            ending.add_done_callback(lambda task: None if task.cancelled() else stream.must_end_soon())
        coming: Task[Message | None] = asyncio.create_task(_next(messages))
        try:
            while True:
                patience = HEARTBEAT_SECONDS if stream.begun else OPENING_SECONDS
                await asyncio.wait({coming, gone, *endings}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return
                status = next((status for ending, status in endings.items() if ending.done()), None)
                if status is not None:
                    await stream.end(status)
                    return
                if not coming.done():
                    await stream.comment()
                    continue
                try:
                    message = coming.result()
                except UpstreamError as error:
                    if not stream.begun and not (resumes and error.code in _PASSING):
                        raise
                    await stream.end(error.status)
                    return
                if message is None or stream.is_head:
                    await stream.end()
                    return
                await stream.event(message)
                coming = asyncio.create_task(_next(messages))
        except TimeoutError:
            stream.cut_off()
        finally:
            stream.close()
            for task in (coming, gone, *endings):
                task.cancel()
            for task in (coming, gone, *endings):
                with suppress(asyncio.CancelledError, UpstreamError):
                    await task


class _Stream:
    """What is written to one client. Its methods raise TimeoutError when that takes nothing for too long."""

    def __init__(self, kinds: EventKinds, scope: Scope, send: Send, stall_seconds: float) -> None:
        self.scope = scope
        self.begun = False
        self.is_head = scope["method"] == "HEAD"
        self._kinds = kinds
        self._send = send
        self._stall_seconds = stall_seconds
        self._last: TimerHandle | None = None

    async def event(self, message: Message) -> None:
        """An event, with its id, name and data."""
        name, place = self._kinds.name_of(message), self._kinds.id_of(message)
        await self._write(
            b"".join(
                (
                    b"id: %b\n" % place.encode() if place else b"",
                    b"event: %b\n" % name.encode() if name else b"",
                    b"data: %b\n\n" % to_json(message),
                )
            )
        )

    async def comment(self) -> None:
        """Nothing new; the connection is alive."""
        await self._write(_COMMENT)

    async def end(self, status: rpc_status.Status | None = None) -> None:
        """Say why, and when to come back, and end it."""
        last = b""
        if status is not None:
            last = _retry(_retry_of(status)) + b"event: error\ndata: %b\n\n" % status_json(status)
        await self._write(last, more=False)

    def cut_off(self) -> None:
        """End the connection, whatever it has not taken."""
        self.scope["extensions"][CUT_OFF]()

    def must_end_soon(self) -> None:
        """From now on the client has only little time, whatever else is the matter."""
        if self._last is not None:
            return
        self._last = asyncio.get_running_loop().call_later(LAST_WORDS_SECONDS, self.cut_off)

    def close(self) -> None:
        """It is over."""
        if self._last is not None:
            self._last.cancel()

    async def _write(self, frames: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(self._stall_seconds):
            if not self.begun:
                self.begun = True
                await self._send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
                frames = _retry(RETRY) + b"\n" + frames
            await self._send({"type": "http.response.body", "body": frames, "more_body": more})


@cache
def kinds_of(rpc: Rpc) -> EventKinds:
    """Found once for each RPC."""
    return EventKinds.of(rpc)


def _last_event_id(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"last-event-id"), "")


def _retry(pause: timedelta) -> bytes:
    return b"retry: %d\n" % (pause // timedelta(milliseconds=1))


def _retry_of(status: rpc_status.Status) -> timedelta:
    """What the status itself asks for."""
    info = error_details.RetryInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return info.retry_delay.ToTimedelta()
    return RETRY


async def _next(messages: AsyncIterator[Message]) -> Message | None:
    return await anext(messages, None)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
