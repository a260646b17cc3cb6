"""Forget the answers of mutations that can no longer be repeated."""

from datetime import timedelta
from typing import Protocol

KEPT_FOR = timedelta(hours=24)
"""How long a ``request_id`` is remembered; part of the API's promise."""
BATCH = 1000
"""Rows a transaction: few enough that none is long, many enough that a backlog of millions goes in minutes."""


class IdempotencyKeyStore(Protocol):
    """Which requests were answered, and how."""

    def purge(self, older_than: timedelta, limit: int) -> int:
        """Delete, in a transaction of its own, at most ``limit`` keys that are older by the database's clock.

        Keys that another transaction holds are left out. Returns how many were deleted.
        """


class PurgeIdempotencyKeys:
    """Any number may run at once."""

    def __init__(self, keys: IdempotencyKeyStore, *, kept_for: timedelta = KEPT_FOR, batch: int = BATCH) -> None:
        self._keys = keys
        self._kept_for = kept_for
        self._batch = batch

    def __call__(self) -> int:
        """Purge until less than a batch is left; returns how many keys were deleted."""
        total = 0
        while True:
            deleted = self._keys.purge(self._kept_for, self._batch)
            total += deleted
            if deleted < self._batch:
                return total
