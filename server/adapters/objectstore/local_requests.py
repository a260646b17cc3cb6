"""Signed requests to the local store, answered as S3 would, without a web framework: the gateway brings that.

Everything here may block on the disk.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from server.adapters.objectstore.keys import is_key
from server.adapters.objectstore.object_files import Draft, Notes, ObjectFiles, read
from server.adapters.objectstore.refusal import StoreRefusal
from server.adapters.objectstore.signed_urls import SIGNED_IN_UPLOADS
from server.adapters.objectstore.signing import Signer

__all__ = ["LocalRequests", "SignedGet", "SignedPut", "StoreRefusal", "UploadWriter"]

MAX_AT_ONCE = 8
"""Uploads of one object, beside each other. Each takes its space on the disk until one of them is stored."""
_RESPONSE_HEADERS = {
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
    "response-content-type": "Content-Type",
}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


class UploadWriter:
    """Takes the body of a signed PUT. Call ``abort`` in any case in the end; after ``finish`` it does nothing."""

    def __init__(self, draft: Draft, size: int, sha256: bytes) -> None:
        self._draft = draft
        self._size = size
        self._sha256 = sha256

    def write(self, chunk: bytes) -> None:
        """The next bytes. Raises StoreRefusal as soon as there are more than was signed."""
        if self._draft.size + len(chunk) > self._size:
            raise StoreRefusal(400, "EntityTooLarge", "The body is longer than its Content-Length.")
        try:
            self._draft.write(chunk)
        except OSError as error:
            raise _store_failed() from error

    def finish(self) -> str:
        """The body is there: store it, whole, and give its etag, quotes included. Raises StoreRefusal."""
        if self._draft.size != self._size:
            raise StoreRefusal(400, "IncompleteBody", "The body is shorter than its Content-Length.")
        if self._draft.sha256 != self._sha256:
            raise StoreRefusal(400, "BadDigest", "The body is not that of the checksum.")
        try:
            return self._draft.publish(replace=False)
        except FileExistsError:
            raise _exists() from None
        except FileNotFoundError:
            raise StoreRefusal(404, "NoSuchUpload", "The object was deleted during the upload.") from None
        except OSError as error:
            raise _store_failed() from error

    def abort(self) -> None:
        """Leave nothing of what was written."""
        self._draft.discard()


@dataclass(frozen=True, slots=True)
class SignedPut:
    """An upload that may begin; nothing is stored yet."""

    key: str
    size: int
    """The body has exactly so many bytes."""
    content_type: str
    sha256: bytes
    _files: ObjectFiles

    def open_writer(self) -> UploadWriter:
        """Begin. Raises StoreRefusal."""
        try:
            if self._files.drafts_of(self.key) >= MAX_AT_ONCE:
                raise StoreRefusal(503, "SlowDown", "Too many uploads of this object are under way.")
            return UploadWriter(self._files.draft(self.key, self.content_type), self.size, self.sha256)
        except OSError as error:
            raise _store_failed() from error


@dataclass(frozen=True, slots=True)
class SignedGet:
    """A download. Its file is open: take all ``chunks``, or ``close`` it."""

    status: int
    """200, or 206 for a part."""
    headers: Mapping[str, str]
    """All that the answer needs, Content-Length and Content-Type among them. ASCII, without line ends."""
    size: int
    """Of the whole object."""
    path: Path
    """The object's file. It is longer than the object: what comes after ``size`` is the store's own."""
    first: int
    """Where to begin, and ..."""
    length: int
    """... how many bytes to send: none for HEAD."""
    _file: IO[bytes]

    def chunks(self) -> Iterator[bytes]:
        """The body, in chunks of at most 1 MiB; the file is closed at the end."""
        with self._file:
            yield from read(self._file, first=self.first, length=self.length)

    def close(self) -> None:
        """For who does not want the body. May come at any time, and twice."""
        self._file.close()


class LocalRequests:
    """What the holders of signed URLs ask of the store below ``root``."""

    def __init__(self, root: Path, signer: Signer, bucket: str) -> None:
        self._files = ObjectFiles(root)
        self._signer = signer
        self._bucket = bucket

    @property
    def bucket(self) -> str:
        """First part of all paths that are answered here."""
        return self._bucket

    def authorize(
        self, method: str, raw_path: str, raw_query: str, headers: Mapping[str, str], now: datetime
    ) -> SignedPut | SignedGet:
        """What the request may do. Raises StoreRefusal.

        Path and query are as they came, nothing decoded. A HEAD is answered where a GET would be.
        """
        if method not in {"GET", "HEAD", "PUT"}:
            raise StoreRefusal(405, "MethodNotAllowed", "Only GET, HEAD and PUT.", headers={"Allow": "GET, HEAD, PUT"})
        headers = {name.lower(): value for name, value in headers.items()}
        if method == "PUT" and "content-length" not in headers:
            raise StoreRefusal(411, "MissingContentLength", "Content-Length is missing.")
        parameters = self._signer.verify(
            "PUT" if method == "PUT" else "GET",
            raw_path,
            raw_query,
            headers,
            now,
            required=SIGNED_IN_UPLOADS if method == "PUT" else (),
        )
        # What is signed here is right already; this holds should anything else ever sign.
        bucket, _, key = raw_path.removeprefix("/").partition("/")
        if bucket != self._bucket:
            raise StoreRefusal(404, "NoSuchBucket", "There is no such bucket.")
        if not is_key(key):
            raise StoreRefusal(400, "InvalidArgument", "That is no key.")
        if parameters.keys() - (set() if method == "PUT" else _RESPONSE_HEADERS.keys()):
            raise StoreRefusal(400, "InvalidArgument", "There is a parameter that has no meaning.")
        try:
            return (
                self._put(key, headers)
                if method == "PUT"
                else self._get(key, parameters, headers, body=method == "GET")
            )
        except OSError as error:
            raise _store_failed() from error

    def _put(self, key: str, headers: Mapping[str, str]) -> SignedPut:
        if _LENGTH.fullmatch(headers["content-length"]) is None:
            raise StoreRefusal(400, "InvalidArgument", "Content-Length is no number.")
        if headers["if-none-match"] != "*":
            raise StoreRefusal(501, "NotImplemented", "If-None-Match is always *.")
        try:
            sha256 = base64.b64decode(headers["x-amz-checksum-sha256"], validate=True)
        except binascii.Error:
            sha256 = b""
        if len(sha256) != 32:
            raise StoreRefusal(400, "InvalidArgument", "x-amz-checksum-sha256 is no SHA-256 in base64.")
        if self._files.exists(key):
            raise _exists()
        return SignedPut(key, int(headers["content-length"]), headers["content-type"], sha256, self._files)

    def _get(self, key: str, parameters: Mapping[str, str], headers: Mapping[str, str], *, body: bool) -> SignedGet:
        if not all(_HEADER_VALUE.fullmatch(value) for value in parameters.values()):
            raise StoreRefusal(400, "InvalidArgument", "A parameter does not fit into a header.")
        found = self._files.open(key)
        if found is None:
            raise StoreRefusal(404, "NoSuchKey", "There is no such object.")
        file, notes = found
        try:
            part = _part_of(notes, headers)
        except StoreRefusal:
            file.close()
            raise
        first, length = part or (0, notes.size)
        answer = {
            "Content-Type": notes.content_type,
            "Content-Length": str(length),
            "ETag": notes.etag,
            "Accept-Ranges": "bytes",
            # Nothing that people upload may run in, or be guessed into, a page of this origin.
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        answer |= {_RESPONSE_HEADERS[name]: value for name, value in parameters.items()}
        if part:
            answer["Content-Range"] = f"bytes {first}-{first + length - 1}/{notes.size}"
        sent = length if body else 0
        return SignedGet(206 if part else 200, answer, notes.size, self._files.path_of(key), first, sent, file)


def _part_of(notes: Notes, headers: Mapping[str, str]) -> tuple[int, int] | None:
    """First byte and length of the one range that is asked for; None for the whole, as for what cannot be read."""
    asked = _RANGE.fullmatch(headers.get("range", "").strip())
    if asked is None or headers.get("if-range", notes.etag) != notes.etag:
        return None
    begin, end = asked.groups()
    if not begin and not end:
        return None
    if begin:
        first, last = int(begin), min(int(end), notes.size - 1) if end else notes.size - 1
        if end and int(end) < first:
            return None
    else:
        first, last = max(0, notes.size - int(end)), notes.size - 1
    if first > last:
        raise StoreRefusal(
            416, "InvalidRange", "There are no such bytes.", headers={"Content-Range": f"bytes */{notes.size}"}
        )
    return first, last - first + 1


def _exists() -> StoreRefusal:
    return StoreRefusal(412, "PreconditionFailed", "The URL has been used: there is an object.")


def _store_failed() -> StoreRefusal:
    return StoreRefusal(503, "ServiceUnavailable", "The file store is not available. Try again.")
