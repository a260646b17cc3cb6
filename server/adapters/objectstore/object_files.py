"""Objects as plain files, one each: the bytes, and behind them what is known of them.

The content type stands in the same file, so that one link or rename makes both visible: a file beside it could be lost
or read half-way through a replacement, and extended attributes are not everywhere. It stands at the end, so that the
bytes are where they would be anyhow. Names are keys with a comma for each slash, so no key leads out of the directory,
no key is a directory of another, and ``find`` finds them.
"""

import hashlib
import json
import os
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Final, Self

from server.adapters.objectstore.keys import checked

CHUNK: Final = 1024 * 1024
_MAGIC = b"RDSTOBJ1"
_END = struct.Struct(f">I{len(_MAGIC)}s")
_MAX_NOTES = 4096
_DEAD_AFTER_SECONDS = 24 * 3600
_SURELY_DEAD_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Notes:
    """What is known of an object beside its bytes."""

    size: int
    content_type: str
    etag: str
    """In quotes, as HTTP has it; another one for other bytes."""


class ObjectFiles:
    """The objects below a directory, which other processes use at the same time. Raises OSError as it comes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._drafts = root / "unfinished"

    def open(self, key: str) -> tuple[IO[bytes], Notes] | None:
        """The object's file, at its first byte, whatever happens to the key from now on; None when there is none."""
        try:
            file = self.path_of(key).open("rb", buffering=0)
        except FileNotFoundError:
            return None
        try:
            return file, _notes_of(file)
        except BaseException:
            file.close()
            raise

    def exists(self, key: str) -> bool:
        """Whether there is one just now."""
        return self.path_of(key).exists()

    def draft(self, key: str, content_type: str) -> "Draft":
        """Begin an object."""
        self._drafts.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()
        return Draft(self.path_of(key), self._drafts, _flat(key), content_type)

    def drafts_of(self, key: str) -> int:
        """How many objects of the key are being written; those of dead processes count for some minutes."""
        after = time.time() - _SURELY_DEAD_SECONDS
        number = 0
        for draft in self._drafts.glob(f"{_flat(key)},,*"):
            with suppress(FileNotFoundError):
                number += draft.stat().st_mtime > after
        return number

    def delete(self, key: str) -> None:
        """The object, and all drafts of it, whoever writes them: they cannot be finished any more."""
        self.path_of(key).unlink(missing_ok=True)
        for draft in self._drafts.glob(f"{_flat(key)},,*"):
            draft.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Drafts whose process has died: nobody has written to them for long."""
        before = time.time() - _DEAD_AFTER_SECONDS
        for draft in self._drafts.iterdir():
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < before:
                    draft.unlink()

    def path_of(self, key: str) -> Path:
        """Where it is, or would be. Spread over directories, since tools are slow where there are millions of files."""
        name = _flat(key)
        return self._root / hashlib.sha256(name.encode()).hexdigest()[:2] / name


class Draft:
    """An object that is being written: nobody sees it before it is published, whole, on the disk, and at once."""

    def __init__(self, target: Path, directory: Path, name: str, content_type: str) -> None:
        self._target = target
        self._content_type = content_type
        self._file = NamedTemporaryFile(dir=directory, prefix=f"{name},,", delete=False)  # noqa: SIM115 - see discard
        self._draft = Path(self._file.name)
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """The next bytes."""
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    @property
    def sha256(self) -> bytes:
        """Of what was written so far."""
        return self._hash.digest()

    def publish(self, *, replace: bool) -> str:
        """Make it the object of its key and give its etag; the draft is gone then.

        Raises FileExistsError when there is an object and it shall not be replaced, FileNotFoundError when the key was
        deleted in the meantime.
        """
        etag = f'"{self._hash.hexdigest()[:32]}"'
        notes = json.dumps({"content_type": self._content_type, "etag": etag}).encode()
        self._file.write(notes + _END.pack(len(notes), _MAGIC))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        with suppress(FileExistsError):
            self._target.parent.mkdir(mode=0o700)
            _sync_directory(self._target.parent.parent)
        if replace:
            self._draft.replace(self._target)
        else:
            os.link(self._draft, self._target)
            self._draft.unlink(missing_ok=True)
        _sync_directory(self._target.parent)
        return etag

    def discard(self) -> None:
        """Leave nothing of it. No error after ``publish``, and never one."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._draft.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.discard()


def read(file: IO[bytes], *, first: int, length: int) -> Iterator[bytes]:
    """So many bytes from there, in chunks of at most 1 MiB. Raises OSError when they are not there."""
    file.seek(first)
    while length > 0:
        chunk = file.read(min(CHUNK, length))
        if not chunk:
            raise OSError("the file of an object was cut short")
        length -= len(chunk)
        yield chunk


def _flat(key: str) -> str:
    return checked(key).replace("/", ",")


def _notes_of(file: IO[bytes]) -> Notes:
    whole = os.fstat(file.fileno()).st_size
    file.seek(max(0, whole - _MAX_NOTES))
    tail = file.read(_MAX_NOTES)
    length, magic = _END.unpack(tail[-_END.size :]) if len(tail) >= _END.size else (0, b"")
    if magic != _MAGIC or length > len(tail) - _END.size:
        raise OSError("the file of an object is damaged")
    notes = json.loads(tail[-_END.size - length : -_END.size])
    file.seek(0)
    return Notes(whole - length - _END.size, notes["content_type"], notes["etag"])


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
