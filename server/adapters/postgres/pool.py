"""The connection pool of a process."""

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

Connection = psycopg.Connection[TupleRow]
"""Its rows are plain tuples."""
Pool = ConnectionPool[Connection]


def open_pool(dsn: str, *, min_size: int, max_size: int, wait_seconds: float, prepare_statements: bool) -> Pool:
    """A pool that fills in the background: a server starts, and waits for its database, without one.

    ``wait_seconds``: how long a call waits for a free connection. ``prepare_statements`` is off behind a
    PgBouncer that cannot follow prepared statements.
    """
    pool: Pool = ConnectionPool(
        dsn,
        min_size=min_size,
        max_size=max_size,
        timeout=wait_seconds,
        max_waiting=max_size * 8,
        reconnect_timeout=5,
        kwargs={
            "autocommit": True,
            "application_name": "rodistaa-tickets",
            "prepare_threshold": 3 if prepare_statements else None,
            "connect_timeout": 5,
            # A connection that leads nowhere is found out, also by who waits for an answer over it.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
        },
        open=False,
    )
    pool.open(wait=False)
    return pool
