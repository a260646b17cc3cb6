-- Every index with the query it is for. The tables are new, so each is built in an instant; an index on a table
-- that is in use is built by migrations/online.py instead.
--
-- "Open" is written the same everywhere, status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived: a query finds a partial
-- index only by saying the same (see OPEN_TICKETS in tables.py).

CREATE INDEX tickets_created_idx ON public.tickets (created_at, id);
COMMENT ON INDEX public.tickets_created_idx IS 'all tickets by creation, archived ones included';

CREATE INDEX tickets_updated_idx ON public.tickets (updated_at, id);
COMMENT ON INDEX public.tickets_updated_idx IS 'all tickets by last change; changed since a moment';

CREATE INDEX tickets_due_order_idx ON public.tickets (coalesce(sla_due_at, 'infinity'), id);
COMMENT ON INDEX public.tickets_due_order_idx IS 'all tickets by deadline, those without one last';

CREATE INDEX tickets_priority_created_idx ON public.tickets (priority, created_at, id);
COMMENT ON INDEX public.tickets_priority_created_idx IS 'all tickets by priority, then creation';

CREATE INDEX tickets_active_created_idx ON public.tickets (created_at, id)
    WHERE NOT archived;
COMMENT ON INDEX public.tickets_active_created_idx IS 'the default list: non-archived tickets by creation';

CREATE INDEX tickets_open_created_idx ON public.tickets (created_at, id)
    WHERE status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived;
COMMENT ON INDEX public.tickets_open_created_idx IS 'open tickets by creation, narrowed by what has no index in that order';

CREATE INDEX tickets_archived_updated_idx ON public.tickets (updated_at, id)
    WHERE archived;
COMMENT ON INDEX public.tickets_archived_updated_idx IS 'the archive, last archived first';

CREATE INDEX tickets_status_created_idx ON public.tickets (status, created_at, id);
COMMENT ON INDEX public.tickets_status_created_idx IS 'tickets in one state by creation';

CREATE INDEX tickets_priority_due_idx ON public.tickets (priority, sla_due_at, id);
COMMENT ON INDEX public.tickets_priority_due_idx IS 'tickets of one priority by deadline';

CREATE INDEX tickets_owner_status_idx ON public.tickets (owner_id, status, created_at, id);
COMMENT ON INDEX public.tickets_owner_status_idx IS 'tickets of one owner, in given states; workload counts';

CREATE INDEX tickets_owner_created_idx ON public.tickets (owner_id, created_at, id);
COMMENT ON INDEX public.tickets_owner_created_idx IS 'tickets of one owner by creation, whatever their state';

CREATE INDEX tickets_owner_resolved_idx ON public.tickets (owner_id, resolved_at)
    WHERE resolved_at IS NOT NULL;
COMMENT ON INDEX public.tickets_owner_resolved_idx IS 'an owner''s average resolution time';

CREATE INDEX tickets_owner_role_status_idx ON public.tickets (owner_role, status, created_at, id);
COMMENT ON INDEX public.tickets_owner_role_status_idx IS 'tickets of one role''s queue in given states';

CREATE INDEX tickets_role_open_idx ON public.tickets (owner_role, created_at, id)
    WHERE status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived;
COMMENT ON INDEX public.tickets_role_open_idx IS 'open tickets of one role by creation';

CREATE INDEX tickets_role_due_idx ON public.tickets (owner_role, coalesce(sla_due_at, 'infinity'), id)
    WHERE status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived;
COMMENT ON INDEX public.tickets_role_due_idx IS 'open tickets of one role by deadline';

CREATE INDEX tickets_role_priority_idx ON public.tickets (owner_role, priority, created_at, id);
COMMENT ON INDEX public.tickets_role_priority_idx IS 'tickets of one role''s queue of given priorities';

CREATE INDEX tickets_unassigned_idx ON public.tickets (created_at, id)
    WHERE owner_id IS NULL AND status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived;
COMMENT ON INDEX public.tickets_unassigned_idx IS 'open tickets that nobody owns by creation';

CREATE INDEX tickets_franchise_created_idx ON public.tickets (assigned_franchise_id, created_at, id);
COMMENT ON INDEX public.tickets_franchise_created_idx IS 'tickets of one franchise by creation';

CREATE INDEX tickets_linked_idx ON public.tickets (linked_id, linked_type, created_at, id)
    WHERE linked_id IS NOT NULL;
COMMENT ON INDEX public.tickets_linked_idx IS 'tickets linked to one booking, shipment, payment';

CREATE INDEX tickets_creator_idx ON public.tickets (created_by_id, created_at, id);
COMMENT ON INDEX public.tickets_creator_idx IS 'tickets that one person created';

CREATE INDEX tickets_open_due_idx ON public.tickets (sla_due_at, id)
    WHERE status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived;
COMMENT ON INDEX public.tickets_open_due_idx IS 'open tickets due within the next hour; near-breach sweep';

CREATE INDEX tickets_open_due_order_idx ON public.tickets (coalesce(sla_due_at, 'infinity'), id)
    WHERE status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived;
COMMENT ON INDEX public.tickets_open_due_order_idx IS 'open tickets by deadline, those without one last';

CREATE INDEX tickets_breach_sweep_idx ON public.tickets (sla_due_at, id)
    WHERE NOT sla_breached AND status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived;
COMMENT ON INDEX public.tickets_breach_sweep_idx IS 'breach sweep: overdue and not yet marked, empty when all is done';

CREATE INDEX tickets_first_response_sweep_idx ON public.tickets (first_response_due_at, id)
    WHERE first_responded_at IS NULL AND NOT first_response_breached AND status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived;
COMMENT ON INDEX public.tickets_first_response_sweep_idx IS 'first-response sweep: unanswered and not yet marked';

CREATE INDEX tickets_escalated_idx ON public.tickets (sla_escalation_level, sla_due_at, id)
    WHERE sla_breached AND status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived;
COMMENT ON INDEX public.tickets_escalated_idx IS 'next-level sweep: breached tickets still unresolved';

CREATE INDEX tickets_sensitive_idx ON public.tickets (created_at, id)
    WHERE is_sensitive;
COMMENT ON INDEX public.tickets_sensitive_idx IS 'sensitive tickets by creation, for compliance';

CREATE INDEX tickets_search_idx ON public.tickets USING gin (search)
    WITH (gin_pending_list_limit = 1024);
COMMENT ON INDEX public.tickets_search_idx IS 'full-text search of title and description';

CREATE INDEX tickets_tags_idx ON public.tickets USING gin (tags);
COMMENT ON INDEX public.tickets_tags_idx IS 'tickets with any or all of some tags';

CREATE UNIQUE INDEX ticket_audit_seq_idx ON public.ticket_audit (ticket_id, seq)
    WHERE seq IS NOT NULL;
COMMENT ON INDEX public.ticket_audit_seq_idx IS 'timeline of one ticket; no number twice';

CREATE INDEX ticket_audit_actor_idx ON public.ticket_audit (actor_id, created_at);
COMMENT ON INDEX public.ticket_audit_actor_idx IS 'what one person did, by time';

CREATE INDEX ticket_audit_created_idx ON public.ticket_audit USING brin (created_at);
COMMENT ON INDEX public.ticket_audit_created_idx IS 'audit rows of a period, over all tickets';

CREATE INDEX ticket_watchers_user_idx ON public.ticket_watchers (user_id, ticket_id);
COMMENT ON INDEX public.ticket_watchers_user_idx IS 'tickets that one person watches';

CREATE INDEX ticket_attachments_id_idx ON public.ticket_attachments (id);
COMMENT ON INDEX public.ticket_attachments_id_idx IS 'one attachment by its id alone';

CREATE INDEX ticket_attachments_pending_idx ON public.ticket_attachments (created_at)
    WHERE status = 'pending';
COMMENT ON INDEX public.ticket_attachments_pending_idx IS 'orphan sweep: uploads never completed';

CREATE INDEX ticket_export_jobs_requester_idx ON public.ticket_export_jobs (requested_by_id, created_at, id);
COMMENT ON INDEX public.ticket_export_jobs_requester_idx IS 'one person''s export jobs, latest first';

CREATE INDEX ticket_export_jobs_unfinished_idx ON public.ticket_export_jobs (created_at)
    WHERE status IN ('pending', 'processing');
COMMENT ON INDEX public.ticket_export_jobs_unfinished_idx IS 'claiming the oldest job to be done or taken over';

CREATE INDEX idempotency_keys_created_idx ON public.idempotency_keys (created_at);
COMMENT ON INDEX public.idempotency_keys_created_idx IS 'purge of keys past their 24 hours';

CREATE INDEX staff_members_role_idx ON public.staff_members (role, user_id)
    WHERE active;
COMMENT ON INDEX public.staff_members_role_idx IS 'active staff of one role, for suggesting owners';

CREATE INDEX staff_members_franchises_idx ON public.staff_members USING gin (franchise_ids);
COMMENT ON INDEX public.staff_members_franchises_idx IS 'staff of one franchise';

CREATE INDEX saved_views_shared_idx ON public.saved_views (name, id)
    WHERE is_shared;
COMMENT ON INDEX public.saved_views_shared_idx IS 'views shared with everyone';

-- Escalation chains tie the three together: a role has next to no tickets of some priorities, or far more open ones than
-- its share. Taken as independent, the planner would read a whole order looking for the 26 rows of a page.
CREATE STATISTICS public.tickets_queue_statistics (mcv) ON owner_role, priority, status FROM public.tickets;
ALTER STATISTICS public.tickets_queue_statistics SET STATISTICS 300;
