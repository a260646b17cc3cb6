"""Which store a process uses, and the key that processes share."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_IMODE
from urllib.parse import urlsplit

from server.adapters.objectstore.local import LocalStore
from server.adapters.objectstore.local_requests import LocalRequests
from server.adapters.objectstore.s3 import S3Store
from server.files import open_local_requests, open_store
from server.settings import Settings

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def signed_at(settings: Settings) -> str:
    """Where a client is sent."""
    signed = open_store(settings).sign_download(
        "a", file_name="a", content_type="text/plain", now=NOW, lifetime=timedelta(minutes=5)
    )
    return signed.url


def s3(**more: object) -> Settings:
    """Settings of MinIO."""
    account = {"s3_endpoint": "http://minio:9000", "s3_access_key": "a", "s3_secret_key": "the-secret"}
    return Settings.model_validate({**account, **more})


def test_without_an_endpoint_it_is_a_directory(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", http_port=18080)
    store = open_store(settings)
    assert isinstance(store, LocalStore)
    store.check()
    assert (tmp_path / "data" / "files").is_dir()
    assert signed_at(settings).startswith("http://127.0.0.1:18080/rodistaa-tickets/a?")
    settings = settings.model_copy(update={"files_url": "https://tickets.example"})
    assert signed_at(settings).startswith("https://tickets.example/rodistaa-tickets/a?")


def test_with_one_it_is_s3() -> None:
    assert isinstance(open_store(s3()), S3Store)
    assert open_local_requests(s3()) is None
    assert signed_at(s3()).startswith("http://minio:9000/rodistaa-tickets/a?")
    assert signed_at(s3(s3_public_endpoint="https://files.example")).startswith("https://files.example/")


def test_one_process_takes_what_another_signed(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(8) as threads:
        urls = list(threads.map(lambda _: urlsplit(signed_at(settings)), range(16)))
    assert len({url.query for url in urls}) == 1
    requests = open_local_requests(settings)
    assert isinstance(requests, LocalRequests)
    open_store(settings).put("a", [b"x"], content_type="text/plain")
    requests.authorize("HEAD", urls[0].path, urls[0].query, {"Host": urls[0].netloc}, NOW).close()  # type: ignore[union-attr]
    [key] = (tmp_path / "keys").iterdir()
    assert S_IMODE(key.stat().st_mode) == 0o600
    assert S_IMODE(key.parent.stat().st_mode) == 0o700


def test_two_instances_do_not_take_each_others(tmp_path: Path) -> None:
    here, there = (Settings(data_dir=tmp_path / name) for name in ("here", "there"))
    assert signed_at(here) != signed_at(there)
