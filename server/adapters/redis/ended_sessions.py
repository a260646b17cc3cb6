"""Word of browsers' sessions that have ended, from the gateway that was told so to all the others.

A log in Redis, which each gateway reads on from where it was: who was away hears the rest when they are back. An entry
says when the end was, as it may come late. Nothing rests on it but that streams end soon: one that ends for no reason
is resumed, and marks are not to be guessed.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

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

_MILLISECONDS = re.compile(rb"[0-9]{13}")

End: TypeAlias = tuple[str, float]
"""The mark of a session, and when it ended: seconds since 1970, by the clock of the process that told it."""
Heard: TypeAlias = Callable[[Sequence[End]], object]
"""Takes ends that other processes told, in the follower's thread; some of them more than once."""


class EndedSessions:
    """Of one process; its two threads begin with `start`."""

    def __init__(self, redis_url: str) -> None:
        """Connects to nothing. Raises ValueError when that is no address of a Redis."""
        connect, own = connections(redis_url), secrets.token_hex(8)
        self._teller = _Teller(connect, own)
        self._follower = _Follower(connect, own.encode())

    def start(self, heard: Heard) -> None:
        """Once. Redis need not be there."""
        self._follower.heard = heard
        self._teller.start()
        self._follower.start()

    def tell(self, mark: str, at: float) -> None:
        """Have every other process hear that end: in a moment, or once Redis is back, unless this process has ended by
        then. Never waits, never raises."""
        self._teller.tell(mark, at)

    def stop(self) -> None:
        """Returns at once; the threads end within some two seconds, and what they have not told is lost."""
        self._teller.stop()
        self._follower.stop()


class _Teller(Link):
    def __init__(self, connect: Connect, own: str) -> None:
        super().__init__(connect, name="ended-sessions-out", service=_SERVICE)
        self._own = own
        # Without maxlen: what is put back into a full one would throw the newest out.
        self._ends: deque[End] = deque()
        self._due = threading.Event()

    def tell(self, mark: str, at: float) -> None:
        self._ends.append((mark, at))
        while len(self._ends) > KEPT:
            with suppress(IndexError):  # the thread takes some as well
                self._ends.popleft()
        self._due.set()

    def stop(self) -> None:
        super().stop()
        self._due.set()

    def _turn(self) -> None:
        self._due.wait()
        self._due.clear()
        while self._ends and not self._stopped.is_set():
            end = self._ends.popleft()
            try:
                self._send(*end)
            except Exception:
                self._ends.appendleft(end)
                self._due.set()
                raise
            self._used()

    def _send(self, mark: str, at: float) -> None:
        command = ("XADD", LOG, "MAXLEN", "~", KEPT, "*", "mark", mark, "at", int(at * 1000), "by", self._own)
        try:
            self._connection.send_command(*command)
            self._connection.read_response()
        except redis.ConnectionError:
            # A connection that idled while Redis was restarted fails once. Telling it twice does no harm.
            self._connection.send_command(*command)
            self._connection.read_response()


class _Follower(Link):
    def __init__(self, connect: Connect, own: bytes) -> None:
        super().__init__(connect, name="ended-sessions-in", service=_SERVICE)
        self._own = own
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
                told = [(place, dict(zip(fields[::2], fields[1::2], strict=True))) for place, fields in entries]
                self.heard([_end_of(place, entry) for place, entry in told if entry.get(b"by") != self._own])


def _end_of(place: bytes, entry: dict[bytes, bytes]) -> End:
    """Of an entry that says no time, the time at which Redis took it."""
    at = entry.get(b"at", b"")
    milliseconds = int(at) if _MILLISECONDS.fullmatch(at) else int(place.partition(b"-")[0])
    return entry.get(b"mark", b"").decode(errors="replace"), milliseconds / 1000
