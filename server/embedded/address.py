"""Where the running instance's database is, for commands beside it: python -m server.embedded.address."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import quote

from server.embedded.postgres import SUPERUSER, EmbeddedPostgres, Postmaster

DATABASE = "tickets"


def database_url(postmaster: Postmaster) -> str:
    """Over the unix socket, so without a password: only the user who runs the instance gets there."""
    socket_directory = quote(str(postmaster.socket_directory), safe="")
    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={socket_directory}&port={postmaster.port}"


def main() -> None:
    data_dir = Path(os.environ.get("TICKETS_DATA_DIR", ".data")).resolve()
    running = EmbeddedPostgres(data_dir / "postgres").postmaster()
    if running is None:
        sys.exit(f"no instance is running in {data_dir}; start it with `make run`")
    print(database_url(running))


if __name__ == "__main__":
    main()
