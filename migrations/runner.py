"""Migrating from Python: the command line, the embedded instance and the tests go through here."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def upgrade(dsn: str, revision: str = "head") -> None:
    """Bring the database to the revision. Does nothing when it is there; safe to call from several processes."""
    command.upgrade(_config(dsn), revision)


def downgrade(dsn: str, revision: str = "base") -> None:
    """Take the database back. At base nothing of ours is left in it: all tickets are lost."""
    command.downgrade(_config(dsn), revision)


def head() -> str:
    """The newest revision there is."""
    revision = ScriptDirectory.from_config(_config("")).get_current_head()
    if revision is None:
        raise LookupError("there are no migrations")
    return revision


def _config(dsn: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["dsn"] = dsn
    return config
