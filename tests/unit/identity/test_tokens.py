"""Which tokens are believed, and for how long."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from server.adapters.identity.jwks_file import JwksFile
from server.adapters.identity.keys import KeySource, SharedSecret
from server.adapters.identity.tokens import JwtVerifier
from server.domain.errors import Unauthenticated
from server.domain.roles import Role
from tests.unit.identity.keys import AUDIENCE, Clock, KeyPair, claims, jwks

KEY = KeyPair.make()
SECRET = "a shared secret of at least 32 bytes!"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(jwks(KEY))
    return path


@pytest.fixture
def verifier(path: Path) -> JwtVerifier:
    return verifier_of(JwksFile(path))


def verifier_of(keys: KeySource, **options: Any) -> JwtVerifier:
    return JwtVerifier(keys, audience=AUDIENCE, **options)


def refused(verifier: JwtVerifier, token: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        verifier.verify(token)
    return caught.value.reason.value


def forged(header: dict[str, Any], payload: dict[str, Any], sign: bytes | None) -> str:
    """Put together by hand, as no honest library would."""
    body = ".".join(_b64(json.dumps(part).encode()) for part in (header, payload))
    signature = b"" if sign is None else hmac.new(sign, body.encode(), hashlib.sha256).digest()
    return f"{body}.{_b64(signature)}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_good_token_is_its_holder(verifier: JwtVerifier) -> None:
    expires = int(time.time()) + 300
    principal = verifier.verify(
        KEY.sign(sub="ravi", role="franchise_agent", franchise_ids=["FR-1", "FR-2"], exp=expires)
    )
    assert (principal.user_id, principal.role) == ("ravi", Role.FRANCHISE_AGENT)
    assert principal.franchise_ids == {"FR-1", "FR-2"}
    assert principal.expires_at == datetime.fromtimestamp(expires, UTC)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_each_allowed_algorithm_works(path: Path, algorithm: str) -> None:
    key = KeyPair.make(algorithm)
    path.write_text(jwks(key))
    assert verifier_of(JwksFile(path)).verify(key.sign()).user_id == "asha"


@pytest.mark.parametrize("sub", ["a", "!~", "auth0|5f7c8ec7", "asha@rodistaa.example", "SYSTEM-1", "x" * 100])
def test_every_visible_character_may_be_in_a_name(verifier: JwtVerifier, sub: str) -> None:
    assert verifier.verify(KEY.sign(sub=sub)).user_id == sub


def test_a_service_account_may_have_a_token(verifier: JwtVerifier) -> None:
    assert verifier.verify(KEY.sign(sub="svc-booking", role="system")).role is Role.SYSTEM


# --- forgeries


def test_expired(verifier: JwtVerifier) -> None:
    assert refused(verifier, KEY.sign(exp=int(time.time()) - 60)) == "TOKEN_EXPIRED"


def test_signed_by_somebody_else(verifier: JwtVerifier) -> None:
    assert refused(verifier, KeyPair.make().sign()) == "TOKEN_INVALID"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, ["none"], {}, 0])
def test_without_a_signature(verifier: JwtVerifier, alg: object) -> None:
    assert refused(verifier, forged({"alg": alg, "typ": "JWT", "kid": "k1"}, claims(), None)) == "TOKEN_INVALID"


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_no_hmac_secret(verifier: JwtVerifier, alg: str) -> None:
    public = KEY.private.public_key()
    for encoding, form in (
        (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint),
    ):
        token = forged({"alg": alg, "kid": "k1"}, claims(), public.public_bytes(encoding, form))
        assert refused(verifier, token) == "TOKEN_INVALID"


def test_a_key_in_the_header_is_not_listened_to(verifier: JwtVerifier) -> None:
    stranger = KeyPair.make(kid="k1")
    token = jwt.encode(claims(), stranger.private, algorithm="ES256", headers={"kid": "k1", "jwk": stranger.jwk})
    assert refused(verifier, token) == "TOKEN_INVALID"


def test_a_key_serves_its_own_algorithm_only(path: Path) -> None:
    key = KeyPair.make("RS256")
    path.write_text(jwks(key))
    token = jwt.encode(claims(), key.private, algorithm="RS512", headers={"kid": key.kid})
    assert refused(verifier_of(JwksFile(path)), token) == "TOKEN_INVALID"


@pytest.mark.parametrize("aud", ["another", ["a", "b"], [], None, 7])
def test_for_another_audience(verifier: JwtVerifier, aud: object) -> None:
    token = jwt.api_jws.encode(json.dumps(claims(aud=aud)).encode(), KEY.private, "ES256", headers={"kid": "k1"})
    assert refused(verifier, token) == "TOKEN_INVALID"


def test_the_issuer_counts_where_one_is_set(path: Path) -> None:
    verifier = verifier_of(JwksFile(path), issuer="https://login.rodistaa.example")
    assert verifier.verify(KEY.sign(iss="https://login.rodistaa.example")).user_id == "asha"
    assert refused(verifier, KEY.sign(iss="https://evil.example")) == "TOKEN_INVALID"
    assert refused(verifier, KEY.sign()) == "TOKEN_INVALID"


def test_not_valid_yet(verifier: JwtVerifier) -> None:
    assert refused(verifier, KEY.sign(nbf=int(time.time()) + 600)) == "TOKEN_INVALID"


@pytest.mark.parametrize(
    "token",
    ["a", "a.b", "a.b.c", "a.b.c.d", "." * 5, "x" * 10_000, "\udcff", "{}", "eyJhbGciOiJFUzI1NiJ9..", "Ω.Ω.Ω"],
)
def test_no_token_at_all(verifier: JwtVerifier, token: str) -> None:
    assert refused(verifier, token) == "TOKEN_INVALID"


def test_an_empty_one_is_missing(verifier: JwtVerifier) -> None:
    assert refused(verifier, "") == "TOKEN_MISSING"


# --- claims


@pytest.mark.parametrize(
    "changed",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": "a" * 101},
        {"sub": "a\nb"},
        {"sub": "a\x00b"},
        {"sub": " a"},
        {"sub": "a b"},
        {"sub": "a\u202eb"},
        {"sub": "\u0430sha"},
        {"sub": "as\u0304ha"},
        {"sub": "SYSTEM"},
        {"sub": "System"},
        {"sub": "system"},
        {"sub": 7},
        {"role": None},
        {"role": "root"},
        {"role": "ADMIN"},
        {"role": ["admin"]},
        {"franchise_ids": "FR-001"},
        {"franchise_ids": [1]},
        {"franchise_ids": [""]},
        {"franchise_ids": ["FR 001"]},
        {"franchise_ids": ["FR-\uff10\uff10\uff11"]},
        {"franchise_ids": ["F" * 101]},
        {"franchise_ids": [["FR-001"]]},
        {"franchise_ids": [f"F{n}" for n in range(501)]},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": 1e300},
        {"exp": float("inf")},
        {"exp": 10**18},
        {"exp": True},
    ],
)
def test_a_bad_claim_is_no_identity(verifier: JwtVerifier, changed: dict[str, Any]) -> None:
    payload = json.dumps(claims(**changed)).encode()
    token = jwt.api_jws.encode(payload, KEY.private, "ES256", headers={"kid": "k1"})
    assert refused(verifier, token) in {"TOKEN_INVALID", "TOKEN_EXPIRED"}


@pytest.mark.parametrize("payload", [b"[]", b"null", b"\xff", b"7", b"[" * 100_000])
def test_a_payload_that_is_no_object(verifier: JwtVerifier, payload: bytes) -> None:
    token = jwt.api_jws.encode(payload[:3000], KEY.private, "ES256", headers={"kid": "k1"})
    assert refused(verifier, token) == "TOKEN_INVALID"


def test_an_error_never_repeats_the_token(verifier: JwtVerifier) -> None:
    token = KEY.sign(sub="a\nsecret")
    with pytest.raises(Unauthenticated) as caught:
        verifier.verify(token)
    assert "secret" not in caught.value.message
    assert token not in caught.value.message


# --- a shared secret


def test_a_shared_secret() -> None:
    verifier = verifier_of(SharedSecret(SECRET))
    assert verifier.verify(jwt.encode(claims(), SECRET, algorithm="HS256")).user_id == "asha"
    assert refused(verifier, jwt.encode(claims(), SECRET + "!", algorithm="HS256")) == "TOKEN_INVALID"
    assert refused(verifier, KEY.sign()) == "TOKEN_INVALID"
    assert refused(verifier, forged({"alg": "none"}, claims(), None)) == "TOKEN_INVALID"


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SharedSecret("short")


# --- rotation


def test_keys_rotate_without_restart(path: Path, verifier: JwtVerifier) -> None:
    old_token = KEY.sign()
    verifier.verify(old_token)
    new = KeyPair.make(kid="k2")
    path.write_text(jwks(KEY, new))
    assert verifier.verify(new.sign()).user_id == "asha", "an unknown key is looked for at once"
    assert verifier.verify(old_token).user_id == "asha", "both are valid while both are there"


def test_a_withdrawn_key_stops_working_without_restart(path: Path) -> None:
    clock = Clock()
    verifier = verifier_of(JwksFile(path, clock), clock=clock)
    token = KEY.sign()
    verifier.verify(token)
    path.write_text(jwks(KeyPair.make(kid="k2")))
    clock.now += 1.0
    assert refused(verifier, token) == "TOKEN_INVALID"


def test_a_broken_key_file_changes_nothing(path: Path) -> None:
    clock = Clock()
    verifier = verifier_of(JwksFile(path, clock), clock=clock)
    for content in ("{", "{}", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'):
        path.write_text(content)
        clock.now += 1.0
        assert verifier.verify(KEY.sign()).user_id == "asha"
    path.unlink()
    clock.now += 1.0
    assert verifier.verify(KEY.sign()).user_id == "asha"


def test_a_key_file_that_is_wrong_at_the_start_is_an_error(path: Path) -> None:
    path.write_text('{"keys": []}')
    with pytest.raises(ValueError, match="no usable key"):
        JwksFile(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        JwksFile(path)


def test_without_a_key_id_there_must_be_one_candidate(path: Path) -> None:
    token = jwt.encode(claims(), KEY.private, algorithm="ES256")
    assert verifier_of(JwksFile(path)).verify(token).user_id == "asha"
    path.write_text(jwks(KEY, KeyPair.make(kid="k2")))
    assert refused(verifier_of(JwksFile(path)), token) == "TOKEN_INVALID"


@pytest.mark.parametrize("spoilt", [{"use": "enc"}, {"alg": "ES384"}, {"kty": "oct"}, {"x": "AAAA"}, {"crv": "P-384"}])
def test_keys_that_are_not_for_us_are_skipped(path: Path, spoilt: dict[str, Any]) -> None:
    other = KeyPair.make(kid="k2")
    path.write_text(jwks(KEY, {**other.jwk, **spoilt}))
    verifier = verifier_of(JwksFile(path))
    verifier.verify(KEY.sign())
    assert refused(verifier, other.sign()) == "TOKEN_INVALID"


def test_a_weak_rsa_key_is_skipped(path: Path) -> None:
    weak = KeyPair("RS256", rsa.generate_private_key(public_exponent=65537, key_size=1024), "weak")
    path.write_text(jwks(KEY, weak))
    body = ".".join(_b64(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "weak"}, claims()))
    assert refused(verifier_of(JwksFile(path)), f"{body}.{_b64(b'x' * 128)}") == "TOKEN_INVALID"


# --- the cache


class CountingKeys:
    """Counts how often a key is looked for, that is, how often a token is verified in earnest."""

    def __init__(self) -> None:
        self.keys = SharedSecret(SECRET).current()
        self.asked = 0

    def current(self) -> Any:
        return self

    def refreshed(self) -> Any:
        return self

    def find(self, algorithm: str, kid: str | None) -> Any:
        self.asked += 1
        return self.keys.find(algorithm, kid)


def test_a_verified_token_is_believed_for_a_while_and_never_past_its_end() -> None:
    clock, keys = Clock(), CountingKeys()
    verifier = verifier_of(keys, clock=clock, max_age_seconds=60.0, leeway_seconds=0.0)
    token = jwt.encode(claims(), SECRET, algorithm="HS256")
    ending = jwt.encode(claims(exp=int(time.time()) + 20), SECRET, algorithm="HS256")
    for _ in range(3):
        verifier.verify(token)
        verifier.verify(ending)
    assert keys.asked == 2
    clock.now += 30
    verifier.verify(token)
    verifier.verify(ending)
    assert keys.asked == 3, "only the one that ends sooner was looked at again"
    clock.now += 31
    verifier.verify(token)
    assert keys.asked == 4


def test_a_refused_token_is_not_remembered() -> None:
    keys = CountingKeys()
    verifier = verifier_of(keys)
    for _ in range(3):
        refused(verifier, jwt.encode(claims(role="root"), SECRET, algorithm="HS256"))
    assert keys.asked == 3
