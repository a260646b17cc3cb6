"""The second step of 0010: indexes, on tables that may be large.

Revision ID: 0011
Revises: 0010
"""

from migrations.online import create_index, drop_index
from migrations.sql import execute

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_index("ticket_messages_attachments_idx", "ON public.ticket_messages (ticket_id) WHERE attachments <> '{}'")
    create_index(
        "ticket_export_jobs_expiry_idx", "ON public.ticket_export_jobs (expires_at) WHERE object_key IS NOT NULL"
    )
    create_index(
        "ticket_attachments_uploads_idx", "ON public.ticket_attachments (uploaded_by_id) WHERE status = 'pending'"
    )
    create_index("ticket_export_jobs_created_idx", "ON public.ticket_export_jobs (created_at, id)")
    for name, purpose in (
        ("ticket_messages_attachments_idx", "which attachments of a ticket are named by its messages"),
        ("ticket_attachments_uploads_idx", "one person''s uploads under way"),
        ("ticket_export_jobs_created_idx", "everybody''s export jobs, latest first"),
        ("ticket_export_jobs_expiry_idx", "files of exports that are to be deleted by now"),
    ):
        execute(f"COMMENT ON INDEX public.{name} IS '{purpose}'")


def downgrade() -> None:
    drop_index("ticket_export_jobs_created_idx")
    drop_index("ticket_attachments_uploads_idx")
    drop_index("ticket_export_jobs_expiry_idx")
    drop_index("ticket_messages_attachments_idx")
