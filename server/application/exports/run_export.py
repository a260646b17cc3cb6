"""Making the file of one export job."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from server.application.exports.export_queue import ExportQueue
from server.application.exports.export_source import ExportSnapshot, ExportSource
from server.application.exports.tenure import JobLostError, Tenure
from server.application.object_store import ObjectStore
from server.domain.errors import TicketsError
from server.domain.exports import MEDIA_TYPES, ExportJob, ExportManifest, back_off, object_key_of
from server.domain.visibility import visibility_of

BLOCK = 1024 * 1024
"""Bytes that are gathered before they are hashed and handed on."""

Writer = Callable[[ExportJob, ExportSnapshot, "Progress"], Iterator[bytes]]
"""The bytes of a file in a format. Calls ``Progress`` for each ticket it has written."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job that was taken up."""

    job: ExportJob
    manifest: ExportManifest | None = None
    """Of the finished file."""
    lost: bool = False
    """Cancelled, or taken by another; not this worker's any more."""
    failure: Exception | None = None
    """Why it was put back, or, after its last attempt, given up."""


@dataclass(slots=True)
class Progress:
    """Counts tickets for a tenure."""

    tenure: Tenure

    def __call__(self) -> None:
        """One more. Raises JobLostError as soon as the job is known to be lost."""
        self.tenure.processed += 1
        if self.tenure.is_lost:
            raise JobLostError


@dataclass(slots=True)
class _Measured:
    """A file on its way: its size and hash."""

    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def blocks(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        gathered: list[bytes] = []
        length = 0
        for piece in pieces:
            if len(piece) > BLOCK:  # what comes after it keeps a long one in memory no more than once
                if gathered:
                    yield self._take(gathered)
                    gathered, length = [], 0
                for start in range(0, len(piece), BLOCK):
                    yield self._take([piece[start : start + BLOCK]])
                continue
            gathered.append(piece)
            length += len(piece)
            if length >= BLOCK:
                yield self._take(gathered)
                gathered, length = [], 0
        if gathered:
            yield self._take(gathered)

    def _take(self, gathered: list[bytes]) -> bytes:
        block = b"".join(gathered)
        self.size += len(block)
        self.digest.update(block)
        return block


class MiscountedError(Exception):
    """A file does not hold as many tickets as its snapshot."""


@dataclass(frozen=True, slots=True)
class RunExport:
    """Takes up the job that waits longest and makes its file, or leaves it to a later attempt.

    Two workers that both think they have a job write different objects, and only one of them can complete it. A worker
    that dies leaves the job to others, and its object to the sweep.
    """

    queue: ExportQueue
    source: ExportSource
    store: ObjectStore
    writer: Writer
    keep_for: timedelta

    def __call__(self) -> Outcome | None:
        """None when no job waits. Raises Unavailable when the database cannot even say what became of one."""
        job = self.queue.claim()
        if job is None:
            return None
        try:
            manifest = self._make(job)
        except JobLostError:
            return Outcome(job, lost=True)
        except Exception as failure:  # noqa: BLE001 - whatever it was, the job must not stay with nobody
            # The next attempt may succeed where the database or the store was away; a defect wears the job out.
            return Outcome(job, failure=failure, lost=not self.queue.put_back(job, wait=back_off(job.attempts)))
        return Outcome(job, manifest=manifest, lost=not self.queue.complete(job, manifest, keep_for=self.keep_for))

    def _make(self, job: ExportJob) -> ExportManifest:
        with Tenure(self.queue, job) as tenure:
            try:
                with self.source.snapshot(job.filter, visibility_of(job.requester)) as snapshot:
                    tenure.on_loss = snapshot.interrupt
                    try:
                        return self._write(job, snapshot, tenure)
                    finally:
                        tenure.on_loss = None  # the connection will be somebody else's
            except TicketsError:
                if tenure.is_lost:  # what was interrupted says only that it was
                    raise JobLostError from None
                raise

    def _write(self, job: ExportJob, snapshot: ExportSnapshot, tenure: Tenure) -> ExportManifest:
        tenure.total = snapshot.count()
        tenure.confirm()
        measured = _Measured()

        def file() -> Iterator[bytes]:
            yield from measured.blocks(self.writer(job, snapshot, Progress(tenure)))
            if tenure.processed != tenure.total:
                raise MiscountedError(f"{tenure.processed} tickets written, {tenure.total} counted")
            tenure.confirm()  # before the store is told that this is all

        key = object_key_of(job.id, job.attempts, job.format)
        self.store.put(key, file(), content_type=MEDIA_TYPES[job.format])
        return ExportManifest(tenure.processed, measured.digest.hexdigest(), snapshot.as_of, measured.size)
