"""The SQL files of the migrations. A file is never changed once it was released."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op


def execute_file(name: str) -> None:
    """Run all statements of a file beside this one, in the migration's transaction."""
    execute((Path(__file__).parent / name).read_text(encoding="utf-8"))


def execute(statements: str) -> None:
    """Run SQL as it stands: a colon in it is a colon, never a bind parameter."""
    op.execute(sa.text(statements.replace(":", r"\:")))
