"""What an instance takes from the user's settings, and what it says at the start."""

import os
import shlex
import stat
import subprocess
from pathlib import Path

from server.domain.roles import Role
from server.embedded.instance import Instance
from server.embedded.stack import ignored_settings, instance_from, metrics_address, service_children
from server.embedded.welcome import keep_tokens, welcome


def test_settings_that_are_not_used_are_known() -> None:
    environment = {
        "TICKETS_TLS_CERTIFICATE_FILE": "a",
        "TICKETS_MTLS_PRINCIPALS": "{}",
        "TICKETS_JWT_SECRET": "s",
        "TICKETS_JWKS_URL": "",
        "TICKETS_DATABASE_URL": "postgresql:///x",
        "TICKETS_JWT_AUDIENCE": "mine",
        "TICKETS_THREADS": "8",
        "PATH": "/bin",
    }
    assert ignored_settings(environment) == [
        "TICKETS_DATABASE_URL",
        "TICKETS_JWT_SECRET",
        "TICKETS_MTLS_PRINCIPALS",
        "TICKETS_TLS_CERTIFICATE_FILE",
    ]


def test_an_empty_setting_is_its_default() -> None:
    empty = dict.fromkeys(("TICKETS_DATA_DIR", "TICKETS_GRPC_HOST", "TICKETS_GRPC_PORT", "TICKETS_HTTP_PORT"), "")
    assert instance_from(empty) == instance_from({})


def test_the_two_workers_have_a_metrics_port_each() -> None:
    def ports(environment: dict[str, str]) -> list[str | None]:
        children = {child.name: child.environment for child in service_children(environment)}
        return [children[name].get("TICKETS_WORKER_METRICS_PORT") for name in ("worker", "notifier")]

    assert ports({"TICKETS_WORKER_METRICS_PORT": "9101"}) == ["9101", "9102"]
    assert ports({"TICKETS_WORKER_METRICS_PORT": "0"}) == ["0", "0"]
    assert ports({}) == [None, None]


def test_the_address_of_the_metrics_is_told_where_there_are_any(tmp_path: Path) -> None:
    assert metrics_address({}) is metrics_address({"TICKETS_METRICS_PORT": "0"}) is None
    assert metrics_address({"TICKETS_METRICS_PORT": "9100"}) == "127.0.0.1:9100"
    address = metrics_address({"TICKETS_METRICS_PORT": "9100", "TICKETS_METRICS_HOST": "::1"})
    text = welcome(Instance(tmp_path), "postgresql:///x", dict.fromkeys(Role, "ey.x.x"), tmp_path, metrics=address)
    assert "  HTTP   http://[::1]:9100/metrics " in text


def test_tokens_are_kept_for_the_owner_alone_and_a_shell_takes_them_in(tmp_path: Path) -> None:
    directory = tmp_path / "a directory"
    directory.mkdir()
    instance = Instance(directory)
    keep_tokens(instance, dict.fromkeys(Role, "ey.of.before"))
    path = keep_tokens(instance, {role: f"ey.{role}.x" for role in Role})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = welcome(instance, "postgresql:///x", dict.fromkeys(Role, "ey.x.x"), path)
    assert f"  Redis  unix://{directory}/redis.sock" in text
    assert f"kill {os.getpid()} does" in text
    assert "/metrics" not in text
    (line,) = [line for line in text.splitlines() if shlex.quote(str(path)) in line]
    taken_in = line[line.index(". ") :]
    shell = subprocess.run(
        ["sh", "-c", f"{taken_in}; echo $TOKEN_OPS_MANAGER"], capture_output=True, text=True, check=True
    )
    assert shell.stdout == "ey.ops_manager.x\n"
