"""Delete from the object store what nothing refers to any more."""

import time
from datetime import timedelta

from server.application.files.deletion_queue import DeletionQueue
from server.application.object_store import ObjectStore

BATCH = 20
"""Objects claimed at once: so many wait a minute longer when a worker is killed."""
BUDGET = timedelta(seconds=10)


class DeleteObjects:
    """Any number may run at once."""

    def __init__(
        self, deletions: DeletionQueue, store: ObjectStore, *, batch: int = BATCH, budget: timedelta = BUDGET
    ) -> None:
        self._deletions = deletions
        self._store = store
        self._batch = batch
        self._budget = budget

    def __call__(self) -> int:
        """Delete until nothing is due or the budget is spent; how many objects.

        An object that cannot be deleted holds up no others. Raises Unavailable when the store as a whole is away, or
        the database; what was deleted until then is done.
        """
        total = 0
        until = time.monotonic() + self._budget.total_seconds()
        while True:
            deleted, failed = self._deletions.delete_due(self._store.delete, limit=self._batch)
            total += deleted
            if failed:
                self._store.check()
            if (not deleted and not failed) or time.monotonic() >= until:
                return total
