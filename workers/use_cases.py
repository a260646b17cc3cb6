"""The use cases of one worker process, made from the settings: the lower half of the workers' composition root."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from server.adapters.postgres.housekeeping import PostgresHousekeeping
from server.adapters.postgres.pool import open_pool
from server.application.housekeeping.maintain_outbox import MaintainOutbox
from server.application.housekeeping.purge_idempotency_keys import PurgeIdempotencyKeys
from server.settings import Settings
from workers.work import Step

_log = structlog.get_logger("workers.use_cases")


@dataclass(frozen=True, slots=True)
class UseCases:
    """Each as a step that does so much at a time and says how much it did."""

    purge_idempotency_keys: Step
    maintain_outbox: Step


def build_use_cases(settings: Settings) -> UseCases:
    """Connects on first use. To be called in the process that uses them."""
    pool = open_pool(
        settings.database_url.get_secret_value(),
        min_size=0,
        max_size=settings.worker_database_connections,
        wait_seconds=settings.database_pool_timeout_seconds,
        prepare_statements=not settings.database_transaction_pooling,
    )
    housekeeping = PostgresHousekeeping(pool)
    purge_idempotency_keys = PurgeIdempotencyKeys(housekeeping)
    return UseCases(
        purge_idempotency_keys=lambda _limit: purge_idempotency_keys(),
        maintain_outbox=_maintained(MaintainOutbox(housekeeping)),
    )


def _maintained(maintain_outbox: MaintainOutbox) -> Step:
    def step(_limit: int) -> int:
        changes = maintain_outbox()
        for change in changes:
            _log.info("partition", name=change.partition, change=change.change)
        return len(changes)

    return step
