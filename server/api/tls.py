"""Server credentials from files, read again when they change, so that a renewed certificate needs no restart."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import grpc
import structlog

_log = structlog.get_logger("server.api.tls")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files. With ``client_ca`` every client must show a certificate that this authority signed."""

    certificate: Path
    private_key: Path
    client_ca: Path | None = None

    @property
    def paths(self) -> Sequence[Path]:
        """All that are to be watched."""
        return [path for path in (self.certificate, self.private_key, self.client_ca) if path is not None]


def server_credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """Raises OSError when a file cannot be read at start; later, the last good certificate stays in use."""
    reloading = _ReloadingFiles(files)
    # The type stubs forget that None, for no change, is a documented answer.
    fetcher = cast("Callable[[], grpc.ServerCertificateConfiguration]", reloading.changed)
    return grpc.dynamic_ssl_server_credentials(
        reloading.current(), fetcher, require_client_authentication=files.client_ca is not None
    )


class _ReloadingFiles:
    """grpc asks before each handshake, from its own threads; a look at the files' times is cheap beside one."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._seen = self._stamp()

    def current(self) -> grpc.ServerCertificateConfiguration:
        client_ca = self._files.client_ca
        return grpc.ssl_server_certificate_configuration(
            [(self._files.private_key.read_bytes(), self._files.certificate.read_bytes())],
            client_ca.read_bytes() if client_ca is not None else None,
        )

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """None for no change. Never raises: an error here would refuse every handshake."""
        try:
            stamp = self._stamp()
            if stamp == self._seen:
                return None
            configuration = self.current()
        except OSError as error:
            _log.warning("certificate not reloaded", error=str(error))
            return None
        self._seen = stamp
        _log.info("certificate reloaded", path=str(self._files.certificate))
        return configuration

    def _stamp(self) -> tuple[tuple[int, int, int], ...]:
        return tuple((status.st_mtime_ns, status.st_size, status.st_ino) for status in map(os.stat, self._files.paths))
