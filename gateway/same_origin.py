"""Which requests of browsers come from pages of ours: what a cookie alone may not decide."""

from collections.abc import Collection
from urllib.parse import urlsplit

import grpc
from starlette.datastructures import Headers

from gateway.errors import error_of, make_status

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


class SameOrigin:
    """Knows pages of the gateway's own, and those of ``allowed_origins``.

    Browsers say by Sec-Fetch-Site where a request comes from, but only over HTTPS and on this machine; otherwise Origin
    tells, which they send with everything but GET and HEAD.
    """

    def __init__(self, allowed_origins: Collection[str]) -> None:
        self._allowed = frozenset(allowed_origins)

    def require(self, method: str, headers: Headers, *, proof: bool = True) -> None:
        """Raises HttpError, 403, for a request from elsewhere. Reads are judged too, where the browser says enough,
        since some are audited under the user's name. ``proof``: an unsafe request that says nothing is from elsewhere.
        """
        if not self._permits(method, headers, proof=proof):
            raise error_of(
                make_status(
                    grpc.StatusCode.PERMISSION_DENIED,
                    "ACTION_NOT_ALLOWED",
                    "A session's cookie is for requests of the gateway's own pages. Send the token in the header"
                    " Authorization in its place.",
                )
            )

    def _permits(self, method: str, headers: Headers, *, proof: bool) -> bool:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin in self._allowed:
            return True
        if site is not None:
            return site in {"same-origin", "none"}
        if origin is not None:
            return _is_of(origin, headers.get("host", ""))
        return method in _SAFE or not proof


def _is_of(origin: str, host: str) -> bool:
    """Whether pages of that origin are served under the header Host."""
    try:
        parts = urlsplit(origin)
        default = _DEFAULT_PORTS[parts.scheme]
        ours = urlsplit(f"//{host}")
        same_port = (parts.port or default) == (ours.port or default)
    except (KeyError, ValueError):
        return False
    return bool(parts.hostname) and parts.hostname == ours.hostname and same_port
