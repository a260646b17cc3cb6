"""Keys from an identity provider's JWKS address."""

import ipaddress
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.parse import urlsplit

import structlog

from server.adapters.identity.keys import KeySet, parse_jwks
from server.domain.errors import Unavailable

_log = structlog.get_logger("server.identity")

_MAX_BYTES = 1024 * 1024
_RETRY_SECONDS = 10.0
"""At most one request in this time, however many tokens name unknown keys."""

Fetch = Callable[[str, float], bytes]


class JwksUrl:
    """Fetched at the start, again in the background when ``max_age_seconds`` are over, and at once for an unknown key.

    The last good set stays in use while the address fails. A server that starts while it fails does
    start, and answers Unavailable until the keys are there.
    """

    def __init__(
        self,
        url: str,
        *,
        max_age_seconds: float = 300.0,
        timeout_seconds: float = 3.0,
        fetch: Fetch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        require_safe(url)
        self._url = url
        self._max_age = max_age_seconds
        self._timeout = timeout_seconds
        self._fetch = fetch if fetch is not None else fetch_bytes
        self._clock = clock
        self._fetching = threading.Lock()
        self._keys: KeySet | None = None
        self._due_at = self._allowed_at = clock()
        self._refresh()

    def current(self) -> KeySet:
        """The last good set, at once; one that is due is renewed by another thread."""
        keys = self._keys
        if keys is None:
            return self.refreshed()
        if self._clock() >= self._due_at and not self._fetching.locked():
            # Set before the thread starts, so that the callers of the next instants do not start theirs.
            self._due_at = self._clock() + _RETRY_SECONDS
            threading.Thread(target=self._refresh, name="jwks-refresh", daemon=True).start()
        return keys

    def refreshed(self) -> KeySet:
        """Fetches if that is allowed again; who comes while another fetches waits for that, within the timeout."""
        self._refresh()
        if self._keys is None:
            raise Unavailable("Tokens cannot be checked at the moment. Try again.")
        return self._keys

    def _refresh(self) -> None:
        if not self._fetching.acquire(timeout=self._timeout):
            return
        try:
            if self._clock() < self._allowed_at:
                return
            self._allowed_at = self._clock() + _RETRY_SECONDS
            try:
                self._keys = parse_jwks(self._fetch(self._url, self._timeout))
            except (OSError, ValueError, HTTPException) as error:
                self._due_at = self._allowed_at
                _log.warning("keys not fetched", url=self._url, error=str(error))
                return
            self._due_at = self._clock() + self._max_age
        finally:
            self._fetching.release()


def require_safe(url: str) -> None:
    """Raises ValueError for anything but https, or http to this machine: keys from the network must be authentic."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return
    raise ValueError("the JWKS address must be https, or http on this machine")


def fetch_bytes(url: str, timeout_seconds: float) -> bytes:
    """One GET. Raises OSError (also for a status other than 2xx), ValueError when the answer is too long."""
    opener = urllib.request.build_opener(_SafeRedirects)
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - checked by require_safe
    with opener.open(request, timeout=timeout_seconds) as response:
        body: bytes = response.read(_MAX_BYTES + 1)
    if len(body) > _MAX_BYTES:
        raise ValueError("the JWKS is too long")
    return body


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917 - the library's signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Never to an address that could not have been given in the first place."""
        require_safe(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
