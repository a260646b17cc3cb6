"""The use cases of one worker process, made from the settings: the lower half of the workers' composition root."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from server.adapters.exporting.workbooks import XlsxWorkbooks
from server.adapters.postgres.deletion_queue import PostgresDeletionQueue
from server.adapters.postgres.due_work import PostgresDueWork
from server.adapters.postgres.export_queue import PostgresExportQueue
from server.adapters.postgres.export_source import PostgresExportSource
from server.adapters.postgres.file_status import PostgresFileBooks
from server.adapters.postgres.housekeeping import PostgresHousekeeping
from server.adapters.postgres.notification_delivery import PostgresNotificationDelivery
from server.adapters.postgres.outbox_relay import PostgresOutboxFeed
from server.adapters.postgres.outbox_status import PostgresOutboxBooks
from server.adapters.postgres.overdue_clocks import PostgresOverdueClocks
from server.adapters.postgres.pool import Pool, open_pool
from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.unit_of_work import PostgresUnitOfWork
from server.adapters.postgres.webhook_delivery import PostgresWebhookDelivery
from server.adapters.redis.wake_ups import WakeUps
from server.application.call import Call
from server.application.exports.run_export import Outcome, RunExport
from server.application.exports.write_file import WriteFile
from server.application.files.delete_objects import DeleteObjects
from server.application.files.expire_exports import ExpireExports
from server.application.files.file_status import FileStatus
from server.application.files.sweep_uploads import SweepUploads
from server.application.housekeeping.maintain_outbox import MaintainOutbox
from server.application.housekeeping.purge_idempotency_keys import PurgeIdempotencyKeys
from server.application.notifications.close_gathering import CloseGathering
from server.application.notifications.deliver_notifications import DeliverNotifications, Sent
from server.application.notifications.deliver_webhooks import DeliverWebhooks
from server.application.notifications.outbox_status import OutboxStatus
from server.application.notifications.purge_notifications import PurgeNotifications
from server.application.notifications.relay_outbox import RelayOutbox
from server.application.sla.derive_stale_clocks import DeriveStaleClocks
from server.application.sla.sweep_clock_events import SweepClockEvents
from server.application.unit_of_work import UnitOfWork
from server.domain.clock_events import ClockEventKind
from server.domain.errors import TicketsError
from server.domain.notifications import Channel
from server.domain.principal import SYSTEM
from server.files import open_store
from server.notifying import providers_from, webhook_sender_from
from server.settings import Settings
from workers.work import TURN, Step

STATEMENT_TIMEOUT = timedelta(seconds=30)

_log = structlog.get_logger("workers.use_cases")


@dataclass(frozen=True, slots=True)
class UseCases:
    """Each as a step that does so much at a time and says how much it did."""

    sweep_near_breaches: Step
    sweep_breaches: Step
    sweep_first_responses: Step
    derive_stale_clocks: Step
    relay_outbox: Step
    close_gathering: Step
    deliver: Mapping[Channel, Step]
    deliver_webhooks: Step
    purge_idempotency_keys: Step
    purge_notifications: Step
    maintain_outbox: Step
    sweep_uploads: Step
    expire_exports: Step
    delete_objects: Step
    run_export: Step


def build_use_cases(settings: Settings) -> UseCases:
    """Connects on first use. To be called in the process that uses them."""
    pool = worker_pool(settings, settings.worker_database_connections)
    sessions = Sessions(
        pool,
        session_settings=not settings.database_transaction_pooling,
        default_timeout_ms=int(STATEMENT_TIMEOUT.total_seconds() * 1000),
    )
    # Every change of a ticket by a worker is a write of this unit of work: a batch wakes the live streams at once.
    uow = PostgresUnitOfWork(sessions, wrote=WakeUps(settings.redis_url.get_secret_value()).publish)
    window = timedelta(seconds=settings.notification_window_seconds)
    relay = RelayOutbox(PostgresOutboxFeed(pool), _now, batch=settings.outbox_batch, window=window, budget=TURN)
    deliveries = PostgresNotificationDelivery(pool)
    close = CloseGathering(deliveries)
    purge_notifications = PurgeNotifications(deliveries)
    channels = {
        channel: DeliverNotifications(deliveries, channel, provider, batch=settings.delivery_batch, budget=TURN)
        for channel, provider in providers_from(settings).items()
    }
    webhooks = DeliverWebhooks(PostgresWebhookDelivery(pool), webhook_sender_from(settings), _now, budget=TURN)
    housekeeping = PostgresHousekeeping(pool)
    deletions = PostgresDeletionQueue(sessions)
    purge_keys = PurgeIdempotencyKeys(housekeeping)
    return UseCases(
        sweep_near_breaches=_sweep(uow, ClockEventKind.NEAR_BREACH),
        sweep_breaches=_sweep(uow, ClockEventKind.BREACH),
        sweep_first_responses=_sweep(uow, ClockEventKind.FIRST_RESPONSE_BREACHED),
        derive_stale_clocks=_derive(DeriveStaleClocks(uow, _now)),
        relay_outbox=lambda _: relay().events,
        close_gathering=lambda _: close().notifications,
        deliver={channel: _deliver(channel.value, run) for channel, run in channels.items()},
        deliver_webhooks=_deliver("webhooks", webhooks),
        purge_idempotency_keys=lambda _: purge_keys(),
        purge_notifications=lambda _: purge_notifications(),
        maintain_outbox=_maintain(MaintainOutbox(housekeeping)),
        sweep_uploads=_sweep_uploads(SweepUploads(deletions, _now)),
        expire_exports=_expire_exports(ExpireExports(PostgresExportQueue(sessions))),
        delete_objects=_delete_objects(deletions, settings),
        run_export=_run_export(sessions, settings),
    )


def build_due_work(settings: Settings) -> PostgresDueWork:
    """For the alarm: impatient, since it asks again in a moment."""
    return PostgresDueWork(worker_pool(settings, 1))


class DatabaseReadings:
    """What the gauges show; connects when they are first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._pool = functools.cache(lambda: worker_pool(settings, 1))

    def status(self) -> OutboxStatus:
        """Of the outbox and all deliveries."""
        return PostgresOutboxBooks(self._pool()).status()

    def oldest_seconds(self) -> Mapping[str, float]:
        """How late the sweeps are."""
        return PostgresOverdueClocks(self._pool()).oldest_seconds()

    def files(self) -> FileStatus:
        """Of exports, uploads and deletions."""
        return PostgresFileBooks(self._pool()).status()


def worker_pool(settings: Settings, connections: int) -> Pool:
    """Opened at once, connected on first use."""
    return open_pool(
        settings.database_url.get_secret_value(),
        min_size=0,
        max_size=connections,
        wait_seconds=settings.database_pool_timeout_seconds,
        prepare_statements=not settings.database_transaction_pooling,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _sweep(uow: UnitOfWork, kind: ClockEventKind) -> Step:
    sweep = SweepClockEvents(uow, _now, kind)
    return lambda limit: sweep(Call(SYSTEM), limit=limit)


def _derive(derive: DeriveStaleClocks) -> Step:
    return lambda limit: derive(Call(SYSTEM), limit=limit)


def _deliver(way: str, run: Callable[[], Sent]) -> Step:
    def step(_limit: int) -> int:
        sent = run()
        if sent.failed or sent.dead:
            _log.warning("not delivered", way=way, again=sent.failed, dead=sent.dead, put_back=sent.put_back)
        return sent.delivered

    return step


def _maintain(maintain_outbox: MaintainOutbox) -> Step:
    def step(_limit: int) -> int:
        changes = maintain_outbox()
        for change in changes:
            _log.info("partition", name=change.partition, change=change.change)
        return len(changes)

    return step


def _sweep_uploads(sweep: SweepUploads) -> Step:
    return lambda limit: sweep(limit=limit)


def _expire_exports(expire: ExpireExports) -> Step:
    return lambda limit: expire(limit=limit)


def _delete_objects(deletions: PostgresDeletionQueue, settings: Settings) -> Step:
    """The store is opened on first use: whoever does other work needs none."""
    run = functools.cache(lambda: DeleteObjects(deletions, open_store(settings), budget=TURN))
    return lambda _: run()()


def _run_export(sessions: Sessions, settings: Settings) -> Step:
    run = functools.cache(
        lambda: RunExport(
            PostgresExportQueue(sessions),
            PostgresExportSource(sessions),
            open_store(settings),
            WriteFile(XlsxWorkbooks(settings.export_temp_dir)),
            keep_for=timedelta(hours=settings.export_retention_hours),
        )
    )

    def step(_limit: int) -> int:
        outcome = run()()
        if outcome is None:
            return 0
        say_of_export(outcome)
        return 1

    return step


def say_of_export(outcome: Outcome) -> None:
    """In the log, what became of a job."""
    job = outcome.job
    log = _log.bind(job=str(job.id), attempt=job.attempts, format=job.format.value)
    if isinstance(outcome.failure, TicketsError):
        # The context has a cause of its own, where there is one.
        log.warning("export put back", **{"cause": outcome.failure.message, **outcome.failure.context})
    elif outcome.failure is not None:
        log.error("export put back", exc_info=outcome.failure)
    elif outcome.lost or outcome.manifest is None:
        log.info("export cancelled, or taken by another worker")
    else:
        manifest = outcome.manifest
        log.info("export finished", tickets=manifest.row_count, bytes=manifest.file_size_bytes)
