"""How Celery is set up: messages acknowledged after the work, JSON alone, Redis as a broker that may forget.

A message is only a hint that there is work. So it expires soon, it may be lost, and it may come twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import kombu
import redis
from celery import Celery
from celery.app.amqp import AMQP
from kombu.transport import redis as redis_transport

from server.settings import Settings
from workers.work import Work

LONGEST_TIME_LIMIT = timedelta(minutes=5)
VISIBILITY_TIMEOUT = 2 * LONGEST_TIME_LIMIT
"""After this long without acknowledgement Redis gives a message to another worker. Longer than any time limit, so that
no task runs twice merely because it is slow."""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class _Channel(redis_transport.Channel):
    """A worker that lost Redis takes its connection apart, and a task that ends after that is acknowledged on what is
    left. kombu then fails by an AttributeError, which nobody expects and which ends the worker; a connection error is
    logged. The message comes again by the visibility timeout, where it has not expired."""

    def _connparams(self, asynchronous: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - kombu's own
        if getattr(self.connection, "client", None) is None:
            raise redis.ConnectionError("the connection was lost and has been closed")
        return super()._connparams(asynchronous)  # type: ignore[misc]  # missing in the stubs


class _Transport(redis_transport.Transport):
    Channel = _Channel


class Connection(kombu.Connection):
    """kombu's, but for what it does when Redis goes away."""

    def get_transport_cls(self) -> Any:  # noqa: ANN401 - untyped in kombu
        """Ours, in place of kombu's own for Redis."""
        chosen = super().get_transport_cls()
        return _Transport if chosen is redis_transport.Transport else chosen

    def ensure_connection(self, *args: Any, **options: Any) -> kombu.Connection:  # type: ignore[override]  # noqa: ANN401
        """Looks for Redis every few seconds; kombu's own pauses grow to half a minute."""
        pauses = {"interval_start": 0.5, "interval_step": 0.5, "interval_max": 3}
        return super().ensure_connection(*args, **{**pauses, **options})


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
