"""A thread that lives with Redis through its absences: one connection of its own, tried again for ever."""

from __future__ import annotations

import random
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from redis.connection import ConnectionPool, parse_url

from server.outage import Outage

TIMEOUT_SECONDS = 1.0
"""How long Redis may take to be connected to, and to answer."""
PAUSE_SECONDS = 0.01
"""Between two messages of one process, however much it changes, and between two calls back of a subscriber, however
many processes publish. Under full load a hundredth of a second costs either thread about a fiftieth of a core."""
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 3.0
_dice = random.Random()  # noqa: S311 - keeps no secret
"""Not everybody's: a thread of its own must not disturb the sequence of somebody who has given a seed."""

Connect = Callable[[], Any]
"""Makes a connection of redis, not yet connected; untyped there."""


def connections(redis_url: str) -> Connect:
    """Connects to nothing. Raises ValueError when that is no address of a Redis.

    No pool and no retries of the library's own: they would hide a lost connection, and take their time.
    """
    options = parse_url(redis_url)  # type: ignore[no-untyped-call]  # of redis
    ours = {
        "max_connections": sys.maxsize,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "socket_timeout": TIMEOUT_SECONDS,
        "protocol": 2,
        "decode_responses": False,
        "driver_info": None,
        "retry": None,
    }
    connect = ConnectionPool(**{**options, **ours}).make_connection
    try:
        connect()
    except TypeError as error:
        raise ValueError(f"an option of the address of Redis is unknown: {error}") from None
    return connect


class Link(ABC):
    """Starts nothing before `start`. Belongs to the process that made it."""

    def __init__(self, connect: Connect, *, name: str, service: str) -> None:
        """`service` is what the log says is away."""
        self._connection = connect()
        self._outage = Outage(service)
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Once. Raises RuntimeError when the machine gives no more threads."""
        self._thread.start()

    def stop(self) -> None:
        """Returns at once; the thread ends after what it waits for just now, which is a timeout at the most."""
        self._stopped.set()

    def join(self, seconds: float) -> None:
        """Until the thread has ended, if it ever began, but not for longer."""
        if self._thread.ident is not None:
            self._thread.join(seconds)

    @abstractmethod
    def _turn(self) -> None:
        """Use the connection once, or for as long as it holds. Raises what redis raises; an end is no error."""

    def _used(self) -> None:
        """Redis has just done what it was asked."""
        self._outage.over()
        self._pause_seconds = _FIRST_PAUSE_SECONDS

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001 - a thread must outlive whatever a network may do
                self._connection.disconnect()
                if not self._stopped.is_set():
                    self._outage.noticed(error)
                    self._back_off()
        self._connection.disconnect()

    def _back_off(self) -> None:
        """Each time longer, and not in step with the other processes."""
        self._stopped.wait(self._pause_seconds * _dice.uniform(0.5, 1.0))
        self._pause_seconds = min(self._pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
