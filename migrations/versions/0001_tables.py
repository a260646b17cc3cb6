"""Enums, tables, seeded policies.

Revision ID: 0001
Revises:
"""

from migrations.sql import execute, execute_file

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_file("0001_tables.sql")


def downgrade() -> None:
    execute(
        """
        DROP TABLE public.outbox, public.saved_views, public.staff_members, public.idempotency_keys,
            public.ticket_export_jobs, public.ticket_attachments, public.ticket_watchers,
            public.ticket_audit, public.ticket_messages, public.ticket_timeline_heads,
            public.tickets, public.sla_config;
        DROP TYPE public.ticket_linked_type, public.ticket_status, public.ticket_priority;
        """
    )
