"""The object store of the embedded set-up: a directory. Its signed requests are answered by the gateway."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from server.adapters.objectstore.failures import store_unavailable
from server.adapters.objectstore.object_files import ObjectFiles, read
from server.adapters.objectstore.probe import probe
from server.adapters.objectstore.signed_urls import SignedUrls
from server.adapters.objectstore.signing import Signer
from server.application.object_store import ObjectMissing, SignedRequest, StoredObject, Upload


class LocalStore:
    """An ObjectStore below ``root``. Any number of processes may use the directory at once.

    ``base_url`` is where clients find the gateway; ``bucket`` is only the first part of the paths of its URLs.
    """

    def __init__(self, root: Path, signer: Signer, bucket: str, base_url: str) -> None:
        self._files = ObjectFiles(root)
        self._urls = SignedUrls(signer, bucket, base_url)

    def sign_upload(self, upload: Upload, *, now: datetime, lifetime: timedelta) -> SignedRequest:
        """See ObjectStore."""
        return self._urls.upload(upload, now=now, lifetime=lifetime)

    def sign_download(
        self, key: str, *, file_name: str, content_type: str, now: datetime, lifetime: timedelta
    ) -> SignedRequest:
        """See ObjectStore."""
        return self._urls.download(key, file_name=file_name, content_type=content_type, now=now, lifetime=lifetime)

    def stat(self, key: str) -> StoredObject | None:
        """See ObjectStore."""
        with _failures():
            found = self._files.open(key)
        if found is None:
            return None
        file, notes = found
        file.close()
        return StoredObject(notes.size, notes.content_type)

    @contextmanager
    def open(self, key: str) -> Iterator[Iterator[bytes]]:
        """See ObjectStore."""
        with _failures():
            found = self._files.open(key)
        if found is None:
            raise ObjectMissing
        file, notes = found
        with file:
            yield _told(read(file, first=0, length=notes.size))

    def put(self, key: str, chunks: Iterable[bytes], *, content_type: str) -> None:
        """See ObjectStore."""
        with _failures():
            draft = self._files.draft(key, content_type)
        with draft:
            for chunk in chunks:
                with _failures():
                    draft.write(chunk)
            with _failures():
                draft.publish(replace=True)

    def delete(self, key: str) -> None:
        """See ObjectStore. A ``put`` or an upload of the key that is under way fails."""
        with _failures():
            self._files.delete(key)

    def check(self, *, create_bucket: bool = False) -> None:  # noqa: ARG002 - a directory is always made
        """See ObjectStore."""
        probe(self)


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise store_unavailable(error) from error


def _told(chunks: Iterator[bytes]) -> Iterator[bytes]:
    with _failures():
        yield from chunks
