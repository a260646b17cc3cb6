"""Indexes, each with the query it serves.

Revision ID: 0005
Revises: 0004
"""

from migrations.sql import execute, execute_file

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_file("0005_indexes.sql")


def downgrade() -> None:
    execute(
        """
        DROP STATISTICS public.tickets_queue_statistics;
        DROP INDEX public.saved_views_shared_idx,
            public.staff_members_franchises_idx,
            public.staff_members_role_idx,
            public.idempotency_keys_created_idx,
            public.ticket_export_jobs_unfinished_idx,
            public.ticket_export_jobs_requester_idx,
            public.ticket_attachments_pending_idx,
            public.ticket_attachments_id_idx,
            public.ticket_watchers_user_idx,
            public.ticket_audit_created_idx,
            public.ticket_audit_actor_idx,
            public.ticket_audit_seq_idx,
            public.tickets_tags_idx,
            public.tickets_search_idx,
            public.tickets_sensitive_idx,
            public.tickets_escalated_idx,
            public.tickets_first_response_sweep_idx,
            public.tickets_breach_sweep_idx,
            public.tickets_open_due_order_idx,
            public.tickets_open_due_idx,
            public.tickets_creator_idx,
            public.tickets_linked_idx,
            public.tickets_franchise_created_idx,
            public.tickets_unassigned_idx,
            public.tickets_role_priority_idx,
            public.tickets_role_due_idx,
            public.tickets_role_open_idx,
            public.tickets_owner_role_status_idx,
            public.tickets_owner_resolved_idx,
            public.tickets_owner_created_idx,
            public.tickets_owner_status_idx,
            public.tickets_priority_due_idx,
            public.tickets_status_created_idx,
            public.tickets_archived_updated_idx,
            public.tickets_open_created_idx,
            public.tickets_active_created_idx,
            public.tickets_priority_created_idx,
            public.tickets_due_order_idx,
            public.tickets_updated_idx,
            public.tickets_created_idx;
        """
    )
