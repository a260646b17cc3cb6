"""Files that people asked for: when they are made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from server.settings import Settings
from workers.use_cases import UseCases
from workers.work import Work

QUEUE = "exports"
RUN = "exports.run"

LIMIT = timedelta(days=1)
"""An export takes as long as it takes. Its lease, not its message, says whether somebody is at it: Redis gives the
message to another worker long before, who finds that there is nothing to take up."""


def export_work(settings: Settings) -> Sequence[Work[UseCases]]:
    """As many at once as there are children that consume the queue."""
    every = timedelta(seconds=settings.export_sweep_seconds)
    return (Work(RUN, QUEUE, every, 1, lambda uses: uses.run_export, time_limit=LIMIT, alone=False),)
