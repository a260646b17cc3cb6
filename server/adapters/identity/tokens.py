"""JSON Web Tokens to principals."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from server.adapters.identity.claims import principal_of
from server.adapters.identity.keys import KeySet, KeySource, VerificationKey
from server.domain.errors import Reason, Unauthenticated
from server.domain.principal import Principal

_ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA", "HS256"})
"""A key has one algorithm only, so that HS256 can never be used with a public key."""
_MAX_TOKEN = 8 * 1024
_MAX_CACHED = 10_000


@dataclass(frozen=True, slots=True)
class _Cached:
    principal: Principal
    keys: KeySet
    until: float


class JwtVerifier:
    """Checks signature, audience, issuer (where one is set), times and claims.

    A token that was found good is believed without another look until it expires, the keys change, or
    ``max_age_seconds`` are over, whichever comes first. Safe for use by many threads.
    """

    def __init__(
        self,
        keys: KeySource,
        *,
        audience: str,
        issuer: str | None = None,
        leeway_seconds: float = 5.0,
        max_age_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys
        self._audience = audience
        self._issuer = issuer
        self._leeway = leeway_seconds
        self._max_age = max_age_seconds
        self._clock = clock
        self._cache: dict[str, _Cached] = {}
        self._lock = threading.Lock()

    def verify(self, token: str) -> Principal:
        """The token's holder. Raises Unauthenticated: TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED."""
        keys = self._keys.current()
        cached = self._cache.get(token)
        if cached is not None and cached.keys is keys and self._clock() < cached.until:
            return cached.principal
        return self._verify(token, keys)

    def _verify(self, token: str, keys: KeySet) -> Principal:
        if not token:
            raise Unauthenticated("The authorization metadata has no token.", reason=Reason.TOKEN_MISSING)
        if len(token) > _MAX_TOKEN:
            raise _invalid("it is too long")
        try:
            key, keys = self._key_for(jwt.get_unverified_header(token), keys)
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=self._leeway,
                options={"require": ["exp", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired.", reason=Reason.TOKEN_EXPIRED) from None
        except jwt.InvalidAudienceError:
            raise _invalid("it is for another audience") from None
        except jwt.InvalidIssuerError:
            raise _invalid("it is from another issuer") from None
        except jwt.ImmatureSignatureError:
            raise _invalid("it is not valid yet") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            # The library lets some of the standard library's errors through for malformed JSON and numbers.
            raise _invalid("its form or signature is wrong") from None
        principal = principal_of(claims)
        self._remember(token, principal, keys)
        return principal

    def _key_for(self, header: dict[str, Any], keys: KeySet) -> tuple[VerificationKey, KeySet]:
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in _ALGORITHMS:
            raise _invalid("its algorithm is not allowed")
        found = keys.find(algorithm, kid)
        if found is None:
            keys = self._keys.refreshed()
            found = keys.find(algorithm, kid)
        if found is None:
            raise _invalid("it is signed with an unknown key")
        return found, keys

    def _remember(self, token: str, principal: Principal, keys: KeySet) -> None:
        if principal.expires_at is None:
            return
        left = (principal.expires_at - datetime.now(UTC)).total_seconds() + self._leeway
        entry = _Cached(principal, keys, self._clock() + min(left, self._max_age))
        with self._lock:
            # Entries live for a minute, so the oldest is as good a victim as the least used.
            self._cache.pop(token, None)
            if len(self._cache) >= _MAX_CACHED:
                del self._cache[next(iter(self._cache))]
            self._cache[token] = entry


def _invalid(why: str) -> Unauthenticated:
    return Unauthenticated(f"The token is not valid: {why}.", reason=Reason.TOKEN_INVALID)
