"""The schema goes up, down and up again; the Python tables say the same; tables in use are not locked for long."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.pool import NullPool

from migrations import runner
from server.adapters.postgres.notification_tables import metadata
from server.adapters.postgres.tables import belongs_to_schema
from tests.database import Database, TestServer
from tests.integration.postgres.rows import insert_ticket

ROOT = Path(__file__).resolve().parents[3]
LEFT_OVER = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
"""
DEFINITIONS = """
    SELECT table_name, column_name, data_type, column_default FROM information_schema.columns
        WHERE table_schema = 'public'
    UNION ALL SELECT tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '' FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT proname, '', pg_get_functiondef(oid), '' FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '' FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3
"""


@pytest.fixture
def empty_database(postgres: TestServer) -> Iterator[Database]:
    with postgres.new_database(migrated=False) as created:
        yield created


def test_down_leaves_nothing_and_up_again_makes_the_same(database: Database) -> None:
    with database.connect() as connection:
        before = connection.execute(DEFINITIONS).fetchall()
        insert_ticket(connection)
        runner.downgrade(database.dsn)
        names = {name for (name,) in connection.execute(LEFT_OVER)}
        assert {name for name in names if "alembic_version" not in name} == set()
        runner.upgrade(database.dsn)
        assert connection.execute(DEFINITIONS).fetchall() == before


def test_each_step_goes_down_and_up(database: Database) -> None:
    with database.connect() as connection:
        before = connection.execute(DEFINITIONS).fetchall()
        while connection.execute("SELECT 1 FROM alembic_version").fetchone():
            runner.downgrade(database.dsn, "-1")
        runner.upgrade(database.dsn)
        assert connection.execute(DEFINITIONS).fetchall() == before


def test_servers_that_start_together_all_succeed(empty_database: Database) -> None:
    """Alembic is not made for threads, so these are processes, as servers are."""
    environment = {**os.environ, "TICKETS_DATABASE_URL": empty_database.dsn}
    command_line = [sys.executable, "-m", "alembic", "upgrade", "head"]
    servers = [
        subprocess.Popen(command_line, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for server in servers:
        _, complaints = server.communicate(timeout=60)
        assert (server.returncode, complaints) == (0, "")
    with empty_database.connect() as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(runner.head(),)]


def test_the_sql_can_be_printed_for_a_dba() -> None:
    command_line = [sys.executable, "-m", "alembic", "upgrade", "head", "--sql"]
    printed = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "CREATE TABLE public.tickets" in printed
    assert "'public.ticket_number_seq'::regclass" in printed


def test_the_python_tables_are_those_of_the_database(database: Database) -> None:
    engine = sa.create_engine("postgresql+psycopg://", creator=database.connect, poolclass=NullPool)
    engine.dialect.supports_comments = False
    options = {"include_object": belongs_to_schema, "compare_type": True, "compare_server_default": True}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_every_index_says_what_it_is_for(database: Database) -> None:
    with database.connect() as connection:
        silent = connection.execute(
            """
            SELECT relname FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('i', 'I') AND NOT relispartition
                AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = pg_class.oid)
                AND obj_description(oid, 'pg_class') IS NULL
            """
        ).fetchall()
        assert silent == []


def test_the_document_lists_every_index_with_its_purpose(database: Database) -> None:
    document = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
    with database.connect() as connection:
        rows = connection.execute(
            """
            SELECT relname, obj_description(oid, 'pg_class') FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relname LIKE '%\\_idx' AND NOT relispartition
            """
        ).fetchall()
    lines = document.splitlines()
    for name, purpose in rows:
        assert any(f"`{name}`" in line and line.endswith(f"| {purpose} |") for line in lines), name


def test_a_migration_gives_up_soon_when_the_table_is_taken(database: Database) -> None:
    with database.connect() as holder, holder.transaction():
        holder.execute("SELECT 1 FROM notifications")
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            runner.downgrade(database.dsn, "0006")
    runner.downgrade(database.dsn, "0006")


LATER_MIGRATION = """
from migrations.online import create_index, drop_index

revision = "later"
down_revision = "{head}"

def upgrade():
    create_index("tickets_severity_idx", "ON public.tickets (severity)")

def downgrade():
    drop_index("tickets_severity_idx")
"""


def test_an_index_is_built_while_others_write(database: Database, tmp_path: Path) -> None:
    """migrations/online.py: the way for indexes on tables in use."""
    (tmp_path / "later.py").write_text(LATER_MIGRATION.format(head=runner.head()))
    configuration = runner.configuration(database.dsn)
    configuration.set_main_option("version_locations", f"{runner.VERSIONS}{os.pathsep}{tmp_path}")
    with database.connect() as writer, database.connect() as other, ThreadPoolExecutor(1) as pool:
        with writer.transaction():
            insert_ticket(writer)
            building = pool.submit(command.upgrade, configuration, "later")
            wait_until_blocked(other, "CREATE INDEX CONCURRENTLY")
            insert_ticket(other)
            assert not building.done()
        building.result(timeout=60)
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('tickets_severity_idx')"
        assert other.execute(valid).fetchall() == [(True,)]
        command.downgrade(configuration, "-1")
        assert other.execute(valid).fetchall() == []


def test_an_interrupted_build_is_made_good(database: Database, tmp_path: Path) -> None:
    (tmp_path / "later.py").write_text(LATER_MIGRATION.format(head=runner.head()))
    configuration = runner.configuration(database.dsn)
    configuration.set_main_option("version_locations", f"{runner.VERSIONS}{os.pathsep}{tmp_path}")
    with database.connect() as connection:
        connection.execute("CREATE INDEX tickets_severity_idx ON tickets (title)")
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tickets_severity_idx'::regclass")
        command.upgrade(configuration, "later")
        definition = connection.execute("SELECT pg_get_indexdef('tickets_severity_idx'::regclass)").fetchone()
        assert definition == ("CREATE INDEX tickets_severity_idx ON public.tickets USING btree (severity)",)


def wait_until_blocked(connection: psycopg.Connection, statement: str) -> None:
    deadline = time.monotonic() + 30
    blocked = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ^@ %s"
    )
    while not connection.execute(blocked, [statement]).fetchone():
        assert time.monotonic() < deadline, f"nothing waits in {statement}"
