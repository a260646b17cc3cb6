DROP TRIGGER ticket_attachments_audited ON public.ticket_attachments;
DROP TRIGGER ticket_attachment_audit ON public.ticket_attachments;
DROP FUNCTION public.ticket_attachment_audit();
DROP FUNCTION public.ticket_attachment_facts(public.ticket_attachments, boolean);
DROP TABLE public.object_deletions;
ALTER TABLE public.ticket_export_jobs
    DROP COLUMN expires_at,
    DROP COLUMN next_attempt_at,
    DROP COLUMN include_messages,
    ADD COLUMN cancel_requested boolean NOT NULL DEFAULT false,
    ADD COLUMN reason text;
