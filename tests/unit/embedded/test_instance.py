"""Two instances never share a port or a data directory."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from server.embedded.instance import SOCKET_PATH_LIMIT, Instance, InstanceError

HOLD = """
import sys
from pathlib import Path
from server.embedded.instance import Instance
with Instance(Path(sys.argv[1])).locked():
    pass
"""


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InstanceError, match=rf"port {port} .* TICKETS_GRPC_PORT"):
            Instance(tmp_path, grpc_port=port).require_free_port()


def test_a_port_shared_by_so_reuseport_is_taken_too(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InstanceError, match=str(port)):
            Instance(tmp_path, grpc_port=port).require_free_port()


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
