"""Signed uploads and downloads of the local store, over HTTP: bodies stream between socket and disk.

What a request may do is decided by the store's adapter; here it meets clients that stall, go away, or send what they
should not. All work on the disk is done by a bounded number of threads.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import anyio
import structlog
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.connections import CUT_OFF
from gateway.request_bodies import BodyStalled, ClientGone, RequestBody
from server.adapters.objectstore.local_requests import LocalRequests, SignedGet, SignedPut
from server.adapters.objectstore.refusal import StoreRefusal

_log = structlog.get_logger("gateway.files")

T = TypeVar("T")

_THREADS = 16
_PIECE = 64 * 1024
"""Given to a client at a time; it has taken one when the next is asked for."""


class Files:
    """An ASGI app for all paths below the bucket's.

    ``stall_seconds`` is how long a client may take for the next 64 KiB, either way, before it is cut off. Of an upload
    that ended early, for whatever reason, nothing is left.
    """

    def __init__(self, requests: LocalRequests, *, stall_seconds: float) -> None:
        self._requests = requests
        self._stall_seconds = stall_seconds
        self._threads = anyio.CapacityLimiter(_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = RequestBody(receive, self._stall_seconds)
        try:
            permitted = await self._permitted(Request(scope))
            if isinstance(permitted, SignedGet):
                await self._give(permitted, scope, receive, send)
                return
            etag = await self._take(permitted, body)
        except StoreRefusal as refusal:
            await _refuse(refusal, body if scope["method"] == "PUT" else None, scope, receive, send)
        except BodyStalled:
            stalled = StoreRefusal(400, "RequestTimeout", "The body did not go on in time.")
            await _refuse(stalled, body, scope, receive, send)
        except ClientGone:
            return
        else:
            await Response(headers={"ETag": etag})(scope, receive, send)

    async def _permitted(self, request: Request) -> SignedPut | SignedGet:
        headers: dict[str, str] = {}
        for name, value in request.headers.items():
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        if "transfer-encoding" in headers:
            raise StoreRefusal(411, "MissingContentLength", "Content-Length is needed, and no Transfer-Encoding.")
        return await self._in_thread(
            lambda: self._requests.authorize(
                request.method,
                request.scope["raw_path"].decode("latin-1"),
                request.scope["query_string"].decode("latin-1"),
                headers,
                datetime.now(UTC),
            )
        )

    async def _take(self, upload: SignedPut, body: RequestBody) -> str:
        """Store the body; gives the etag."""
        writer = await self._in_thread(upload.open_writer)
        try:
            async for chunk in body.chunks():
                await self._in_thread(partial(writer.write, chunk))
            return await self._in_thread(writer.finish)
        finally:
            writer.abort()  # not in a thread: when the process ends none may be left for it, and it is quick

    async def _give(self, download: SignedGet, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, unless the client goes away or takes no more of it."""
        async with anyio.create_task_group() as together:

            async def stop_when_gone() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                together.cancel_scope.cancel()

            together.start_soon(stop_when_gone)
            try:
                await self._send_file(download, send)
            except TimeoutError:
                scope["extensions"][CUT_OFF]()
            finally:
                download.close()
            together.cancel_scope.cancel()

    async def _send_file(self, download: SignedGet, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": download.status,
                "headers": [(name.lower().encode(), value.encode()) for name, value in download.headers.items()],
            }
        )
        chunks: Iterator[bytes] = download.chunks()
        while (chunk := await self._in_thread(lambda: next(chunks, b""))) != b"":
            for start in range(0, len(chunk), _PIECE):
                await self._send_piece(send, chunk[start : start + _PIECE], more=True)
        await self._send_piece(send, b"", more=False)

    async def _send_piece(self, send: Send, piece: bytes, *, more: bool) -> None:
        """Returns when what was sent before is taken, but for a little. Raises TimeoutError."""
        async with asyncio.timeout(self._stall_seconds):
            await send({"type": "http.response.body", "body": piece, "more_body": more})

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Its result. A client that goes away does not end it half-way, so a file is in one thread at a time; the end
        of the process does."""
        return await run_sync(work, limiter=self._threads)


async def _refuse(refusal: StoreRefusal, body: RequestBody | None, scope: Scope, receive: Receive, send: Send) -> None:
    """``body`` is what the client may still be sending."""
    if refusal.__cause__ is not None:
        _log.error("the file store failed", code=refusal.code, cause=repr(refusal.__cause__))
    headers = {"Content-Type": "application/xml", **refusal.headers}
    if body is None:
        await Response(refusal.xml(), refusal.status, headers)(scope, receive, send)
        return
    answer = Response(refusal.xml(), refusal.status, {**headers, "Connection": "close"})
    await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    await body.discard()
    await send({"type": "http.response.body", "body": b"", "more_body": False})
