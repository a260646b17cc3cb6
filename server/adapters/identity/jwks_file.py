"""Keys from a file, followed as it changes."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from server.adapters.identity.keys import KeySet, parse_jwks

_log = structlog.get_logger("server.identity")

_CHECK_SECONDS = 1.0


class JwksFile:
    """Looks at the file's time and size once a second, and at once when a token names an unknown key.

    A file that is broken or away meanwhile leaves the last good set in use, with a warning.
    Raises OSError or ValueError when it cannot be read at the start.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._stamp = self._stamp_now()
        self._keys = parse_jwks(path.read_bytes())
        self._check_at = clock() + _CHECK_SECONDS

    def current(self) -> KeySet:
        """The last good set."""
        if self._clock() >= self._check_at:
            self._check()
        return self._keys

    def refreshed(self) -> KeySet:
        """The set after a look at the file."""
        self._check()
        return self._keys

    def _check(self) -> None:
        with self._lock:
            self._check_at = self._clock() + _CHECK_SECONDS
            try:
                stamp = self._stamp_now()
                if stamp == self._stamp:
                    return
                self._keys = parse_jwks(self._path.read_bytes())
            except (OSError, ValueError) as error:
                _log.warning("keys not reloaded", path=str(self._path), error=str(error))
                return
            self._stamp = stamp
            _log.info("keys reloaded", path=str(self._path), keys=len(self._keys))

    def _stamp_now(self) -> tuple[int, int, int]:
        status = self._path.stat()
        return status.st_mtime_ns, status.st_size, status.st_ino
