"""Daily outbox partitions.

Revision ID: 0004
Revises: 0003
"""

from migrations.sql import execute, execute_file

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_file("0004_outbox_maintain.sql")


def downgrade() -> None:
    execute(
        """
        DROP FUNCTION public.outbox_maintain;
        """
    )
