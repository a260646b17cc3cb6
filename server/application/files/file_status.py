"""What files wait for, as an operator sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from server.domain.exports import ExportStatus

COUNT_CAP = 10_000
"""Counted no further, so that a backlog costs nothing."""


@dataclass(frozen=True, slots=True)
class FileStatus:
    """Counts are at most COUNT_CAP."""

    unfinished_exports: Mapping[ExportStatus, int]
    """For each state of UNFINISHED, 0 among them."""
    oldest_export: timedelta
    """Since the oldest unfinished one was asked for; 0 for none. Others may be ahead of it, its time put off."""
    pending_uploads: int
    """Announced and not complete."""
    due_deletions: int
    """Objects that are to be deleted by now, or that the store did not delete and that wait to be tried again."""
    overdue_deletions: timedelta
    """Since the longest of them is due or, where the store did not delete it, written down; 0 for none."""
