"""Several server processes on one port, and the process that looks after them.

Each child is an ordinary ``serve`` of its own; the kernel spreads connections over them (SO_REUSEPORT).
The parent serves no calls: it holds the port, restarts who dies, adds up the metrics, and passes SIGTERM on.
"""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from prometheus_client import multiprocess

from server import log
from server.metrics_http import MULTIPROCESS_DIR, MetricsServer, shared_registry, somebody_serves

_log = structlog.get_logger("server.processes")

_PARENT_FD = "TICKETS_PARENT_FD"
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0
_HEALTHY_SECONDS = 30.0
_KILL_AFTER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Layout:
    """What the parent is to run."""

    command: Sequence[str]
    """The command line of one server process; it reads its port from TICKETS_GRPC_PORT."""
    count: int
    host: str
    port: int
    """0 takes a free one."""
    drain_grace_seconds: float
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    log_level: str = "INFO"
    log_format: log.LogFormat = "auto"
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(slots=True)
class _Child:
    number: int
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = _FIRST_PAUSE_SECONDS
    restart_at: float | None = None


_STOP = object()


def run_processes(layout: Layout, on_port: Callable[[int], None] = lambda _: None) -> int:
    """Run until SIGTERM or SIGINT, then drain all children; 0 when each of them ended well.

    ``on_port`` is told the port before the first child starts. Raises OSError when it, or that of the metrics, is
    taken. Runs in the main thread.
    """
    log.configure(layout.log_level, layout.log_format)
    events: queue.SimpleQueue[object] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: events.put(_STOP))
    with contextlib.ExitStack() as stack:
        reserved = stack.enter_context(_reserve(layout.host, layout.port))
        port = reserved.getsockname()[1]
        on_port(port)
        metrics_dir = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="tickets-metrics-", ignore_cleanup_errors=True)
        )
        metrics = _metrics_server(layout, metrics_dir)
        if metrics is not None:
            stack.callback(metrics.close)
        lifeline, keep_open = os.pipe()
        stack.callback(os.close, lifeline)
        stack.callback(os.close, keep_open)
        environment = {
            **layout.environment,
            "TICKETS_GRPC_PORT": str(port),
            "TICKETS_REUSE_PORT": "true",
            "TICKETS_PROCESSES": "1",
            "TICKETS_METRICS_PORT": "0",
            _PARENT_FD: str(lifeline),
        }
        if metrics is not None:
            environment[MULTIPROCESS_DIR] = metrics_dir
        return _Family(layout, environment, lifeline, events, metrics_dir).run()


class _Family:
    """The children and their restarts. All of it happens in the main thread; others only put events in the queue."""

    def __init__(
        self,
        layout: Layout,
        environment: Mapping[str, str],
        lifeline: int,
        events: "queue.SimpleQueue[object]",
        metrics_dir: str,
    ) -> None:
        self._layout = layout
        self._environment = environment
        self._lifeline = lifeline
        self._events = events
        self._metrics_dir = metrics_dir
        self._children = [_Child(number) for number in range(layout.count)]

    def run(self) -> int:
        for child in self._children:
            self._start(child)
        while True:
            event = self._next_event()
            if event is _STOP:
                return self._stop_all()
            if isinstance(event, _Child):
                self._plan_restart(event)
            now = time.monotonic()
            for child in self._children:
                if child.restart_at is not None and child.restart_at <= now:
                    self._start(child)

    def _next_event(self) -> object | None:
        """None when it is time for a restart."""
        due = min((child.restart_at for child in self._children if child.restart_at is not None), default=None)
        try:
            return self._events.get(timeout=None if due is None else max(0.0, due - time.monotonic()))
        except queue.Empty:
            return None

    def _start(self, child: _Child) -> None:
        child.restart_at = None
        child.started_at = time.monotonic()
        child.process = process = subprocess.Popen(  # noqa: S603 - our own command line
            list(self._layout.command), env=dict(self._environment), pass_fds=[self._lifeline]
        )

        def wait() -> None:
            process.wait()
            self._events.put(child)

        threading.Thread(target=wait, name=f"child-{child.number}", daemon=True).start()

    def _plan_restart(self, child: _Child) -> None:
        self._bury(child)
        if time.monotonic() - child.started_at >= _HEALTHY_SECONDS:
            child.pause = _FIRST_PAUSE_SECONDS
        child.restart_at = time.monotonic() + child.pause
        child.pause = min(child.pause * 2, _LONGEST_PAUSE_SECONDS)

    def _bury(self, child: _Child) -> None:
        if child.process is None:
            return
        _log.warning("server process ended", number=child.number, pid=child.process.pid, code=child.process.returncode)
        multiprocess.mark_process_dead(child.process.pid, self._metrics_dir)  # type: ignore[no-untyped-call]
        child.process = None

    def _stop_all(self) -> int:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        give_up = time.monotonic() + self._layout.drain_grace_seconds + _KILL_AFTER_SECONDS
        for process in running:
            try:
                process.wait(timeout=max(0.0, give_up - time.monotonic()))
            except subprocess.TimeoutExpired:
                _log.error("server process killed: it did not stop", pid=process.pid)
                process.kill()
                process.wait()
        # One that had not yet begun to serve knows no better than to die of the signal.
        return 0 if all(process.returncode in {0, -signal.SIGTERM} for process in running) else 1


def when_parent_is_gone(callback: Callable[[], None]) -> None:
    """In a child: call ``callback`` when the parent has ended, however it ended. In any other process: nothing."""
    descriptor = os.environ.get(_PARENT_FD)
    if descriptor is None:
        return

    def wait() -> None:
        # Nothing is ever written; the end of the file comes when the kernel closes the parent's side.
        with contextlib.suppress(OSError):
            os.read(int(descriptor), 1)
        callback()

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def _reserve(host: str, port: int) -> socket.socket:
    """A socket bound to the port, never listening, so that the port stays ours while children come and go.

    SO_REUSEPORT alone would share the port with a second instance without a word; a bind without it
    finds that one out.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    if port != 0:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    reserved = socket.socket(family, kind, protocol)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(address)
    except OSError:
        reserved.close()
        raise
    return reserved


def _metrics_server(layout: Layout, directory: str) -> MetricsServer | None:
    if layout.metrics_port == 0:
        return None
    registry = shared_registry(directory)
    return MetricsServer(layout.metrics_host, layout.metrics_port, registry, lambda: somebody_serves(registry))
