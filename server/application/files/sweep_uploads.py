"""Forget uploads that were announced and never completed."""

from server.application.clock import Clock
from server.application.files.deletion_queue import DeletionQueue
from server.domain.attachments import ABANDONED_AFTER


class SweepUploads:
    """Any number may run at once."""

    def __init__(self, deletions: DeletionQueue, clock: Clock) -> None:
        self._deletions = deletions
        self._clock = clock

    def __call__(self, *, limit: int) -> int:
        """Give up at most so many that are older than ABANDONED_AFTER; how many. Raises Unavailable."""
        return self._deletions.give_up_uploads(created_before=self._clock() - ABANDONED_AFTER, limit=limit)
