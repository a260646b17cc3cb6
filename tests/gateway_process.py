"""Gateways for tests: in a thread of this process, or as processes of their own that may be killed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.metrics import HttpMetrics
from gateway.serving import listen, make_server
from server.application.object_store import ObjectStore
from server.embedded.health import gateway_answers
from server.files import open_store
from server.settings import Settings
from tests.running import free_port
from tests.waiting import eventually

__all__ = ["gateway", "gateway_processes"]


@dataclass(frozen=True, slots=True)
class Gateway:
    """One that answers, and the store whose signed URLs lead to it."""

    url: str
    settings: Settings
    store: ObjectStore
    log: list[str]
    """Lines of the access log."""

    @property
    def port(self) -> int:
        """On 127.0.0.1."""
        return self.settings.http_port

    @property
    def files(self) -> Path:
        """The directory of the local store."""
        return self.settings.data_dir / "files"


@contextmanager
def serving_gateway(data_dir: Path, metrics: HttpMetrics | None = None, /, **changes: object) -> Iterator[Gateway]:
    """A gateway in a thread, with a local store in the directory. ``changes`` are settings."""
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = Settings.model_validate(
        {"data_dir": data_dir, "http_port": port, "files_url": url, "public_url": url, **changes}
    )
    log: list[str] = []
    server = make_server(settings, log.append, metrics)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="gateway", daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started, what="the gateway")
        yield Gateway(url, settings, open_store(settings), log)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """One of the test's own, with an empty local store."""
    with serving_gateway(tmp_path) as running:
        yield running


class GatewayProcess:
    """A ``tickets gateway`` of its own."""

    def __init__(self, data_dir: Path, log: Path, **environment: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.settings = Settings.model_validate({"data_dir": data_dir, "http_port": port, "files_url": self.url})
        self.store = open_store(self.settings)
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "gateway"],
                env={
                    **os.environ,
                    "TICKETS_DATA_DIR": str(data_dir),
                    "TICKETS_HTTP_HOST": "127.0.0.1",
                    "TICKETS_HTTP_PORT": str(port),
                    "TICKETS_FILES_URL": self.url,
                    **environment,
                },
                stdout=output,
                stderr=output,
            )

    def wait_ready(self) -> None:
        """Until /healthz answers."""
        eventually(lambda: gateway_answers(self.url), what="the gateway")

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and wait; gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


StartGateway = Callable[..., GatewayProcess]


@pytest.fixture
def gateway_processes(tmp_path: Path) -> Iterator[StartGateway]:
    """Starts gateway processes on the test's directory, and waits until they answer: ``start(**environment)``."""
    started: list[GatewayProcess] = []

    def start(**environment: str) -> GatewayProcess:
        process = GatewayProcess(tmp_path, tmp_path / f"gateway-{len(started)}.log", **environment)
        started.append(process)
        process.wait_ready()
        return process

    yield start
    for process in started:
        process.stop()
