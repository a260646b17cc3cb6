"""What the build of the admin UI weighs, and that its page keeps to the Content-Security-Policy."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_admin_ui import ADMIN, CI, ROOT

FIRST_VIEW_BYTES = 500_000
"""Packed: the page, and all that the list of tickets is drawn with."""
LIST = "src/features/ticket-list/TicketsListPage.tsx"
DIST = ADMIN / "dist"


@pytest.fixture(scope="module")
def dist() -> Path:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "admin_ui.py"), "build"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        if CI:
            pytest.fail(done.stderr)
        pytest.skip(done.stderr.strip())
    return DIST


def files_of(manifest: dict[str, Any], entries: Iterable[str]) -> set[str]:
    """What the browser loads for these modules, before any further one is asked for."""
    seen: set[str] = set()
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += manifest[name].get("imports", [])
    return {file for name in seen for file in (manifest[name]["file"], *manifest[name].get("css", []))}


def test_the_first_view_is_small(dist: Path) -> None:
    manifest = json.loads((dist / ".vite" / "manifest.json").read_text())
    files = {"index.html", *files_of(manifest, ["index.html", LIST])}
    sizes = {file: len(gzip.compress((dist / file).read_bytes())) for file in sorted(files)}
    assert sum(sizes.values()) <= FIRST_VIEW_BYTES, sizes
    sys.stdout.write(f"first view: {sum(sizes.values())} bytes in {len(sizes)} files: {sizes}\n")


def test_the_page_has_no_script_of_its_own(dist: Path) -> None:
    page = (dist / "index.html").read_text()
    scripts = list(found(r"<script\b([^>]*)>(.*?)</script>", page))
    assert scripts
    assert all('src="/admin/assets/' in attributes and not content.strip() for attributes, content in scripts)
    assert not re.search(r"\son\w+=|javascript:", page)
    assert all(each.startswith(("/admin/assets/", "data:")) for (each,) in found(r'(?:href|src)="([^"]*)"', page))


def test_large_files_are_packed(dist: Path) -> None:
    for file in json.loads((dist / ".build.json").read_text())["files"]:
        path = dist / file
        if path.suffix in {".js", ".css"} and path.stat().st_size > 4096:
            assert gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) == path.read_bytes()
            assert path.with_name(f"{path.name}.br").stat().st_size < path.stat().st_size


def found(pattern: str, text: str) -> Iterator[tuple[str, ...]]:
    return (match.groups() for match in re.finditer(pattern, text, re.DOTALL))
