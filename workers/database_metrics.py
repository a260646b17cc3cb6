"""Gauges of what waits in the database, read when Prometheus asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from server.application.files.file_status import FileStatus
from server.application.notifications.outbox_status import OutboxStatus
from server.outage import Outage


class Readings(Protocol):
    def status(self) -> OutboxStatus: ...

    def oldest_seconds(self) -> Mapping[str, float]:
        """By kind of event of the SLA clock."""
        ...

    def files(self) -> FileStatus: ...


class DatabaseMetrics(Collector):
    """Says that the database is away rather than nothing at all: what the worker counts itself is still of interest."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._outage = Outage("PostgreSQL, for metrics")

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that being registered needs no database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Anew each time."""
        try:
            status, overdue, files = self._readings.status(), self._readings.oldest_seconds(), self._readings.files()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other metrics shall be served
            self._outage.noticed(error)
            return (GaugeMetricFamily("tickets_database_up", "Whether the database answered.", value=0),)
        self._outage.over()
        return (
            GaugeMetricFamily("tickets_database_up", "Whether the database answered.", value=1),
            _gauge(
                "tickets_sla_overdue_seconds", "Age of the oldest event of the SLA clock that is due.", "event", overdue
            ),
            _gauge(
                "tickets_outbox_lag_seconds",
                "Age of the oldest event that a consumer has not read.",
                "consumer",
                {lag.consumer: lag.age.total_seconds() for lag in status.consumers},
            ),
            _gauge(
                "tickets_outbox_lag_rows",
                "Events that a consumer has not read, counted up to a limit.",
                "consumer",
                {lag.consumer: lag.rows for lag in status.consumers},
            ),
            _gauge(
                "tickets_outbox_failures",
                "Events that a consumer passed over.",
                "consumer",
                {lag.consumer: lag.failures for lag in status.consumers},
            ),
            GaugeMetricFamily("tickets_notifications_gathering", "Notifications that gather.", value=status.gathering),
            _gauge(
                "tickets_deliveries_pending",
                "Deliveries that wait.",
                "way",
                {queue.name: queue.pending for queue in status.queues},
            ),
            _gauge(
                "tickets_deliveries_oldest_pending_seconds",
                "Age of the oldest of them.",
                "way",
                {queue.name: queue.oldest_pending.total_seconds() for queue in status.queues},
            ),
            _gauge(
                "tickets_deliveries_dead",
                "Deliveries that were given up.",
                "way",
                {queue.name: queue.dead for queue in status.queues},
            ),
            GaugeMetricFamily("tickets_webhooks_disabled", "Webhooks not enabled.", value=status.disabled_webhooks),
            *_of_files(files),
        )


def _of_files(files: FileStatus) -> Iterable[Metric]:
    return (
        _gauge(
            "tickets_export_jobs",
            "Export jobs that are not finished.",
            "status",
            {status.value: count for status, count in files.unfinished_exports.items()},
        ),
        GaugeMetricFamily(
            "tickets_export_oldest_seconds", "Age of the oldest of them.", value=files.oldest_export.total_seconds()
        ),
        GaugeMetricFamily(
            "tickets_uploads_pending", "Attachments announced and not complete.", value=files.pending_uploads
        ),
        GaugeMetricFamily(
            "tickets_object_deletions_pending", "Objects to be deleted by now.", value=files.due_deletions
        ),
        GaugeMetricFamily(
            "tickets_object_deletions_overdue_seconds",
            "How long the longest of them waits.",
            value=files.overdue_deletions.total_seconds(),
        ),
    )


def _gauge(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
