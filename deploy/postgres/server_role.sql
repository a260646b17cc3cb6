-- Rights of a role that servers connect as, which owns nothing: it can neither change nor delete what was audited or said,
-- nor switch off the triggers that see to that. As the owner of the tables, after each migration:
--     psql --set ON_ERROR_STOP=1 --set role=tickets_server --file deploy/postgres/server_role.sql "$TICKETS_DATABASE_URL"
-- Workers keep the owner's role: they make and drop partitions of the outbox.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"role";
GRANT USAGE ON SCHEMA public TO :"role";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO :"role";
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO :"role";
REVOKE INSERT ON public.alembic_version, public.outbox_cursors, public.outbox_failures, public.outbox_horizon FROM :"role";
GRANT UPDATE ON
    public.tickets, public.ticket_timeline_heads, public.ticket_watchers, public.ticket_attachments,
    public.ticket_export_jobs, public.object_deletions, public.idempotency_keys, public.staff_members,
    public.saved_views, public.sla_config, public.notifications, public.webhooks, public.webhook_deliveries
TO :"role";
GRANT DELETE ON
    public.ticket_watchers, public.ticket_attachments, public.object_deletions, public.idempotency_keys,
    public.saved_views, public.webhooks, public.webhook_deliveries
TO :"role";
