"""Without TICKETS_DATABASE_URL the commands work on the instance that runs in the data directory."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from server.cli import main
from server.embedded.address import DATABASE
from server.embedded.postgres import DISPOSABLE, EmbeddedPostgres


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """That of an instance whose PostgreSQL runs; not a directory of pytest's, which PostgreSQL's user cannot enter."""
    directory = Path(tempfile.mkdtemp(prefix="tickets-commands-"))
    cluster = EmbeddedPostgres(directory / "postgres", settings=DISPOSABLE)
    try:
        cluster.start()
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')
        yield directory
    finally:
        cluster.destroy()
        shutil.rmtree(directory)


def test_migrate_seed_and_verify_find_it(data_dir: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        environment = {"TICKETS_DATABASE_URL": "", "TICKETS_DATA_DIR": str(data_dir)}
        result = CliRunner().invoke(main, arguments, env=environment)
        return result.exit_code, result.output

    assert run("audit", "verify") == (
        2,
        "Error: the database has no tickets tables; `tickets migrate` makes them\n",
    )
    assert run("seed")[0] == 2
    assert run("migrate") == (0, "")
    status, sentence = run("seed")
    assert (status, sentence.partition(" with ")[0]) == (0, "Added 30 tickets")
    status, report = run("audit", "verify")
    assert (status, report.partition(" of ")[2]) == (0, "30 tickets checked, 0 findings\n")
    assert run("audit", "verify", "TKT-404")[0] == 1
    status, complaint = run("migrate", "--to", "nonsense")
    assert (status, complaint.count("\n")) == (1, 1)
