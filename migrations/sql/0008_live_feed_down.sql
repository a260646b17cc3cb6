CREATE OR REPLACE FUNCTION public.outbox_maintain(ahead_days integer DEFAULT 3, retention interval DEFAULT '7 days')
RETURNS TABLE (partition_name text, change text)
LANGUAGE plpgsql
SET lock_timeout = '1s'
SET timezone = 'UTC'
AS $$
DECLARE
    today CONSTANT date := current_date;
    first_kept CONSTANT date := (now() - retention)::date;
    day date;
BEGIN
    FOR day IN SELECT generate_series(today, today + ahead_days, interval '1 day')::date LOOP
        partition_name := 'outbox_p' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('public.' || partition_name) IS NOT NULL;
        BEGIN
            -- Attaching takes a weaker lock than CREATE TABLE ... PARTITION OF; writers go on meanwhile,
            -- except into the default partition, which is empty unless this function was not called in time.
            EXECUTE format('CREATE TABLE public.%I (LIKE public.outbox INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition_name);
            LOCK TABLE public.outbox_default IN ACCESS EXCLUSIVE MODE;
            EXECUTE format(
                'WITH moved AS ('
                '    DELETE FROM public.outbox_default WHERE created_at >= %L AND created_at < %L RETURNING *'
                ') INSERT INTO public.%I SELECT * FROM moved',
                day::timestamptz, (day + 1)::timestamptz, partition_name
            );
            EXECUTE format(
                'ALTER TABLE public.outbox ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                partition_name, day::timestamptz, (day + 1)::timestamptz
            );
            change := 'created';
        EXCEPTION
            WHEN lock_not_available THEN change := 'postponed';
            WHEN duplicate_table THEN change := 'created elsewhere';
        END;
        RETURN NEXT;
    END LOOP;

    FOR partition_name IN
        SELECT child.relname
        FROM pg_inherits AS link
        JOIN pg_class AS child ON child.oid = link.inhrelid
        WHERE link.inhparent = 'public.outbox'::regclass
            AND child.relname ~ '^outbox_p[0-9]{8}$'
            AND child.relname < 'outbox_p' || to_char(first_kept, 'YYYYMMDD')
        ORDER BY child.relname
    LOOP
        BEGIN
            EXECUTE format('DROP TABLE public.%I', partition_name);
            change := 'dropped';
        EXCEPTION
            WHEN lock_not_available THEN change := 'postponed';
            WHEN undefined_table THEN change := 'dropped elsewhere';
        END;
        RETURN NEXT;
    END LOOP;

    DELETE FROM public.outbox_default WHERE created_at < first_kept::timestamptz;
END
$$;
CREATE OR REPLACE FUNCTION public.ticket_audit_chain() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    at CONSTANT timestamptz := clock_timestamp();
    step CONSTANT int := CASE
        WHEN NEW.action IN ('MESSAGE_ADDED', 'SENSITIVE_VIEWED', 'WATCH_CHANGED') THEN 0 ELSE 1
    END;
    payload CONSTANT text := NEW.payload::text;
    ip_address text;
BEGIN
    IF NEW.actor_id IS NULL OR NEW.actor_role IS NULL THEN
        SELECT context.actor_id, context.actor_role, coalesce(NEW.ip_address, context.ip_address)
        INTO NEW.actor_id, NEW.actor_role, NEW.ip_address
        FROM public.ticket_context() AS context;
    END IF;
    ip_address := NEW.ip_address::text;

    INSERT INTO public.ticket_timeline_heads AS head (ticket_id, last_seq, last_chain_no, last_at, last_hash)
    VALUES (
        NEW.ticket_id, step, 1, at,
        public.ticket_audit_hash(
            NEW.ticket_id, 1, nullif(step, 0), NEW.actor_id, NEW.actor_role, NEW.action, payload, ip_address,
            at, NULL
        )
    )
    ON CONFLICT (ticket_id) DO UPDATE SET
        last_seq = head.last_seq + step,
        last_chain_no = head.last_chain_no + 1,
        last_at = greatest(head.last_at, at),
        last_hash = public.ticket_audit_hash(
            NEW.ticket_id, head.last_chain_no + 1, CASE WHEN step = 1 THEN head.last_seq + 1 END,
            NEW.actor_id, NEW.actor_role, NEW.action, payload, ip_address, greatest(head.last_at, at),
            head.last_hash
        )
    RETURNING WITH (OLD AS before, NEW AS after)
        after.last_chain_no, CASE WHEN step = 1 THEN after.last_seq END, after.last_at, before.last_hash,
        after.last_hash
    INTO NEW.chain_no, NEW.seq, NEW.created_at, NEW.prev_hash, NEW.hash;

    IF NEW.seq IS NOT NULL THEN
        INSERT INTO public.outbox (ticket_id, seq, kind, event_type, payload)
        VALUES (
            NEW.ticket_id, NEW.seq, 'audit', NEW.action,
            jsonb_build_object('actor_id', NEW.actor_id, 'actor_role', NEW.actor_role, 'chain_no', NEW.chain_no)
        );
    END IF;
    RETURN NEW;
END
$$;

DROP TABLE public.outbox_horizon;

-- Nobody of that time has a use for these rows. The rest of the outbox is looked through under the lock, which it is
-- small enough for: a week of events.
LOCK TABLE public.outbox IN ACCESS EXCLUSIVE MODE;
DELETE FROM public.outbox WHERE kind = 'watch';
ALTER TABLE public.outbox
    DROP CONSTRAINT outbox_seq_check,
    DROP CONSTRAINT outbox_kind_check,
    ADD CONSTRAINT outbox_kind_check CHECK (kind IN ('message', 'audit')),
    ALTER COLUMN seq SET NOT NULL;
COMMENT ON COLUMN public.outbox.seq IS NULL;
