"""A Redis for tests that may be stopped, flushed and started again."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis

from server.embedded.redis_server import redis_child
from tests.waiting import eventually

__all__ = ["redis_process"]


class RedisProcess:
    """On a unix socket, keeping nothing."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._socket = directory / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        """Until it answers."""
        command = list(redis_child(self._socket, self._directory, {}).command)
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._answers, what="Redis")

    def stop(self) -> None:
        """At once; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """It takes connections and bytes, and answers nothing, until it is resumed or stopped."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """After a pause."""
        self._signal(signal.SIGCONT)

    def flush(self) -> None:
        """FLUSHALL."""
        with self.client() as client:
            client.flushall()

    @contextmanager
    def client(self) -> Iterator["redis.Redis"]:
        """A connection of the test's own."""
        client = redis.Redis(unix_socket_path=str(self._socket))
        try:
            yield client
        finally:
            client.close()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


@pytest.fixture
def redis_process() -> Iterator[RedisProcess]:
    """One that runs, of the test's own."""
    # Not in tmp_path, whose names may be too long for a socket.
    with TemporaryDirectory(prefix="tickets-redis-") as directory:
        process = RedisProcess(Path(directory))
        process.start()
        try:
            yield process
        finally:
            process.stop()
