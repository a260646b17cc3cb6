"""Attachments and exports: audit by trigger, attempts and expiry, objects to be deleted.

Revision ID: 0010
Revises: 0009
"""

from migrations.sql import execute_file

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_file("0010_files.sql")


def downgrade() -> None:
    execute_file("0010_files_down.sql")
