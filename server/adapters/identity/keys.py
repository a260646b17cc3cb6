"""The keys that tokens are checked with."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_log = structlog.get_logger("server.identity")

_MIN_RSA_BITS = 2048
_MIN_SECRET_BYTES = 32

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key and the one algorithm that it is good for, so that no token can choose another."""

    algorithm: str
    key: PublicKey | bytes
    kid: str | None = None


class KeySet:
    """Keys that are valid together. Immutable; a changed set is another object, which caches compare by identity."""

    def __init__(self, keys: Iterable[VerificationKey]) -> None:
        self._keys = tuple(keys)

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, algorithm: str, kid: str | None) -> VerificationKey | None:
        """The key a token's header names. Without a ``kid`` there must be one key only that it can be."""
        fitting = [key for key in self._keys if key.algorithm == algorithm and (kid is None or key.kid in {kid, None})]
        named = [key for key in fitting if key.kid == kid]
        if kid is not None and named:
            return named[0]
        return fitting[0] if len(fitting) == 1 else None


class KeySource(Protocol):
    """Where the keys come from. Safe for use by many threads."""

    def current(self) -> KeySet:
        """The keys as far as known: called for every token, so cheap. Raises Unavailable before there are any."""
        ...

    def refreshed(self) -> KeySet:
        """Look again, because a token names a key that is not there; within a rate of the source's own choosing."""
        ...


class SharedSecret:
    """One HMAC secret, for set-ups without an identity provider that has public keys."""

    def __init__(self, secret: str) -> None:
        encoded = secret.encode()
        if len(encoded) < _MIN_SECRET_BYTES:
            raise ValueError(f"a shared secret needs at least {_MIN_SECRET_BYTES} bytes")
        self._keys = KeySet([VerificationKey("HS256", encoded)])

    def current(self) -> KeySet:
        """Always the same."""
        return self._keys

    def refreshed(self) -> KeySet:
        """There is nowhere to look."""
        return self._keys


def parse_jwks(text: str | bytes) -> KeySet:
    """The usable public keys of a JWKS document; others are skipped with a warning.

    Raises ValueError when it is no JWKS, or has no usable key at all.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("not a JWKS: it has no array of keys")  # noqa: TRY004 - the document is wrong
    keys = [key for key in map(_verification_key, entries) if key is not None]
    if not keys:
        raise ValueError("the JWKS has no usable key (RS256, ES256 or EdDSA)")
    return KeySet(keys)


def _verification_key(entry: Any) -> VerificationKey | None:  # noqa: ANN401 - JSON from outside
    """None for a key that is not ours to use: for encryption, symmetric, weak, or of another algorithm."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or entry.get("kty") not in {"RSA", "EC", "OKP"}:
        return None
    kid = entry.get("kid")
    try:
        key = jwt.PyJWK(entry).key
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        _log.warning("key skipped", kid=str(kid), error=str(error))
        return None
    algorithm = _algorithm_of(key)
    if algorithm is None or entry.get("alg", algorithm) != algorithm:
        _log.warning("key skipped", kid=str(kid), error="algorithm or size not allowed")
        return None
    return VerificationKey(algorithm, key, kid if isinstance(kid, str) else None)


def _algorithm_of(key: object) -> str | None:
    if isinstance(key, RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
        return "RS256"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    return "EdDSA" if isinstance(key, Ed25519PublicKey) else None
