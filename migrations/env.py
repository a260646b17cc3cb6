"""Alembic's entry point: which database, and under which precautions."""

import os
import time

import sqlalchemy as sa
from alembic import context
from psycopg import Connection, connect
from sqlalchemy.pool import NullPool

from server.adapters.postgres.notification_tables import metadata  # of all tables, those of tables.py too
from server.adapters.postgres.tables import belongs_to_schema

LOCK_TIMEOUT = "3s"
"""A migration that cannot get its lock soon fails, rather than have every query queue up behind it."""

ADVISORY_LOCK = 0x7469636B657473
"""Two servers that start together migrate one after the other."""


def _dsn() -> str:
    """libpq connection string or URL. PgBouncer is to be bypassed: session locks are used."""
    dsn = (
        context.config.attributes.get("dsn")
        or context.get_x_argument(as_dictionary=True).get("dsn")
        or os.environ.get("TICKETS_DATABASE_URL")
    )
    if not dsn:
        raise RuntimeError("Set TICKETS_DATABASE_URL, or pass -x dsn=…, to say which database to migrate")
    return str(dsn)


def _connect() -> Connection[tuple[object, ...]]:
    return connect(_dsn())


def _take_turn(connection: sa.Connection) -> None:
    """Ask again and again, and do not wait in the database: who waits there holds a snapshot, and the one who migrates
    would wait for that before it has built an index concurrently."""
    while not connection.scalar(sa.text(f"SELECT pg_try_advisory_lock({ADVISORY_LOCK})")):
        connection.commit()
        time.sleep(0.2)
    connection.commit()


def _run_online() -> None:
    engine = sa.create_engine("postgresql+psycopg://", creator=_connect, poolclass=NullPool)
    engine.dialect.supports_comments = False  # comments live in the migrations alone
    with engine.connect() as connection:
        connection.execute(sa.text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(sa.text("SET search_path = pg_catalog, public"))
        connection.execute(sa.text("SET timezone = 'UTC'"))
        connection.commit()
        _take_turn(connection)
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=belongs_to_schema,
            transaction_per_migration=True,
            version_table_schema="public",
            lock_timeout=LOCK_TIMEOUT,
        )
        with context.begin_transaction():
            context.run_migrations()


def _run_offline() -> None:
    """Print the SQL, for a DBA to read or to run."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=metadata,
        transaction_per_migration=True,
        version_table_schema="public",
        lock_timeout=LOCK_TIMEOUT,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _run_offline()
else:
    _run_online()
