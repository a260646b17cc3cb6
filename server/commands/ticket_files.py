"""``tickets attach`` and ``tickets attachments``: files to a ticket, and from it, as any client moves them."""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.commands.connection import INTERRUPTED, Connection, connection_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rodistaa.tickets.client import TicketsClient, TransferOptions
    from rodistaa.tickets.v1.attachment_pb2 import Attachment

PAGE = 200
_NAME_BYTES = 150
_UNSAFE = re.compile(r"[^\w.()+@=-]+")


@click.command()
@click.argument("ticket_id")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--type", "file_type", metavar="TYPE", help="Media type of all FILES.  [default: what their names say]")
@click.option("--name", metavar="NAME", help="What the one file is called.  [default: its own name]")
@click.option("--sensitive", is_flag=True, help="Downloads of them need a reason, and are audited.")
@connection_options
def attach(
    *,
    ticket_id: str,
    files: tuple[Path, ...],
    file_type: str | None,
    name: str | None,
    sensitive: bool,
    connection: Connection,
) -> None:
    """Attach FILES to TICKET_ID, and print a line for each: its id, size, type and name.

    Files that fail are told on stderr, and do not keep the others back; the exit status is 1 then.
    """
    if name is not None and len(files) > 1:
        raise click.UsageError("--name goes with one file")
    from rodistaa.tickets.client import TicketsError, TransferError, upload_attachment
    from server.commands.terminal import in_a_line, sentence

    failed = False
    try:
        with connection.client() as client:
            for file in files:
                try:
                    attachment = upload_attachment(
                        client,
                        ticket_id,
                        file,
                        file_name=name,
                        file_type=file_type,
                        is_sensitive=sensitive,
                        options=connection.transfers(),
                    )
                except (TicketsError, TransferError, OSError, ValueError) as error:
                    failed = True
                    click.echo(f"Error: {in_a_line(str(file))}: {sentence(error)}", err=True)
                else:
                    click.echo(_line(attachment))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(1 if failed else 0)


@click.command()
@click.argument("ticket_id")
@click.option(
    "--download",
    "directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Save them there too, as the end of the id and what of the name is safe. Files that are there are kept.",
)
@click.option("--access-reason", help="Why names and bytes of sensitive ones are needed; it is audited.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines: Attachment.")
@connection_options
def attachments(
    *, ticket_id: str, directory: Path | None, access_reason: str | None, as_json: bool, connection: Connection
) -> None:
    """List the attachments of TICKET_ID, oldest first: id, size, type and name of each.

    What cannot be downloaded is told on stderr, and does not keep the others back; the exit status is 1 then.
    """
    from google.protobuf.json_format import MessageToDict

    from rodistaa.tickets.client import TicketsError, TransferError
    from server.commands.terminal import failures_in_a_line, sentence

    failed = False
    try:
        with connection.client() as client, failures_in_a_line():
            for each in _listed(client, ticket_id, access_reason):
                click.echo(
                    json.dumps(MessageToDict(each), ensure_ascii=False, separators=(",", ":"))
                    if as_json
                    else _line(each)
                )
                if directory is None:
                    continue
                try:
                    _download(client, each, directory, access_reason, connection.transfers())
                except (TicketsError, TransferError, OSError) as error:
                    failed = True
                    click.echo(f"Error: {each.id}: {sentence(error)}", err=True)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(1 if failed else 0)


def _listed(client: "TicketsClient", ticket_id: str, access_reason: str | None) -> "Iterator[Attachment]":
    from rodistaa.tickets.client import iterate_pages
    from rodistaa.tickets.v1.attachment_service_pb2 import ListAttachmentsRequest

    request = ListAttachmentsRequest(ticket_id=ticket_id, page_size=PAGE, access_reason=access_reason or "")
    for page in iterate_pages(client.attachments.ListAttachments, request):
        yield from page.attachments


def _download(
    client: "TicketsClient",
    attachment: "Attachment",
    directory: Path,
    access_reason: str | None,
    options: "TransferOptions",
) -> None:
    from rodistaa.tickets.client import download_attachment
    from rodistaa.tickets.v1.attachment_pb2 import ATTACHMENT_STATE_READY

    if attachment.state == ATTACHMENT_STATE_READY:
        target = directory / saved_name(attachment.id, attachment.file_name)
        download_attachment(
            client, attachment.id, target, access_reason=access_reason, overwrite=False, options=options
        )


def saved_name(attachment_id: str, file_name: str) -> str:
    """A name for the file in a directory of ours, which never leads out of it.

    It begins with the end of the id, so that it is no other file's, hidden, or special to some system. Of the
    uploader's name it has what no shell, path or terminal takes for something else.
    """
    safe = _UNSAFE.sub("_", file_name).encode()[-_NAME_BYTES:].decode(errors="ignore")
    return f"{attachment_id[-12:]}-{safe or 'attachment'}"


def _line(attachment: "Attachment") -> str:
    from rodistaa.tickets.v1.attachment_pb2 import ATTACHMENT_STATE_PENDING
    from server.commands.terminal import in_a_line

    name = "(name withheld: sensitive)" if attachment.redacted else in_a_line(attachment.file_name)
    notes = [
        *(["sensitive"] if attachment.is_sensitive and not attachment.redacted else []),
        *(["not complete"] if attachment.state == ATTACHMENT_STATE_PENDING else []),
    ]
    end = f"  ({', '.join(notes)})" if notes else ""
    return f"{attachment.id}  {attachment.file_size_bytes:>10}  {attachment.file_type}  {name}{end}"
