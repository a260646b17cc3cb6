"""What clients send after the head of a request: read with patience that ends, and thrown away when it is refused."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Receive

_PIECE = 64 * 1024
"""So much has to come in time: with a byte now and then a connection could be held for ever."""
_LINGER_BYTES = 32 * 1024 * 1024
_LINGER_SECONDS = 10.0
"""How much of a refused body is read and thrown away. A connection that is closed while its client still sends is
reset, and the client never sees why."""


class ClientGone(Exception):
    """Nobody is left to answer."""


class BodyStalled(Exception):
    """The body did not go on in time."""


class RequestBody:
    """The body of one request. ``stall_seconds`` is how long the client may take for the next 64 KiB of it."""

    def __init__(self, receive: Receive, stall_seconds: float, *, is_empty: bool = False) -> None:
        self._receive = receive
        self._stall_seconds = stall_seconds
        self._ended = is_empty

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of it, as it comes. Raises BodyStalled and ClientGone."""
        clock = asyncio.get_running_loop().time
        patience, taken = self._stall_seconds, 0
        while not self._ended:
            waits_since = clock()
            try:
                async with asyncio.timeout(patience):
                    chunk = await self._next()
            except TimeoutError:
                self._ended = True
                raise BodyStalled from None
            patience, taken = patience - (clock() - waits_since), taken + len(chunk)
            if taken >= _PIECE:
                patience, taken = self._stall_seconds, 0
            if chunk:
                yield chunk

    async def whole(self, limit: int) -> bytes | None:
        """All of it, within the time that the client has for the next bytes of a stream; None when it is longer than
        ``limit``. Raises BodyStalled and ClientGone."""
        taken = bytearray()
        try:
            async with asyncio.timeout(self._stall_seconds):
                while not self._ended:
                    taken += await self._next()
                    if len(taken) > limit:
                        return None
        except TimeoutError:
            self._ended = True
            raise BodyStalled from None
        return bytes(taken)

    async def discard(self) -> None:
        """What is still to come, within bounds."""
        discarded = 0
        try:
            async with asyncio.timeout(_LINGER_SECONDS):
                while not self._ended and discarded <= _LINGER_BYTES:
                    discarded += len(await self._next())
        except (TimeoutError, ClientGone):
            return

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is still to be read."""
        return self._ended

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        self._ended = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk
