"""The ends of browsers' sessions: streams that were opened with one end with it, whichever gateway they are open at.

A session is a token in a cookie, and no gateway keeps any, so there is nothing to look up. That a session has ended, or
has become another one, is known to the gateway that was asked for it; the others are told. The token goes on being what
it was: only what is open now is ended.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

LATE_SECONDS = 5.0
"""A stream that is opened so soon after its session's end was asked for before it. The clocks of gateways may
differ by as much: where one is further behind, streams at others that were opened just before the end go on."""
_LATEST = 10_000
"""Ends that are remembered for that time."""

End: TypeAlias = tuple[str, float]
"""The mark of a session, and when it ended: seconds since 1970, by the clock of the gateway that was asked."""
Tell: TypeAlias = Callable[[str, float], None]
"""Takes an end, for the other gateways; never waits."""


class SessionEnds:
    """Of one gateway; belongs to its event loop."""

    def __init__(self) -> None:
        self._streams: dict[str, dict[asyncio.Event, float]] = {}
        """With when each was opened."""
        self._latest: dict[str, float] = {}
        """When each session ended; the one heard of last is the last."""

    @contextmanager
    def watched(self, token: str) -> Iterator[asyncio.Event]:
        """For as long as a stream is open: set once the session of that token has ended."""
        over, mark, now = asyncio.Event(), mark_of(token), time.time()
        if self._latest.get(mark, 0.0) > now - LATE_SECONDS:
            over.set()
        streams = self._streams.setdefault(mark, {})
        streams[over] = now
        try:
            yield over
        finally:
            del streams[over]
            if not streams and self._streams.get(mark) is streams:
                del self._streams[mark]

    def began(self, mark: str) -> None:
        """The session is there, even if it ended here a moment ago."""
        self._latest.pop(mark, None)

    def ended(self, ends: Iterable[End]) -> None:
        """Ends the streams here that were opened before, and none that were opened later than LATE_SECONDS after it,
        however late this is heard. Hearing it twice does no harm, and an end to come has come now."""
        now = time.time()
        for mark, told in ends:
            at = self._latest[mark] = max(min(told, now), self._latest.pop(mark, 0.0))
            for over, opened in self._streams.get(mark, {}).items():
                if opened < at + LATE_SECONDS:
                    over.set()
        while self._latest:
            first = next(iter(self._latest))
            if len(self._latest) <= _LATEST and self._latest[first] > now - LATE_SECONDS:
                break
            del self._latest[first]


def mark_of(token: str) -> str:
    """What names a session among gateways: it says nothing about the token."""
    return hashlib.sha256(b"tickets: end of a session: " + token.encode()).hexdigest()
