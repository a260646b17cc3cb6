"""Backups and restores as docs/operations.md has them, by PostgreSQL's own programs."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from server.embedded.account import ServerAccount
from server.embedded.postgres import DISPOSABLE, EmbeddedPostgres, binaries

ROOT = Path(__file__).resolve().parents[2]
AFTER_RESTORE = ROOT / "deploy" / "postgres" / "after_restore.sql"
DATABASE = "tickets"


@contextmanager
def clusters() -> Iterator[Path]:
    """A directory for clusters of the test's own, which are ended with it."""
    directory = Path(tempfile.mkdtemp(prefix="tickets-restore-"))
    try:
        yield directory
    finally:
        for cluster in directory.glob("*/cluster"):
            EmbeddedPostgres(cluster.parent).destroy()
        shutil.rmtree(directory)


def new_cluster(directory: Path, settings: Mapping[str, str] = DISPOSABLE) -> EmbeddedPostgres:
    """Started, with an empty database."""
    cluster = EmbeddedPostgres(directory, settings=settings)
    cluster.start()
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE}")
    return cluster


def run(program: str, *arguments: str | Path) -> str:
    """A program of PostgreSQL; the test fails with its words when it does."""
    return _output([str(binaries() / program), *map(str, arguments)], {})


def tickets(dsn: str, *arguments: str | Path) -> str:
    """The `tickets` command on a database; the test fails when it does not end with status 0."""
    return _output([sys.executable, "-m", "server.cli", *map(str, arguments)], {"TICKETS_DATABASE_URL": dsn})


def after_restore(dsn: str) -> None:
    """What has to be done before the first server starts."""
    run("psql", "--set", "ON_ERROR_STOP=1", "--file", AFTER_RESTORE, dsn)


def base_backup(cluster: EmbeddedPostgres, target: Path) -> None:
    """A physical copy that the server's account may run."""
    copy = target / "cluster"
    target.mkdir()
    run("pg_basebackup", "--pgdata", copy, "--checkpoint", "fast", "--wal-method", "none", "--dbname", cluster.dsn())
    (copy / "recovery.signal").touch()
    account = ServerAccount.current()
    for path in (copy, *copy.rglob("*")):
        account.give(path)
    copy.chmod(0o700)


def own_directory(path: Path) -> Path:
    """One that the server's account may write to."""
    ServerAccount.current().own(path)
    return path


def _output(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
