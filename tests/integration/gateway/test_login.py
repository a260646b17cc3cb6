"""The login page of a machine for development, and that it is nowhere else."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.login import HOME, local_path
from server.domain.roles import Role
from server.embedded.dev_keys import ensure_dev_keys
from server.settings import Settings
from tests.database import Database
from tests.gateway_process import Gateway, serving_gateway
from tests.integration.gateway.browsers import Browser
from tests.integration.gateway.requests import request
from tests.running import running


@pytest.fixture
def gateway(database: Database, tmp_path: Path) -> Iterator[Gateway]:
    """As `tickets up` has it."""
    keys = ensure_dev_keys(tmp_path)
    with (
        running(database, jwt_secret=None, jwks_file=keys.jwks_path) as served,
        serving_gateway(tmp_path, gateway_target=served.target, dev_login=True) as gateway,
    ):
        yield gateway


@pytest.mark.parametrize("role", list(Role))
def test_every_demo_user_logs_in_by_a_click(gateway: Gateway, role: Role) -> None:
    browser = Browser()
    page = browser.get(f"{gateway.url}/login").body.decode()
    assert f'<button name="role" value="{role}">' in page
    answer = browser.post(f"{gateway.url}/login", {"role": role, "next": "/session"})
    told = json.loads(answer.body)
    assert (told["userId"], told["role"]) == (f"demo-{role}", role.value)


def test_the_logout_is_offered_to_whom_it_ends_a_session_for(gateway: Gateway) -> None:
    browser = Browser()
    assert "Log out" not in browser.get(f"{gateway.url}/login").body.decode()
    browser.post(f"{gateway.url}/login", {"role": "admin", "next": "/session"})
    assert "Log out" in browser.get(f"{gateway.url}/login").body.decode()


def test_the_page_needs_no_script_and_lets_none_run(gateway: Gateway) -> None:
    answer = Browser().get(f"{gateway.url}/login")
    policy = answer.headers["content-security-policy"]
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    page = answer.body.decode()
    assert "<script" not in page
    assert "<h1>" in page
    assert '<html lang="en">' in page


def test_a_click_leads_to_where_one_came_from_on_this_gateway(gateway: Gateway) -> None:
    browser = Browser()
    wanted = "/admin/tickets/TKT-1001?tab=timeline&a=%22%3E"
    page = browser.get(f"{gateway.url}/login?next={'/admin/tickets/TKT-1001?tab=timeline%26a=%2522%253E'}")
    (place,) = re.findall(r'name="next" value="([^"]*)"', page.body.decode())
    assert unescape(place) == wanted
    answer = browser.post(f"{gateway.url}/login", {"role": "admin", "next": wanted}, follow=False)
    assert (answer.status, answer.headers["location"]) == (303, wanted)
    elsewhere = browser.post(f"{gateway.url}/login", {"role": "admin", "next": "//evil.example"}, follow=False)
    assert (elsewhere.status, elsewhere.headers["location"]) == (303, HOME)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec_Fetch_Site": "same-site"},
        {"Host": "rebound.evil.example", "Origin": "http://rebound.evil.example"},
    ],
)
def test_no_page_of_others_logs_anybody_in(gateway: Gateway, headers: dict[str, Any]) -> None:
    browser = Browser()
    answer = browser.post(f"{gateway.url}/login", {"role": "admin"}, **headers)
    assert answer.status == 403
    assert browser.set_cookies == []


def test_a_name_that_is_not_this_machines_is_not_shown_who_there_is(gateway: Gateway) -> None:
    assert Browser().get(f"{gateway.url}/login", Host="rebound.evil.example").status == 403
    assert Browser().get(f"{gateway.url}/login", Host=f"localhost:{gateway.port}").status == 200


@pytest.mark.parametrize("role", ["", "emperor", "<script>", "admin\0"])
def test_users_that_are_none(gateway: Gateway, role: str) -> None:
    answer = Browser().post(f"{gateway.url}/login", {"role": role, "next": '/"><script>'})
    assert answer.status == 400
    assert b"<script" not in answer.body


def test_logging_out(gateway: Gateway) -> None:
    browser = Browser()
    browser.post(f"{gateway.url}/login", {"role": "admin", "next": "/session"})
    assert browser.cookies[f"127.0.0.1:{gateway.port}"]
    answer = browser.post(f"{gateway.url}/logout", {}, follow=False)
    assert (answer.status, answer.headers["location"]) == (303, "/login")
    assert browser.cookies[f"127.0.0.1:{gateway.port}"] == {}
    assert browser.get(f"{gateway.url}/logout").status == 405


def test_instances_on_one_machine_do_not_take_each_others_cookies(gateway: Gateway) -> None:
    browser = Browser()
    browser.post(f"{gateway.url}/login", {"role": "admin", "next": "/session"})
    (line,) = browser.set_cookies
    assert line.startswith(f"tickets-session-{gateway.port}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} < set(line.split("; "))


def test_without_the_instances_key_it_says_so(database: Database, tmp_path: Path) -> None:
    with (
        running(database) as served,
        serving_gateway(tmp_path, gateway_target=served.target, dev_login=True) as gateway,
    ):
        answer = Browser().post(f"{gateway.url}/login", {"role": "admin"})
        assert answer.status == 500
        assert b"tickets up" in answer.body


def test_elsewhere_there_is_no_such_page(tmp_path: Path) -> None:
    with serving_gateway(tmp_path) as gateway:
        assert Browser().get(f"{gateway.url}/login").status == 404
        answer = Browser().post(f"{gateway.url}/login", {"role": "admin"})
        assert answer.status == 404
        assert b"demo-admin" not in answer.body


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "tickets.example.com"])
def test_others_never_reach_it(host: str) -> None:
    with pytest.raises(ValidationError, match="TICKETS_DEV_LOGIN"):
        Settings(dev_login=True, http_host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1", "[::1]"])
def test_on_this_machine_it_may_be(host: str) -> None:
    assert Settings(dev_login=True, http_host=host).dev_login


@pytest.mark.parametrize(
    "place",
    [
        None,
        "",
        "admin",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: b=c",
        "/" + "a" * 2000,
        " /admin",
    ],
)
def test_places_that_are_elsewhere(place: str | None) -> None:
    assert local_path(place) == HOME


@given(st.text(alphabet=st.sampled_from("/\\.:@?#%a0 \t\n\r-")))
@example("/a/../b")
@example("/a?next=https://evil.example")
def test_every_place_begins_with_exactly_one_slash(text: str) -> None:
    place = local_path(text)
    assert re.match(r"/(?![/\\])", place)
    assert place in {text, HOME}
    assert not re.search(r"[\s\\]", place)


def test_the_home_is_asked_for_at_the_root(gateway: Gateway) -> None:
    for path in ("/", "/admin", "/admin/"):
        answer = request("GET", gateway.url + path)
        assert (answer.status, answer.headers["location"]) == (303, HOME)
