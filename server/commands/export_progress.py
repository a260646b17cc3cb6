"""How far an export is, on standard error: a bar in a terminal, now and then a line anywhere else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from rodistaa.tickets.v1.export_service_pb2 import EXPORT_STATUS_PROCESSING, ExportJob
from server.commands.terminal import console

_WAITING, _EXPORTING, _FETCHING = "waiting for a worker", "exporting", "downloading"
_LINE_SECONDS = 5.0
"""Between two lines that say the same but for the numbers."""


class ExportProgress(Protocol):
    """Is told of each step."""

    def made(self, job: ExportJob) -> None:
        """How far the service is."""

    def fetched(self, count: int, size: int) -> None:
        """How many bytes of the file are here."""


@contextmanager
def export_progress() -> Iterator[ExportProgress]:
    """The display is gone when the block is left; lines stay."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield _Lines(err)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        yield _Bar(progress)


class _Pace:
    """Speed and time left, by what was seen here since the attempt that is under way began."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None
        self._last = 0

    def at(self, done: int, total: int | None) -> tuple[float, str] | None:
        """Units a second, and the time left as m:ss or nothing; None while that cannot be told."""
        now = time.monotonic()
        if self._began is None or done < self._last:
            self._began = (now, done)
        self._last = done
        since, first = self._began
        if now <= since or done <= first:
            return None
        speed = (done - first) / (now - since)
        minutes, seconds = divmod(round(max(0, (total or 0) - done) / speed), 60)
        return speed, f", {minutes}:{seconds:02} left" if total is not None else ""


class _Amounts:
    """How far it is, in words."""

    def __init__(self) -> None:
        self._making, self._fetching = _Pace(), _Pace()

    def of_tickets(self, job: ExportJob) -> str:
        total = job.total_records if job.HasField("total_records") else None
        amount = f"{job.processed_records:,} of {'?' if total is None else f'{total:,}'} tickets"
        pace = self._making.at(job.processed_records, total)
        return amount if pace is None else f"{amount}, {pace[0]:,.0f}/s{pace[1]}"

    def of_bytes(self, count: int, size: int) -> str:
        amount = f"{count / 1e6:,.1f} of {size / 1e6:,.1f} MB"
        pace = self._fetching.at(count, size)
        return amount if pace is None else f"{amount}, {pace[0] / 1e6:,.1f} MB/s{pace[1]}"


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._amounts = _Amounts()
        self._phase = ""
        self._task: TaskID | None = None

    def made(self, job: ExportJob) -> None:
        if job.status == EXPORT_STATUS_PROCESSING:
            total = job.total_records if job.HasField("total_records") else None
            self._show(_EXPORTING, total, job.processed_records, self._amounts.of_tickets(job))
        elif not self._phase:
            self._show(_WAITING, None, 0, "")

    def fetched(self, count: int, size: int) -> None:
        self._show(_FETCHING, size, count, self._amounts.of_bytes(count, size))

    def _show(self, phase: str, total: int | None, completed: int, amount: str) -> None:
        if self._task is None or phase != self._phase:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task = self._progress.add_task(phase, total=total, amount=amount)
            self._phase = phase
        self._progress.update(self._task, total=total, completed=completed, amount=amount)


class _Lines:
    def __init__(self, err: Console) -> None:
        self._err = err
        self._amounts = _Amounts()
        self._phase = ""
        self._said = 0.0

    def made(self, job: ExportJob) -> None:
        if job.status == EXPORT_STATUS_PROCESSING:
            self._say(_EXPORTING, self._amounts.of_tickets(job))
        elif not self._phase:
            self._say(_WAITING, f"export {job.id}")

    def fetched(self, count: int, size: int) -> None:
        # Most downloads are over before anybody has read that they began.
        if not self._is_early():
            self._say(_FETCHING, self._amounts.of_bytes(count, size))

    def _say(self, phase: str, amount: str) -> None:
        if phase == self._phase and self._is_early():
            return
        self._phase, self._said = phase, time.monotonic()
        self._err.print(f"{phase}: {amount}", soft_wrap=True)

    def _is_early(self) -> bool:
        return time.monotonic() - self._said < _LINE_SECONDS
