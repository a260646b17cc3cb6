"""The bytes of an export, in each format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.application.exports.export_source import ExportSnapshot
from server.application.exports.json_lines import json_lines
from server.application.exports.run_export import Progress
from server.application.exports.workbook import Workbooks
from server.domain.exports import ExportFormat, ExportJob
from server.domain.tickets import Ticket
from server.domain.timeline import Message


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Called with a job, the snapshot it is made from, and what counts its tickets."""

    workbooks: Workbooks

    def __call__(self, job: ExportJob, snapshot: ExportSnapshot, progress: Progress) -> Iterator[bytes]:
        """In pieces of any size; nothing of it grows with the number of tickets but for workbooks, on disk."""
        if job.format is ExportFormat.CSV:
            return _csv(job, snapshot, progress)
        if job.format is ExportFormat.JSON_LINES:
            return _json_lines(job, snapshot, progress)
        return self._workbook(job, snapshot, progress)

    def _workbook(self, job: ExportJob, snapshot: ExportSnapshot, progress: Progress) -> Iterator[bytes]:
        with self.workbooks.begin(as_of=snapshot.as_of, include_messages=job.include_messages) as workbook:
            for ticket, messages in _tickets(job, snapshot):
                workbook.add(ticket, messages)
                progress()
            yield from workbook.finish()


def _csv(job: ExportJob, snapshot: ExportSnapshot, progress: Progress) -> Iterator[bytes]:
    lines = snapshot.csv(include_messages=job.include_messages)
    yield next(lines)  # the header
    for line in lines:
        progress()
        yield line


def _json_lines(job: ExportJob, snapshot: ExportSnapshot, progress: Progress) -> Iterator[bytes]:
    batches = ([each] for each in _tickets(job, snapshot))
    for line in json_lines(batches, now=snapshot.as_of, include_messages=job.include_messages):
        progress()
        yield line


def _tickets(job: ExportJob, snapshot: ExportSnapshot) -> Iterator[tuple[Ticket, Sequence[Message]]]:
    if not job.include_messages:
        return ((ticket, ()) for ticket in snapshot.tickets())
    return with_messages(snapshot.tickets(), snapshot.messages())


def with_messages(tickets: Iterator[Ticket], messages: Iterator[Message]) -> Iterator[tuple[Ticket, Sequence[Message]]]:
    """Each ticket with its messages, which come in the order of the tickets; holds those of one ticket at a time."""
    waiting = next(messages, None)
    for ticket in tickets:
        its: list[Message] = []
        while waiting is not None and waiting.ticket_id == ticket.id:
            its.append(waiting)
            waiting = next(messages, None)
        yield ticket, its
    if waiting is not None:
        raise LookupError(f"a message of {waiting.ticket_id} is out of the order of its tickets")
