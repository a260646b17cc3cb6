"""The standard health service: what load balancers and ``tickets up`` ask before they send anyone here."""

import logging
import threading
from collections.abc import Callable, Sequence

import structlog
from grpc_health.v1 import health, health_pb2

_log = structlog.get_logger("server.api.health")

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """One status for the server ("") and for each service; all of them follow ``ready``.

    ``ready`` is asked every ``interval_seconds`` by a thread of its own; it may block for a while and may
    raise, which counts as no. Until it first said yes, and from the start of a drain on, the answer is
    NOT_SERVING.
    """

    def __init__(self, services: Sequence[str], ready: Callable[[], bool], interval_seconds: float) -> None:
        self.servicer = health.HealthServicer()
        self._names = ("", *services)
        self._ready = ready
        self._interval = interval_seconds
        self._serving = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="readiness", daemon=True)
        self._listeners: list[Callable[[bool], None]] = []
        self._announce(serving=False)

    @property
    def serving(self) -> bool:
        """What the service answers at the moment."""
        return self._serving

    def on_change(self, listener: Callable[[bool], None]) -> None:
        """Call ``listener`` with every change, and now. It must not raise."""
        self._listeners.append(listener)
        listener(self._serving)

    def start(self) -> None:
        """Ask for the first time, then go on asking in the background."""
        self._check()
        self._thread.start()

    def drain(self) -> None:
        """NOT_SERVING for good."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._interval)
        self.servicer.enter_graceful_shutdown()
        self._set(serving=False)

    def _watch(self) -> None:
        while not self._stopping.wait(self._interval):
            self._check()

    def _check(self) -> None:
        try:
            serving = self._ready()
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the answer is no
            _log.debug("readiness check failed", exc_info=error)
            serving = False
        if serving != self._serving and not self._stopping.is_set():
            # Said once for each change: while the database is away, the next lines would all be the same.
            _log.log(logging.INFO if serving else logging.WARNING, "serving" if serving else "not serving")
            self._announce(serving=serving)

    def _announce(self, *, serving: bool) -> None:
        for name in self._names:
            self.servicer.set(name, _SERVING if serving else _NOT_SERVING)
        self._set(serving=serving)

    def _set(self, *, serving: bool) -> None:
        self._serving = serving
        for listener in self._listeners:
            listener(serving)
