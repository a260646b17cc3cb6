"""Whether a worker is well, and over HTTP: /healthz for those who restart it, /metrics for Prometheus.

As a command, `python -m workers.health 127.0.0.1:9101` ends with status 0 when the worker there says it is well.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from server.metrics_http import MetricsServer
from workers.alarm import Alarm
from workers.locks import Locks

PATIENCE_SECONDS = 30.0
"""How long PostgreSQL may be silent. A restart of it is no reason to restart the workers."""
LOOK_SECONDS = 1.0
"""How often a worker looks whether it is well."""
STALE_SECONDS = 10.0
"""For how long what it saw counts: a look at a Redis that hangs takes some seconds."""

_log = structlog.get_logger("workers.health")


def is_well(worker: Any, locks: Locks, alarm: Alarm | None) -> bool:  # noqa: ANN401 - Celery's WorkController
    """Whether it consumes, Redis answers, and its alarm has lately talked to the database."""
    connection = getattr(worker.consumer, "connection", None)
    # What has been lost is still thought to be connected until it is used.
    consumes = connection is not None and bool(connection.connected) and locks.reachable()
    return consumes and (alarm is None or alarm.answered_within(PATIENCE_SECONDS))


class HealthServer:
    """A companion of the worker. It answers at once with what it saw last: probers wait a second or two, not more."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry, well: Callable[[], bool]) -> None:
        """`well` may take a while and may raise, which counts as no."""
        self._address = (host, port)
        self._registry = registry
        self._well = well
        self._well_at: float | None = None
        self._stopped = threading.Event()
        self._server: MetricsServer | None = None

    def start(self) -> None:
        """Ends the worker with a line of its own, not with Celery's traceback, when the port cannot be had."""
        host, port = self._address
        try:
            self._server = MetricsServer(host, port, self._registry, self._was_well)
        except OSError as error:
            _log.critical("TICKETS_WORKER_METRICS_PORT cannot be used", address=f"{host}:{port}", cause=error.strerror)
            raise SystemExit(1) from None
        threading.Thread(target=self._look, name="health", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        if self._server is not None:
            self._server.close()

    def _was_well(self) -> bool:
        return self._well_at is not None and time.monotonic() - self._well_at <= STALE_SECONDS

    def _look(self) -> None:
        while True:
            began_at = time.monotonic()
            try:
                self._well_at = began_at if self._well() else None
            except Exception as error:  # noqa: BLE001 - whatever is wrong, the answer is no
                self._well_at = None
                _log.debug("the look at the worker's health failed", exc_info=error)
            if self._stopped.wait(LOOK_SECONDS):
                return


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
