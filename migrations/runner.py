"""Migrating from Python: the command line, the embedded instance and the tests go through here."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

VERSIONS = Path(__file__).parent / "versions"


def upgrade(dsn: str, revision: str = "head") -> None:
    """Bring the database to the revision. Does nothing when it is there; safe to call from several processes."""
    command.upgrade(configuration(dsn), revision)


def downgrade(dsn: str, revision: str = "base") -> None:
    """Take the database back. At base nothing of ours is left in it: all tickets are lost."""
    command.downgrade(configuration(dsn), revision)


def head() -> str:
    """The newest revision there is."""
    revision = ScriptDirectory.from_config(configuration("")).get_current_head()
    if revision is None:
        raise LookupError("there are no migrations")
    return revision


def configuration(dsn: str) -> Config:
    """Alembic's, for its commands that are not here."""
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["dsn"] = dsn
    return config
