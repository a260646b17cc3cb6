"""The tasks around server.application.housekeeping: when they run, and nothing of what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from celery import Celery
from celery.utils.log import get_task_logger

from server.application.housekeeping.maintain_outbox import MaintainOutbox, OutboxPartitions
from server.application.housekeeping.purge_idempotency_keys import IdempotencyKeyStore, PurgeIdempotencyKeys

PURGE_IDEMPOTENCY_KEYS = "housekeeping.purge_idempotency_keys"
MAINTAIN_OUTBOX = "housekeeping.maintain_outbox"

log = get_task_logger(__name__)


class HousekeepingStore(IdempotencyKeyStore, OutboxPartitions, Protocol):
    """Both ports in one."""


def register_housekeeping(app: Celery, store: Callable[[], HousekeepingStore]) -> None:
    """Add the tasks. `store` is called in the process that runs a task, not in the one that forks it."""

    # Not shared: Celery would hand a shared task to every other app of the process, with this app's store.
    @app.task(name=PURGE_IDEMPOTENCY_KEYS, shared=False)
    def purge_idempotency_keys() -> None:
        log.info("purged %d idempotency keys", PurgeIdempotencyKeys(store())())

    @app.task(name=MAINTAIN_OUTBOX, shared=False)
    def maintain_outbox() -> None:
        for change in MaintainOutbox(store())():
            log.info("%s %s", change.partition, change.change)
