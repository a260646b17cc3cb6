"""Endpoints of the gateway's own, beside those of the contract: /session, the pages."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.call_context import headers_of, request_id_of
from gateway.refusals import bad_request, error_for, refuse
from gateway.request_bodies import ClientGone, RequestBody
from gateway.routes import WrongMethod

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
PostHandler: TypeAlias = Callable[[Request, bytes], Awaitable[Response]]

_BODY_BYTES = 16 * 1024


class Resource:
    """An ASGI app for one path: what it raises is refused as errors of the API are."""

    def __init__(
        self,
        *,
        get: Handler | None = None,
        post: PostHandler | None = None,
        delete: Handler | None = None,
        stall_seconds: float,
    ) -> None:
        self._get = get
        self._post = post
        self._delete = delete
        self._stall_seconds = stall_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = RequestBody(receive, self._stall_seconds)
        try:
            answer = await self._answer(Request(scope), body)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer; error_for logs defects
            request_id = request_id_of(headers_of(scope))
            await refuse(error_for(error, request_id), request_id, send, body)
            return
        await answer(scope, receive, send)

    async def _answer(self, request: Request, body: RequestBody) -> Response:
        handlers = {"GET": self._get, "HEAD": self._get, "DELETE": self._delete}
        handler = handlers.get(request.method)
        if handler is not None:
            return await handler(request)
        if self._post is None or request.method != "POST":
            allowed = {name for name, offered in {**handlers, "POST": self._post}.items() if offered is not None}
            raise WrongMethod(tuple(sorted(allowed)))
        content = await body.whole(_BODY_BYTES)
        if content is None:
            raise bad_request(413, "The body is too large.")
        return await self._post(request, content)
