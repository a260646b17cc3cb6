"""Two instances never share a port or a data directory."""

import dataclasses
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from server.embedded.instance import SOCKET_PATH_LIMIT, Instance, InstanceError
from tests.running import free_port

HOLD = """
import sys
from pathlib import Path
from server.embedded.instance import Instance
with Instance(Path(sys.argv[1])).locked():
    pass
"""


@pytest.mark.parametrize(("field", "setting"), [("grpc_port", "TICKETS_GRPC_PORT"), ("http_port", "TICKETS_HTTP_PORT")])
@pytest.mark.parametrize("shared", [False, True])
def test_a_taken_port_is_named(tmp_path: Path, field: str, setting: str, shared: bool) -> None:
    """Also one that others could share by SO_REUSEPORT."""
    with socket.create_server(("127.0.0.1", 0), reuse_port=shared) as taken:
        port = taken.getsockname()[1]
        instance = dataclasses.replace(
            Instance(tmp_path, grpc_port=free_port(), http_port=free_port()), **{field: port}
        )
        with pytest.raises(InstanceError, match=rf"port {port} on 127.0.0.1 .* {setting}"):
            instance.require_free_ports()


def test_one_port_is_not_enough_for_two(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(InstanceError, match="TICKETS_GRPC_PORT and TICKETS_HTTP_PORT"):
        Instance(tmp_path, grpc_port=port, http_port=port).require_free_ports()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("fd00::2", "http://[fd00::2]:8080"),
        ("tickets.local", "http://tickets.local:8080"),
    ],
)
def test_the_gateway_is_found_where_it_listens(tmp_path: Path, host: str, url: str) -> None:
    assert Instance(tmp_path, http_host=host).http_url == url


def test_a_data_directory_in_use_names_its_user(tmp_path: Path) -> None:
    with Instance(tmp_path).locked():
        second = subprocess.run(
            [sys.executable, "-c", HOLD, str(tmp_path)], capture_output=True, text=True, check=False
        )
    assert second.returncode != 0
    assert f"in use by another instance (process {os.getpid()})" in second.stderr
    assert "TICKETS_DATA_DIR" in second.stderr


def test_a_directory_is_free_again_after_its_instance(tmp_path: Path) -> None:
    for _ in range(2):
        with Instance(tmp_path).locked():
            pass


@pytest.mark.parametrize("depth", [1, 60])
def test_socket_paths_are_short_enough(tmp_path: Path, depth: int) -> None:
    data_dir = tmp_path.joinpath(*["deep"] * depth)
    data_dir.mkdir(parents=True)
    path = Instance(data_dir).socket_path("redis.sock")
    assert len(os.fsencode(path)) <= SOCKET_PATH_LIMIT
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    path.unlink()
    if not path.is_relative_to(data_dir):
        path.parent.rmdir()
