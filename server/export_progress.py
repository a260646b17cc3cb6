"""How far an export is, on standard error: a bar in a terminal, now and then a line anywhere else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from rodistaa.tickets.v1.export_service_pb2 import EXPORT_STATUS_PROCESSING, ExportJob
from server.terminal import console

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
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        yield _Bar(progress)


class _Rate:
    """Rows a second since the attempt that is under way had its first."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None
        self._last = 0

    def at(self, processed: int) -> float | None:
        """None while that cannot be told."""
        now = time.monotonic()
        if self._began is None or processed < self._last:
            self._began = (now, processed)
        self._last = processed
        since, first = self._began
        return (processed - first) / (now - since) if now > since and processed > first else None


def _amount(job: ExportJob, rate: float | None) -> str:
    total = f"{job.total_records:,}" if job.HasField("total_records") else "?"
    speed = "" if rate is None else f", {rate:,.0f}/s"
    return f"{job.processed_records:,} of {total} tickets{speed}"


def _megabytes(count: int, size: int) -> str:
    return f"{count / 1e6:,.1f} of {size / 1e6:,.1f} MB"


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._rate = _Rate()
        self._phase = ""
        self._task: TaskID | None = None

    def made(self, job: ExportJob) -> None:
        if job.status != EXPORT_STATUS_PROCESSING:
            if not self._phase:
                self._show(_WAITING, None, 0, "")
            return
        total = job.total_records if job.HasField("total_records") else None
        amount = _amount(job, self._rate.at(job.processed_records))
        self._show(_EXPORTING, total, job.processed_records, amount)

    def fetched(self, count: int, size: int) -> None:
        self._show(_FETCHING, size, count, _megabytes(count, size))

    def _show(self, phase: str, total: int | None, completed: int, amount: str) -> None:
        # Each phase has a task of its own, so that the time left is told by the speed of that phase.
        if self._task is None or phase != self._phase:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task = self._progress.add_task(phase, total=total, amount=amount)
            self._phase = phase
        self._progress.update(self._task, total=total, completed=completed, amount=amount)


class _Lines:
    def __init__(self, err: Console) -> None:
        self._err = err
        self._rate = _Rate()
        self._phase = ""
        self._said = 0.0

    def made(self, job: ExportJob) -> None:
        if job.status == EXPORT_STATUS_PROCESSING:
            self._say(_EXPORTING, _amount(job, self._rate.at(job.processed_records)) + _left(job))
        elif not self._phase:
            self._say(_WAITING, f"export {job.id}")

    def fetched(self, count: int, size: int) -> None:
        self._say(_FETCHING, _megabytes(count, size))

    def _say(self, phase: str, amount: str) -> None:
        now = time.monotonic()
        if phase == self._phase and now - self._said < _LINE_SECONDS:
            return
        self._phase, self._said = phase, now
        self._err.print(f"{phase}: {amount}", soft_wrap=True)


def _left(job: ExportJob) -> str:
    if not job.HasField("estimated_completion_at"):
        return ""
    return f", done by {job.estimated_completion_at.ToDatetime():%H:%M:%S}Z"
