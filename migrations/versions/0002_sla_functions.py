"""SLA functions for people with psql.

Revision ID: 0002
Revises: 0001
"""

from migrations.sql import execute, execute_file

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_file("0002_sla_functions.sql")


def downgrade() -> None:
    execute(
        """
        DROP FUNCTION public.get_sla_status(timestamptz, public.ticket_status, timestamptz),
            public.get_sla_status(timestamptz, public.ticket_status, timestamptz, timestamptz),
            public.calculate_sla_due_at(public.ticket_priority, timestamptz);
        """
    )
