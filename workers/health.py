"""Whether a worker is well, and over HTTP: /healthz for those who restart it, /metrics for Prometheus.

As a command, `python -m workers.health 127.0.0.1:9101` ends with status 0 when the worker there says it is well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

from prometheus_client import CollectorRegistry

from server.metrics_http import MetricsServer
from workers.alarm import Alarm
from workers.locks import Locks

PATIENCE_SECONDS = 30.0
"""How long PostgreSQL may be silent. A restart of it is no reason to restart the workers."""


def is_well(worker: Any, locks: Locks, alarm: Alarm | None) -> bool:  # noqa: ANN401 - Celery's WorkController
    """Whether it consumes, Redis answers, and its alarm has lately talked to the database."""
    connection = getattr(worker.consumer, "connection", None)
    # What has been lost is still thought to be connected until it is used.
    consumes = connection is not None and bool(connection.connected) and locks.reachable()
    return consumes and (alarm is None or alarm.answered_within(PATIENCE_SECONDS))


class HealthServer:
    """A companion of the worker. `start` raises OSError when the port is taken."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry, well: Callable[[], bool]) -> None:
        self._address = (host, port)
        self._registry = registry
        self._well = well
        self._server: MetricsServer | None = None

    def start(self) -> None:
        host, port = self._address
        self._server = MetricsServer(host, port, self._registry, self._well)

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()


def main(arguments: list[str]) -> int:
    """The exit status for a health check of a container."""
    host, _, port = arguments[0].rpartition(":")
    connection = HTTPConnection(host, int(port), timeout=3)
    try:
        connection.request("GET", "/healthz")
        return 0 if connection.getresponse().status == 200 else 1
    except OSError:
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
