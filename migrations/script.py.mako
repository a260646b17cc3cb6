"""${message[:1].upper() + message[1:]}.

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

from migrations.sql import execute_file

revision = "${up_revision}"
down_revision = "${down_revision}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_file("${up_revision}_${'_'.join(message.lower().split())}.sql")


def downgrade() -> None:
    raise NotImplementedError
