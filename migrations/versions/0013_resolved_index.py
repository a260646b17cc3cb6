"""An index on the instant of resolution: how many tickets were resolved on each of the last days.

Of tickets that have been resolved alone, so that neither making nor escalating one writes to it. It holds whatever
decides who sees a ticket, and what the dashboard narrows by, so that no ticket has to be looked at.

Revision ID: 0013
Revises: 0012
"""

from migrations.online import create_index, drop_index
from migrations.sql import execute

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_index(
        "tickets_resolved_idx",
        """
        ON public.tickets (resolved_at)
        INCLUDE (owner_role, assigned_franchise_id, priority, owner_id, created_by_id, id)
        WHERE resolved_at IS NOT NULL AND NOT archived
        """,
    )
    execute("COMMENT ON INDEX public.tickets_resolved_idx IS 'tickets resolved on each of the last days'")


def downgrade() -> None:
    drop_index("tickets_resolved_idx")
