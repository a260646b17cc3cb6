"""What keeps the object store free of what nothing refers to: when it runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from workers.housekeeping import QUEUE
from workers.use_cases import UseCases
from workers.work import ONCE, Work

SWEEP_UPLOADS = "housekeeping.sweep_uploads"
EXPIRE_EXPORTS = "housekeeping.expire_exports"
DELETE_OBJECTS = "housekeeping.delete_objects"

EVERY = timedelta(minutes=10)
"""Nobody waits for it: what has expired is refused by its time, and what is not complete is shown to its uploader
alone."""
BATCH = 500
LIMIT = timedelta(minutes=10)
"""More than the ten seconds of a turn, and requests to a store that hardly answers."""


def file_work() -> Sequence[Work[UseCases]]:
    """Objects are deleted by one task alone, whoever made them superfluous."""
    return (
        Work(SWEEP_UPLOADS, QUEUE, EVERY, BATCH, lambda uses: uses.sweep_uploads),
        Work(EXPIRE_EXPORTS, QUEUE, EVERY, BATCH, lambda uses: uses.expire_exports),
        Work(DELETE_OBJECTS, QUEUE, EVERY, ONCE, lambda uses: uses.delete_objects, time_limit=LIMIT),
    )
