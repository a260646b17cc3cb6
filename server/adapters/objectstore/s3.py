"""The object store of production: MinIO, or whatever speaks S3."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from server.adapters.objectstore.signed_urls import SignedUrls
from server.adapters.objectstore.signing import Signer
from server.application.object_store import SignedRequest, StoredObject, Upload


class S3Store:
    """An ObjectStore in a bucket."""

    def __init__(
        self, signer: Signer, bucket: str, *, endpoint: str, public_endpoint: str, timeout_seconds: float
    ) -> None:
        self._urls = SignedUrls(signer, bucket, public_endpoint)

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
        raise NotImplementedError

    @contextmanager
    def open(self, key: str) -> Iterator[Iterator[bytes]]:
        """See ObjectStore."""
        raise NotImplementedError
        yield

    def put(self, key: str, chunks: Iterable[bytes], *, content_type: str) -> None:
        """See ObjectStore."""
        raise NotImplementedError

    def delete(self, key: str) -> None:
        """See ObjectStore."""
        raise NotImplementedError

    def check(self, *, create_bucket: bool = False) -> None:
        """See ObjectStore."""
        raise NotImplementedError
