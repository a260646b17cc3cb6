"""One line a request, in the manner of the server's: no query, since that is where signatures are, and no bodies."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.client_address import ClientAddress

_PATH_LIMIT = 300


class AccessLog:
    """Writes to ``sink``, which must be cheap and must not raise.

    A request that got no answer, because its client went away or was cut off, has the status 0.
    """

    def __init__(self, app: ASGIApp, sink: Callable[[str], None], addresses: ClientAddress) -> None:
        self._app = app
        self._sink = sink
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Logs when the app has returned, or raised."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        status = taken = given = 0

        async def counting_receive() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message

        async def counting_send(message: Message) -> None:
            nonlocal status, given
            if message["type"] == "http.response.start":
                status = message["status"]
            given += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, counting_receive, counting_send)
        finally:
            line = {
                "event": "http",
                "method": scope["method"],
                "path": scope["path"][:_PATH_LIMIT],
                "status": status,
                "duration_ms": round((perf_counter() - started) * 1000, 3),
                "bytes_in": taken,
                "bytes_out": given,
                "ip": self._addresses.of(scope),
                "level": "error" if status >= 500 else "info",
                "timestamp": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            }
            self._sink(json.dumps(line) + "\n")
