"""The object store of production: MinIO, or whatever speaks S3.

Requests of the service's own go through the MinIO client; signed ones are made here (docs/adr/0017-signed-urls.md).
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Thread
from typing import BinaryIO, Final, cast
from xml.etree.ElementTree import ParseError

from minio import Minio
from minio.error import MinioException, S3Error
from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from server.adapters.objectstore.failures import store_unavailable
from server.adapters.objectstore.keys import checked
from server.adapters.objectstore.pipe import Abandoned, Pipe
from server.adapters.objectstore.probe import probe
from server.adapters.objectstore.signed_urls import NO_COPY, SignedUrls
from server.adapters.objectstore.signing import Signer, origin
from server.application.object_store import ObjectMissing, SignedRequest, StoredObject, Upload

_CHUNK = 1024 * 1024
PART_SIZE: Final = 8 * 1024 * 1024
"""A store takes 10 000 parts, so a file has at most 78 GiB; one part is in memory at a time."""
_CONNECTIONS = 64
"""Kept open for later. More threads than that are served, too."""
_AWS = re.compile(r"\.amazonaws\.com(\.cn)?(:\d+)?\Z")
_GONE = frozenset({"NoSuchKey", "NoSuchUpload"})


class S3Store:
    """An ObjectStore in a bucket.

    The service reaches the store at ``endpoint``, its clients at ``public_endpoint``. Each wait for the store is at
    most ``timeout_seconds``; what is safe to repeat is tried twice.
    """

    def __init__(
        self, signer: Signer, bucket: str, *, endpoint: str, public_endpoint: str, timeout_seconds: float
    ) -> None:
        address, host = origin(endpoint)
        guards = {} if _AWS.search(host) else NO_COPY
        self._urls = SignedUrls(signer, bucket, public_endpoint, guards)
        self._bucket = bucket
        self._client = Minio(
            host,
            signer.access_key,
            signer.secret_key,
            secure=address.startswith("https:"),
            # Given, so that it is never asked for.
            region=signer.region,
            http_client=PoolManager(
                maxsize=_CONNECTIONS,
                timeout=Timeout(connect=timeout_seconds, read=timeout_seconds),
                retries=Retry(
                    total=1, redirect=0, backoff_factor=0.1, status_forcelist=(502, 503, 504), raise_on_status=False
                ),
            ),
        )
        self._client.disable_virtual_style_endpoint()  # type: ignore[no-untyped-call] # theirs

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
        checked(key)
        with _failures():
            try:
                found = self._client.stat_object(self._bucket, key)
            except S3Error as error:
                if error.code not in _GONE:
                    raise
                # The answer to a HEAD has no body, so that a missing bucket looks like a missing object.
                if not self._client.bucket_exists(self._bucket):
                    raise store_unavailable("there is no such bucket") from error
                return None
        return StoredObject(found.size or 0, found.content_type or "")

    @contextmanager
    def open(self, key: str) -> Iterator[Iterator[bytes]]:
        """See ObjectStore."""
        checked(key)
        with _failures():
            try:
                response = self._client.get_object(self._bucket, key)
            except S3Error as error:
                if error.code in _GONE:
                    raise ObjectMissing from None
                raise
        try:
            yield _body_of(response)
        finally:
            response.close()
            response.release_conn()

    def put(self, key: str, chunks: Iterable[bytes], *, content_type: str) -> None:
        """See ObjectStore.

        What is small goes in one request, all else in parts, which are sent by a thread of their own while the next
        are made. The client's own threads are not used: they are left behind when a part fails.
        """
        checked(key)
        pipe = Pipe()
        failures: list[Exception] = []

        def send() -> None:
            try:
                self._client.put_object(
                    self._bucket,
                    key,
                    cast("BinaryIO", pipe),
                    length=-1,
                    content_type=content_type,
                    part_size=PART_SIZE,
                    num_parallel_uploads=1,
                )
            except Exception as error:  # noqa: BLE001 - told to the thread that waits
                failures.append(error)
            finally:
                pipe.abandon()

        sender = Thread(target=send, name="object-store-put", daemon=True)
        sender.start()
        try:
            for chunk in chunks:
                pipe.write(chunk)
            pipe.end()
        except Abandoned:
            pass
        except BaseException:
            # The client reads on, learns of it, and takes back what it has sent.
            pipe.abandon()
            raise
        finally:
            sender.join()
        if failures:
            raise store_unavailable(failures[0]) from failures[0]

    def delete(self, key: str) -> None:
        """See ObjectStore."""
        checked(key)
        with _failures():
            self._client.remove_object(self._bucket, key)
            # The client has no public call for these; a test holds the private ones in place.
            unfinished = self._client._list_multipart_uploads(self._bucket, prefix=key)  # noqa: SLF001
            for upload in unfinished.uploads:
                if upload.object_name == key and upload.upload_id:
                    self._abort(key, upload.upload_id)

    def check(self, *, create_bucket: bool = False) -> None:
        """See ObjectStore."""
        if create_bucket:
            with _failures():
                self._create_bucket()
        probe(self)

    def _abort(self, key: str, upload_id: str) -> None:
        try:
            self._client._abort_multipart_upload(self._bucket, key, upload_id)  # noqa: SLF001 - see delete
        except S3Error as error:
            if error.code not in _GONE:
                raise

    def _create_bucket(self) -> None:
        if self._client.bucket_exists(self._bucket):
            return
        try:
            self._client.make_bucket(self._bucket)
        except S3Error as error:
            # Another process was faster.
            if error.code != "BucketAlreadyOwnedByYou":
                raise


def _body_of(response: BaseHTTPResponse) -> Iterator[bytes]:
    with _failures():
        # As it was stored, whatever Content-Encoding its uploader gave it. As it comes, not in whole chunks, so that
        # a store that trickles does not keep its reader past a deadline.
        while chunk := response.read1(_CHUNK, decode_content=False):
            yield chunk


@contextmanager
def _failures() -> Iterator[None]:
    """Not around anything that calls back: a ValueError, too, is what an answer that cannot be read ends in."""
    try:
        yield
    except (MinioException, HTTPError, OSError, ParseError, ValueError) as error:
        raise store_unavailable(error) from error
