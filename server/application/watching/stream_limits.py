"""How many streams there may be, so that nobody takes them all and a process is not asked for more than it bears."""

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from server.domain.errors import Reason, ResourceExhausted
from server.domain.ids import UserId

_LATER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Of one process."""

    per_principal: int
    in_all: int


class OpenStreams:
    """Counts them."""

    def __init__(self, limits: StreamLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._by_user: Counter[UserId] = Counter()
        self._in_all = 0

    def __len__(self) -> int:
        return self._in_all

    def admit(self, user_id: UserId) -> None:
        """One more, until ``release``. Raises ResourceExhausted (TOO_MANY_STREAMS)."""
        with self._lock:
            if self._by_user[user_id] >= self._limits.per_principal:
                raise _too_many(f"You have {self._limits.per_principal} streams open to this server; close one.")
            if self._in_all >= self._limits.in_all:
                raise _too_many("This server has as many streams as it can bear.")
            self._by_user[user_id] += 1
            self._in_all += 1

    def release(self, user_id: UserId) -> None:
        """One of those admitted is over."""
        with self._lock:
            self._in_all -= 1
            self._by_user[user_id] -= 1
            if not self._by_user[user_id]:
                del self._by_user[user_id]


def _too_many(message: str) -> ResourceExhausted:
    return ResourceExhausted(message, retry_after=_LATER, reason=Reason.TOO_MANY_STREAMS)
