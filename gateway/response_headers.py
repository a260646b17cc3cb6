"""Headers of every answer: nothing that is served here may be sniffed, framed, or run as a page of ours;
and the id by which logs know the request."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.call_context import headers_of, request_id_of
from gateway.errors import REQUEST_ID_HEADER

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "no-store",
}


def headers_of_all() -> dict[str, str]:
    """For what is answered before there is a request: the id is new."""
    return {**_ALWAYS, REQUEST_ID_HEADER: request_id_of({})}


class ResponseHeaders:
    """What an answer says itself is left as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI app."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                if REQUEST_ID_HEADER not in headers:
                    headers[REQUEST_ID_HEADER] = request_id_of(headers_of(scope))
            await send(message)

        await self._app(scope, receive, complete)
