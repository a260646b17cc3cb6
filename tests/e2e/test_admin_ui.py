"""The admin UI: its units, its stories, and a browser at everything that `tickets up` starts.

The tests themselves are TypeScript, in admin/src, admin/tests and admin/e2e; each that fails is a failure here.
"""

import json
import os
import re
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


# Of Playwright, where the browser's process for a page has died: of memory that was short, or by a fault of its own.
CRASH = re.compile(r"\b(Page|Target) crashed\b")
ANYTHING = re.compile("")


def outcomes(suites: list[dict[str, Any]], forgiven: re.Pattern[str], *above: str) -> Iterator[tuple[str, str]]:
    """Of Playwright's report: each test by its name, with what is wrong with it; empty for nothing.

    A test that passed when it was tried again is in order if each attempt before failed of what is ``forgiven``.
    """
    for suite in suites:
        path = (*above, suite["title"])
        yield from outcomes(suite.get("suites", []), forgiven, *path)
        for spec in suite.get("specs", []):
            *before, last = [failure(result) for test in spec["tests"] for result in test["results"]] or [
                "it did not run"
            ]
            counted = [error for error in before if not forgiven.search(error)] if spec["ok"] else [last]
            yield " > ".join((*path, spec["title"])), "\n\n".join(filter(None, counted))


def failure(result: dict[str, Any]) -> str:
    """Of one attempt; empty for none."""
    if result["status"] in {"passed", "skipped"}:
        return ""
    return "\n\n".join(error.get("message", "") for error in result["errors"]) or str(result["status"])


def attempts(*errors: str) -> list[dict[str, Any]]:
    """A report of one test that failed of these in turn; an empty one has passed."""
    results = [
        {"status": "failed" if error else "passed", "errors": [{"message": error}] if error else []} for error in errors
    ]
    return [{"title": "file", "specs": [{"title": "test", "ok": not errors[-1], "tests": [{"results": results}]}]}]


@pytest.mark.parametrize(
    ("errors", "wrong"),
    [
        (("",), ""),
        (("too late", "still too late"), "still too late"),
        (("too late", ""), "too late"),
        (("Error: Page crashed", ""), ""),
        (("Error: Page crashed", "Error: Page crashed"), "Error: Page crashed"),
    ],
)
def test_only_a_crash_of_the_browser_is_forgiven(errors: tuple[str, ...], wrong: str) -> None:
    assert list(outcomes(attempts(*errors), CRASH)) == [("file > test", wrong)]


def play(
    subtests: pytest.Subtests,
    report: Path,
    script: str,
    environment: dict[str, str],
    forgiven: re.Pattern[str] = CRASH,
) -> None:
    """Run one of the projects of admin/playwright.config.ts; each of its tests is a subtest here."""
    # A directory of its own: each run begins by emptying it, and runs of other tests go on beside this one.
    traces = report.parent / "traces"
    done = npm(script, "--", "--output", str(traces), **environment, PLAYWRIGHT_JSON=str(report))
    if not report.exists():
        pytest.fail(done.stdout)
    told = json.loads(report.read_text())
    found = list(outcomes(told["suites"], forgiven))
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
    play(subtests, tmp_path / "report.json", "test:stories", {"STORYBOOK_STATIC": str(built)}, ANYTHING)


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
    play(subtests, tmp_path / "report.json", "test:e2e", surroundings(instance))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_pictures_of_the_documents_can_be_taken(instance: Running, tmp_path: Path, subtests: pytest.Subtests) -> None:
    """``make pictures`` has them written to docs/pictures."""
    place = os.environ.get("TICKETS_PICTURES", str(tmp_path / "pictures"))
    play(subtests, tmp_path / "report.json", "test:pictures", {**surroundings(instance), "TICKETS_PICTURES": place})
