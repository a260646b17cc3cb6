"""No caller takes more than its share of a process."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from server.api.calls import CallState, Method
from server.api.interceptors.concern import Handler
from server.domain.errors import ResourceExhausted
from server.domain.ids import UserId

_MAX_BUCKETS = 20_000


class RateLimit:
    """A token bucket for each principal, in this process alone: with N processes up to N times as much passes.

    A bucket is kept as the instant at which it is full again (GCRA); a full one needs no memory. With very
    many callers at once the bucket unused for longest is forgotten, that is, filled.
    """

    def __init__(
        self,
        per_second: float,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        max_buckets: int = _MAX_BUCKETS,
    ) -> None:
        if per_second <= 0 or burst < 1:
            raise ValueError("a rate limit needs a positive rate and a burst of one or more")
        self._interval = 1.0 / per_second
        self._tolerance = burst / per_second
        self._clock = clock
        self._max_buckets = max_buckets
        self._full_at: dict[UserId, float] = {}
        self._lock = threading.Lock()

    def around(self, method: Method, inner: Handler) -> Handler:  # noqa: ARG002 - the same for all
        """Raises ResourceExhausted with the time to wait."""

        def handle(state: CallState, request: Any) -> Any:  # noqa: ANN401 - any message
            if state.principal is not None:
                wait = self.take(state.principal.user_id)
                if wait > 0:
                    raise ResourceExhausted(
                        "Too many calls. Try again after the time given.", retry_after=timedelta(seconds=wait)
                    )
            return inner(state, request)

        return handle

    def take(self, user_id: UserId) -> float:
        """Take one call from the bucket: 0.0, or how many seconds until there is one (none is taken then)."""
        now = self._clock()
        with self._lock:
            full_at = max(self._full_at.pop(user_id, now), now)
            wait = full_at + self._interval - now - self._tolerance
            # A hair of tolerance: rounding must not refuse the last call of a burst.
            refused = wait > 1e-9
            self._full_at[user_id] = full_at if refused else full_at + self._interval
            if len(self._full_at) > self._max_buckets:
                del self._full_at[next(iter(self._full_at))]
        return wait if refused else 0.0
