"""Attachments from end to end: the calls of AttachmentService, and the bytes in between."""

import hashlib
import io
import mimetypes
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePath
from typing import BinaryIO, TypeAlias

from rodistaa.tickets.client.connection import TicketsClient
from rodistaa.tickets.client.errors import TicketsError
from rodistaa.tickets.client.transfers import CHUNK, TransferError, TransferOptions, Writable, receive, saving, send
from rodistaa.tickets.v1.attachment_pb2 import Attachment, SignedRequest
from rodistaa.tickets.v1.attachment_service_pb2 import (
    CompleteAttachmentRequest,
    CreateAttachmentRequest,
    GetAttachmentDownloadRequest,
    GetAttachmentDownloadResponse,
)

Source: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO"

_COMPLETION = timedelta(seconds=60)
"""CompleteAttachment reads the whole file from the store, which takes longer than most calls."""

# Before the tables of the system: those differ, know nothing of some of these, and take CSV for Excel on Windows.
_TYPES = {
    ".pdf": "application/pdf",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def upload_attachment(
    client: TicketsClient,
    ticket_id: str,
    file: Source,
    *,
    file_name: str | None = None,
    file_type: str | None = None,
    is_sensitive: bool = False,
    request_id: str | None = None,
    options: TransferOptions | None = None,
) -> Attachment:
    """Attaches a file to the ticket; the attachment that is returned is READY.

    `file` is a path, the bytes themselves, or an open binary file that can seek, which is read from where it stands. It
    is read twice, in pieces. `file_name` is needed unless the file has one; `file_type`, a media type, where the name
    does not tell it: ValueError otherwise, before anything is sent.

    A transfer that breaks is repeated as `options` say; a signed URL that expires meanwhile is signed anew. To repeat
    the whole without attaching the file twice, as out of a queue, give the same `request_id` again. Raises TicketsError
    for what the server refuses (ATTACHMENT_TYPE_NOT_ALLOWED, TICKET_ARCHIVED …), TransferError for what the store does.
    """
    options = options or TransferOptions()
    with _opened(file) as source:
        name = file_name if file_name is not None else _name_of(file, source)
        start = source.tell()
        size, sha256 = _measured(source)
        request = CreateAttachmentRequest(
            ticket_id=ticket_id,
            attachment=Attachment(
                file_name=name,
                file_type=file_type or _type_of(name),
                file_size_bytes=size,
                sha256=sha256,
                is_sensitive=is_sensitive,
            ),
            request_id=request_id or str(uuid.uuid4()),
        )
        attachment: Attachment | None = None

        def sign() -> SignedRequest:
            # The same request_id: the same attachment, with a fresh signature.
            nonlocal attachment
            created = client.attachments.CreateAttachment(request)
            attachment = created.attachment
            return created.upload

        broken: TransferError | None = None
        try:
            send(sign, lambda: _pieces(source, start, size), options)
        except TransferError as error:
            # A store that has the object already may cut the connection before its answer is read.
            if attachment is None or error.status is not None:
                raise
            broken = error
    assert attachment is not None  # noqa: S101 - send has asked for a signature
    completion = CompleteAttachmentRequest(id=attachment.id, request_id=str(uuid.uuid4()))
    try:
        return client.attachments.CompleteAttachment(completion, timeout=_COMPLETION.total_seconds()).attachment
    except TicketsError as error:
        if broken is not None and error.reason == "ATTACHMENT_NOT_UPLOADED":
            raise broken from None
        raise


def download_attachment(
    client: TicketsClient,
    attachment_id: str,
    target: str | os.PathLike[str] | Writable,
    *,
    access_reason: str | None = None,
    overwrite: bool = True,
    options: TransferOptions | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> Attachment:
    """Gets the bytes of an attachment, and returns what the server says of it.

    `target` is a path, or anything that takes bytes. At a path a whole file of the announced size and SHA-256 appears,
    or nothing; FileExistsError when one is there and `overwrite` is not set. The attachment's own name is never made a
    path. Other targets have had the bytes when a difference is found and TransferError is raised.

    A download that breaks off goes on where it did, with a fresh signature if need be. A sensitive attachment needs an
    `access_reason` (TicketsError ACCESS_REASON_REQUIRED); each signature is then audited.
    """
    options = options or TransferOptions()
    request = GetAttachmentDownloadRequest(id=attachment_id, access_reason=access_reason or "")

    def fetch(into: Writable) -> Attachment:
        first = client.attachments.GetAttachmentDownload(request)
        answers: Iterator[GetAttachmentDownloadResponse] = iter((first,))

        def sign() -> SignedRequest:
            return (next(answers, None) or client.attachments.GetAttachmentDownload(request)).download

        attachment = first.attachment
        receive(
            sign,
            into,
            size=attachment.file_size_bytes,
            sha256=attachment.sha256,
            options=options,
            on_bytes=on_bytes,
        )
        return attachment

    if not isinstance(target, str | os.PathLike):
        return fetch(target)
    with saving(Path(target), overwrite=overwrite) as file:
        return fetch(file)


@contextmanager
def _opened(file: Source) -> Iterator[BinaryIO]:
    if isinstance(file, bytes):
        yield io.BytesIO(file)
    elif isinstance(file, str | os.PathLike):
        with Path(file).open("rb") as opened:
            yield opened
    elif file.seekable():
        yield file
    else:
        raise ValueError("The file has to be read twice and cannot seek: give its bytes.")


def _name_of(file: Source, source: BinaryIO) -> str:
    path = file if isinstance(file, str | os.PathLike) else getattr(source, "name", None)
    if not isinstance(path, str | os.PathLike):
        raise ValueError("The file has no name: give file_name.")  # noqa: TRY004 - the argument's type is right
    # Names are bytes to some systems, and need not be text.
    return PurePath(path).name.encode(errors="surrogateescape").decode(errors="replace")


def _type_of(name: str) -> str:
    known = _TYPES.get(PurePath(name).suffix.lower())
    guessed, encoding = mimetypes.guess_type(PurePath(name).name)
    if known is None and (guessed is None or encoding is not None):
        raise ValueError(f"The media type of {name!r} cannot be told from its name: give file_type.")
    return known or guessed or ""


def _measured(source: BinaryIO) -> tuple[int, str]:
    """Size and SHA-256 of what is left of the file."""
    size, digest = 0, hashlib.sha256()
    while piece := source.read(CHUNK):
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()


def _pieces(source: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """Exactly so many bytes: a file that changes meanwhile must not leave the store waiting for the rest."""
    source.seek(start)
    left = size
    while left:
        piece = source.read(min(CHUNK, left))
        if not piece:
            raise ValueError("The file became shorter while it was read.")
        left -= len(piece)
        yield piece
