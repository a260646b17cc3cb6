"""Keeps the processes of an instance alive, and ends them in the reverse of the order they were started in.

Each child leads a process group of its own, so Ctrl-C in the terminal reaches the supervisor alone, and ending a
child ends its descendants with it. Signals and deaths arrive in one queue, read by the one thread that acts.
"""

from __future__ import annotations

import math
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType

from server.embedded.guard import Guard, kill_group
from server.embedded.instance import InstanceError

BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Waits before the restarts of a child that keeps dying; dying after the last one, it is given up."""
STEADY_SECONDS = 30.0
"""A child that lived this long starts again at the first wait."""
CHECK_SECONDS = 1.0
"""How often the processes that are not our children are looked at."""
LOG_LIMIT = 10 * 1024 * 1024

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked for the end, by a signal."""


class ChildFailedError(InstanceError):
    """A child ended when it should not have; the message carries the end of its log."""


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run. Its output goes to `<log_dir>/<name>.log`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    grace_seconds: float = 20.0
    """From SIGTERM to SIGKILL: long enough to finish the calls in flight."""


@dataclass(slots=True)
class Child:
    spec: ChildSpec
    process: subprocess.Popen[bytes] | None
    """None between its end and its restart."""
    started_at: float
    attempts: int = 0
    """Restarts since it last ran steadily."""
    restart_at: float = math.inf
    """When to start it again, where it does not run."""


@dataclass(slots=True)
class Supervisor:
    """Use as a context: leaving it ends all that was started, whatever the reason."""

    guard: Guard
    log_dir: Path
    say: Callable[[str], None]
    back_off: Sequence[float] = BACK_OFF_SECONDS
    children: list[Child] = field(default_factory=list)
    # A signal's number, or the process that ended. Putting is reentrant, so a signal handler may do it.
    events: SimpleQueue[int | subprocess.Popen[bytes]] = field(default_factory=SimpleQueue)
    stopping: bool = False

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Turn the stop signals into events until the end of the context. Main thread only."""

        def note(number: int, _frame: FrameType | None) -> None:
            self.events.put(number)

        previous = {number: signal.signal(number, note) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def start(self, spec: ChildSpec) -> None:
        """Start it and keep it running from now on."""
        self.children.append(Child(spec, self._spawn(spec), time.monotonic()))

    def run(self, spec: ChildSpec) -> None:
        """Run it to its end. Raises ChildFailedError when it fails, Stopped when a stop is asked for first."""
        process = self._spawn(spec)
        try:
            while process.returncode is None:
                self._take(None)
        finally:
            self._end(process, spec.grace_seconds)
        if process.returncode != 0:
            raise self._failure(spec, process.returncode)

    def wait_until(self, ready: Callable[[], bool], *, what: str, seconds: float) -> None:
        """Look every tenth of a second. Raises ChildFailedError when a child dies meanwhile, Stopped as `run` does,
        InstanceError when the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                raise InstanceError(f"{what} was not ready within {seconds:.0f} s; its log is in {self.log_dir}")
            self._take(0.1)
            for child in self.children:
                if child.process is not None and child.process.returncode is not None:
                    raise self._failure(child.spec, child.process.returncode)

    def watch(self, check: Callable[[], None]) -> None:
        """Restart what dies, until a signal (raises Stopped) or until a child is given up (ChildFailedError).

        `check` is called about once a second, for what is not a child of ours.
        """
        next_check = time.monotonic() + CHECK_SECONDS
        while True:
            due = [child.restart_at for child in self.children if child.process is None]
            self._take(max(0.0, min([next_check, *due]) - time.monotonic()))
            for child in self.children:
                self._tend(child)
            if time.monotonic() >= next_check:
                self.guard.ensure_running()
                check()
                next_check = time.monotonic() + CHECK_SECONDS

    def stop(self) -> None:
        """End every child, the last started first. A second stop signal meanwhile shortens the grace to nothing."""
        self.stopping = True
        for child in reversed(self.children):
            if child.process is not None:
                self._end(child.process, child.spec.grace_seconds)
        self.children.clear()

    def _tend(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.restart_at:
                child.process, child.started_at = self._spawn(child.spec), now
            return
        status = child.process.returncode
        if status is None:
            return
        self._end(child.process, 0.0)  # its descendants
        child.process = None
        if now - child.started_at >= STEADY_SECONDS:
            child.attempts = 0
        if child.attempts == len(self.back_off):
            raise self._failure(child.spec, status)
        wait = self.back_off[child.attempts]
        child.attempts += 1
        child.restart_at = now + wait
        self.say(f"{child.spec.name} {_describe(status)}; starting it again in {wait:g} s")

    def _take(self, seconds: float | None) -> None:
        """Wait for one event, for this long at most. Raises Stopped at a signal."""
        try:
            event = self.events.get(timeout=seconds)
        except Empty:
            return
        if isinstance(event, int):
            raise Stopped(signal.Signals(event).name)

    def _spawn(self, spec: ChildSpec) -> subprocess.Popen[bytes]:
        log = self._log(spec)
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            process = subprocess.Popen(
                spec.command,
                env=dict(spec.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self.guard.watch(process.pid)

        def report_end() -> None:
            process.wait()
            self.events.put(process)

        threading.Thread(target=report_end, name=f"await-{spec.name}", daemon=True).start()
        return process

    def _end(self, process: subprocess.Popen[bytes], grace: float) -> None:
        """End the child, and with it what is left of its group.

        Only the child itself is asked by SIGTERM: how its descendants finish their work is its own business.
        """
        process.terminate()
        self._await_end(process, grace)
        kill_group(process.pid)
        process.wait()
        self.guard.unwatch(process.pid)

    def _await_end(self, process: subprocess.Popen[bytes], grace: float) -> None:
        deadline = time.monotonic() + grace
        while process.returncode is None and time.monotonic() < deadline:
            try:
                self._take(max(0.0, deadline - time.monotonic()))
            except Stopped:
                if self.stopping:
                    return

    def _log(self, spec: ChildSpec) -> Path:
        return self.log_dir / f"{spec.name}.log"

    def _failure(self, spec: ChildSpec, status: int) -> ChildFailedError:
        log = self._log(spec)
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        return ChildFailedError(f"{spec.name} {_describe(status)}. The end of {log}:\n{tail}")


def _describe(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
