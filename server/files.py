"""Which store of files a process uses, as its settings say: S3 with an endpoint, a directory without."""

import secrets
from pathlib import Path

from server.adapters.objectstore.local import LocalStore
from server.adapters.objectstore.local_requests import LocalRequests
from server.adapters.objectstore.s3 import S3Store
from server.adapters.objectstore.signing import Signer
from server.application.object_store import ObjectStore
from server.created_once import create_once
from server.settings import Settings

_LOCAL_ACCOUNT = "tickets"


def open_store(settings: Settings) -> ObjectStore:
    """Nothing is asked of the store yet, except that the local one's key is made when there is none.

    Raises OSError when the data directory cannot be written.
    """
    if settings.s3_endpoint is None:
        return LocalStore(
            files_in(settings.data_dir),
            _local_signer(settings),
            settings.s3_bucket,
            settings.files_url or f"http://127.0.0.1:{settings.http_port}",
        )
    assert settings.s3_access_key is not None  # noqa: S101 - Settings has seen to it
    assert settings.s3_secret_key is not None  # noqa: S101 - likewise
    return S3Store(
        Signer(settings.s3_access_key, settings.s3_secret_key.get_secret_value(), settings.s3_region),
        settings.s3_bucket,
        endpoint=settings.s3_endpoint,
        public_endpoint=settings.s3_public_endpoint or settings.s3_endpoint,
        timeout_seconds=settings.s3_timeout_seconds,
    )


def open_local_requests(settings: Settings) -> LocalRequests | None:
    """What the gateway answers signed URLs with; None where S3 does that itself."""
    if settings.s3_endpoint is not None:
        return None
    return LocalRequests(files_in(settings.data_dir), _local_signer(settings), settings.s3_bucket)


def files_in(data_dir: Path) -> Path:
    """Where the local store is."""
    return data_dir / "files"


def _local_signer(settings: Settings) -> Signer:
    """The same in all processes that share the data directory: server, workers and gateway."""
    path = settings.data_dir / "keys" / "files-signing-key"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        create_once(path, secrets.token_hex(32).encode())
    return Signer(_LOCAL_ACCOUNT, path.read_text().strip(), settings.s3_region)
