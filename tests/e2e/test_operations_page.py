"""docs/operations.md, run from top to bottom as its reader would, against everything that `make run` starts."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from server.embedded.address import running_database_url
from server.embedded.postgres import binaries
from tests.e2e.test_front_door import Running, instances
from tests.e2e.test_grpcurl import program
from tests.running import free_port
from tests.waiting import eventually
from workers import health

__all__ = ["program"]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "operations.md"


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Of /metrics of the server, of the gateway, and of the three workers, which have consecutive ones."""
    given = {"METRICS": free_port(), "GATEWAY": free_port(), "WORKER": free_port()}
    monkeypatch.setenv("TICKETS_METRICS_PORT", str(given["METRICS"]))
    monkeypatch.setenv("TICKETS_HTTP_METRICS_PORT", str(given["GATEWAY"]))
    monkeypatch.setenv("TICKETS_WORKER_METRICS_PORT", str(given["WORKER"]))
    return given


def is_well(port: int) -> bool:
    return health.main([f"127.0.0.1:{port}"]) == 0


@pytest.fixture
def running(ports: dict[str, int]) -> Iterator[Running]:
    with instances() as make:
        instance: Running = make()
        instance.start()
        # The instance is ready before its workers are.
        for port in range(ports["WORKER"], ports["WORKER"] + 3):
            eventually(partial(is_well, port), within=60, what="a worker that is well")
        yield instance


def recipes(instance: Running, ports: dict[str, int], scratch: Path) -> str:
    """The page's commands, with this instance's addresses, and files of this test's own."""
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    values = {
        "SQL": running_database_url(instance.data_dir),
        "REDIS": instance.data_dir / "redis.sock",
        "HOST": f"127.0.0.1:{instance.port}",
        "HTTP": instance.http_url,
        **{name: f"127.0.0.1:{port}" for name, port in ports.items()},
    }
    for name, value in values.items():
        script, found = re.subn(rf"^{name}=.*$", f"{name}={shlex.quote(str(value))}", script, flags=re.MULTILINE)
        assert found == 1, name
    script = script.replace("/tmp/tickets.", f"{shlex.quote(str(scratch))}/tickets.")
    python = shlex.quote(sys.executable)
    programs = {"tickets": f"{python} -m server.cli", "celery": f"{python} -m celery", "python": python}
    programs["redis-cli"] = shlex.quote(str(Path(sys.executable).parent / "redis-cli"))
    return re.sub(r"\.venv/bin/([a-z-]+)", lambda found: programs[found[1]], script)


@pytest.mark.usefixtures("program")
def test_every_command_of_the_page_works(running: Running, ports: dict[str, int], tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-eu"],
        input=recipes(running, ports, tmp_path),
        cwd=ROOT,
        env={**running.environment, "PATH": f"{binaries()}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr}"
    assert "a probe was written, read and deleted" in done.stdout
    assert done.stdout.count(" 0 findings") == 3, "before the backup, after the restore, and in the runbook"
    assert '"status": "SERVING"' in done.stdout
    assert "3 nodes online." in done.stdout
    assert "PONG" in done.stdout
    assert 'tickets_sla_overdue_seconds{event="breach"}' in done.stdout
    assert not list(tmp_path.iterdir()), "the page cleans up behind itself"
