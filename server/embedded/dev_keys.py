"""The signing key of a development instance, made once in its data directory, and tokens signed with it.

Production has an identity provider; the server there is given that provider's JWKS and never sees a private key.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from server.created_once import create_once

ALGORITHM = "ES256"
DEFAULT_AUDIENCE = "rodistaa-tickets"
DEFAULT_TTL = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class DevKeys:
    """Where the instance's key pair is: the private half for `tickets token`, the public half for the server."""

    private_key_path: Path
    jwks_path: Path


def dev_keys_in(data_dir: Path) -> DevKeys:
    """The places of the keys, whether or not they exist yet."""
    keys = data_dir / "keys"
    return DevKeys(keys / "signing-key.pem", keys / "jwks.json")


def ensure_dev_keys(data_dir: Path) -> DevKeys:
    """Make the key pair if there is none; the same one is returned ever after. Safe to run from several processes."""
    keys = dev_keys_in(data_dir)
    keys.private_key_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not keys.private_key_path.exists():
        create_once(
            keys.private_key_path,
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
    if not keys.jwks_path.exists():
        create_once(keys.jwks_path, json.dumps(_jwks(_load(keys.private_key_path)), indent=2).encode())
    return keys


def sign_dev_token(
    data_dir: Path,
    role: str,
    sub: str,
    franchise_ids: Iterable[str] = (),
    ttl: timedelta = DEFAULT_TTL,
    *,
    audience: str = DEFAULT_AUDIENCE,
    issuer: str | None = None,
) -> str:
    """A token as the identity provider would give it, signed with the instance's own key."""
    return sign_token(
        ensure_dev_keys(data_dir).private_key_path,
        role,
        sub,
        franchise_ids,
        ttl,
        audience=audience,
        issuer=issuer,
    )


def sign_token(
    private_key_path: Path,
    role: str,
    sub: str,
    franchise_ids: Iterable[str] = (),
    ttl: timedelta = DEFAULT_TTL,
    *,
    audience: str = DEFAULT_AUDIENCE,
    issuer: str | None = None,
) -> str:
    """The same with a key from anywhere. Raises FileNotFoundError, ValueError when it is no P-256 key in PEM."""
    key = _load(private_key_path)
    now = int(time.time())
    claims: dict[str, object] = {
        "sub": sub,
        "role": role,
        "franchise_ids": list(franchise_ids),
        "aud": audience,
        "iat": now,
        "exp": now + int(ttl.total_seconds()),
    }
    if issuer:
        claims["iss"] = issuer
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": _key_id(key)})


def _load(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} holds no elliptic-curve private key")  # noqa: TRY004 - the file is wrong
    return key


def _jwks(key: ec.EllipticCurvePrivateKey) -> dict[str, object]:
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"keys": [{**public, "kid": _key_id(key), "use": "sig", "alg": ALGORITHM}]}


def _key_id(key: ec.EllipticCurvePrivateKey) -> str:
    """Follows from the key, so that a replaced key can be told from the old one while both are in a JWKS."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(
        key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return digest.finalize().hex()[:16]
