"""The second step of 0008: rows that were in the outbox before meet its checks too.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

from migrations.online import lock_timeout
from migrations.sql import execute

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The scan keeps neither readers nor writers waiting, and nobody queues up behind a wait for its lock."""
    with op.get_context().autocommit_block():
        execute("SET lock_timeout = 0")
        for constraint in ("outbox_kind_check", "outbox_seq_check"):
            execute(f"ALTER TABLE public.outbox VALIDATE CONSTRAINT {constraint}")
        execute(f"SET lock_timeout = '{lock_timeout()}'")


def downgrade() -> None:
    """A check that was found to hold still does."""
