"""Notifications, webhooks, and how far the outbox was read.

Revision ID: 0007
Revises: 0006
"""

from migrations.sql import execute, execute_file

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_file("0007_notifications.sql")


def downgrade() -> None:
    execute(
        """
        DROP TABLE public.webhook_deliveries, public.webhooks, public.notification_deliveries, public.notifications,
            public.outbox_failures, public.outbox_cursors;
        """
    )
