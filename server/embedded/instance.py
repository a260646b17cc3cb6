"""One embedded instance: where its data is, which ports it takes, and that nobody else uses either."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_LIMIT = 100
"""Bytes of a unix socket's path that every system accepts (sun_path is 104 on macOS, 108 on Linux)."""

CLEAN_UP_SECONDS = 60.0
"""How long a killed instance's guard may take to stop what was left."""


class InstanceError(RuntimeError):
    """The instance cannot run; the message says what to do about it and is all the user sees."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What tells one running stack from another on the same machine."""

    data_dir: Path
    grpc_host: str = "127.0.0.1"
    grpc_port: int = 50051
    http_host: str = "127.0.0.1"
    http_port: int = 8080

    @property
    def postgres_dir(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def grpc_target(self) -> str:
        """Where a client on this machine finds the server."""
        return f"{_client_host(self.grpc_host)}:{self.grpc_port}"

    @property
    def http_url(self) -> str:
        """Where a client on this machine finds the gateway; without a slash at the end."""
        return f"http://{_client_host(self.http_host)}:{self.http_port}"

    def socket_path(self, name: str) -> Path:
        """A unix socket in the data directory, or in the system's temporary one where that path is too long."""
        inside = self.data_dir / name
        if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT:
            return inside
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        directory = Path(tempfile.gettempdir()).resolve() / f"tickets-{os.getuid()}-{digest}"
        directory.mkdir(mode=0o700, exist_ok=True)
        if directory.lstat().st_uid != os.getuid():
            raise InstanceError(f"{directory} belongs to somebody else; remove it, or use a shorter data directory")
        return directory / name

    def require_free_ports(self) -> None:
        """Raises InstanceError naming the port and its setting when something listens there already."""
        if self.grpc_port == self.http_port:
            raise InstanceError(
                f"TICKETS_GRPC_PORT and TICKETS_HTTP_PORT are both {self.http_port}; they must be different."
            )
        _require_free_port(self.grpc_host, self.grpc_port, "TICKETS_GRPC_PORT")
        _require_free_port(self.http_host, self.http_port, "TICKETS_HTTP_PORT")

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Hold the data directory for this process; yields the lock's descriptor.

        Raises InstanceError when a live instance has it. The remains of a killed one are waited for.
        """
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.data_dir / "instance.lock").open("a+") as lock:
            deadline = time.monotonic() + CLEAN_UP_SECONDS
            while not _try_lock(lock.fileno()):
                holder = _holder(self.data_dir / "instance.lock")
                if holder is None or _alive(holder) or time.monotonic() > deadline:
                    raise InstanceError(
                        f"the data directory {self.data_dir} is in use by another instance"
                        f"{f' (process {holder})' if holder else ''}. "
                        f"Stop it, or choose another directory with TICKETS_DATA_DIR."
                    )
                time.sleep(0.1)
            lock.truncate(0)
            lock.write(
                json.dumps({"pid": os.getpid(), "grpc_port": self.grpc_port, "http_port": self.http_port}) + "\n"
            )
            lock.flush()
            yield lock.fileno()


def _client_host(host: str) -> str:
    """How a client on this machine writes the address that a server listens on."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"[{reachable}]" if ":" in reachable and not reachable.startswith("[") else reachable


def _require_free_port(host: str, port: int, setting: str) -> None:
    address = host.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Only connections in TIME_WAIT are looked past; a listener still refuses the bind.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise InstanceError(
                f"port {port} on {host} cannot be used: {error.strerror}. "
                f"Stop what uses it, or choose another with {setting}."
            ) from error


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: Path) -> int | None:
    try:
        return int(json.loads(lock.read_text())["pid"])
    except (ValueError, KeyError):
        return None  # it has the lock, but has not yet said who it is


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
