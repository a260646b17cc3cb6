"""The server's connections as PostgreSQL sees them."""

from tests.database import Database

_CONNECTIONS = """
    SELECT state, wait_event_type FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'rodistaa-tickets'
"""


def server_connections(database: Database) -> list[str]:
    """The state of each: "idle", "active", "idle in transaction" and so on."""
    with database.connect() as connection:
        return [str(row[0]) for row in connection.execute(_CONNECTIONS.encode())]


def blocked_statements(database: Database) -> int:
    """How many of them wait for a lock at this moment."""
    with database.connect() as connection:
        return sum(row[1] == "Lock" for row in connection.execute(_CONNECTIONS.encode()))
