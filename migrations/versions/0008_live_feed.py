"""What live streams need of the outbox: who watches is published too, and what was dropped is known.

Revision ID: 0008
Revises: 0007
"""

from migrations.sql import execute_file

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_file("0008_live_feed.sql")


def downgrade() -> None:
    execute_file("0008_live_feed_down.sql")
