"""/metrics for Prometheus and /healthz for those who ask over HTTP, on a port of their own."""

import os
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SERVING = "tickets_serving"
MULTIPROCESS_DIR = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of one server keep their numbers; read by prometheus_client itself when it is imported."""


def serving_gauge(registry: CollectorRegistry = REGISTRY) -> Gauge:
    """1 for each process that answers SERVING."""
    return Gauge(SERVING, "Processes that serve.", registry=registry, multiprocess_mode="livesum")


def shared_registry(directory: str) -> CollectorRegistry:
    """The sum over all processes that keep their numbers in ``directory``."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=directory)  # type: ignore[no-untyped-call]  # the library's own gap
    return registry


def somebody_serves(registry: CollectorRegistry) -> bool:
    """Whether at least one process is ready for calls."""
    return (registry.get_sample_value(SERVING) or 0) > 0


def collects_metrics(port: int) -> bool:
    """Whether somebody will read them: this process over HTTP, or the parent through the shared directory."""
    return port != 0 or MULTIPROCESS_DIR in os.environ


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the library's own signature
        """That a prober gave up waiting is no error of ours; any other is written down as ever."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class MetricsServer:
    """Serves in the background from its making until ``close``. Raises OSError when the port is taken.

    ``healthy`` is asked anew for each request to /healthz, so it must answer at once.
    """

    def __init__(self, host: str, port: int, registry: CollectorRegistry, healthy: Callable[[], bool]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/metrics":
                    self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
                elif self.path == "/healthz":
                    up = healthy()
                    self._answer(200 if up else 503, "text/plain", b"serving\n" if up else b"not serving\n")
                else:
                    self._answer(404, "text/plain", b"try /metrics or /healthz\n")

            def _answer(self, status: int, content_type: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """A scrape every few seconds is no news."""

        self._server = _Server((host, port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics-http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
