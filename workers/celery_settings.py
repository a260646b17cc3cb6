"""How Celery is set up: messages acknowledged after the work, JSON alone, Redis as a broker that may forget.

A message is only a hint that there is work. So it expires soon, it may be lost, and it may come twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import kombu
from celery import Celery
from celery.app.amqp import AMQP

from server.settings import Settings
from workers.work import Work

LONGEST_TIME_LIMIT = timedelta(minutes=5)
VISIBILITY_TIMEOUT = 2 * LONGEST_TIME_LIMIT
"""After this long without acknowledgement Redis gives a message to another worker. Longer than any time limit, so that
no task runs twice merely because it is slow."""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Connection(kombu.Connection):
    """kombu's, but for what it does when a broker goes away."""

    def ensure_connection(self, *args: Any, **options: Any) -> kombu.Connection:  # type: ignore[override]  # noqa: ANN401
        """Looks for the broker every few seconds; kombu's own pauses grow to half a minute."""
        pauses = {"interval_start": 0.5, "interval_step": 0.5, "interval_max": 3}
        return super().ensure_connection(*args, **{**pauses, **options})

    def maybe_close_channel(self, channel: Any) -> None:  # noqa: ANN401 - untyped in kombu
        """A lost connection is taken apart before its channel is closed. The channel then fails to give back the
        messages of the tasks under way, by an error that nobody expects and that would end the worker. Those messages
        come again by the visibility timeout, where they have not expired."""
        with suppress(AttributeError):
            super().maybe_close_channel(channel)


class Broker(AMQP):
    """Celery's way of making connections, with ours."""

    Connection = Connection


def configure(app: Celery, settings: Settings, works: Iterable[Work[Any]]) -> None:
    """Set all that is not Celery's default."""
    works = tuple(works)
    app.conf.update(
        broker_url=broker_url(settings.redis_url.get_secret_value()),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # for ever
        broker_transport_options={
            "global_keyprefix": "tickets:celery:",
            "visibility_timeout": int(VISIBILITY_TIMEOUT.total_seconds()),
            "socket_connect_timeout": 1,
            "socket_timeout": 5,
        },
        task_default_queue="housekeeping",
        task_routes={work.name: {"queue": work.queue} for work in works},
        task_publish_retry=False,
        # JSON alone: a message can never make a worker run code of its choice.
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        # Acknowledged when done, one at a time: a killed worker's task goes to another.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_time_limit=int(LONGEST_TIME_LIMIT.total_seconds()),
        # A child lives for some hours; what a library may leak goes with it. In KiB.
        worker_max_tasks_per_child=10_000,
        worker_max_memory_per_child=400_000,
        # Tasks go on when Redis is gone: they need it for nothing.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_redirect_stdouts=False,
        # Events for our own counters, for Flower and other monitors.
        worker_send_task_events=True,
        task_send_sent_event=True,
        timezone="UTC",
        # Keeps its schedule in memory: any number of beats may run, and be killed.
        beat_scheduler="celery.beat:Scheduler",
        beat_schedule={work.name: beat_entry(work) for work in works},
    )


def beat_entry(work: Work[Any]) -> Mapping[str, object]:
    """Due as soon as beat starts, which keeps no record of the time before. A message not taken by the time of the next
    one is void, so that none pile up."""
    return {
        "task": work.name,
        "schedule": work.every,
        "last_run_at": LONG_AGO,
        "options": {"queue": work.queue, "expires": work.every.total_seconds()},
    }


def broker_url(redis_url: str) -> str:
    """Celery's spelling of a Redis address: it calls a unix socket redis+socket."""
    return redis_url.replace("unix://", "redis+socket://", 1)
