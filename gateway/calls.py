"""One endpoint for every RPC that has an HTTP rule: from an HTTP request to the server and back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol, TypeAlias, cast

import grpc
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from google.protobuf.message import Message
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from gateway.answers import Answer
from gateway.call_context import headers_of, request_id_of, timeout_of, trace_of
from gateway.client_address import ClientAddress
from gateway.conditions import conditions_of, is_known
from gateway.contract import Rpc
from gateway.errors import REQUEST_ID_HEADER, HttpError, error_of, make_status
from gateway.json_codec import field_to_json, to_json
from gateway.metrics import observed
from gateway.refusals import bad_request, error_for, reason_of, refuse, require_short
from gateway.request_bodies import ClientGone, RequestBody
from gateway.requests import to_request
from gateway.routes import Route, Router, WrongMethod
from gateway.upstream import Metadata, Upstream, UpstreamError

Identify: TypeAlias = Callable[[Request], Awaitable[Metadata]]
"""Who calls, as metadata for the server; empty for nobody. Raises HttpError to refuse."""
Vouch: TypeAlias = Callable[[Metadata], Awaitable[None]]
"""Raises HttpError or UpstreamError for a caller that the server does not know."""

_URL_BYTES = 32 * 1024
_QUICK_BODY = 8 * 1024
"""What is longer is read by another thread: of tiny values it takes long, and all other callers would wait."""
_QUICK_ANSWER = 64 * 1024
"""The same for answers, by the size of the message: a page of tickets may be full of somebody's tiny values."""
_SMALL_BODY = 64 * 1024
_LARGE_BODIES = 32
"""More than this many at a time would be memory that clients can take for the asking."""
_TOO_MANY_BODIES = make_status(
    grpc.StatusCode.UNAVAILABLE,
    "DEPENDENCY_UNAVAILABLE",
    "The gateway is taking in as many large bodies as it can. Try again.",
    retry_after=timedelta(seconds=1),
)


class Streams(Protocol):
    """Answers calls of RPCs that stream."""

    async def serve(  # noqa: PLR0917 - three of them are ASGI's
        self, rpc: Rpc, request: Message, metadata: Metadata, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Raises BadRequest and UpstreamError while there is no answer yet."""
        ...


@dataclass(frozen=True, slots=True)
class CallLimits:
    """``server.settings`` explains each value."""

    call_timeout_seconds: float
    stall_seconds: float
    max_message_bytes: int
    only_tokens: bool = False
    """Calls without a token are refused here. They must be where the gateway has a certificate of its own: to the
    server it would stand for their caller."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, and what is known of it from its head."""

    scope: Scope
    receive: Receive
    headers: Mapping[str, str]
    request_id: str
    began: float
    """By the clock of the loop."""


class Calls:
    """An ASGI app for all paths of the contract, and those that are none."""

    def __init__(
        self,
        router: Router,
        upstream: Upstream,
        streams: Streams,
        *,
        identify: Identify,
        vouch: Vouch,
        addresses: ClientAddress,
        limits: CallLimits,
    ) -> None:
        self._router = router
        self._upstream = upstream
        self._streams = streams
        self._identify = identify
        self._vouch = vouch
        self._addresses = addresses
        self._limits = limits
        self._large_bodies = asyncio.Semaphore(_LARGE_BODIES)
        self._codec = CapacityLimiter(2)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = headers_of(scope)
        call = _Call(scope, receive, headers, request_id_of(headers), asyncio.get_running_loop().time())
        body = RequestBody(receive, self._limits.stall_seconds, is_empty=_has_no_body(headers))
        answer = Answer(send, headers, call.request_id)
        try:
            await self._serve(call, body, answer)
        except ClientGone:
            return
        except Exception as error:
            if answer.begun:
                raise
            await refuse(error_for(error, call.request_id), call.request_id, send, body)

    def waiting_for_a_thread(self) -> int:
        """How many large bodies are about to be read or written, and wait."""
        return self._codec.statistics().tasks_waiting

    async def _serve(self, call: _Call, body: RequestBody, answer: Answer) -> None:
        method = call.scope["method"]
        try:
            route = self._route(call.scope, method)
        except WrongMethod as error:
            if method != "OPTIONS":
                raise
            await answer.options(error.allowed)
            return
        note = observed(call.scope)
        note.route, note.is_stream = route.binding.template, route.rpc.streams
        timeout = timeout_of(call.headers, self._limits.call_timeout_seconds)
        metadata = await self._metadata(call)
        request = await self._request(route, call, body, metadata)
        if route.rpc.streams:
            await self._streams.serve(route.rpc, request, metadata, call.scope, call.receive, answer.send)
            return
        conditions = conditions_of(route.rpc, route.binding)
        conditions.identify(request, call.headers.get("idempotency-key"))
        conditions.require(request, call.headers.get("if-match"), call.headers.get("if-none-match"))
        remaining = max(0.0, timeout - (asyncio.get_running_loop().time() - call.began))
        try:
            async with _while_connected(call.receive):
                message = await self._upstream.unary(route.rpc, request, metadata=metadata, timeout=remaining)
        except UpstreamError as error:
            if conditions.is_failed(error.code, reason_of(error), call.headers):
                raise HttpError(412, error.status) from None
            raise
        etag = conditions.etag(message)
        if etag and method in {"GET", "HEAD"} and is_known(request, etag, call.headers.get("if-none-match", "")):
            await answer.not_modified(etag)
            return
        await answer.json(await self._written(message, route.binding.response_body), etag)

    async def _written(self, message: Message, field: str) -> bytes:
        write = partial(field_to_json, message, field) if field else partial(to_json, message)
        return write() if message.ByteSize() <= _QUICK_ANSWER else await run_sync(write, limiter=self._codec)

    def _route(self, scope: Scope, method: str) -> Route:
        raw_path: bytes = scope["raw_path"]
        if len(raw_path) + len(scope["query_string"]) > _URL_BYTES:
            raise bad_request(414, f"The URL is longer than {_URL_BYTES} bytes.")
        return self._router.find(method, raw_path.decode("latin-1"))

    async def _metadata(self, call: _Call) -> Metadata:
        metadata = [*await self._identify(Request(call.scope)), (REQUEST_ID_HEADER, call.request_id)]
        if self._limits.only_tokens and all(name != "authorization" for name, _ in metadata):
            raise error_of(
                make_status(
                    grpc.StatusCode.UNAUTHENTICATED,
                    "TOKEN_MISSING",
                    "No credentials: send a token in the header Authorization.",
                )
            )
        address = self._addresses.of(call.scope)
        if address:
            metadata.append(("x-forwarded-for", address))
        metadata += trace_of(call.headers)
        require_short(metadata)
        return metadata

    async def _request(self, route: Route, call: _Call, body: RequestBody, metadata: Metadata) -> Message:
        headers, limit = call.headers, self._limits.max_message_bytes
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise bad_request(415, "The body must not be compressed.", {"Accept-Encoding": "identity"})
        length = int(headers.get("content-length", limit)) if not body.is_whole else 0
        content = None
        if length <= limit:
            if length > _SMALL_BODY:
                await self._vouch(metadata)  # strangers could take all the room that there is
            async with self._room_for(length, call.scope):
                content = await body.whole(limit)
        if content is None:
            raise bad_request(413, f"The body is larger than {limit} bytes.")
        query, kind = call.scope["query_string"].decode("latin-1"), headers.get("content-type")
        if len(content) <= _QUICK_BODY:
            return to_request(route, query, content, kind)
        return await run_sync(to_request, route, query, content, kind, limiter=self._codec)

    @asynccontextmanager
    async def _room_for(self, length: int, scope: Scope) -> AsyncIterator[None]:
        """So many large bodies are taken in at a time; who waits too long for others is told to come again."""
        if length <= _SMALL_BODY:
            yield
            return
        try:
            async with asyncio.timeout(self._limits.stall_seconds):
                await self._large_bodies.acquire()
        except TimeoutError:
            observed(scope).refused = "bodies"
            raise error_of(_TOO_MANY_BODIES) from None
        try:
            yield
        finally:
            self._large_bodies.release()


def _has_no_body(headers: Mapping[str, str]) -> bool:
    return "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"


@asynccontextmanager
async def _while_connected(receive: Receive) -> AsyncIterator[None]:
    """Cancels what is awaited inside when the client goes away, and raises ClientGone then."""
    caller = cast("asyncio.Task[None]", asyncio.current_task())
    inside = True
    watcher = asyncio.create_task(_until_gone(receive))

    def interrupt(_watcher: "asyncio.Task[None]") -> None:
        if inside:
            caller.cancel()

    watcher.add_done_callback(interrupt)
    try:
        yield
    except asyncio.CancelledError:
        if watcher.done() and caller.uncancel() == 0:
            raise ClientGone from None
        raise
    finally:
        inside = False
        watcher.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
