"""docs/http.md, run from top to bottom as its reader would, against everything that `make run` starts."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_front_door import Running, instances

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "http.md"


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """An instance whose SLA sweeps do not change what the page works on, between two of its lines."""
    monkeypatch.setenv("TICKETS_SLA_ALARM_SECONDS", "0")
    monkeypatch.setenv("TICKETS_SLA_BREACH_SWEEP_SECONDS", "86400")
    with instances() as make:
        instance: Running = make()
        instance.start()
        yield instance


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_command_of_the_page_works(running: Running) -> None:
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    script, addresses = re.subn(r"^HTTP=.*$", f"HTTP={running.http_url}", script, flags=re.MULTILINE)
    assert addresses == 1
    done = subprocess.run(
        ["sh", "-eu"],
        input=script.replace(".venv/bin/tickets", f"{shlex.quote(sys.executable)} -m server.cli"),
        cwd=ROOT,
        env=running.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr}"
    assert '"nextPageToken":' in done.stdout
    assert '"title":"Balance freight of BKG-123 came back"' in done.stdout
    assert '"reason":"TICKET_NOT_FOUND"' in done.stdout
    assert done.stdout.count('"message":"The operator has sent a new account number."') >= 2, "told twice"
    assert '"title":"Balance freight: the account is closed"' in done.stdout
    assert '"reason":"ETAG_MISMATCH"' in done.stdout
    assert "Too late" not in done.stdout
    assert "\nevent: entry\n" in done.stdout
    events = [line for line in done.stdout.splitlines() if line.startswith("data: ")]
    assert sum("The operator has sent a new account number." in event for event in events) == 1, "made once"
