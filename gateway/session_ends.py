"""The ends of browsers' sessions: streams that were opened with one end with it, whichever gateway they are open at.

A session is a token in a cookie, and no gateway keeps any, so there is nothing to look up. That a session has ended, or
has become another one, is known to the gateway that was asked for it; the others are told. The token goes on being what
it was: only what is open now is ended.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

LATE_SECONDS = 5.0
"""A stream that is opened so soon after its session's end was asked for before it."""
_LATEST = 10_000
"""Ends that are remembered for that time."""

Tell = Callable[[str], None]
"""Takes the mark of a session that has ended, for the other gateways; never waits."""


class SessionEnds:
    """Of one gateway; belongs to its event loop."""

    def __init__(self) -> None:
        self._streams: dict[str, set[asyncio.Event]] = {}
        self._latest: dict[str, float] = {}
        """When each was heard of, by the loop's clock; the latest last."""

    @contextmanager
    def watched(self, token: str) -> Iterator[asyncio.Event]:
        """For as long as a stream is open: set once the session of that token has ended."""
        over, mark = asyncio.Event(), mark_of(token)
        if self._latest.get(mark, float("-inf")) > asyncio.get_running_loop().time() - LATE_SECONDS:
            over.set()
        streams = self._streams.setdefault(mark, set())
        streams.add(over)
        try:
            yield over
        finally:
            streams.discard(over)
            if not streams and self._streams.get(mark) is streams:
                del self._streams[mark]

    def began(self, mark: str) -> None:
        """The session is there, even if it ended a moment ago."""
        self._latest.pop(mark, None)

    def ended(self, marks: Iterable[str]) -> None:
        """Ends the streams that are open here. Hearing it twice does no harm."""
        now = asyncio.get_running_loop().time()
        for mark in marks:
            self._latest.pop(mark, None)
            self._latest[mark] = now
            for over in self._streams.get(mark, ()):
                over.set()
        while self._latest:
            first = next(iter(self._latest))
            if len(self._latest) <= _LATEST and self._latest[first] > now - LATE_SECONDS:
                break
            del self._latest[first]


def mark_of(token: str) -> str:
    """What names a session among gateways: it says nothing about the token."""
    return hashlib.sha256(b"tickets: end of a session: " + token.encode()).hexdigest()
