"""How a build of the admin UI takes the place of another, while a gateway serves them."""

import json
import os
from pathlib import Path

from scripts.admin_ui import KEPT_SECONDS, publish


def make(directory: Path, **files: str) -> Path:
    """A build: names with a double underscore stand in assets/."""
    for name, content in files.items():
        path = directory / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return directory


def files_of(directory: Path) -> dict[str, str]:
    paths = (path for path in directory.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(directory)): path.read_text() for path in paths}


def test_parts_of_the_build_before_stay_for_pages_that_are_open(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    publish(
        make(tmp_path / "1", index_html="1", index_html_br="1b", robots_txt="r", assets__a_js="a"), dist, digest="1"
    )
    publish(make(tmp_path / "2", index_html="2", assets__b_js="b"), dist, digest="2", before=["assets/a.js"])
    assert files_of(dist) == {"index.html": "2", "assets/a.js": "a", "assets/b.js": "b"}
    assert json.loads((dist / ".build.json").read_text()) == {"digest": "2", "files": ["assets/b.js", "index.html"]}
    assert not (tmp_path / "2").exists()


def test_they_go_a_week_after_they_were_last_in_a_build(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    publish(make(tmp_path / "1", index_html="1", assets__a_js="a", assets__b_js="b"), dist, digest="1")
    for path in dist.rglob("*"):
        os.utime(path, (0, path.stat().st_mtime - KEPT_SECONDS - 60))
    publish(make(tmp_path / "2", index_html="2", assets__c_js="c"), dist, digest="2", before=["assets/b.js"])
    assert files_of(dist) == {"index.html": "2", "assets/b.js": "b", "assets/c.js": "c"}, "b was in use until now"


def test_a_build_that_comes_back_is_not_taken_for_an_old_one(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    publish(make(tmp_path / "1", index_html="1", assets__a_js="a"), dist, digest="1")
    for path in dist.rglob("*"):
        os.utime(path, (0, 0))
    publish(make(tmp_path / "2", index_html="1", assets__a_js="a"), dist, digest="1")
    assert files_of(dist) == {"index.html": "1", "assets/a.js": "a"}
