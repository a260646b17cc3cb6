"""The port to the store of files: an S3-compatible one, or a local directory that speaks the same signed requests."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request that its holder may make without further credentials until it expires. A secret."""

    method: str
    url: str
    headers: Mapping[str, str]
    """To be sent exactly so."""
    expires_at: datetime
    """First instant at which it no longer works; aware, UTC, whole seconds."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What a signed PUT fixes."""

    key: str
    content_type: str
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the store says of an object."""

    size: int
    content_type: str


class ObjectStore(Protocol):
    """Objects by key. A key is made of ASCII letters, digits and ``-_./``, without empty, ``.`` or ``..`` parts.

    What does network or disk work raises Unavailable: with the reason DEPENDENCY_UNAVAILABLE, a public text that names
    no address or key, and the cause in ``context``; no matter whether the store is away, slow, without the bucket, or
    refuses the credentials. Objects are written whole or not at all. Safe to use from any number of threads.
    """

    def sign_upload(self, upload: Upload, *, now: datetime, lifetime: timedelta) -> SignedRequest:
        """A PUT for exactly these bytes, refused when there is an object of the key. No work beside arithmetic."""

    def sign_download(
        self, key: str, *, file_name: str, content_type: str, now: datetime, lifetime: timedelta
    ) -> SignedRequest:
        """A GET that browsers save under the name and never show. No work beside arithmetic.

        ``file_name`` may be any text; what of it a header cannot hold, or a file system would trip over, is replaced.
        """

    def stat(self, key: str) -> StoredObject | None:
        """What is known of an object; None when there is none."""

    def open(self, key: str) -> AbstractContextManager[Iterator[bytes]]:
        """An object's bytes in chunks of at most 1 MiB. Raises ObjectMissing."""

    def put(self, key: str, chunks: Iterable[bytes], *, content_type: str) -> None:
        """Store what the chunks make together, replacing the object of the key, in constant memory.

        Whatever the iteration raises is raised on, and nothing is stored.
        """

    def delete(self, key: str) -> None:
        """Remove an object, and what unfinished ``put`` calls have left of it. None there is no error."""

    def check(self, *, create_bucket: bool = False) -> None:
        """Raise Unavailable unless objects can be written, read and deleted right now."""


class ObjectMissing(Exception):
    """There is no object of that key."""
