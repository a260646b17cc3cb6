"""Both stores, as they are in use: behind HTTP, with what is asked of them over the network."""

import http.client
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import urllib3

from gateway.serving import listen, make_server
from server.adapters.objectstore.s3 import S3Store
from server.application.object_store import ObjectStore, SignedRequest, Upload
from server.files import files_in, open_store
from server.settings import Settings
from tests.minio_process import MinioProcess
from tests.waiting import eventually

FIVE_MINUTES = timedelta(minutes=5)
TYPE = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """To a request that a client made."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def code(self) -> str:
        """S3's name of what is wrong."""
        return self.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()


@dataclass(frozen=True, slots=True)
class Backend:
    """A store, and where its clients find it."""

    name: str
    store: ObjectStore
    bucket: str
    leftovers: Callable[[str], list[str]]
    """What unfinished ``put`` calls of a key have left."""

    def new_key(self) -> str:
        """One that no other test uses."""
        return f"attachments/TKT-1001/{uuid4()}"

    def sign_put(
        self, key: str, body: bytes, *, content_type: str = TYPE, ago: timedelta = timedelta()
    ) -> SignedRequest:
        """A PUT for the bytes, signed some time ago."""
        upload = Upload(key, content_type, len(body), sha256(body).digest())
        return self.store.sign_upload(upload, now=datetime.now(UTC) - ago, lifetime=FIVE_MINUTES)

    def sign_get(
        self, key: str, *, file_name: str = "report.csv", content_type: str = TYPE, ago: timedelta = timedelta()
    ) -> SignedRequest:
        """A GET, signed some time ago."""
        return self.store.sign_download(
            key, file_name=file_name, content_type=content_type, now=datetime.now(UTC) - ago, lifetime=FIVE_MINUTES
        )

    def bytes_of(self, key: str) -> bytes:
        """As the service reads them."""
        with self.store.open(key) as chunks:
            return b"".join(chunks)


def send(
    request: SignedRequest,
    body: bytes | None = None,
    *,
    method: str | None = None,
    target: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make the request as it was signed, but for what is given. Nothing is added or normalised on the way."""
    parts = urlsplit(request.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    sent = {"Host": parts.netloc} | dict(request.headers if headers is None else headers)
    try:
        connection.putrequest(
            method or request.method,
            target or f"{parts.path}?{parts.query}",
            skip_host=True,
            skip_accept_encoding=True,
        )
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


@contextmanager
def gateway_of(settings: Settings) -> Iterator[str]:
    """The gateway as it runs in production, on a free port; gives its address."""
    listener = listen("127.0.0.1", 0)
    server = make_server(settings)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        eventually(lambda: server.started or not thread.is_alive(), what="the gateway")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


@pytest.fixture(scope="session")
def local_backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A directory, with the gateway before it."""
    data_dir = tmp_path_factory.mktemp("local-store")
    settings = Settings(data_dir=data_dir)
    with gateway_of(settings) as url:
        settings = settings.model_copy(update={"files_url": url})

        def leftovers(key: str) -> list[str]:
            return [path.name for path in _drafts(data_dir) if key.rpartition("/")[2] in path.name]

        yield Backend("local", open_store(settings), settings.s3_bucket, leftovers)


def _drafts(data_dir: Path) -> Iterable[Path]:
    return (files_in(data_dir) / "unfinished").iterdir()


def s3_settings(process: MinioProcess, bucket: str, **more: object) -> Settings:
    """Of a service that uses it."""
    return Settings.model_validate(
        {
            "s3_endpoint": process.url,
            "s3_region": process.region,
            "s3_bucket": bucket,
            "s3_access_key": process.access_key,
            "s3_secret_key": process.secret_key,
            **more,
        }
    )


@pytest.fixture(scope="session")
def minio_backend(minio: MinioProcess) -> Backend:
    """A bucket of MinIO."""
    bucket = f"tickets-{uuid4().hex}"
    store = open_store(s3_settings(minio, bucket))
    assert isinstance(store, S3Store)
    store.check(create_bucket=True)

    def leftovers(key: str) -> list[str]:
        found = store._client._list_multipart_uploads(bucket, prefix=key)
        return [upload.upload_id or "" for upload in found.uploads]

    return Backend("minio", store, bucket, leftovers)


@pytest.fixture(params=["local", "minio"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each of the stores in turn."""
    found: Backend = request.getfixturevalue(f"{request.param}_backend")
    return found


@pytest.fixture(scope="session")
def no_retries() -> Iterator[urllib3.PoolManager]:
    """A client as other services have one: urllib3, which normalises what it is given."""
    with urllib3.PoolManager(retries=False, timeout=30) as pool:
        yield pool
