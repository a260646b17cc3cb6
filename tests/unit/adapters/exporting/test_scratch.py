"""Work in progress on disk: whose process is gone, theirs is removed."""

import os
from pathlib import Path

from server.adapters.exporting.scratch import remove_abandoned, scratch_directory


def _age(path: Path) -> None:
    os.utime(path, (0, 0))


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "tickets-export-left"
    (left / "below").mkdir(parents=True)
    (left / "rows").write_text("…")
    _age(left)
    with scratch_directory(tmp_path) as mine:
        assert [*tmp_path.iterdir()] == [mine]
    assert not any(tmp_path.iterdir())


def test_what_is_held_or_new_or_no_export_stays(tmp_path: Path) -> None:
    new, other = tmp_path / "tickets-export-new", tmp_path / "other"
    new.mkdir()
    other.mkdir()
    _age(other)
    with scratch_directory(tmp_path) as held:
        _age(held)
        remove_abandoned(tmp_path)
        assert {*tmp_path.iterdir()} == {new, other, held}


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "tickets-export-link"
    target.mkdir()
    _age(target)
    link.symlink_to(target)
    remove_abandoned(tmp_path)
    assert target.is_dir()
