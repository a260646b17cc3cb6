"""What becomes of S3's failures: one error, told in time, and nothing left behind."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import repeat
from threading import Thread, active_count

import pytest

from server.adapters.objectstore.s3 import PART_SIZE, S3Store
from server.adapters.objectstore.signing import Signer
from server.application.object_store import ObjectStore, Upload
from server.domain.errors import Reason, Unavailable
from server.files import open_store
from tests.integration.objectstore.conftest import TYPE, Backend, s3_settings
from tests.minio_process import MinioProcess
from tests.running import free_port

KEY = "attachments/TKT-1001/a-key"
BLOCK = bytes(1024 * 1024)


def open_at_once(store: ObjectStore) -> None:
    """Open and read."""
    with store.open(KEY) as chunks:
        b"".join(chunks)


OPERATIONS: dict[str, Callable[[ObjectStore], object]] = {
    "stat": lambda store: store.stat(KEY),
    "open": open_at_once,
    "put": lambda store: store.put(KEY, [b"x"], content_type=TYPE),
    "put in parts": lambda store: store.put(KEY, repeat(BLOCK, 100), content_type=TYPE),
    "delete": lambda store: store.delete(KEY),
    "check": lambda store: store.check(),
    "check and create": lambda store: store.check(create_bucket=True),
}
OF_A_BUCKET = {name: operation for name, operation in OPERATIONS.items() if name != "check and create"}


def refused_as_unavailable(operation: Callable[[ObjectStore], object], store: ObjectStore) -> str:
    """The cause, for the log."""
    with pytest.raises(Unavailable) as caught:
        operation(store)
    error = caught.value
    assert error.reason is Reason.DEPENDENCY_UNAVAILABLE
    assert error.message == "The file store is not available. Try again."
    assert MinioProcess.secret_key not in f"{error!r}{error.context}{error.__cause__!r}"
    return str(error.context["cause"])


def store_at(url: str, *, timeout_seconds: float = 5, secret_key: str = MinioProcess.secret_key) -> S3Store:
    """One of a bucket that may not be there."""
    signer = Signer(MinioProcess.access_key, secret_key, MinioProcess.region)
    return S3Store(signer, "nowhere", endpoint=url, public_endpoint=url, timeout_seconds=timeout_seconds)


@pytest.mark.parametrize("operation", OF_A_BUCKET.values(), ids=OF_A_BUCKET)
def test_without_the_bucket(minio: MinioProcess, operation: Callable[[ObjectStore], object]) -> None:
    cause = refused_as_unavailable(operation, store_at(minio.url))
    assert "bucket" in cause


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_with_another_secret(minio: MinioProcess, operation: Callable[[ObjectStore], object]) -> None:
    cause = refused_as_unavailable(operation, store_at(minio.url, secret_key="not-the-secret"))
    assert "SignatureDoesNotMatch" in cause or "AccessDenied" in cause
    assert "not-the-secret" not in cause


def test_with_an_unknown_account(minio: MinioProcess) -> None:
    store = open_store(s3_settings(minio, "nowhere", s3_access_key="nobody"))
    assert "InvalidAccessKeyId" in refused_as_unavailable(open_at_once, store)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_when_nobody_listens(operation: Callable[[ObjectStore], object]) -> None:
    refused_as_unavailable(operation, store_at(f"http://127.0.0.1:{free_port()}"))


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """A store that takes connections and answers always this, or, with None, never."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                taken.append(client)
                if answer is not None:
                    client.recv(65536)
                    client.sendall(answer)
                    client.close()

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for client in taken:
                client.close()


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_when_it_never_answers(operation: Callable[[ObjectStore], object]) -> None:
    with answering(None) as url:
        assert "imeout" in refused_as_unavailable(operation, store_at(url, timeout_seconds=0.2))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: 5\r\n\r\n<Erro",
        b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"\x16\x03\x01 what is this",
        b"",
    ],
    ids=["cut short", "a proxy's page", "broken XML", "a redirect", "not HTTP", "nothing"],
)
def test_when_what_answers_is_no_store(answer: bytes) -> None:
    with answering(answer) as url:
        refused_as_unavailable(open_at_once, store_at(url))


def test_a_store_that_goes_away_and_comes_back(own_minio: MinioProcess) -> None:
    store = open_store(s3_settings(own_minio, "tickets"))
    store.check(create_bucket=True)
    store.put(KEY, [b"kept"], content_type=TYPE)

    def dying() -> Iterator[bytes]:
        """The store dies when two parts have been taken."""
        yield from repeat(BLOCK, 3 * PART_SIZE // len(BLOCK))
        own_minio.stop()
        yield from repeat(BLOCK, 10 * PART_SIZE // len(BLOCK))

    threads = active_count()
    refused_as_unavailable(lambda store: store.put("dying", dying(), content_type=TYPE), store)
    assert active_count() == threads
    refused_as_unavailable(open_at_once, store)
    own_minio.start()
    with store.open(KEY) as chunks:
        assert b"".join(chunks) == b"kept"
    assert store.stat("dying") is None
    store.delete("dying")
    assert unfinished(store, "dying") == []


def test_a_store_that_falls_silent(own_minio: MinioProcess) -> None:
    store = open_store(s3_settings(own_minio, "tickets", s3_timeout_seconds=0.5))
    store.check(create_bucket=True)
    own_minio.pause()
    try:
        refused_as_unavailable(OPERATIONS["stat"], store)
    finally:
        own_minio.resume()
    store.check()


def unfinished(store: ObjectStore, key: str) -> list[str | None]:
    """Uploads in parts that were begun and not ended."""
    assert isinstance(store, S3Store)
    return [each.upload_id for each in store._client._list_multipart_uploads(store._bucket, prefix=key).uploads]


def test_deletion_gives_up_what_was_left_unfinished(minio_backend: Backend) -> None:
    """Holds the client's private calls in place that this needs."""
    store, key = minio_backend.store, minio_backend.new_key()
    assert isinstance(store, S3Store)
    for each in (key, key, f"{key}-of-another"):
        upload = store._client._create_multipart_upload(minio_backend.bucket, each, {})
        store._client._upload_part(minio_backend.bucket, each, b"part", None, upload, 1)
    assert len(unfinished(store, key)) == 2
    store.delete(key)
    assert unfinished(store, key) == []
    assert len(unfinished(store, f"{key}-of-another")) == 1


def test_signing_asks_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        store = S3Store(Signer("a", "b", "eu-west-1"), "b", endpoint=url, public_endpoint=url, timeout_seconds=5)
        now, lifetime = datetime.now(UTC), timedelta(minutes=5)
        store.sign_upload(Upload(KEY, TYPE, 1, sha256(b"x").digest()), now=now, lifetime=lifetime)
        store.sign_download(KEY, file_name="a.csv", content_type=TYPE, now=now, lifetime=lifetime)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_clients_are_sent_to_the_public_address(minio_backend: Backend) -> None:
    store = S3Store(
        Signer("a", "b", "eu-west-1"),
        "files",
        endpoint="http://minio:9000",
        public_endpoint="https://files.example:443/",
        timeout_seconds=5,
    )
    signed = store.sign_download(
        KEY, file_name="a.csv", content_type=TYPE, now=datetime.now(UTC), lifetime=timedelta(minutes=5)
    )
    assert signed.url.startswith(f"https://files.example/files/{KEY}?")
