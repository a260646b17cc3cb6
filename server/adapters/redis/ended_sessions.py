"""Word of browsers' sessions that have ended, from the gateway that was told so to all the others.

A log in Redis, which each gateway reads on from where it was: who was away hears the rest when they are back. Nothing
rests on it but that streams end soon: one that ends for no reason is resumed, and marks are not to be guessed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import redis

from server.adapters.redis.link import Connect, Link, connections

LOG = "tickets:ended-sessions"
KEPT = 10_000
"""Ends that the log has, and that a process keeps for Redis while that is away; older ones are forgotten."""
_SERVICE = "Redis, for the ends of sessions"
_LOOK_MS = 500
"""How long one look at the log lasts when it has nothing new. Below the timeout of the connection."""
_OVERLAP_SECONDS = 60.0
"""By how much a process begins before its own start: its clock and that of Redis may differ."""

Heard = Callable[[Sequence[str]], object]
"""Takes the marks of sessions that have ended, in the follower's thread; some of them more than once."""


class EndedSessions:
    """Of one process; its two threads begin with `start`."""

    def __init__(self, redis_url: str) -> None:
        """Connects to nothing. Raises ValueError when that is no address of a Redis."""
        connect = connections(redis_url)
        self._teller = _Teller(connect)
        self._follower = _Follower(connect)

    def start(self, heard: Heard) -> None:
        """Once. Redis need not be there."""
        self._follower.heard = heard
        self._teller.start()
        self._follower.start()

    def tell(self, mark: str) -> None:
        """Have every gateway hear it, this one too: in a moment, or once Redis is back, unless this process has ended
        by then. Never waits, never raises."""
        self._teller.tell(mark)

    def stop(self) -> None:
        """Returns at once; the threads end within some two seconds, and what they have not told is lost."""
        self._teller.stop()
        self._follower.stop()


class _Teller(Link):
    def __init__(self, connect: Connect) -> None:
        super().__init__(connect, name="ended-sessions-out", service=_SERVICE)
        self._marks: deque[str] = deque(maxlen=KEPT)
        self._due = threading.Event()

    def tell(self, mark: str) -> None:
        self._marks.append(mark)
        self._due.set()

    def stop(self) -> None:
        super().stop()
        self._due.set()

    def _turn(self) -> None:
        self._due.wait()
        self._due.clear()
        while self._marks and not self._stopped.is_set():
            mark = self._marks.popleft()
            try:
                self._send(mark)
            except Exception:
                self._marks.appendleft(mark)
                self._due.set()
                raise
            self._used()

    def _send(self, mark: str) -> None:
        command = ("XADD", LOG, "MAXLEN", "~", KEPT, "*", "mark", mark)
        try:
            self._connection.send_command(*command)
            self._connection.read_response()
        except redis.ConnectionError:
            # A connection that idled while Redis was restarted fails once. Telling it twice does no harm.
            self._connection.send_command(*command)
            self._connection.read_response()


class _Follower(Link):
    def __init__(self, connect: Connect) -> None:
        super().__init__(connect, name="ended-sessions-in", service=_SERVICE)
        self.heard: Heard = lambda _: None
        # Places in the log are times of Redis, in milliseconds, also after it has lost all it had.
        self._read_until: bytes | str = f"{int((time.time() - _OVERLAP_SECONDS) * 1000)}-0"

    def _turn(self) -> None:
        self._connection.connect()
        while not self._stopped.is_set():
            self._connection.send_command("XREAD", "COUNT", 1000, "BLOCK", _LOOK_MS, "STREAMS", LOG, self._read_until)
            found = self._connection.read_response()
            self._used()
            for _, entries in found or ():
                self._read_until = entries[-1][0]
                self.heard([fields[1].decode(errors="replace") for _, fields in entries])
