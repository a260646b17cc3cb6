"""Audit, hash chain, timeline numbers and outbox by trigger.

Revision ID: 0003
Revises: 0002
"""

from migrations.sql import execute, execute_file

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_file("0003_audit_triggers.sql")


def downgrade() -> None:
    execute(
        """
        DROP TRIGGER ticket_watchers_audited ON public.ticket_watchers;
        DROP TRIGGER ticket_watcher_audit ON public.ticket_watchers;
        DROP TRIGGER tickets_kept ON public.tickets;
        DROP TRIGGER ticket_timeline_heads_kept ON public.ticket_timeline_heads;
        DROP TRIGGER ticket_messages_append_only ON public.ticket_messages;
        DROP TRIGGER ticket_audit_append_only ON public.ticket_audit;
        DROP TRIGGER ticket_after_update ON public.tickets;
        DROP TRIGGER ticket_after_insert ON public.tickets;
        DROP TRIGGER ticket_before_update ON public.tickets;
        DROP TRIGGER ticket_before_insert ON public.tickets;
        DROP TRIGGER ticket_message_sequence ON public.ticket_messages;
        DROP TRIGGER ticket_audit_chain ON public.ticket_audit;
        DROP FUNCTION public.ticket_watcher_audit, public.refuse_statement, public.ticket_after_update,
            public.ticket_after_insert, public.ticket_before_update, public.ticket_before_insert,
            public.ticket_message_sequence, public.ticket_audit_chain, public.ticket_audit_hash,
            public.netstring, public.ticket_context;
        """
    )
