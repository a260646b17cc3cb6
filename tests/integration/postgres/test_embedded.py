"""The embedded cluster survives what a developer's machine does to it."""

import os
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from server.embedded.postgres import DISPOSABLE, DURABLE, SOCKET_PATH_LIMIT, EmbeddedPostgres, EmbeddedPostgresError


@pytest.fixture
def directory() -> Iterator[Path]:
    """Private to the current user, as a clone under a home directory is."""
    with tempfile.TemporaryDirectory() as private:
        yield Path(private) / "postgres"


def read(dsn: str, statement: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def test_data_outlives_a_stop_and_a_crash(directory: Path) -> None:
    cluster = EmbeddedPostgres(directory)
    with cluster:
        assert read(cluster.dsn(), "SHOW fsync") == "on"
        assert read(cluster.dsn(), "SHOW shared_buffers") == DURABLE["shared_buffers"]
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert cluster.postmaster() is None

    crashed = cluster.start()
    os.kill(crashed.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while cluster.postmaster() is not None:
        assert time.monotonic() < deadline
    with cluster:
        assert read(cluster.dsn(), "SELECT n FROM kept") == 7
        running = cluster.postmaster()
        assert running is not None
        assert running.pid != crashed.pid
        assert running.socket_directory == crashed.socket_directory


def test_whoever_comes_second_uses_the_running_server(directory: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda _: EmbeddedPostgres(directory, settings=DISPOSABLE).start(), range(4)))
    assert len({server.pid for server in started}) == 1
    EmbeddedPostgres(directory).stop()
    EmbeddedPostgres(directory).stop()


def test_a_pid_file_of_another_process_is_not_believed(directory: Path) -> None:
    cluster = EmbeddedPostgres(directory, settings=DISPOSABLE)
    with cluster:
        pid_file = directory / "cluster" / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]))
    assert cluster.postmaster() is None
    with pytest.raises(EmbeddedPostgresError, match="not running"):
        cluster.dsn()
    cluster.stop()


def test_a_long_path_gets_a_short_socket(directory: Path) -> None:
    cluster = EmbeddedPostgres(directory / ("deep" * 25), settings=DISPOSABLE)
    server = cluster.start()
    try:
        assert len(os.fsencode(server.socket_directory)) < SOCKET_PATH_LIMIT
        assert stat.S_IMODE(server.socket_directory.stat().st_mode) == 0o700
        assert read(cluster.dsn(), "SELECT 1") == 1
    finally:
        cluster.destroy()
    assert not server.socket_directory.exists()
    assert not cluster.directory.exists()


def test_tcp_needs_the_password(directory: Path, free_port: int) -> None:
    with EmbeddedPostgres(directory, port=free_port, settings=DISPOSABLE) as cluster:
        assert read(cluster.tcp_dsn(), "SELECT inet_server_port()") == free_port
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host="127.0.0.1", port=free_port, user="postgres", dbname="postgres", passfile="/nowhere")
        password_file = directory / "superuser.password"
        assert stat.S_IMODE(password_file.stat().st_mode) == 0o600


def test_without_a_port_there_is_only_the_socket(directory: Path) -> None:
    with EmbeddedPostgres(directory, settings=DISPOSABLE) as cluster, pytest.raises(EmbeddedPostgresError):
        cluster.tcp_dsn()


def test_an_interrupted_initdb_is_begun_again(directory: Path) -> None:
    remains = directory / "cluster.unfinished"
    remains.mkdir(parents=True)
    (remains / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(directory, settings=DISPOSABLE) as cluster:
        assert read(cluster.dsn(), "SELECT 1") == 1
    assert not remains.exists()


def test_a_server_that_cannot_start_says_why(directory: Path) -> None:
    cluster = EmbeddedPostgres(directory, settings={**DISPOSABLE, "max_connections": "no number"})
    with pytest.raises(EmbeddedPostgresError, match="max_connections"):
        cluster.start()


@pytest.fixture
def free_port() -> int:

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
