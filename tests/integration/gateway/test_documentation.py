"""The OpenAPI document and its viewer, as browsers get them."""

import gzip
import json
import re
from urllib.parse import urljoin

import pytest
import yaml

from scripts.openapi.__main__ import TARGET
from tests.gateway_process import Gateway
from tests.integration.gateway.requests import Answer, request


def get(gateway: Gateway, path: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request("GET", f"{gateway.url}{path}", named)


def test_the_document_is_that_of_the_repository_in_both_forms(gateway: Gateway) -> None:
    as_yaml, as_json = get(gateway, "/openapi.yaml"), get(gateway, "/openapi.json")
    assert as_yaml.status == as_json.status == 200
    assert as_yaml.headers["content-type"].startswith("application/yaml")
    assert as_json.headers["content-type"].startswith("application/json")
    assert as_yaml.body == TARGET.read_bytes()
    assert json.loads(as_json.body) == yaml.safe_load(as_yaml.body)


def test_the_page_and_all_it_is_made_of_come_from_the_gateway_alone(gateway: Gateway) -> None:
    shown = get(gateway, "/docs", accept="text/html")
    assert shown.status == 200
    parts = re.findall(r'(?:src|href)="([^"]+)"', shown.body.decode())
    assert len(parts) == 4
    for part in parts:
        assert urljoin(f"{gateway.url}/docs", part).startswith(f"{gateway.url}/docs/")
        found = get(gateway, part)
        assert found.status == 200
        assert found.body
    assert b"/openapi.json" in get(gateway, "/docs/viewer.js").body


def test_the_page_runs_no_script_that_is_written_in_it_or_comes_from_elsewhere(gateway: Gateway) -> None:
    shown = get(gateway, "/docs")
    policy = dict(each.strip().split(" ", 1) for each in shown.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not re.search(rb"<script>|<script [^>]*>[^<]|\son\w+=|style=", shown.body)


@pytest.mark.parametrize("path", ["/openapi.yaml", "/openapi.json", "/docs/swagger-ui-bundle.js"])
def test_what_a_browser_has_already_is_not_sent_again(gateway: Gateway, path: str) -> None:
    first = get(gateway, path)
    again = get(gateway, path, if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    packed = get(gateway, path, accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == first.body
    assert len(packed.body) < len(first.body) / 2


@pytest.mark.parametrize("path", ["/docs/index.html", "/docs/..%2fviewer.js", "/docs/__init__.py", "/docs/a/b"])
def test_there_is_nothing_else(gateway: Gateway, path: str) -> None:
    assert get(gateway, path).status == 404


def test_it_can_only_be_read(gateway: Gateway) -> None:
    refused = request("POST", f"{gateway.url}/openapi.json", {}, b"")
    assert refused.status == 405
    assert "POST" not in refused.headers["allow"]
