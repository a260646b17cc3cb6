"""What is measured: a PostgreSQL of our own with durable settings, and servers on it as processes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc
import jwt
import psycopg
from psycopg import sql

from migrations import runner
from server.domain.roles import Role
from server.embedded.postgres import DURABLE, EmbeddedPostgres
from server.embedded.redis_server import redis_child
from server.embedded.stack import service_children
from server.seed.load import seed_load

SECRET = "a-secret-of-the-benchmark-0123456789"
READY_SECONDS = 60.0
SETTINGS = {
    **DURABLE,
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "track_commit_timestamp": "on",
}
"""The data fits into memory, and no checkpoint falls into a round; fsync and synchronous_commit stay on. The moment of
a commit is kept, since lags are measured up to it."""
WORKERS = ("worker", "notifier", "beat")
"""What `make run` starts besides the server."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers."""

    target: str
    pid: int

    def cpu_seconds(self) -> float:
        """Processor time that the process has used, its children's not counted."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def children(self) -> list["Served"]:
        """The processes that this one has started and looks after."""
        pids = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [Served(self.target, int(pid)) for pid in pids]

    def resident_bytes(self) -> int:
        """Memory of the process, its children's not counted."""
        return 1024 * self._status("VmRSS")

    def threads(self) -> int:
        """Of the process, grpc's own among them."""
        return self._status("Threads")

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def token_for(role: Role, sub: str, *franchises: str) -> str:
    """A token of a day."""
    claims = {
        "sub": sub,
        "role": role.value,
        "franchise_ids": franchises,
        "aud": "rodistaa-tickets",
        "exp": datetime.now(UTC) + timedelta(days=1),
    }
    return jwt.encode(claims, SECRET, algorithm="HS256")


class Stack:
    """Databases by name, and servers on them; all of them end with it."""

    def __init__(self, cluster: EmbeddedPostgres, directory: Path, ends: ExitStack) -> None:
        self._cluster = cluster
        self._directory = directory
        self._ends = ends

    def seeded(self, tickets: int) -> str:
        """The connection string of a database with that many tickets; kept from an earlier run if there is one."""
        name = f"tickets_{tickets}"
        if not self._exists(name):
            unfinished = f"{name}_unfinished"
            dsn = self.empty(unfinished)
            seed_load(dsn, tickets, progress=sys.stderr.isatty())
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute("VACUUM (ANALYZE)")
                connection.execute("CHECKPOINT")
            self._rename(unfinished, name)
        return self._cluster.dsn(name)

    def prepared(self, name: str, tickets: int, prepare: Callable[[str], None]) -> str:
        """The connection string of a copy of the seeded database that ``prepare`` has changed; kept as well."""
        if not self._exists(name):
            self.seeded(tickets)
            unfinished = f"{name}_unfinished"
            prepare(self.copy(f"tickets_{tickets}", unfinished))
            self._rename(unfinished, name)
        return self._cluster.dsn(name)

    def copy(self, source: str, name: str) -> str:
        """The connection string of a new copy, all of it written to disk. Nobody may be connected to the source."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        self._administer(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )
        return self._cluster.dsn(name)

    def empty(self, name: str) -> str:
        """The connection string of a new, migrated database."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        self._administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        runner.upgrade(self._cluster.dsn(name))
        return self._cluster.dsn(name)

    def server(self, dsn: str, *, processes: int = 1, redis_url: str = "") -> Served:
        """The real server, as `tickets serve` runs it in production; where ``redis_url`` is empty, with no Redis."""
        port = _free_port()
        command = [sys.executable, "-m", "server.cli", "serve"]
        if processes > 1:
            command += ["--processes", str(processes)]
        environment = {
            "TICKETS_DATABASE_URL": dsn,
            "TICKETS_JWT_SECRET": SECRET,
            "TICKETS_JWKS_FILE": "",
            "TICKETS_GRPC_HOST": "127.0.0.1",
            "TICKETS_GRPC_PORT": str(port),
            **({"TICKETS_REDIS_URL": redis_url} if redis_url else {}),
        }
        return self._start(f"server-{port}", command, environment, port)

    def gateway(self, server: Served, **settings: str) -> Served:
        """A gateway process in front of the server, as `tickets gateway` runs it in production; with other settings."""
        port = _free_port()
        name = f"gateway-{port}"
        environment = {
            "TICKETS_GATEWAY_TARGET": server.target,
            "TICKETS_HTTP_HOST": "127.0.0.1",
            "TICKETS_HTTP_PORT": str(port),
            "TICKETS_DATA_DIR": str(self._home()),
            **{f"TICKETS_{name.upper()}": value for name, value in settings.items()},
        }
        process = self._spawn(name, [sys.executable, "-m", "server.cli", "gateway"], environment)
        deadline = time.monotonic() + READY_SECONDS
        while not _is_listening(port):
            if time.monotonic() > deadline:
                raise self._silent(name)
            time.sleep(0.1)
        return Served(f"127.0.0.1:{port}", process.pid)

    def floor(self, dsn: str, *, processes: int = 1) -> Served:
        """The bare handlers; of several processes the first one is told of."""
        port = _free_port()
        command = [sys.executable, "-m", "bench.floor", str(port)]
        served = [
            self._start(f"floor-{port}-{number}", command, {"TICKETS_DATABASE_URL": dsn}, port)
            for number in range(processes)
        ]
        return served[0]

    def workers(self, dsn: str) -> None:
        """Redis, workers and beat by the commands of `make run`. They may take a while until they work."""
        home = self._home()
        environment = {
            "TICKETS_DATABASE_URL": dsn,
            "TICKETS_REDIS_URL": self._redis(home),
            "TICKETS_DATA_DIR": str(home),
        }
        for child in service_children(environment):
            if child.name in WORKERS:
                self._spawn(child.name, child.command, child.environment)

    def redis(self) -> str:
        """The URL of a new Redis, which may take a moment until it answers."""
        return self._redis(self._home())

    def _home(self) -> Path:
        # Not in the stack's directory, whose name may be too long for a socket.
        return Path(self._ends.enter_context(TemporaryDirectory(prefix="tickets-bench-")))

    def _redis(self, home: Path) -> str:
        socket_path = home / "redis.sock"
        child = redis_child(socket_path, home, {})
        self._spawn(child.name, child.command, child.environment)
        return f"unix://{socket_path}"

    def _start(self, name: str, command: list[str], environment: dict[str, str], port: int) -> Served:
        process = self._spawn(name, command, environment)
        target = f"127.0.0.1:{port}"
        with grpc.insecure_channel(target) as channel:
            try:
                grpc.channel_ready_future(channel).result(timeout=READY_SECONDS)
            except grpc.FutureTimeoutError:
                raise self._silent(name) from None
        return Served(target, process.pid)

    def _silent(self, name: str) -> RuntimeError:
        return RuntimeError(f"{name} does not answer; see {self._directory}")

    def _spawn(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        log = self._ends.enter_context((self._directory / f"{name}.log").open("wb"))
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
        self._ends.callback(_stop, process)
        return process

    def _rename(self, name: str, to: str) -> None:
        self._administer(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(to)))

    def _exists(self, name: str) -> bool:
        with psycopg.connect(self._cluster.dsn(), autocommit=True) as connection:
            return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._cluster.dsn(), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_stack(directory: Path) -> Iterator[Stack]:
    """A stack whose data lies in ``directory``."""
    with ExitStack() as ends:
        cluster = ends.enter_context(EmbeddedPostgres(directory, settings=SETTINGS))
        yield Stack(cluster, directory, ends)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
