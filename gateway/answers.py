"""What a call is answered with when it succeeds."""

from collections.abc import Mapping, Sequence

from starlette.types import Message, Send

from gateway.compression import LEAST_BYTES, gzipped, takes_gzip
from gateway.errors import REQUEST_ID_HEADER


class Answer:
    """The answer to one request: one of its methods is called, once."""

    def __init__(self, send: Send, headers: Mapping[str, str], request_id: str) -> None:
        self._send = send
        self._headers = headers
        self._request_id = (REQUEST_ID_HEADER.encode(), request_id.encode())
        self.begun = False
        """Whether some of it was sent, so that it can no longer be another."""

    async def json(self, body: bytes, etag: str) -> None:
        """The whole answer of a call; ``etag`` is empty where there is none."""
        headers = [(b"content-type", b"application/json"), (b"vary", b"Accept-Encoding")]
        if etag:
            headers.append((b"etag", etag.encode()))
        if len(body) > LEAST_BYTES and takes_gzip(self._headers.get("accept-encoding", "")):
            body = await gzipped(body)
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", str(len(body)).encode()))
        await self._whole(200, headers, body)

    async def not_modified(self, etag: str) -> None:
        """The client has it already."""
        await self._whole(304, [(b"etag", etag.encode()), (b"vary", b"Accept-Encoding")])

    async def options(self, allowed: Sequence[str]) -> None:
        """What may be asked for at this path."""
        await self._whole(204, [(b"allow", ", ".join((*allowed, "OPTIONS")).encode())])

    async def send(self, message: Message) -> None:
        """For those who write the answer piece by piece: ASGI's ``send``, which adds what every answer has."""
        if message["type"] == "http.response.start":
            self.begun = True
            message = {**message, "headers": [*message["headers"], self._request_id]}
        await self._send(message)

    async def _whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> None:
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})
