"""Keep the outbox in daily partitions: tomorrow's is there in time, those past the retention are gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

AHEAD_DAYS = 3
"""Partitions made ahead, so that a weekend without workers changes nothing."""
RETENTION = timedelta(days=7)
"""How far back a watcher may resume."""


@dataclass(frozen=True, slots=True)
class PartitionChange:
    """What happened to one partition."""

    partition: str
    """Its table's name."""
    change: str
    """created, dropped, created elsewhere (by another run just now), or postponed when its lock was not free: then the
    next run does it."""


class OutboxPartitions(Protocol):
    """The outbox as a table of daily partitions."""

    def maintain(self, ahead_days: int, retention: timedelta) -> Sequence[PartitionChange]:
        """Make the partitions of today and so many days ahead, drop those whose rows are all older than that.

        One transaction, which waits for no lock longer than a second. Returns what was done, in no order.
        """


class MaintainOutbox:
    """Any number may run at once."""

    def __init__(
        self, outbox: OutboxPartitions, *, ahead_days: int = AHEAD_DAYS, retention: timedelta = RETENTION
    ) -> None:
        self._outbox = outbox
        self._ahead_days = ahead_days
        self._retention = retention

    def __call__(self) -> Sequence[PartitionChange]:
        """See ``OutboxPartitions.maintain``."""
        return self._outbox.maintain(self._ahead_days, self._retention)
