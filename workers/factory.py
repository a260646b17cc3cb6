"""Makes the Celery app: the composition root of the workers.

A task may run twice (a worker is killed after the work and before the acknowledgement, two beats run): every task is
idempotent and rests on the database alone. Redis only carries the messages, and may lose them.
"""

from __future__ import annotations

import functools
from datetime import timedelta

from celery import Celery
from psycopg_pool import ConnectionPool

from server.adapters.postgres.housekeeping import PostgresHousekeeping
from workers.housekeeping import MAINTAIN_OUTBOX, PURGE_IDEMPOTENCY_KEYS, register_housekeeping

TIME_LIMIT = timedelta(minutes=5)
"""A task that takes longer is ended with its process; thirty seconds before, it is asked to give up."""
VISIBILITY_TIMEOUT = 2 * TIME_LIMIT
"""After this long without acknowledgement Redis gives a message to another worker. Longer than the time limit, so
that no task runs twice merely because it is slow."""
HOUR = timedelta(hours=1)


def make_app(redis_url: str, database_url: str) -> Celery:
    """An app of its own, so that tests can have one each."""
    app = Celery("tickets")
    app.conf.update(
        broker_url=broker_url(redis_url),
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "global_keyprefix": "tickets:celery:",
            "visibility_timeout": int(VISIBILITY_TIMEOUT.total_seconds()),
        },
        task_default_queue="housekeeping",
        # JSON alone: a message can never make a worker run code of its choice.
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        # Acknowledged when done, one at a time: a killed worker's task goes to another.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_time_limit=int(TIME_LIMIT.total_seconds()),
        task_soft_time_limit=int(TIME_LIMIT.total_seconds()) - 30,
        # Events for Flower and other monitors.
        worker_send_task_events=True,
        task_send_sent_event=True,
        timezone="UTC",
        beat_schedule={name: every(HOUR, name) for name in (PURGE_IDEMPOTENCY_KEYS, MAINTAIN_OUTBOX)},
    )

    @functools.cache
    def store() -> PostgresHousekeeping:
        # Made on first use, hence after the fork. PgBouncer's transaction pooling forbids prepared statements.
        pool = ConnectionPool(
            database_url, min_size=0, max_size=2, open=True, kwargs={"prepare_threshold": None}, name="workers"
        )
        return PostgresHousekeeping(pool)

    register_housekeeping(app, store)
    return app


def every(interval: timedelta, task: str) -> dict[str, object]:
    """A beat entry. A message not taken by the time of the next one is dropped, so that none pile up."""
    return {"task": task, "schedule": interval, "options": {"expires": interval.total_seconds()}}


def broker_url(redis_url: str) -> str:
    """Celery's spelling of a Redis address: it calls a unix socket redis+socket."""
    return redis_url.replace("unix://", "redis+socket://", 1)
