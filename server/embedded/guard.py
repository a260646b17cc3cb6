"""The last process of an instance: ends what is left when the supervisor could not do it itself.

The supervisor may be killed with SIGKILL, and nothing that runs inside it can prevent that. So one small process
in a session of its own reads the supervisor's pipe: `watch PGID` and `unwatch PGID` say which process groups exist,
`done` says that all was stopped in good order. End of file without `done` means that the supervisor is gone; the
guard then ends every group, newest first, and stops PostgreSQL. It holds the instance's lock until that is done, so
that a new instance cannot start in the middle of it.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

GRACE_SECONDS = 10.0
"""What a process group gets between SIGTERM and SIGKILL."""


class Guard:
    """The supervisor's side: starts the guard process and keeps it informed, starting another if it dies."""

    def __init__(self, data_dir: Path, lock: int) -> None:
        self._data_dir = data_dir
        self._lock = lock
        self._groups: list[int] = []
        self._process, self._pipe = self._start()

    def watch(self, group: int) -> None:
        self._groups.append(group)
        self._tell(f"watch {group}")

    def unwatch(self, group: int) -> None:
        self._groups.remove(group)
        self._tell(f"unwatch {group}")

    def ensure_running(self) -> None:
        """Start a new guard, with all that the old one knew, if the old one is gone."""
        if self._process.poll() is None:
            return
        os.close(self._pipe)
        self._process, self._pipe = self._start()
        for group in self._groups:
            self._tell(f"watch {group}")

    def dismiss(self) -> None:
        """Everything is stopped: the guard has nothing left to do."""
        self._tell("done")
        os.close(self._pipe)
        self._process.wait()

    def _start(self) -> tuple[subprocess.Popen[bytes], int]:
        reading, writing = os.pipe()  # neither end is inherited, except as the guard's own stdin
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "server.embedded.guard", str(self._data_dir)],
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(self._lock,),
            )
        finally:
            os.close(reading)
        return process, writing

    def _tell(self, line: str) -> None:
        # A guard that died is not told: ensure_running repeats everything to its successor.
        with suppress(BrokenPipeError):
            os.write(self._pipe, f"{line}\n".encode())


def end_group(leader: int, *, grace: float = GRACE_SECONDS) -> None:
    """SIGTERM to the leader, which ends its descendants in its own way; SIGKILL to what is left of the group when it
    is gone or the grace period is over. Polls, since POSIX lets a process wait only for its own children."""
    deadline = time.monotonic() + grace
    try:
        os.kill(leader, signal.SIGTERM)
        while time.monotonic() < deadline:
            os.kill(leader, 0)
            time.sleep(0.05)
    except ProcessLookupError:
        pass
    kill_group(leader)


def kill_group(group: int) -> None:
    """SIGKILL to every process of the group, if there is any."""
    with suppress(ProcessLookupError, PermissionError):  # macOS says EPERM of a group of zombies
        os.killpg(group, signal.SIGKILL)


def stop_postgres(directory: Path) -> None:
    """By its own tool; by a signal where that does not run, as when the clone that held it is gone."""
    from server.embedded.postgres import EmbeddedPostgres, EmbeddedPostgresError

    postgres = EmbeddedPostgres(directory)
    try:
        postgres.stop()
    except (EmbeddedPostgresError, OSError):
        running = postgres.postmaster()
        if running is not None:
            os.kill(running.pid, signal.SIGINT)  # PostgreSQL's "fast" shutdown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path)
    data_dir = parser.parse_args().data_dir
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: list[int] = []
    for line in sys.stdin:
        match line.split():
            case ["watch", group]:
                groups.append(int(group))
            case ["unwatch", group]:
                groups.remove(int(group))
            case ["done"]:
                return
    for group in reversed(groups):
        end_group(group)
    stop_postgres(data_dir / "postgres")


if __name__ == "__main__":
    main()
