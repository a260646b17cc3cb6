"""The key pair of a development instance, and what is signed with it."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from server.embedded.dev_keys import ensure_dev_keys, sign_dev_token


def verified(token: str, data_dir: Path) -> dict[str, object]:
    """The claims, checked with the JWKS file alone, as a server does it."""
    keys = jwt.PyJWKSet.from_dict(json.loads(ensure_dev_keys(data_dir).jwks_path.read_text()))
    key = keys[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key, algorithms=["ES256"], audience="rodistaa-tickets")


def test_a_token_verifies_against_the_jwks(tmp_path: Path) -> None:
    token = sign_dev_token(tmp_path, "franchise_agent", "u-1", ["FR-001"], timedelta(hours=1), issuer="dev")
    claims = verified(token, tmp_path)
    assert (claims["sub"], claims["role"], claims["franchise_ids"], claims["iss"]) == (
        "u-1",
        "franchise_agent",
        ["FR-001"],
        "dev",
    )


def test_an_expired_token_does_not_verify(tmp_path: Path) -> None:
    token = sign_dev_token(tmp_path, "admin", "u-1", ttl=timedelta(seconds=-1))
    with pytest.raises(jwt.ExpiredSignatureError):
        verified(token, tmp_path)


def test_the_keys_are_private_and_made_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = {
            (keys.private_key_path.read_bytes(), keys.jwks_path.read_bytes())
            for keys in pool.map(ensure_dev_keys, [tmp_path] * 16)
        }
    assert len(made) == 1
    for path in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "PRIVATE" not in ensure_dev_keys(tmp_path).jwks_path.read_text()
    assert '"d"' not in ensure_dev_keys(tmp_path).jwks_path.read_text()
