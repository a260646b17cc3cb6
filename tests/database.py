"""Databases for tests: one throw-away PostgreSQL for the whole run, and clones of a migrated template.

Every test that asks for `database` gets one of its own, so tests neither see each other nor clean up. The server is
started by the first test that needs it, whichever xdist worker that is in, and ended with the run. A run that was
killed leaves its server behind; the next run ends it.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from migrations import runner
from server.embedded.postgres import DISPOSABLE, EmbeddedPostgres

__all__ = [
    "database",
    "postgres",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_unconfigure",
    "shared_database",
]

TEMPLATE = "tickets_template"
PREFIX = "tickets-pytest-"
_directory = pytest.StashKey[Path]()
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database without tickets."""

    dsn: str
    """libpq connection string of the superuser."""

    def connect(self, *, autocommit: bool = True) -> psycopg.Connection:
        """A new connection; the caller closes it, best by `with`."""
        return psycopg.connect(self.dsn, autocommit=autocommit)


@dataclass(frozen=True, slots=True)
class TestServer:
    """The run's PostgreSQL, from which databases can be had."""

    __test__ = False

    cluster: EmbeddedPostgres
    worker: str

    @contextmanager
    def new_database(self, *, migrated: bool = True) -> Iterator[Database]:
        """A database that is dropped at the end, whoever is still connected."""
        name = sql.Identifier(f"test_{self.worker}_{next(_numbers)}")
        template = sql.Identifier(TEMPLATE if migrated else "template0")
        with psycopg.connect(self.cluster.dsn(), autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(name, template))
        try:
            yield Database(self.cluster.dsn(name.as_string().strip('"')))
        finally:
            with psycopg.connect(self.cluster.dsn(), autocommit=True) as admin:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {}).get("postgres_directory")
    if given is not None:
        config.stash[_directory] = Path(given)
        return
    config.stash[_directory] = Path(tempfile.gettempdir()).resolve() / f"{PREFIX}{os.getpid()}"
    _end_abandoned_servers()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: pytest.Item) -> None:
    """xdist: tell a worker which directory the run shares."""
    node.workerinput["postgres_directory"] = str(node.config.stash[_directory])  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Runs last in the main process, when all workers are gone."""
    if not hasattr(config, "workerinput") and config.stash[_directory].exists():
        EmbeddedPostgres(config.stash[_directory]).destroy()


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> TestServer:
    directory = request.config.stash[_directory]
    directory.mkdir(exist_ok=True)
    cluster = EmbeddedPostgres(directory, settings=DISPOSABLE)
    with (directory / ".template").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cluster.start()
        _make_template(cluster)
    workerinput = getattr(request.config, "workerinput", {})
    return TestServer(cluster, workerinput.get("workerid", "main"))


@pytest.fixture
def database(postgres: TestServer) -> Iterator[Database]:
    """A fresh database for this test alone."""
    with postgres.new_database() as fresh:
        yield fresh


@pytest.fixture(scope="session")
def shared_database(postgres: TestServer) -> Iterator[Database]:
    """One database for all tests of a worker that ask for it: they make their own tickets and count only those."""
    with postgres.new_database() as shared:
        yield shared


def _make_template(cluster: EmbeddedPostgres) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", [TEMPLATE]).fetchone():
            return
        admin.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {TEMPLATE}")
        runner.upgrade(cluster.dsn(TEMPLATE))
        admin.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false")


def _end_abandoned_servers() -> None:
    """Those of runs that are no more; this run's own number may have been theirs."""
    for directory in Path(tempfile.gettempdir()).resolve().glob(f"{PREFIX}*"):
        # Another run that starts now may be clearing up the same.
        with suppress(FileNotFoundError):
            if directory.lstat().st_uid == os.geteuid() and not _is_running(directory.name.removeprefix(PREFIX)):
                EmbeddedPostgres(directory).destroy()


def _is_running(run: str) -> bool:
    try:
        os.kill(int(run), 0)
    except ProcessLookupError:
        return False
    except (ValueError, PermissionError):
        return True
    return int(run) != os.getpid()
