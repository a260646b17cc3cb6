"""Servers for tests: in this process, or as processes of their own that may be killed."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import grpc
import jwt
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from rodistaa.tickets.client import TicketsClient, connect
from server.api.server import build_server
from server.bootstrap import build_application
from server.domain.roles import Role
from server.line_writer import LineWriter
from server.serving import concerns, server_options
from server.settings import Settings
from tests.database import Database, TestServer

__all__ = ["fresh_server", "server", "server_processes"]

SECRET = "a-shared-secret-of-the-tests-0123456789"
AUDIENCE = "rodistaa-tickets"
READY_SECONDS = 30.0


def token_for(role: Role | str, sub: str | None = None, franchises: tuple[str, ...] = ()) -> str:
    """A token of an hour, as the identity provider would give it."""
    claims = {
        "sub": sub or f"{role}-1",
        "role": str(role),
        "franchise_ids": list(franchises),
        "aud": AUDIENCE,
        "exp": datetime.now(UTC) + timedelta(hours=1),
    }
    return jwt.encode(claims, SECRET, algorithm="HS256")


@dataclass
class Running:
    """A server that answers, and clients of it; they are closed with it."""

    target: str
    database: Database
    clients: dict[tuple[str, str, tuple[str, ...]], TicketsClient] = field(default_factory=dict)

    def client(self, role: Role | str, sub: str | None = None, franchises: tuple[str, ...] = ()) -> TicketsClient:
        """A client with the identity; made once."""
        key = (str(role), sub or f"{role}-1", franchises)
        if key not in self.clients:
            self.clients[key] = connect(self.target, token=token_for(*key), tls=False)
        return self.clients[key]

    def close(self) -> None:
        """End all clients."""
        for client in self.clients.values():
            client.close()


def settings_for(database: Database, **changes: object) -> Settings:
    """Settings of a server on the database, with the tests' secret and a free port."""
    values: dict[str, object] = {
        "database_url": database.dsn,
        "data_dir": shared_data_dir(),
        "jwt_secret": SECRET,
        "jwks_file": None,
        "grpc_port": 0,
        "threads": 32,
        "access_log": False,
        "database_pool_size": 8,
        **changes,
    }
    return Settings.model_validate(values)


@cache
def shared_data_dir() -> Path:
    """Files and keys of this process's servers; removed when it ends."""
    made = tempfile.mkdtemp(prefix="tickets-tests-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


@contextmanager
def running(database: Database, **changes: object) -> Iterator[Running]:
    """A server in this process."""
    settings = settings_for(database, **changes)
    application = build_application(settings)
    writer = LineWriter(sys.stderr)
    grpc_server = build_server(
        server_options(settings), application.registrations, concerns(settings, writer), application.ready
    )
    grpc_server.before_stop(application.drain)
    grpc_server.start()
    served = Running(f"127.0.0.1:{grpc_server.port}", database)
    try:
        yield served
    finally:
        served.close()
        grpc_server.drain(2.0)
        application.close()
        writer.close()


@pytest.fixture(scope="session")
def server(postgres: TestServer) -> Iterator[Running]:
    """One server a worker, with a database of its own. Tests own what they create, and see others' tickets."""
    with postgres.new_database() as database, running(database) as served:
        yield served


@pytest.fixture
def fresh_server(database: Database) -> Iterator[Running]:
    """A server on an empty database, for tests that count everything."""
    with running(database) as served:
        yield served


class ServerProcess:
    """A ``tickets serve`` of its own."""

    def __init__(self, environment: Mapping[str, str], arguments: tuple[str, ...], log: Path, port: int) -> None:
        self.port = port
        self.target = f"127.0.0.1:{port}"
        self._log = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve", *arguments],
            env={**os.environ, **environment},
            stdout=self._log,
            stderr=self._log,
        )

    def wait_ready(self, authority: bytes | None = None) -> None:
        """Until the health service says SERVING; over TLS, where a certificate is given that is to be trusted."""
        with self._channel(authority) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            request = health_pb2.HealthCheckRequest(service="rodistaa.tickets.v1.TicketService")
            watch = health.Watch(request, wait_for_ready=True, timeout=READY_SECONDS)  # type: ignore[attr-defined] # not in the stubs
            for response in watch:
                if response.status == health_pb2.HealthCheckResponse.SERVING:
                    return

    def _channel(self, authority: bytes | None) -> grpc.Channel:
        if authority is None:
            return grpc.insecure_channel(self.target)
        return grpc.secure_channel(self.target, grpc.ssl_channel_credentials(authority))

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        self._log.close()
        return status


StartServer = Callable[..., ServerProcess]


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def server_processes(database: Database, tmp_path: Path) -> Iterator[StartServer]:
    """Starts server processes on the test's database: ``start(*arguments, port=None, **environment)``."""
    started: list[ServerProcess] = []

    def start(*arguments: str, port: int | None = None, **environment: str) -> ServerProcess:
        chosen = port or free_port()
        process = ServerProcess(
            {
                "TICKETS_DATABASE_URL": database.dsn,
                "TICKETS_DATA_DIR": str(tmp_path / "data"),
                "TICKETS_JWT_SECRET": SECRET,
                "TICKETS_JWKS_FILE": "",
                "TICKETS_GRPC_PORT": str(chosen),
                "TICKETS_GRPC_HOST": "127.0.0.1",
                **environment,
            },
            arguments,
            tmp_path / f"server-{len(started)}.log",
            chosen,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()
