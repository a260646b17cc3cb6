"""Says that something has changed, from a thread of its own, so that nobody waits for Redis."""

from __future__ import annotations

import threading
from contextlib import suppress

import redis

from server.adapters.redis.link import PAUSE_SECONDS, Connect, Link


class Publisher(Link):
    """Messages are merged, and what cannot be sent at once is dropped: nothing is queued."""

    def __init__(self, connect: Connect, channel: str) -> None:
        super().__init__(connect, name="wake-ups-out", service="Redis, for wake-ups of others")
        self._channel = channel
        self._due = threading.Event()
        self._starting = threading.Lock()
        self._started = False

    def publish(self) -> None:
        """Have one message sent from now on; where one is due already, that is it. Never raises."""
        # The flag is cleared before a message is sent, so whoever still finds it set is followed by a message.
        if self._due.is_set():
            return
        self._due.set()
        if not self._started:
            self._start_once()

    def stop(self) -> None:
        super().stop()
        self._due.set()

    def _start_once(self) -> None:
        with self._starting:
            if self._started or self._stopped.is_set():
                return
            self._started = True
            # Without a thread others are woken by their own clocks; a change that is committed must not fail for it.
            with suppress(RuntimeError):
                self.start()

    def _turn(self) -> None:
        self._due.wait()
        if self._stopped.is_set():
            return
        self._due.clear()
        try:
            self._send()
        except redis.ConnectionError:
            # A connection that idled while Redis was restarted fails once.
            self._send()
        self._used()
        self._stopped.wait(PAUSE_SECONDS)

    def _send(self) -> None:
        self._connection.send_command("PUBLISH", self._channel, b"")
        self._connection.read_response()
