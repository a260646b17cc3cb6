"""The port to what is to be deleted from the object store."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class DeletionQueue(Protocol):
    """Objects that are to be deleted, written down by whoever made them superfluous.

    Raises Unavailable while the database is away.
    """

    def give_up_uploads(self, *, created_before: datetime, limit: int) -> int:
        """Drop at most so many attachments PENDING since before then, their objects to be deleted; how many."""

    def delete_due(self, delete: Callable[[str], None], *, limit: int) -> tuple[int, int]:
        """Call ``delete`` for at most so many keys, those due longest first; how many of them were deleted, and how
        many have to wait longer since it raised Unavailable.

        From before its first call on nobody may keep the object, whether the call succeeds or not, unless the batch
        ended before its turn. Nothing is locked meanwhile. A key may be called for again although its object is deleted
        already: where a worker ended before it could write that down, and where a batch took more than a minute.
        """
