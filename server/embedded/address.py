"""Where the running instance's database is, for the commands beside it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from server.embedded.postgres import SUPERUSER, EmbeddedPostgres, Postmaster

DATABASE = "tickets"


def database_url(postmaster: Postmaster) -> str:
    """Over the unix socket, so without a password: only the user who runs the instance gets there."""
    socket_directory = quote(str(postmaster.socket_directory), safe="")
    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={socket_directory}&port={postmaster.port}"


def running_database_url(data_dir: Path) -> str | None:
    """That of the instance in the directory; None when none runs there, or somebody else's."""
    try:
        running = EmbeddedPostgres(data_dir.resolve() / "postgres").postmaster()
    except PermissionError:
        return None
    return None if running is None else database_url(running)
