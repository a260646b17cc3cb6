-- Attachments are audited whoever changes them; exports know when to try again and when their file ends; what is to be
-- deleted from the object store is written down in the transaction that makes it superfluous.

ALTER TABLE public.ticket_export_jobs
    DROP COLUMN reason,
    DROP COLUMN cancel_requested,
    ADD COLUMN include_messages boolean NOT NULL DEFAULT false,
    ADD COLUMN next_attempt_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN expires_at timestamptz;
COMMENT ON COLUMN public.ticket_export_jobs.attempts IS
    'How often it was taken up; whoever has it writes only while this is the number of his own attempt';
COMMENT ON COLUMN public.ticket_export_jobs.next_attempt_at IS 'While pending: not taken up before';
COMMENT ON COLUMN public.ticket_export_jobs.expires_at IS 'When the file is deleted; object_key is NULL afterwards';

CREATE TABLE public.object_deletions (
    object_key text COLLATE "C" NOT NULL,
    delete_after timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT object_deletions_pkey PRIMARY KEY (object_key)
);
COMMENT ON TABLE public.object_deletions IS
    'Objects of the store that nothing refers to, or will once their writer is known to be dead. Whoever decides to keep
one deletes its row, and has lost the object when there is none, or one with attempts';
COMMENT ON COLUMN public.object_deletions.attempts IS
    'How often its deletion was begun, counted before the store is asked; from the first on nobody may keep the object';
COMMENT ON COLUMN public.object_deletions.delete_after IS
    'When it is deleted or, once that was begun, begun again unless the row is gone by then';

CREATE INDEX object_deletions_due_idx ON public.object_deletions (delete_after);
COMMENT ON INDEX public.object_deletions_due_idx IS 'what is to be deleted by now';

-- A file joins the ticket when its upload is complete. Its name and hash stay out of the audit where they are protected.
CREATE FUNCTION public.ticket_attachment_facts(attachment public.ticket_attachments, withheld boolean) RETURNS jsonb
LANGUAGE sql STABLE
RETURN CASE WHEN (attachment).status = 'completed' THEN jsonb_strip_nulls(jsonb_build_object(
    'attachment_id', (attachment).id,
    'uploaded_by_id', (attachment).uploaded_by_id,
    'file_type', (attachment).file_type,
    'file_size_bytes', (attachment).file_size_bytes,
    'is_sensitive', (attachment).is_sensitive,
    'file_name', CASE WHEN NOT withheld THEN (attachment).file_name END,
    'sha256', CASE WHEN NOT withheld THEN encode((attachment).checksum_sha256, 'hex') END
)) END;

CREATE FUNCTION public.ticket_attachment_audit() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    withheld CONSTANT boolean := coalesce(OLD.is_sensitive, false) OR coalesce(NEW.is_sensitive, false) OR EXISTS (
        SELECT FROM public.tickets AS ticket
        WHERE ticket.id IN (OLD.ticket_id, NEW.ticket_id) AND ticket.is_sensitive
    );
    was CONSTANT jsonb := public.ticket_attachment_facts(OLD, withheld);
    becomes CONSTANT jsonb := public.ticket_attachment_facts(NEW, withheld);
BEGIN
    IF OLD IS DISTINCT FROM NEW AND (was IS NOT NULL OR becomes IS NOT NULL) THEN
        INSERT INTO public.ticket_audit (ticket_id, action, payload)
        VALUES (
            coalesce(OLD.ticket_id, NEW.ticket_id),
            CASE
                WHEN was IS NULL THEN 'ATTACHMENT_ADDED'
                WHEN becomes IS NULL THEN 'ATTACHMENT_REMOVED'
                ELSE 'ATTACHMENT_CHANGED'
            END,
            jsonb_strip_nulls(jsonb_build_object('old', was, 'new', becomes))
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER ticket_attachment_audit AFTER INSERT OR UPDATE OR DELETE ON public.ticket_attachments
FOR EACH ROW EXECUTE FUNCTION public.ticket_attachment_audit();

CREATE TRIGGER ticket_attachments_audited BEFORE TRUNCATE ON public.ticket_attachments
FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_statement('Attachments are removed one by one, and audited.');
