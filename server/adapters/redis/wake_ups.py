"""Wake-ups between processes: "something was committed", without saying what.

They only shorten waiting. Who waits for changes looks by itself now and then, so nothing depends on Redis: while it is
away, hangs or forgets, messages are lost, and nobody who publishes is told or held up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from server.adapters.redis.link import connections
from server.adapters.redis.publisher import Publisher
from server.adapters.redis.subscription import Subscription

CHANNEL = "tickets:changed"
"""Redis knows no databases where channels are concerned: instances that share a Redis wake each other, in vain."""
CLOSE_SECONDS = 1.8


@dataclass(slots=True)
class _Process:
    """What one process has going."""

    publisher: Publisher
    subscriptions: list[Subscription] = field(default_factory=list)


class WakeUps:
    """Of the process that uses it, and of each that it forks: nothing is opened or started before it is used there.

    All methods may be called from any thread.
    """

    def __init__(self, redis_url: str, *, channel: str = CHANNEL) -> None:
        """Connects to nothing. Raises ValueError when that is no address of a Redis."""
        self._connect = connections(redis_url)
        self._channel = channel
        # By process id, and never under a lock: a fork may happen while another thread holds it.
        self._processes: dict[int, _Process] = {}

    def publish(self) -> None:
        """To be called after each commit. Takes a microsecond and never raises.

        The first is sent at once, further ones at most every few milliseconds. Best effort: what Redis does not take
        is lost.
        """
        process = self._processes.get(os.getpid())
        if process is None:
            process = self._this_process()
        process.publisher.publish()

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call back, in a thread of its own, after each message and after each connection to Redis, the first included.

        Messages that come together are one, those of this process come too. The callback should be quick. A fork is not
        subscribed.
        """
        subscription = Subscription(self._connect, self._channel, callback)
        self._this_process().subscriptions.append(subscription)
        subscription.start()

    def close(self) -> None:
        """End all threads of this process, in less than two seconds whatever Redis does. Publishing does nothing
        then, and subscribing is over."""
        process = self._this_process()
        links = [process.publisher, *process.subscriptions]
        give_up = time.monotonic() + CLOSE_SECONDS
        for link in links:
            link.stop()
        for link in links:
            link.join(max(0.0, give_up - time.monotonic()))

    def _this_process(self) -> _Process:
        return self._processes.setdefault(os.getpid(), _Process(Publisher(self._connect, self._channel)))
