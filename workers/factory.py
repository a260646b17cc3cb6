"""Makes the Celery app: the composition root of the workers.

A task may run twice (a worker is killed after the work and before the acknowledgement, two beats run): every task is
idempotent and rests on the database alone. Redis only carries the messages, and may lose them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from celery import Celery
from celery.signals import beat_init
from prometheus_client import CollectorRegistry, ProcessCollector

from server.settings import Settings
from workers.alarm import Alarm, DueWork
from workers.beat import end_at_signals
from workers.celery_settings import Broker, configure
from workers.companions import Companion, companions_step
from workers.database_metrics import DatabaseMetrics, Readings
from workers.exports import export_work
from workers.files import file_work
from workers.health import HealthServer, is_well
from workers.housekeeping import housekeeping_work
from workers.locks import Locks
from workers.metrics import TaskMetrics, counting_requests
from workers.notifications import notification_work
from workers.outbox import outbox_work
from workers.sla import sla_work
from workers.use_cases import DatabaseReadings, UseCases, build_due_work, build_use_cases
from workers.webhooks import webhook_work
from workers.work import Work, register

Uses = TypeVar("Uses")


def all_work(settings: Settings) -> Sequence[Work[UseCases]]:
    """Everything the workers do."""
    return (
        *sla_work(settings),
        *outbox_work(settings),
        *notification_work(settings),
        *webhook_work(settings),
        *export_work(settings),
        *housekeeping_work(),
        *file_work(),
    )


def make_app(settings: Settings) -> Celery:
    """The app of the workers and beats."""
    return assemble(
        settings,
        all_work(settings),
        lambda: build_use_cases(settings),
        lambda: build_due_work(settings),
        DatabaseReadings(settings),
    )


def assemble(
    settings: Settings,
    works: Sequence[Work[Uses]],
    build_uses: Callable[[], Uses],
    build_due_work: Callable[[], DueWork],
    readings: Readings | None = None,
) -> Celery:
    """An app that does these works, and of which a process can have several. Connects to nothing.

    `build_uses` is called once in each process that runs tasks, `build_due_work` once in the main process of a worker.
    """
    registry = CollectorRegistry()

    app: Celery = Celery("tickets", amqp=Broker)
    app.Task.Request = counting_requests(TaskMetrics(registry))  # type: ignore[assignment]  # or the path of a class
    configure(app, settings, works)
    beat_init.connect(end_at_signals)
    register(app, works, functools.cache(lambda: _locks(settings)), functools.cache(build_uses))

    def companions(worker: Any) -> Sequence[Companion]:  # noqa: ANN401 - Celery's WorkController
        alarm = None
        if settings.sla_alarm_seconds > 0:
            alarm = _alarm(app, settings, works, build_due_work)
        health = None
        if settings.worker_metrics_port > 0:
            ProcessCollector(registry=registry)
            if readings is not None:
                registry.register(DatabaseMetrics(readings))
            locks = _locks(settings)
            health = HealthServer(
                settings.metrics_host, settings.worker_metrics_port, registry, lambda: is_well(worker, locks, alarm)
            )
        return [companion for companion in (alarm, health) if companion is not None]

    app.steps["worker"].add(companions_step(companions))
    return app


def _alarm(
    app: Celery, settings: Settings, works: Sequence[Work[Uses]], build_due_work: Callable[[], DueWork]
) -> Alarm:
    queues = {work.name: work.queue for work in works}

    def send(name: str, seconds: float) -> None:
        app.send_task(name, queue=queues[name], expires=seconds)

    return Alarm(
        build_due_work,
        lambda: _locks(settings),
        send,
        # Only what this worker consumes itself.
        names=[name for name, queue in queues.items() if queue in app.amqp.queues.consume_from],
        every_seconds=settings.sla_alarm_seconds,
    )


def _locks(settings: Settings) -> Locks:
    return Locks(settings.redis_url.get_secret_value())
