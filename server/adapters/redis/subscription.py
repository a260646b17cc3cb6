"""Hears that something has changed, wherever it was."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis
import structlog

from server.adapters.redis.link import PAUSE_SECONDS, TIMEOUT_SECONDS, Connect, Link

PING_SECONDS = 3.0
"""After so long a silence Redis is asked whether it is still there: a connection may be lost without a word."""
LOOK_SECONDS = 0.25
"""How long the end of the thread may have to wait while all is quiet."""
_AT_A_TIME = 1000

_log = structlog.get_logger("server.wake_ups")


class Subscription(Link):
    """Calls back when it is told of changes, and whenever it may have missed some."""

    def __init__(self, connect: Connect, channel: str, callback: Callable[[], None]) -> None:
        super().__init__(connect, name="wake-ups-in", service="Redis, for being woken")
        self._channel = channel
        self._callback = callback

    def _turn(self) -> None:
        self._connection.connect()
        self._connection.send_command("SUBSCRIBE", self._channel)
        self._connection.read_response()
        self._used()
        # What was published until now was for others.
        self._call_back()
        while self._wait():
            if self._read():
                self._call_back()
                self._stopped.wait(PAUSE_SECONDS)

    def _wait(self) -> bool:
        """Until Redis says something; False when it is time to end. Raises redis.RedisError when Redis is gone."""
        silent_since, pinged_at = time.monotonic(), None
        while not self._stopped.is_set():
            if self._connection.can_read(timeout=LOOK_SECONDS):
                return True
            now = time.monotonic()
            if pinged_at is None and now - silent_since >= PING_SECONDS:
                self._connection.send_command("PING")
                pinged_at = now
            elif pinged_at is not None and now - pinged_at >= TIMEOUT_SECONDS:
                raise redis.TimeoutError("no answer to a ping")
        return False

    def _read(self) -> bool:
        """All that has come; whether a message was among it, and not only an answer to a ping."""
        told = False
        for _ in range(_AT_A_TIME):
            told |= self._connection.read_response()[0] == b"message"
            if not self._connection.can_read(timeout=0):
                break
        return told

    def _call_back(self) -> None:
        try:
            self._callback()
        except Exception:  # noqa: BLE001 - a defect elsewhere is no reason to be deaf from now on
            _log.exception("a wake-up failed")
