"""The admin UI: its units, its stories, and a browser at everything that `tickets up` starts.

The tests themselves are TypeScript, in admin/src, admin/tests and admin/e2e; each that fails is a failure here.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.domain.roles import Role
from tests.e2e.test_front_door import Running, instances

ROOT = Path(__file__).resolve().parents[2]
ADMIN = ROOT / "admin"
CI = "CI" in os.environ
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def missing(what: str) -> None:
    """Fails in CI, where everything must be there."""
    if CI:
        pytest.fail(f"{what}; .ci/run sees to it")
    pytest.skip(what)


@pytest.fixture(scope="module")
def node_packages() -> None:
    if not (ADMIN / "node_modules" / ".bin" / "playwright").exists():
        missing("the admin UI's Node packages are not installed: scripts/node_packages.sh")


@pytest.fixture(scope="module")
def browser(node_packages: None) -> None:
    if "CHROMIUM" not in os.environ and not any(map(shutil.which, BROWSERS)):
        missing("there is no Chromium on the PATH")


@pytest.fixture
def instance(browser: None) -> Iterator[Running]:
    """Everything, with the UI as its sources are now, and the demonstration's data."""
    subprocess.run([sys.executable, str(ROOT / "scripts" / "admin_ui.py"), "build"], check=True)
    with pytest.MonkeyPatch.context() as settings, instances() as make:
        settings.setenv("TICKETS_NOTIFICATION_WINDOW_SECONDS", "2")
        running: Running = make("data")
        running.start()
        yield running


def npm(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "scripts" / "npm.sh"), "run", "--silent", *arguments],
        cwd=ADMIN,
        env={**os.environ, "NO_COLOR": "1", "FORCE_COLOR": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def outcomes(suites: list[dict[str, Any]], *above: str) -> Iterator[tuple[str, str]]:
    """Of Playwright's report: each test by its name, with what is wrong with it; empty for nothing."""
    for suite in suites:
        path = (*above, suite["title"])
        yield from outcomes(suite.get("suites", []), *path)
        for spec in suite.get("specs", []):
            errors = [
                error.get("message", "")
                for test in spec["tests"]
                for result in test["results"][-1:]
                for error in result["errors"]
            ]
            wrong = "" if spec["ok"] else "\n\n".join(errors) or "it did not end"
            yield " > ".join((*path, spec["title"])), wrong


def play(subtests: pytest.Subtests, report: Path, script: str, **environment: str) -> None:
    """Run one of the projects of admin/playwright.config.ts; each of its tests is a subtest here."""
    done = npm(script, PLAYWRIGHT_JSON=str(report), **environment)
    if not report.exists():
        pytest.fail(done.stdout)
    told = json.loads(report.read_text())
    found = list(outcomes(told["suites"]))
    assert found, done.stdout
    for name, wrong in found:
        with subtests.test(name):
            assert not wrong, wrong
    assert done.returncode == 0 or any(wrong for _, wrong in found), done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_units(node_packages: None) -> None:
    done = npm("test")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_story_is_drawn_without_complaints_and_accessible(
    browser: None, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    built = tmp_path / "storybook"
    done = npm("stories", "--", "--output-dir", str(built))
    assert done.returncode == 0, done.stdout
    play(subtests, tmp_path / "report.json", "test:stories", STORYBOOK_STATIC=str(built))


def surroundings(instance: Running) -> dict[str, str]:
    """What the tests at a real stack are told of it."""
    return {
        "TICKETS_URL": instance.http_url,
        "TICKETS_TOKENS": json.dumps({role.value: instance.token(role.value) for role in Role}),
        "TICKETS_DATA_DIR": str(instance.data_dir),
        "TICKETS_PYTHON": sys.executable,
    }


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_people_work_with_it(instance: Running, tmp_path: Path, subtests: pytest.Subtests) -> None:
    play(subtests, tmp_path / "report.json", "test:e2e", **surroundings(instance))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_pictures_of_the_documents_can_be_taken(instance: Running, tmp_path: Path, subtests: pytest.Subtests) -> None:
    """``make pictures`` has them written to docs/pictures."""
    place = os.environ.get("TICKETS_PICTURES", str(tmp_path / "pictures"))
    play(subtests, tmp_path / "report.json", "test:pictures", TICKETS_PICTURES=place, **surroundings(instance))
