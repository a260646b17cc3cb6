"""Forgetting what was told long ago."""

from datetime import timedelta
from typing import Protocol

NOTIFICATIONS_KEPT = timedelta(days=90)
"""Read or not, with whatever is left of their deliveries."""
DELIVERIES_KEPT = timedelta(days=30)
"""Delivered ones of channels; of webhooks all; failures of the relay that were dealt with."""
BATCH = 1000
"""Rows of one transaction."""


class NotificationStore(Protocol):
    """Each method deletes, in a transaction of its own, at most so many rows that are older by the database's clock."""

    def purge_notifications(self, older_than: timedelta, limit: int) -> int:
        """Notifications, with their deliveries. How many."""

    def purge_deliveries(self, older_than: timedelta, limit: int) -> int:
        """Deliveries of channels that were delivered. How many."""

    def purge_webhook_deliveries(self, older_than: timedelta, limit: int) -> int:
        """Deliveries of webhooks, in whatever state. How many."""

    def purge_failures(self, older_than: timedelta, limit: int) -> int:
        """Failures of the relay that were resolved. How many."""


class PurgeNotifications:
    """Any number may run at once."""

    def __init__(
        self,
        store: NotificationStore,
        *,
        notifications_kept: timedelta = NOTIFICATIONS_KEPT,
        deliveries_kept: timedelta = DELIVERIES_KEPT,
        batch: int = BATCH,
    ) -> None:
        self._store = store
        self._notifications_kept = notifications_kept
        self._deliveries_kept = deliveries_kept
        self._batch = batch

    def __call__(self) -> int:
        """Purge until less than a batch is left of each; returns how many rows were deleted."""
        total = 0
        for purge, kept in (
            (self._store.purge_webhook_deliveries, self._deliveries_kept),
            (self._store.purge_deliveries, self._deliveries_kept),
            (self._store.purge_notifications, self._notifications_kept),
            (self._store.purge_failures, self._deliveries_kept),
        ):
            while True:
                deleted = purge(kept, self._batch)
                total += deleted
                if deleted < self._batch:
                    break
        return total
