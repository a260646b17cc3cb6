"""Workers and beats as processes of their own that may be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.database import Database
from tests.redis_process import RedisProcess

__all__ = ["celery_processes"]

ROOT = Path(__file__).resolve().parents[1]


class CeleryProcess:
    """A worker or a beat."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._path = log
        self._log = log.open("ab")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=self._log, stderr=self._log
        )

    def kill(self) -> None:
        """SIGKILL, and wait. The kernel kills a worker's children with it."""
        self.process.kill()
        self.process.wait()

    def children(self) -> list[int]:
        """The ids of the processes that do its work."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def stop(self) -> int:
        """SIGTERM, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        self._log.close()
        return status

    @property
    def log(self) -> str:
        """All it has written."""
        return self._path.read_text()


class CeleryProcesses:
    """Starts them; all are ended with the test."""

    def __init__(self, directory: Path, app: str, environment: Mapping[str, str]) -> None:
        self._directory = directory
        self._app = app
        self._environment = environment
        self.started: list[CeleryProcess] = []

    def worker(self, queues: str, *, concurrency: int = 2, **environment: object) -> CeleryProcess:
        """A worker of these queues."""
        name = f"worker-{len(self.started)}@test"
        options = ["--queues", queues, "--concurrency", str(concurrency), "--hostname", name]
        return self._start(["worker", *options, "--without-gossip", "--without-mingle"], environment)

    def beat(self, **environment: object) -> CeleryProcess:
        """A beat."""
        return self._start(["beat", "--pidfile="], environment)

    def _start(self, arguments: Sequence[str], environment: Mapping[str, Any]) -> CeleryProcess:
        command = [sys.executable, "-m", "celery", "--app", self._app, "--quiet", *arguments]
        given = {f"TICKETS_{name.upper()}": str(value) for name, value in environment.items()}
        log = self._directory / f"{arguments[0]}-{len(self.started)}.log"
        process = CeleryProcess(command, {**self._environment, **given}, log)
        self.started.append(process)
        return process


StartCelery = Callable[..., CeleryProcesses]


@pytest.fixture
def celery_processes(redis_process: RedisProcess, tmp_path: Path) -> Iterator[StartCelery]:
    """Of an app, on a database: ``celery_processes(database, app="workers.app:app", **settings)``."""
    all_started: list[CeleryProcesses] = []

    def processes(database: Database, *, app: str = "workers.app:app", **settings: object) -> CeleryProcesses:
        values = {
            "database_url": database.dsn,
            "redis_url": redis_process.url,
            "data_dir": tmp_path,
            "log_format": "json",
            **settings,
        }
        environment = {f"TICKETS_{name.upper()}": str(value) for name, value in values.items()}
        started = CeleryProcesses(tmp_path, app, environment)
        all_started.append(started)
        return started

    yield processes
    for started in all_started:
        for process in started.started:
            process.stop()
