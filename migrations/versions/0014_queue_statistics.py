"""More of the rare combinations of role, priority and state in what the planner knows of them.

With a target of 300 it expected up to 2,400 of a million tickets where there are none. After two of five ANALYZEs it
then walked all tickets for a page of a role's tickets of a priority that its queue never has: a second in place of 2
ms.

Revision ID: 0014
Revises: 0013
"""

from migrations.sql import execute

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute("ALTER STATISTICS public.tickets_queue_statistics SET STATISTICS 500")


def downgrade() -> None:
    execute("ALTER STATISTICS public.tickets_queue_statistics SET STATISTICS 300")
