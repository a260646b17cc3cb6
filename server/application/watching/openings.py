"""How many streams may be opening at once: each takes a thread of the server until the database has answered."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from server.domain.errors import Unavailable

SECONDS = 5.0
"""How long the database may take for an opening."""
_SLOW_SECONDS = 0.2
_WAIT_SECONDS = 0.25
_AGAIN = timedelta(seconds=0.5)


class Openings:
    """Lets so many in at a time. A short queue is borne; while openings hang, whoever else comes is sent away at once,
    so that all other calls keep their threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._begun: dict[object, float] = {}

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises Unavailable."""
        ticket = object()
        with self._changed:
            if not self._changed.wait_for(self._has_room, 0.0 if self._hangs() else _WAIT_SECONDS):
                raise Unavailable("Too many streams are being opened just now. Try again.", retry_after=_AGAIN)
            self._begun[ticket] = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                del self._begun[ticket]
                self._changed.notify()

    def _has_room(self) -> bool:
        return len(self._begun) < self._most

    def _hangs(self) -> bool:
        oldest = next(iter(self._begun.values()), None)
        return oldest is not None and time.monotonic() - oldest > _SLOW_SECONDS
