"""Schema changes on tables in use. Both functions are called from a migration's upgrade() or downgrade().

Example, a later migration in full:

    def upgrade() -> None:
        create_index("tickets_severity_idx", "ON public.tickets (severity, created_at, id)")

    def downgrade() -> None:
        drop_index("tickets_severity_idx")
"""

from alembic import op

from migrations.sql import execute


def create_index(name: str, definition: str, *, unique: bool = False) -> None:
    """Build an index without keeping writers out. Safe to repeat after an interruption.

    It runs outside a transaction: what the migration did before is committed first. lock_timeout is
    off meanwhile, because the build waits for older transactions and holds nobody up while it does.
    """
    with op.get_context().autocommit_block():
        execute("SET lock_timeout = 0")
        # An interrupted build leaves an invalid index behind, which IF NOT EXISTS would accept.
        execute(f"DROP INDEX CONCURRENTLY IF EXISTS public.{name}")
        execute(f"CREATE {'UNIQUE ' if unique else ''}INDEX CONCURRENTLY {name} {definition}")
        execute(f"SET lock_timeout = '{lock_timeout()}'")


def drop_index(name: str) -> None:
    """Remove an index without keeping anyone out; otherwise as create_index."""
    with op.get_context().autocommit_block():
        execute("SET lock_timeout = 0")
        execute(f"DROP INDEX CONCURRENTLY IF EXISTS public.{name}")
        execute(f"SET lock_timeout = '{lock_timeout()}'")


def lock_timeout() -> str:
    """How long a migration waits for a lock before it gives up, as PostgreSQL writes durations."""
    configured = op.get_context().opts.get("lock_timeout")
    return str(configured or "3s")
