"""Key pairs and tokens for tests."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "rodistaa-tickets"
_PUBLIC: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


@dataclass(frozen=True)
class KeyPair:
    algorithm: str
    private: Any
    kid: str

    @classmethod
    def make(cls, algorithm: str = "ES256", kid: str = "k1") -> KeyPair:
        if algorithm == "RS256":
            return cls(algorithm, rsa.generate_private_key(public_exponent=65537, key_size=2048), kid)
        if algorithm == "EdDSA":
            return cls(algorithm, ed25519.Ed25519PrivateKey.generate(), kid)
        return cls(algorithm, ec.generate_private_key(ec.SECP256R1()), kid)

    @property
    def jwk(self) -> dict[str, Any]:
        public = _PUBLIC[self.algorithm].to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig"}

    def sign(self, **changed: Any) -> str:
        return jwt.encode(claims(**changed), self.private, algorithm=self.algorithm, headers={"kid": self.kid})


def claims(**changed: Any) -> dict[str, Any]:
    """Good ones, with changes; a claim set to None is left out."""
    now = int(time.time())
    good = {"sub": "asha", "role": "admin", "franchise_ids": ["FR-001"], "aud": AUDIENCE, "iat": now, "exp": now + 600}
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def jwks(*keys: KeyPair | Mapping[str, Any]) -> str:
    return json.dumps({"keys": [key.jwk if isinstance(key, KeyPair) else dict(key) for key in keys]})


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
