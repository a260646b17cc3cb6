"""Keeping a claimed job: heartbeats in the background, for as long as the work lasts."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from server.application.exports.export_queue import ExportQueue
from server.domain.errors import Unavailable
from server.domain.exports import HEARTBEAT, LEASE, ExportJob


class JobLostError(Exception):
    """Somebody cancelled it, or another worker has it."""


@dataclass(slots=True)
class Tenure:
    """Use as a context. ``processed`` and ``total`` are written by the one who works, and told with each heartbeat."""

    queue: ExportQueue
    job: ExportJob
    on_loss: Callable[[], None] | None = None
    """Called once in the heartbeat's thread when the job is lost: to interrupt what is waited for."""
    processed: int = 0
    total: int | None = None
    is_lost: bool = False
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._beat, name=f"export-{self.job.id}", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def confirm(self) -> None:
        """Ask at once. Raises JobLostError, or Unavailable when the database cannot say."""
        if self.is_lost or not self.queue.heartbeat(self.job, processed=self.processed, total=self.total):
            raise JobLostError

    def _beat(self) -> None:
        heard_at = time.monotonic()
        while not self._ended.wait(HEARTBEAT.total_seconds()):
            try:
                ours = self.queue.heartbeat(self.job, processed=self.processed, total=self.total)
            except Unavailable:
                # Without a database nobody can take the job; but once the lease is over, somebody may have.
                ours = time.monotonic() - heard_at < LEASE.total_seconds()
            else:
                heard_at = time.monotonic()
            if not ours:
                self._lose()
                return

    def _lose(self) -> None:
        self.is_lost = True
        if self.on_loss is not None and not self._ended.is_set():
            self.on_loss()
