"""Credentials are looked at again while a stream is open."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from server.adapters.identity.keys import KeySet, SharedSecret
from server.adapters.identity.tokens import JwtVerifier
from server.api.calls import CallState, Method
from server.api.interceptors.authentication import Authentication
from server.domain.errors import Reason, Unauthenticated
from server.domain.ids import UserId
from server.domain.principal import Principal
from server.domain.roles import Role
from tests.unit.api.stream_rig import REQUEST, streaming
from tests.waiting import eventually

SECRET = "k" * 32
ASHA = Principal(UserId("asha"), Role.ADMIN)


class ChangingKeys:
    """The keys of an identity provider, as the test says."""

    def __init__(self) -> None:
        self.keys = SharedSecret(SECRET).current()

    def current(self) -> KeySet:
        return self.keys

    def refreshed(self) -> KeySet:
        return self.keys


@pytest.fixture
def keys() -> ChangingKeys:
    return ChangingKeys()


def token(seconds: float) -> str:
    claims = {"sub": "asha", "role": "admin", "aud": "tickets", "exp": datetime.now(UTC) + timedelta(seconds=seconds)}
    return jwt.encode(claims, SECRET, algorithm="HS256")


@contextmanager
def watched(keys: ChangingKeys, bearer: str, leeway_seconds: float = 0.0) -> Iterator[CallState]:
    verifier = JwtVerifier(keys, audience="tickets", leeway_seconds=leeway_seconds)
    with streaming(verifier) as streams:
        call = streams.stub.WatchTimeline(REQUEST, metadata=(("authorization", f"Bearer {bearer}"),), timeout=30)
        streams.watching.opened.get(timeout=10)
        yield streams.watching.states[0]
        call.cancel()


def reason(check: Callable[[], Principal]) -> Reason | None:
    try:
        check()
    except Unauthenticated as error:
        return error.reason
    return None


def checked(state: CallState) -> Callable[[], Principal]:
    assert state.still_valid is not None
    return state.still_valid


def test_a_token_stays_what_it_is_until_its_key_is_revoked(keys: ChangingKeys) -> None:
    with watched(keys, token(60)) as state:
        check = checked(state)
        assert check() == state.principal
        keys.keys = SharedSecret("n" * 32).current()
        assert reason(check) is Reason.TOKEN_INVALID
        keys.keys = SharedSecret(SECRET).current()
        assert reason(check) is None


def test_a_token_expires_though_it_was_found_good_a_moment_ago(keys: ChangingKeys) -> None:
    with watched(keys, token(2)) as state:
        check = checked(state)
        assert reason(check) is None
        eventually(lambda: reason(check) is Reason.TOKEN_EXPIRED)


def test_a_stream_has_the_same_leeway_as_a_call(keys: ChangingKeys) -> None:
    with watched(keys, token(-3), leeway_seconds=60) as state:
        assert state.principal is not None
        assert state.principal.expires_at is not None
        assert state.principal.expires_at < datetime.now(UTC)
        assert reason(checked(state)) is None


def test_certificates_are_verified_with_their_channel() -> None:
    class Known:
        def principal_from_certificate(self, auth_context: object) -> Principal | None:
            return ASHA

    class Context:
        def invocation_metadata(self) -> tuple[()]:
            return ()

        def auth_context(self) -> dict[str, list[bytes]]:
            return {}

    method = Method("unknown", "unknown")
    state = CallState(method, Context())  # type: ignore[arg-type]  # all that authentication asks of it
    assert state.still_valid is None
    Authentication(None, Known()).around(method, lambda state, request: None)(state, None)
    assert checked(state)() is ASHA


def test_the_token_shows_nowhere(keys: ChangingKeys) -> None:
    bearer = token(60)
    with watched(keys, bearer) as state:
        assert bearer not in repr(state.still_valid)
