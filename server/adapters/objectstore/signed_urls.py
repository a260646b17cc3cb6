"""The two requests that a store's clients are handed, the same for every store: docs/adr/0017-signed-urls.md."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from server.adapters.objectstore.file_names import attachment_disposition
from server.adapters.objectstore.keys import checked
from server.adapters.objectstore.signing import Signer
from server.application.object_store import SignedRequest, Upload

SIGNED_IN_UPLOADS: Final = ("content-length", "content-type", "if-none-match", "x-amz-checksum-sha256")
"""Beside ``host``: without one of these a store would take other bytes, or the same URL twice."""

NO_COPY: Final = {"x-amz-copy-source-if-match": '"none"'}
"""No object has that etag. MinIO takes an x-amz-copy-source that nobody signed: without this a signed PUT would copy
whatever the service may read over its own object, checked or not. AWS refuses what is not signed, and maybe this."""


@dataclass(frozen=True, slots=True)
class SignedUrls:
    """Signs for the objects of a bucket that clients find at ``base_url``; uploads with the ``guards``, too."""

    signer: Signer
    bucket: str
    base_url: str
    guards: Mapping[str, str] = field(default_factory=dict)

    def upload(self, upload: Upload, *, now: datetime, lifetime: timedelta) -> SignedRequest:
        """See ObjectStore.sign_upload."""
        return self.signer.presign(
            "PUT",
            self.base_url,
            self._path(upload.key),
            headers={
                "Content-Length": str(upload.size),
                "Content-Type": upload.content_type,
                "If-None-Match": "*",
                "x-amz-checksum-sha256": base64.b64encode(upload.sha256).decode(),
                **self.guards,
            },
            query={},
            now=now,
            lifetime=lifetime,
        )

    def download(
        self, key: str, *, file_name: str, content_type: str, now: datetime, lifetime: timedelta
    ) -> SignedRequest:
        """See ObjectStore.sign_download."""
        return self.signer.presign(
            "GET",
            self.base_url,
            self._path(key),
            headers={},
            query={
                "response-cache-control": "private, no-store",
                # S3 keeps a Content-Encoding that an uploader adds unsigned; browsers shall get what was checked.
                "response-content-encoding": "identity",
                "response-content-disposition": attachment_disposition(file_name),
                "response-content-type": content_type,
            },
            now=now,
            lifetime=lifetime,
        )

    def _path(self, key: str) -> str:
        return f"/{self.bucket}/{checked(key)}"
