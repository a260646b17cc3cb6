"""What an instance takes from the user's settings, and what it says at the start."""

import os
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from server.domain.roles import Role
from server.embedded.dev_keys import dev_keys_in
from server.embedded.instance import Instance, InstanceError
from server.embedded.postgres import Postmaster
from server.embedded.stack import (
    child_environment,
    files_place,
    has_ui,
    ignored_settings,
    instance_from,
    metrics_addresses,
    service_children,
)
from server.embedded.welcome import keep_tokens, welcome


def test_settings_that_are_not_used_are_known() -> None:
    environment = {
        "TICKETS_TLS_CERTIFICATE_FILE": "a",
        "TICKETS_MTLS_PRINCIPALS": "{}",
        "TICKETS_JWT_SECRET": "s",
        "TICKETS_JWKS_URL": "",
        "TICKETS_GATEWAY_TARGET": "dns:///elsewhere:50051",
        "TICKETS_OIDC_ISSUER": "https://login.example.com",
        "TICKETS_DATABASE_URL": "postgresql:///x",
        "TICKETS_JWT_AUDIENCE": "mine",
        "TICKETS_THREADS": "8",
        "PATH": "/bin",
    }
    assert ignored_settings(environment) == [
        "TICKETS_DATABASE_URL",
        "TICKETS_GATEWAY_TARGET",
        "TICKETS_JWT_SECRET",
        "TICKETS_MTLS_PRINCIPALS",
        "TICKETS_OIDC_ISSUER",
        "TICKETS_TLS_CERTIFICATE_FILE",
    ]


def test_an_empty_setting_is_its_default() -> None:
    empty = dict.fromkeys(("TICKETS_DATA_DIR", "TICKETS_GRPC_HOST", "TICKETS_GRPC_PORT", "TICKETS_HTTP_PORT"), "")
    assert instance_from(empty) == instance_from({})


@pytest.mark.parametrize("name", ["TICKETS_GRPC_PORT", "TICKETS_HTTP_PORT"])
@pytest.mark.parametrize("text", ["0", "65536", "http", "-1"])
def test_a_port_that_nobody_could_find_is_refused(name: str, text: str) -> None:
    with pytest.raises(InstanceError, match=name):
        instance_from({name: text})


def test_signed_urls_lead_to_the_instances_own_gateway_unless_the_user_says_where(tmp_path: Path) -> None:
    def files_url(inherited: dict[str, str]) -> str:
        instance = Instance(tmp_path, http_port=8081)
        postgres = Postmaster(pid=1, port=5432, socket_directory=tmp_path, address="", ready=True)
        return child_environment(instance, postgres, dev_keys_in(tmp_path), inherited)["TICKETS_FILES_URL"]

    assert files_url({}) == files_url({"TICKETS_FILES_URL": ""}) == "http://127.0.0.1:8081"
    assert files_url({"TICKETS_FILES_URL": "https://files.example.com"}) == "https://files.example.com"


def test_where_files_are_is_told(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    assert files_place(instance, {"S3_ENDPOINT": ""}) == f"{tmp_path}/files"
    for name in ("S3_ENDPOINT", "TICKETS_S3_ENDPOINT"):
        assert "http://minio:9000" in files_place(instance, {name: "http://minio:9000"})


def test_the_three_workers_have_a_metrics_port_each() -> None:
    def ports(environment: dict[str, str]) -> list[str | None]:
        children = {child.name: child.environment for child in service_children(environment)}
        return [children[name].get("TICKETS_WORKER_METRICS_PORT") for name in ("worker", "notifier", "exporter")]

    assert ports({"TICKETS_WORKER_METRICS_PORT": "9101"}) == ["9101", "9102", "9103"]
    assert ports({"TICKETS_WORKER_METRICS_PORT": "0"}) == ["0", "0", "0"]
    assert ports({}) == [None, None, None]


def test_the_server_alone_believes_the_gateway_what_address_a_client_has() -> None:
    def believed(environment: dict[str, str]) -> dict[str, str | None]:
        return {
            child.name: child.environment.get("TICKETS_TRUSTED_PROXIES")
            for child in service_children(environment)
            if child.name in {"server", "gateway"}
        }

    assert believed({}) == {"server": '["127.0.0.0/8", "::1/128"]', "gateway": None}
    own = '["10.0.0.0/8"]'
    assert believed({"TICKETS_TRUSTED_PROXIES": own}) == {"server": own, "gateway": own}


@pytest.mark.parametrize(
    ("environment", "offered"),
    [
        ({}, "true"),
        ({"TICKETS_HTTP_HOST": "::1"}, "true"),
        ({"TICKETS_HTTP_HOST": "0.0.0.0"}, None),
        ({"TICKETS_DEV_LOGIN": "false"}, "false"),
    ],
)
def test_demo_users_log_in_where_nobody_else_reaches_the_gateway(
    environment: dict[str, str], offered: str | None
) -> None:
    given = {child.name: child.environment.get("TICKETS_DEV_LOGIN") for child in service_children(environment)}
    assert given["gateway"] == offered
    assert given["server"] == environment.get("TICKETS_DEV_LOGIN")


def test_a_browser_may_call_this_machine_by_either_of_its_names() -> None:
    def allowed(environment: dict[str, str]) -> str | None:
        children = {child.name: child.environment for child in service_children(environment)}
        return children["gateway"].get("TICKETS_HTTP_ALLOWED_ORIGINS")

    assert allowed({"TICKETS_HTTP_PORT": "9"}) == '["http://localhost:9", "http://127.0.0.1:9"]'
    own = '["https://admin.example.com"]'
    assert allowed({"TICKETS_HTTP_ALLOWED_ORIGINS": own}) == own
    assert allowed({"TICKETS_HTTP_HOST": "0.0.0.0"}) is None


def test_the_address_of_the_admin_ui_is_told_where_it_has_been_built(tmp_path: Path) -> None:
    environment = {"TICKETS_ADMIN_DIST": str(tmp_path)}

    def told() -> str:
        tokens = dict.fromkeys(Role, "ey.x.x")
        return welcome(Instance(tmp_path), "postgresql:///x", tokens, tmp_path, files="f", ui=has_ui(environment))

    assert "  UI     not built: `make ui` " in told()
    (tmp_path / "index.html").touch()
    assert "  UI     http://127.0.0.1:8080/admin/tickets\n" in told()


def test_the_addresses_of_metrics_are_told_where_there_are_any(tmp_path: Path) -> None:
    assert metrics_addresses({}) == metrics_addresses({"TICKETS_METRICS_PORT": "0"}) == {}
    assert metrics_addresses({"TICKETS_METRICS_PORT": "9100"}) == {"server": "127.0.0.1:9100"}
    ports = {"TICKETS_METRICS_PORT": "9100", "TICKETS_HTTP_METRICS_PORT": "9104"}
    addresses = metrics_addresses({**ports, "TICKETS_METRICS_HOST": "::1"})
    text = welcome(
        Instance(tmp_path), "postgresql:///x", dict.fromkeys(Role, "ey.x.x"), tmp_path, files="files", metrics=addresses
    )
    assert "  stats  http://[::1]:9100/metrics (of the server; and /healthz)\n" in text
    assert "  stats  http://[::1]:9104/metrics (of the gateway; and /healthz)\n" in text


def test_tokens_are_kept_for_the_owner_alone_and_a_shell_takes_them_in(tmp_path: Path) -> None:
    directory = tmp_path / "a directory"
    directory.mkdir()
    instance = Instance(directory)
    keep_tokens(instance, dict.fromkeys(Role, "ey.of.before"))
    path = keep_tokens(instance, {role: f"ey.{role}.x" for role in Role})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = welcome(instance, "postgresql:///x", dict.fromkeys(Role, "ey.x.x"), path, files=str(directory / "files"))
    assert f"  Redis  unix://{directory}/redis.sock" in text
    assert "  HTTP   http://127.0.0.1:8080 " in text
    assert f"  files  {directory}/files" in text
    assert f"kill {os.getpid()} does" in text
    assert "/metrics" not in text
    (line,) = [line for line in text.splitlines() if shlex.quote(str(path)) in line]
    taken_in = line[line.index(". ") :]
    shell = subprocess.run(
        ["sh", "-c", f"{taken_in}; echo $TOKEN_OPS_MANAGER"], capture_output=True, text=True, check=True
    )
    assert shell.stdout == "ey.ops_manager.x\n"
