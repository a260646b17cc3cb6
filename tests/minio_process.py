"""A MinIO for tests, which may be stopped, started again, and made to answer nothing."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from minio import Minio
from minio.error import MinioException

from tests.running import free_port
from tests.waiting import eventually

__all__ = ["MinioProcess", "minio", "own_minio"]


class MinioProcess:
    """On a free port of this machine, in a directory of its own."""

    access_key = "tests-access"
    secret_key = "tests-secret-of-minio"  # a throw-away one
    region = "ap-south-1"

    def __init__(self, binary: str, directory: Path) -> None:
        self._binary = binary
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Until it answers."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._directory),
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_REGION_NAME": self.region,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "MINIO_CALLHOME_ENABLE": "off",
        }
        with (self._directory / "minio.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binary, "server", "--address", f"127.0.0.1:{self._port}", str(self._directory / "data")],
                env=environment,
                cwd=self._directory,
                stdout=log,
                stderr=log,
            )
        eventually(self._ready, within=60, what="MinIO")

    def stop(self) -> None:
        """At once; what it has stored stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """It takes connections and bytes, and answers nothing, until it is resumed or stopped."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """After a pause."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def settings(self) -> dict[str, str]:
        """What a process of the service needs in its environment, beside a bucket."""
        return {
            "TICKETS_S3_ENDPOINT": self.url,
            "TICKETS_S3_REGION": self.region,
            "TICKETS_S3_ACCESS_KEY": self.access_key,
            "TICKETS_S3_SECRET_KEY": self.secret_key,
        }

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._directory / "minio.log").read_text()[-2000:]
        # Its own health check says yes before requests are served.
        with urllib3.PoolManager(retries=False, timeout=5) as pool:
            client = Minio(
                self.url.removeprefix("http://"),
                self.access_key,
                self.secret_key,
                secure=False,
                region=self.region,
                http_client=pool,
            )
            try:
                client.list_buckets()
            except (MinioException, urllib3.exceptions.HTTPError):
                return False
        return True


def _binary() -> str:
    found = shutil.which("minio")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("minio is not installed; .ci/run does it")
        pytest.skip("minio is not installed")
    return found


def _running(directory: Path) -> Iterator[MinioProcess]:
    process = MinioProcess(_binary(), directory)
    process.start()
    try:
        yield process
    finally:
        process.stop()


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioProcess]:
    """One for all tests of a process, which leave it running; each makes a bucket of its own."""
    yield from _running(tmp_path_factory.mktemp("minio"))


@pytest.fixture
def own_minio(tmp_path: Path) -> Iterator[MinioProcess]:
    """One of the test's own, to be stopped or paused."""
    yield from _running(tmp_path)
