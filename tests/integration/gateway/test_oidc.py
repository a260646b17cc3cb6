"""Login by an OpenID provider: the whole code flow over HTTP, and what must not get through it."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from gateway.login import HOME
from server.settings import Settings
from tests.database import Database
from tests.gateway_process import Gateway, serving_gateway
from tests.integration.gateway.browsers import Browser
from tests.integration.gateway.event_sources import EventSource
from tests.integration.gateway.identity_provider import CLIENT, CLIENT_SECRET, Provider, identity_provider
from tests.integration.gateway.requests import Answer
from tests.integration.gateway.streams_over_http import status_of, timeline_url
from tests.integration.postgres.rows import insert_ticket
from tests.running import Running, free_port, running
from tests.waiting import eventually

SESSION = "__Host-tickets-session"
STATE = "__Host-tickets-login"


@dataclass
class World:
    provider: Provider
    gateway: Gateway
    browser: Browser

    def log_in(self, place: str = "/session") -> Answer:
        """To the end."""
        return self.browser.get(f"{self.gateway.url}/login?next={place}")

    def callback(self) -> str:
        """The address that the provider sends the browser back to, which has not gone there yet."""
        start = self.browser.get(f"{self.gateway.url}/login/oidc?next=/session", follow=False)
        assert start.status == 302
        return self.browser.get(start.headers["location"], follow=False).headers["location"]

    @property
    def cookies(self) -> dict[str, str]:
        return self.browser.cookies[f"127.0.0.1:{self.gateway.port}"]

    def is_logged_in(self) -> bool:
        return SESSION in self.cookies


def oidc(provider: Provider, **more: Any) -> dict[str, Any]:
    """Settings of a gateway."""
    client = {"oidc_client_id": CLIENT, "oidc_client_secret": CLIENT_SECRET}
    return {"oidc_issuer": provider.issuer, **client, **more}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with identity_provider() as running:
        yield running


@pytest.fixture
def served(database: Database, provider: Provider) -> Iterator[Running]:
    """A server that believes the provider's id tokens."""
    settings = {"jwt_secret": None, "jwks_url": f"{provider.issuer}/jwks", "jwt_issuer": provider.issuer}
    with running(database, jwt_audience=CLIENT, **settings) as server:
        yield server


@pytest.fixture
def world(served: Running, provider: Provider, tmp_path: Path) -> Iterator[World]:
    with serving_gateway(tmp_path, gateway_target=served.target, **oidc(provider)) as gateway:
        yield World(provider, gateway, Browser())


def test_a_login_in_place_of_somebody_elses_ends_their_streams(world: World, served: Running) -> None:
    world.log_in()
    with served.database.connect() as writer:
        ticket = insert_ticket(writer)
    cookie = {"Cookie": f"{SESSION}={world.cookies[SESSION]}"}
    source = EventSource(timeline_url(world.gateway.url, ticket), cookie, comes_back=False)
    source.next("progress")
    world.provider.claims["sub"] = "user-8"
    assert json.loads(world.log_in().body)["userId"] == "user-8"
    source.end()
    assert status_of(source.events[-1]) == (9, "SESSION_CHANGED")


def test_a_login(world: World) -> None:
    answer = world.log_in()
    assert answer.status == 200
    told = json.loads(answer.body)
    assert (told["userId"], told["role"]) == ("user-7", "ops_manager")
    assert list(world.cookies) == [SESSION]
    calls = world.browser.fetch("GET", f"{world.gateway.url}/admin/tickets", Accept="application/json")
    assert calls.status == 200
    for caller, status in (("user-7", 200), ("user-8", 400)):
        tickets = f"{world.gateway.url}/admin/tickets"
        asked_for = world.browser.fetch("GET", tickets, Accept="application/json", Tickets_Caller=caller)
        assert asked_for.status == status
    (asked,) = world.provider.asked
    assert asked["redirect_uri"] == f"{world.gateway.url}/login/callback"
    assert asked["state"] not in {asked["nonce"], ""}
    state, session = world.browser.set_cookies[0], world.browser.set_cookies[1]
    for line in (state, session):
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} < set(line.split("; "))
    assert "Max-Age=600" in state
    (age,) = [part for part in session.split("; ") if part.startswith("Max-Age=")]
    assert 500 < int(age.removeprefix("Max-Age=")) <= 600
    assert not [url for url in world.browser.visited if SESSION in url or "eyJ" in url]


def test_the_access_token_may_be_the_one(database: Database, provider: Provider, tmp_path: Path) -> None:
    keys = {"jwt_secret": None, "jwks_url": f"{provider.issuer}/jwks"}
    more = oidc(provider, oidc_token="access_token", oidc_parameters={"audience": "rodistaa-tickets"})
    with (
        running(database, **keys) as served,
        serving_gateway(tmp_path, gateway_target=served.target, **more) as gateway,
    ):
        world = World(provider, gateway, Browser())
        assert world.log_in().status == 200
        claims = jwt.decode(world.cookies[SESSION], options={"verify_signature": False})
        assert claims["aud"] == "rodistaa-tickets"
        assert provider.asked[0]["audience"] == "rodistaa-tickets"


def test_a_state_that_is_not_this_browsers(world: World) -> None:
    """A login that somebody else began, who would have others work in his name."""
    foreign = World(world.provider, world.gateway, Browser()).callback()
    assert world.browser.get(foreign).status == 400
    world.callback()
    assert world.browser.get(foreign).status == 400
    assert not world.is_logged_in()


@pytest.mark.parametrize("change", ["state=wrong", "state=", "iss=https%3A%2F%2Fanother.example"])
def test_a_callback_that_was_tampered_with(world: World, change: str) -> None:
    callback = world.callback()
    name = change.partition("=")[0]
    kept = [part for part in urlsplit(callback).query.split("&") if not part.startswith(f"{name}=")]
    answer = world.browser.get(f"{callback.partition('?')[0]}?{'&'.join([*kept, change])}")
    assert answer.status == 400
    assert not world.is_logged_in()


def test_a_code_is_good_once(world: World) -> None:
    callback = world.callback()
    kept = dict(world.cookies)
    assert world.browser.get(callback).status == 200
    world.browser.fetch("DELETE", f"{world.gateway.url}/session")
    assert world.browser.get(callback).status == 400
    world.cookies.update(kept)  # as somebody who copied them
    answer = world.browser.get(callback)
    assert answer.status == 400
    assert b"invalid_grant" in answer.body
    assert not world.is_logged_in()


def test_a_cookie_that_was_made_by_others(world: World) -> None:
    callback = world.callback()
    claims = jwt.decode(world.cookies[STATE], options={"verify_signature": False})
    world.cookies[STATE] = jwt.encode(claims, "another key, long enough for HS256.", algorithm="HS256")
    assert world.browser.get(callback).status == 400
    world.cookies[STATE] = jwt.encode(claims, "", algorithm="none")
    assert world.browser.get(callback).status == 400
    assert not world.is_logged_in()


def test_a_login_that_took_too_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.oidc._SECONDS", -1)
    callback = world.callback()
    world.cookies[STATE] = world.browser.set_cookies[-1].partition("=")[2].partition(";")[0]
    assert world.browser.get(callback).status == 400


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"exp": int(time.time()) - 3600},
        {"aud": "another-client"},
        {"iss": "https://another.example"},
        {"iat": None},
    ],
)
def test_an_id_token_that_is_not_for_this_login(world: World, claims: dict[str, Any]) -> None:
    world.provider.claims |= claims
    answer = world.log_in()
    assert answer.status == 400
    assert not world.is_logged_in()


def test_an_id_token_of_another_key(world: World) -> None:
    published = world.provider.jwks()
    world.provider.key = rsa.generate_private_key(65537, 2048)
    world.provider.jwks = lambda: published  # type: ignore[method-assign]  # the provider lies
    assert world.log_in().status == 400
    assert not world.is_logged_in()


@pytest.mark.slow
def test_keys_that_the_provider_changes_are_followed(world: World) -> None:
    """At once by the gateway; the server asks for new ones every ten seconds at the most."""
    assert world.log_in().status == 200
    world.provider.key = rsa.generate_private_key(65537, 2048)
    world.provider.kid = "second"
    world.browser = Browser()
    eventually(lambda: world.log_in().status == 200, within=30, what="a login by the new key")


@pytest.mark.parametrize("claims", [{"role": "emperor"}, {"role": None}, {"sub": "system"}])
def test_what_the_server_does_not_take_is_said(world: World, claims: dict[str, Any]) -> None:
    world.provider.claims |= claims
    answer = world.log_in()
    assert answer.status in {400, 401}
    assert b"Not logged in" in answer.body
    assert not world.is_logged_in()


def test_a_token_that_no_browser_would_keep(world: World) -> None:
    world.provider.claims |= {"franchise_ids": [f"FR-{number:03}" for number in range(400)]}
    answer = world.log_in()
    assert answer.status == 400
    assert b"4096" in answer.body
    assert not world.is_logged_in()


def test_a_user_who_is_refused_by_the_provider(world: World) -> None:
    world.provider.refusal = "access_denied"
    answer = world.log_in()
    assert answer.status == 400
    assert b"access_denied" in answer.body
    assert STATE not in world.cookies
    world.provider.refusal = "<script>alert(1)</script>"
    assert b"<script" not in world.log_in().body


def test_a_provider_without_id_tokens(world: World) -> None:
    world.provider.without_id_token = True
    assert world.log_in().status == 502
    assert not world.is_logged_in()


def test_a_provider_that_says_it_is_another(world: World) -> None:
    world.provider.foreign_issuer = True
    assert world.log_in().status == 502
    assert world.provider.asked == []


def test_a_provider_that_is_away_and_comes_back(served: Running, tmp_path: Path) -> None:
    port = free_port()
    provider = Provider(port=port)
    with serving_gateway(tmp_path, gateway_target=served.target, **oidc(provider)) as gateway:
        world = World(provider, gateway, Browser())
        answer = world.log_in()
        assert answer.status == 502
        assert b"Try again" in answer.body
        with identity_provider(port, provider):
            callback = world.callback()
        assert world.browser.get(callback).status == 502
        with identity_provider(port, provider):
            assert world.callback()


@pytest.mark.parametrize(
    "place", ["https://evil.example", "//evil.example", "/%5Cevil.example", "/%09/evil.example", "%20//evil.example"]
)
def test_nobody_is_led_elsewhere(world: World, place: str) -> None:
    world.browser.get(f"{world.gateway.url}/login?next={place}", follow=False)
    start = world.browser.get(f"{world.gateway.url}/login/oidc?next={place}", follow=False)
    back = world.browser.get(start.headers["location"], follow=False).headers["location"]
    answer = world.browser.get(back, follow=False)
    assert (answer.status, answer.headers["location"]) == (303, HOME)
    # The provider is asked to send the browser to the gateway's own address, whatever Host says.
    world.browser.get(f"{world.gateway.url}/login/oidc", follow=False, Host="evil.example")
    assert {asked["redirect_uri"] for asked in world.provider.asked} == {f"{world.gateway.url}/login/callback"}


def test_any_gateway_finishes_what_another_began(world: World, served: Running, tmp_path: Path) -> None:
    settings = oidc(world.provider, public_url=world.gateway.url)
    with serving_gateway(tmp_path / "other", gateway_target=served.target, **settings) as other:
        callback = world.callback()
        moved = callback.replace(world.gateway.url, other.url)
        world.browser.cookies[f"127.0.0.1:{other.port}"] = dict(world.cookies)
        assert world.browser.get(moved, follow=False).status == 303
        assert parse_qs(urlsplit(callback).query)["code"]


@pytest.mark.parametrize("missing", ["public_url", "oidc_client_id", "oidc_client_secret"])
def test_half_a_provider_is_refused(missing: str) -> None:
    whole = {
        "oidc_issuer": "https://login.example.com",
        "public_url": "https://tickets.example.com",
        "oidc_client_id": "a",
        "oidc_client_secret": "b",
    }
    assert Settings.model_validate(whole).oidc_issuer
    with pytest.raises(ValidationError, match="TICKETS_OIDC_ISSUER"):
        Settings.model_validate({name: value for name, value in whole.items() if name != missing})
    with pytest.raises(ValidationError, match="oidc_issuer"):
        Settings.model_validate({**whole, "oidc_issuer": "http://login.example.com"})
    with pytest.raises(ValidationError, match="openid"):
        Settings.model_validate({**whole, "oidc_scope": "profile"})
