"""``tickets export``: a file of tickets, made by the service as for any client, and saved here."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, BinaryIO

import click

from server.commands.connection import INTERRUPTED, Connection, connection_options
from server.commands.option_groups import one_of
from server.commands.ticket_filter import FurtherFilter, QueueFilter, further_options, queue_options
from server.domain.exports import ExportFormat

if TYPE_CHECKING:
    from rodistaa.tickets.client import TicketsClient
    from rodistaa.tickets.v1.export_service_pb2 import ExportManifest
    from rodistaa.tickets.v1.filter_pb2 import TicketFilter

STANDARD_OUTPUT = Path("-")


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", required=True, help="Where to; - is standard output."
)
@click.option("--format", "kind", type=one_of(ExportFormat), help="[default: what the end of FILE says]")
@click.option("--messages", is_flag=True, help="With the messages of each ticket.")
@click.option("--force", is_flag=True, help="Replace FILE.")
@queue_options
@further_options
@connection_options
def export(
    *,
    out: Path,
    kind: str | None,
    messages: bool,
    force: bool,
    queue: QueueFilter,
    further: FurtherFilter,
    connection: Connection,
) -> None:
    """Save all tickets that match, newest first, as of one instant; no more than one may see, and nothing protected.

    FILE appears when it is whole, and its size and SHA-256 are what the service says. Ctrl-C cancels the export, and so
    do SIGTERM and a closed terminal. Exit status 1 when it failed, 130 after Ctrl-C.
    """
    chosen = _format_of(out, kind)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup has it ignored
            signal.signal(number, _end)
    wanted = queue.message()
    further.narrow(wanted)
    from rodistaa.tickets.client.transfers import saving
    from server.commands.terminal import failures_in_a_line

    try:
        with connection.client() as client, failures_in_a_line():
            if out == STANDARD_OUTPUT:
                manifest = _save(client, wanted, chosen, sys.stdout.buffer, connection, messages=messages)
                sys.stdout.buffer.flush()
            else:
                # Whether it may be written is found out before the service is put to work.
                with saving(out, overwrite=force) as file:
                    manifest = _save(client, wanted, chosen, file, connection, messages=messages)
    except KeyboardInterrupt:
        click.echo("cancelled", err=True)
        sys.exit(INTERRUPTED)
    click.echo(_summary(out, manifest), err=out == STANDARD_OUTPUT)


def _end(number: int, _frame: FrameType | None) -> None:
    """Like Ctrl-C: what is under way cleans up after itself. The exit status is that of shells."""
    sys.exit(128 + number)


def _format_of(out: Path, kind: str | None) -> ExportFormat:
    told = kind or out.suffix.removeprefix(".").lower()
    if told not in set(ExportFormat):
        endings = ", ".join(f".{each}" for each in ExportFormat)
        raise click.UsageError(f"give --format, since FILE does not end with one of {endings}")
    return ExportFormat(told)


def _save(
    client: "TicketsClient",
    wanted: "TicketFilter",
    chosen: ExportFormat,
    into: BinaryIO,
    connection: Connection,
    *,
    messages: bool,
) -> "ExportManifest":
    from rodistaa.tickets.client import download_export, export_tickets
    from rodistaa.tickets.v1.export_service_pb2 import ExportFormat as Format
    from server.commands.export_progress import export_progress

    with export_progress() as progress:
        job = export_tickets(
            client,
            wanted,
            Format.Value(f"EXPORT_FORMAT_{chosen.name}"),
            include_messages=messages,
            on_progress=progress.made,
        )
        size = job.manifest.file_size_bytes
        return download_export(
            client, job, into, options=connection.transfers(), on_bytes=lambda count: progress.fetched(count, size)
        )


def _summary(out: Path, manifest: "ExportManifest") -> str:
    name = "standard output" if out == STANDARD_OUTPUT else str(out)
    tickets = "1 ticket" if manifest.row_count == 1 else f"{manifest.row_count:,} tickets"
    as_of = manifest.as_of.ToDatetime()
    return (
        f"{name}: {tickets} as of {as_of:%Y-%m-%d %H:%M:%S}Z,"
        f" {manifest.file_size_bytes:,} bytes, SHA-256 {manifest.sha256}"
    )
