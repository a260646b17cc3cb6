"""Directories for work in progress that do not outlive their process for long, however it ends."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "tickets-export-"
_FRESH_SECONDS = 60.0
"""So long a directory is left alone even if nobody seems to hold it: it may just have been made."""


@contextmanager
def scratch_directory(parent: Path | None) -> Iterator[Path]:
    """A new directory below ``parent`` (None: the system's), removed at the end with all that is in it.

    It is locked while its process lives. Those that are not are of processes that were killed, and are removed first.
    """
    parent = parent or Path(tempfile.gettempdir())
    parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(parent)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=parent, ignore_cleanup_errors=True) as name:
        held = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(held)


def remove_abandoned(parent: Path) -> None:
    """Remove what processes have left that are no more. What belongs to somebody else is passed over."""
    for path in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _FRESH_SECONDS:
                _remove_unless_held(path)


def _remove_unless_held(path: Path) -> None:
    held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path)
    finally:
        os.close(held)
