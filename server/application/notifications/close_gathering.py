"""Ending the window in which events on one ticket gather into one notification: from then on channels send it."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

BATCH = 500
"""Notifications of one transaction."""
BUDGET = timedelta(seconds=30)
"""After so long a run ends between two batches, and leaves the rest to the next."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What became of some notifications."""

    notifications: int
    deliveries: int
    """One for each channel that is wanted and that the directory has an address for."""


class Gatherings(Protocol):
    """Notifications that still gather."""

    def close(self, limit: int) -> Closed:
        """At most so many whose window has passed, in one transaction; those that others hold are left to them."""


class CloseGathering:
    """Any number may run at once."""

    def __init__(self, gatherings: Gatherings, *, batch: int = BATCH, budget: timedelta = BUDGET) -> None:
        self._gatherings = gatherings
        self._batch = batch
        self._budget = budget

    def __call__(self) -> Closed:
        """Close until less than a batch is left, or the budget is spent."""
        notifications = deliveries = 0
        until = time.monotonic() + self._budget.total_seconds()
        while True:
            closed = self._gatherings.close(self._batch)
            notifications += closed.notifications
            deliveries += closed.deliveries
            if closed.notifications < self._batch or time.monotonic() >= until:
                return Closed(notifications, deliveries)
