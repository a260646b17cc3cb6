"""The built admin UI, beside the calls that have the same paths."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.domain.roles import Role
from tests.gateway_process import Gateway, serving_gateway
from tests.integration.gateway.requests import request
from tests.integration.postgres.rows import insert_ticket
from tests.running import Running, token_for

NAVIGATION = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
INDEX = b"<!doctype html><title>Tickets</title>"
SCRIPT = b"export const answer = 42;\n" * 100
SECRET_FILE = b"not for others"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build as the admin UI's tools make it."""
    directory = tmp_path / "dist"
    assets = directory / "assets"
    assets.mkdir(parents=True)
    (directory / "index.html").write_bytes(INDEX)
    (assets / "index-B1gHash.js").write_bytes(SCRIPT)
    (assets / "index-B1gHash.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "index-B1gHash.js.br").write_bytes(b"as if it were brotli")
    (assets / "logo-0a.svg").write_bytes(b"<svg/>")
    (tmp_path / "secret.txt").write_bytes(SECRET_FILE)
    (assets / "link.txt").symlink_to(tmp_path / "secret.txt")
    return directory


@pytest.fixture
def gateway(server: Running, tmp_path: Path, build: Path) -> Iterator[Gateway]:
    with serving_gateway(tmp_path / "data", gateway_target=server.target, admin_dist=build) as running:
        yield running


@pytest.mark.parametrize(
    "path",
    [
        "/admin/tickets",
        "/admin/tickets/TKT-1001",
        "/admin/tickets/a/b/c?tab=audit&at=10:30",
        "/admin/dashboard",
        "/admin/notifications",
        "/admin/exports",
        "/admin/sla",
        "/admin/members",
        "/admin/webhooks/1/deliveries",
        "/admin/me",
        "/admin/nothing-yet",
    ],
)
def test_browsers_get_the_page_at_every_view(gateway: Gateway, path: str) -> None:
    answer = request("GET", gateway.url + path, NAVIGATION)
    assert (answer.status, answer.body) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in answer.headers["vary"]
    assert answer.headers["x-frame-options"] == "DENY"
    head = request("HEAD", gateway.url + path, NAVIGATION)
    assert (head.status, head.body) == (200, b"")


def test_scripts_of_the_page_are_files_of_its_own_alone(gateway: Gateway) -> None:
    answer = request("GET", f"{gateway.url}/admin/tickets", NAVIGATION)
    directives = (each.split() for each in answer.headers["content-security-policy"].split(";"))
    policy = {name: set(sources) for name, *sources in directives}
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == {"'none'"}
    assert policy["script-src"] == policy["form-action"] == policy["font-src"] == {"'self'"}
    assert policy["style-src"] == {"'self'", "'unsafe-inline'"}, "Ant Design writes styles into the page"
    assert policy["img-src"] == {"'self'", "data:", "blob:"}
    assert "'self'" in policy["connect-src"]


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/"])
def test_the_list_of_tickets_is_the_first_view(gateway: Gateway, path: str) -> None:
    answer = request("GET", gateway.url + path, NAVIGATION)
    assert (answer.status, answer.headers["location"]) == (303, "/admin/tickets")


def test_browsers_find_an_icon_where_they_look_for_one(gateway: Gateway) -> None:
    answer = request("GET", f"{gateway.url}/favicon.ico", {"Accept": "image/avif,image/webp,*/*;q=0.8"})
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.body.startswith(b"<svg ")
    login = request("GET", f"{gateway.url}/login", NAVIGATION)
    assert "img-src 'self'" in login.headers["content-security-policy"], "the icon is an image to the policy"


@pytest.mark.parametrize(
    "accept", [None, "*/*", "application/json", "application/json, text/html", "text/event-stream", "text/htmlx"]
)
def test_all_others_get_the_call(gateway: Gateway, server: Running, accept: str | None) -> None:
    with server.database.connect() as writer:
        ticket = insert_ticket(writer)
    headers = {"Authorization": f"Bearer {token_for(Role.OPS_MANAGER)}", **({"Accept": accept} if accept else {})}
    answer = request("GET", f"{gateway.url}/admin/tickets/{ticket}", headers)
    assert (answer.status, json.loads(answer.body)["id"]) == (200, ticket)


def test_a_page_is_for_reading(gateway: Gateway) -> None:
    answer = request("POST", f"{gateway.url}/admin/tickets", {**NAVIGATION, "Content-Type": "application/json"}, b"{}")
    assert answer.headers["content-type"] == "application/json"
    assert request("GET", f"{gateway.url}/admin/tickets:search", NAVIGATION).status == 401


def test_a_page_that_is_known_is_not_sent_again_and_a_new_build_is(gateway: Gateway, build: Path) -> None:
    url = f"{gateway.url}/admin/tickets"
    first = request("GET", url, NAVIGATION)
    assert first.headers["cache-control"] == "no-cache"
    known = {**NAVIGATION, "If-None-Match": f'"other", {first.headers["etag"]}'}
    again = request("GET", url, known)
    assert (again.status, again.body) == (304, b"")
    (build / "index.html").write_bytes(b"another")
    assert request("GET", url, known).body == b"another"


def test_assets_are_kept_for_ever(gateway: Gateway) -> None:
    answer = request("GET", f"{gateway.url}/admin/assets/index-B1gHash.js")
    assert (answer.status, answer.body) == (200, SCRIPT)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"
    known = request("GET", f"{gateway.url}/admin/assets/index-B1gHash.js", {"If-None-Match": answer.headers["etag"]})
    assert known.status == 304
    svg = request("GET", f"{gateway.url}/admin/assets/logo-0a.svg")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in svg.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br;q=0.0, gzip;q=0", None),
        ("identity", None),
        ("", None),
    ],
)
def test_what_is_packed_already_is_sent_so(gateway: Gateway, accepted: str, encoding: str | None) -> None:
    answer = request("GET", f"{gateway.url}/admin/assets/index-B1gHash.js", {"Accept-Encoding": accepted})
    assert answer.status == 200
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"].startswith("text/javascript")
    if encoding == "gzip":
        assert gzip.decompress(answer.body) == SCRIPT


@pytest.mark.parametrize(
    "path",
    [
        "../../secret.txt",
        "%2e%2e/%2e%2e/secret.txt",
        "..%2f..%2fsecret.txt",
        "..%5c..%5csecret.txt",
        "a/../../../secret.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "link.txt",
        "index-B1gHash.js%00.txt",
        "",
        ".",
        "%ff",
        "nothing.js",
        "x" * 300,
        "../index.html",
    ],
)
def test_nothing_else_is_served(gateway: Gateway, path: str) -> None:
    answer = request("GET", f"{gateway.url}/admin/assets/{path}")
    assert answer.status == 404
    assert SECRET_FILE not in answer.body


def test_without_a_build_it_says_so(server: Running, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    with serving_gateway(tmp_path, gateway_target=server.target, admin_dist=nowhere) as gateway:
        answer = request("GET", f"{gateway.url}/admin/tickets", NAVIGATION)
        assert answer.status == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert b"has not been built" in answer.body
        assert request("GET", f"{gateway.url}/admin/assets/a.js").status == 404
        nowhere.mkdir()
        (nowhere / "index.html").write_bytes(INDEX)
        assert request("GET", f"{gateway.url}/admin/tickets", NAVIGATION).body == INDEX


def test_the_page_may_talk_to_the_store_that_signed_urls_lead_to(server: Running, tmp_path: Path, build: Path) -> None:
    store = {"s3_endpoint": "http://minio:9000", "s3_public_endpoint": "https://files.example.com"}
    account = {"s3_access_key": "a", "s3_secret_key": "b" * 8}
    settings = {"gateway_target": server.target, "admin_dist": build, **store, **account}
    with serving_gateway(tmp_path, **settings) as gateway:
        policy = request("GET", f"{gateway.url}/admin/tickets", NAVIGATION).headers["content-security-policy"]
        assert "connect-src 'self' https://files.example.com" in policy
