"""What a worker counts, in its main process: that one hears of the end of every task, also of those whose child died.

Children count nothing, so that no lock of the metrics library is ever carried through a fork.
"""

from __future__ import annotations

from typing import Any

from celery.worker.request import Request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_OUTCOMES = {
    "task-succeeded": "succeeded",
    "task-failed": "failed",
    "task-retried": "retried",
    # Nobody had taken it in time; it was asked for again.
    "task-revoked": "expired",
    # Its process died; the message went back into the queue.
    "task-rejected": "lost",
}


class TaskMetrics:
    """Registers its series once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._ended = Counter(
            "tickets_worker_tasks",
            "Tasks that ended, by name and outcome: succeeded, failed, retried, expired, lost.",
            ["task", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "tickets_worker_task_seconds",
            "Seconds that tasks took which succeeded.",
            ["task"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._last = Gauge(
            "tickets_worker_task_last_success_timestamp_seconds",
            "When the task last succeeded in this worker, in seconds since 1970, UTC.",
            ["task"],
            registry=registry,
        )

    def note(self, task: str, event: str, seconds: float | None) -> None:
        """An event of a task's life by Celery's name for it; `seconds` it took, where the event says so."""
        outcome = _OUTCOMES.get(event)
        if outcome is None:
            return
        self._ended.labels(task, outcome).inc()
        if outcome == "succeeded":
            self._last.labels(task).set_to_current_time()
            if seconds is not None:
                self._seconds.labels(task).observe(seconds)


def counting_requests(metrics: TaskMetrics) -> type[Request]:
    """What Celery makes of a message it received: with us, it also counts.

    Every end of a task is announced to monitors such as Flower by `send_event`, in the main process.
    """

    class CountingRequest(Request):
        def send_event(self, type: str, **fields: Any) -> None:  # noqa: A002, ANN401 - Celery's own
            metrics.note(self.name, type, fields.get("runtime"))
            super().send_event(type, **fields)

    return CountingRequest
