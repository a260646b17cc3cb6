-- Who did it, what changed, and the proof: context, hash chain, per-ticket numbers, outbox.
--
-- Functions name every table with its schema and run with the caller's rights, so no search_path can
-- redirect them. They use no dynamic SQL and no exception blocks (each would be a subtransaction).

-- The transaction-local setting tickets.context, a JSON object. It may be typed by hand: whatever is
-- not understood counts as absent and never stops the write. An actor counts only with its role.
CREATE FUNCTION public.ticket_context(
    OUT actor_id text, OUT actor_role text, OUT ip_address inet, OUT reason text, OUT action text,
    OUT request_id text
)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    setting CONSTANT text := current_setting('tickets.context', true);
    context jsonb;
BEGIN
    IF setting <> '' AND pg_input_is_valid(setting, 'jsonb') THEN
        context := setting::jsonb;
        actor_id := nullif(context ->> 'actor_id', '');
        actor_role := nullif(context ->> 'actor_role', '');
        reason := nullif(context ->> 'reason', '');
        action := nullif(context ->> 'action', '');
        request_id := nullif(context ->> 'request_id', '');
        IF pg_input_is_valid(context ->> 'ip_address', 'inet') THEN
            ip_address := (context ->> 'ip_address')::inet;
        END IF;
    END IF;
    IF actor_id IS NULL OR actor_role IS NULL THEN
        actor_id := 'SYSTEM';
        actor_role := 'system';
    END IF;
END
$$;

CREATE FUNCTION public.netstring(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(octet_length($1) || ':' || $1 || ',', '~');

-- server/domain/audit_chain.py computes the same from the same text. STABLE, because convert_to is: only
-- then does the planner put the body in place of the call, which makes it several times faster.
CREATE FUNCTION public.ticket_audit_hash(
    ticket_id text, chain_no bigint, seq bigint, actor_id text, actor_role text, action text, payload text,
    ip_address text, created_at timestamptz, prev_hash bytea
) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(convert_to(
    '2:v1,'
    || public.netstring($1)
    || public.netstring($2::text)
    || public.netstring($3::text)
    || public.netstring($4)
    || public.netstring($5)
    || public.netstring($6)
    || public.netstring($7)
    || public.netstring($8)
    || public.netstring((extract(epoch FROM $9) * 1000000)::bigint::text)
    || public.netstring(encode($10, 'hex')),
    'UTF8'
));

-- Numbers, dates, hashes and publishes one audit row. The head's row lock puts writers of one ticket in
-- turn, and a rollback takes its numbers back with it: no gap, no fork. created_at never runs backwards.
CREATE FUNCTION public.ticket_audit_chain() RETURNS trigger
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

CREATE TRIGGER ticket_audit_chain BEFORE INSERT ON public.ticket_audit
FOR EACH ROW EXECUTE FUNCTION public.ticket_audit_chain();

-- A message takes its place in the timeline, is published, and leaves a trace in the audit without its text.
CREATE FUNCTION public.ticket_message_sequence() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    at CONSTANT timestamptz := clock_timestamp();
BEGIN
    INSERT INTO public.ticket_timeline_heads AS head (ticket_id, last_seq, last_at)
    VALUES (NEW.ticket_id, 1, at)
    ON CONFLICT (ticket_id) DO UPDATE SET
        last_seq = head.last_seq + 1,
        last_at = greatest(head.last_at, at)
    RETURNING last_seq, coalesce(NEW.created_at, last_at) INTO NEW.seq, NEW.created_at;

    INSERT INTO public.outbox (ticket_id, seq, kind, event_type, payload)
    VALUES (
        NEW.ticket_id, NEW.seq, 'message', 'MESSAGE_ADDED',
        jsonb_build_object(
            'actor_id', NEW.actor_id, 'actor_role', NEW.actor_role, 'message_id', NEW.id,
            'is_internal_note', NEW.is_internal_note
        )
    );
    INSERT INTO public.ticket_audit (ticket_id, action, payload)
    VALUES (
        NEW.ticket_id, 'MESSAGE_ADDED',
        jsonb_build_object(
            'new', jsonb_build_object('message_id', NEW.id, 'is_internal_note', NEW.is_internal_note)
        )
    );
    RETURN NEW;
END
$$;

CREATE TRIGGER ticket_message_sequence BEFORE INSERT ON public.ticket_messages
FOR EACH ROW EXECUTE FUNCTION public.ticket_message_sequence();

-- Deadlines for whoever inserts without them, people in psql among them.
CREATE FUNCTION public.ticket_before_insert() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    policy record;
BEGIN
    NEW.version := 1;
    IF NEW.sla_due_at IS NULL OR NEW.first_response_due_at IS NULL OR NEW.sla_policy_version IS NULL THEN
        SELECT sla.version, make_interval(mins => sla.response_time_minutes) AS response,
            make_interval(mins => sla.resolution_time_minutes) AS resolution
        INTO policy
        FROM public.sla_config AS sla
        WHERE sla.priority = NEW.priority;
        NEW.sla_due_at := coalesce(NEW.sla_due_at, NEW.created_at + policy.resolution);
        NEW.first_response_due_at := coalesce(NEW.first_response_due_at, NEW.created_at + policy.response);
        NEW.sla_policy_version := coalesce(NEW.sla_policy_version, policy.version);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER ticket_before_insert BEFORE INSERT ON public.tickets
FOR EACH ROW EXECUTE FUNCTION public.ticket_before_insert();

-- version counts audited changes, updated_at dates all changes. Whatever is not named here as
-- bookkeeping is audited, so that a column added later is audited unless somebody decides otherwise.
CREATE FUNCTION public.ticket_before_update() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    was public.tickets := OLD;
    becomes public.tickets;
BEGIN
    IF NEW.id IS DISTINCT FROM OLD.id OR NEW.created_at IS DISTINCT FROM OLD.created_at THEN
        RAISE EXCEPTION 'a ticket keeps its id and created_at' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    NEW.version := OLD.version;
    NEW.updated_at := OLD.updated_at;
    was.search := NULL;
    becomes := NEW;
    becomes.search := NULL;
    IF becomes IS NOT DISTINCT FROM was THEN
        RETURN NEW;
    END IF;
    NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at);
    becomes.first_responded_at := OLD.first_responded_at;
    becomes.first_response_breached := OLD.first_response_breached;
    IF becomes IS DISTINCT FROM was THEN
        NEW.version := OLD.version + 1;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER ticket_before_update BEFORE UPDATE ON public.tickets
FOR EACH ROW EXECUTE FUNCTION public.ticket_before_update();

CREATE FUNCTION public.ticket_after_insert() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    context CONSTANT record := public.ticket_context();
BEGIN
    NEW.search := NULL;
    INSERT INTO public.ticket_audit (ticket_id, actor_id, actor_role, ip_address, action, payload)
    VALUES (
        NEW.id, context.actor_id, context.actor_role, context.ip_address, 'TICKET_CREATED',
        -- metadata goes round the stripping: a null inside it is the caller's own.
        jsonb_build_object(
            'new',
            jsonb_strip_nulls(to_jsonb(NEW) - '{version,updated_at,metadata}'::text[])
            || jsonb_build_object('metadata', NEW.metadata)
        )
        || jsonb_strip_nulls(jsonb_build_object('reason', context.reason, 'request_id', context.request_id))
    );
    RETURN NULL;
END
$$;

CREATE TRIGGER ticket_after_insert AFTER INSERT ON public.tickets
FOR EACH ROW EXECUTE FUNCTION public.ticket_after_insert();

CREATE FUNCTION public.ticket_after_update() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    context CONSTANT record := public.ticket_context();
    was jsonb;
    payload jsonb;
BEGIN
    OLD.search := NULL;
    NEW.search := NULL;
    NEW.version := OLD.version;
    NEW.updated_at := OLD.updated_at;
    NEW.first_responded_at := OLD.first_responded_at;
    NEW.first_response_breached := OLD.first_response_breached;
    was := to_jsonb(OLD);
    SELECT jsonb_build_object(
        'old', jsonb_object_agg(field.key, was -> field.key), 'new', jsonb_object_agg(field.key, field.value)
    )
    INTO payload
    FROM jsonb_each(to_jsonb(NEW)) AS field
    WHERE field.value <> was -> field.key;

    INSERT INTO public.ticket_audit (ticket_id, actor_id, actor_role, ip_address, action, payload)
    VALUES (
        NEW.id, context.actor_id, context.actor_role, context.ip_address,
        CASE
            WHEN context.action IS NOT NULL THEN context.action
            WHEN NEW.status <> OLD.status THEN 'STATUS_CHANGED'
            WHEN (NEW.owner_id, NEW.owner_role, NEW.assigned_franchise_id)
                IS DISTINCT FROM (OLD.owner_id, OLD.owner_role, OLD.assigned_franchise_id)
                THEN 'ASSIGNMENT_CHANGED'
            WHEN NEW.archived AND NOT OLD.archived THEN 'TICKET_ARCHIVED'
            WHEN OLD.archived AND NOT NEW.archived THEN 'TICKET_UNARCHIVED'
            ELSE 'TICKET_UPDATED'
        END,
        payload
        || jsonb_strip_nulls(jsonb_build_object('reason', context.reason, 'request_id', context.request_id))
    );
    RETURN NULL;
END
$$;

CREATE TRIGGER ticket_after_update AFTER UPDATE ON public.tickets
FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION public.ticket_after_update();

-- Watching makes a ticket visible to the watcher, so it is audited whoever brings it about.
CREATE FUNCTION public.ticket_watcher_audit() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := jsonb_build_object('watching', false);
    becomes jsonb := jsonb_build_object('watching', false);
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := to_jsonb(OLD) - '{ticket_id,created_at}'::text[] || '{"watching": true}';
    END IF;
    IF TG_OP <> 'DELETE' THEN
        becomes := to_jsonb(NEW) - '{ticket_id,created_at}'::text[] || '{"watching": true}';
    END IF;
    IF was IS DISTINCT FROM becomes THEN
        INSERT INTO public.ticket_audit (ticket_id, action, payload)
        VALUES (
            coalesce(NEW.ticket_id, OLD.ticket_id), 'WATCH_CHANGED',
            jsonb_build_object(
                'old', was || jsonb_build_object('user_id', coalesce(OLD.user_id, NEW.user_id)),
                'new', becomes || jsonb_build_object('user_id', coalesce(NEW.user_id, OLD.user_id))
            )
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER ticket_watcher_audit AFTER INSERT OR UPDATE OR DELETE ON public.ticket_watchers
FOR EACH ROW EXECUTE FUNCTION public.ticket_watcher_audit();

-- Statement-level, so that even a statement that would touch no row is refused.
CREATE FUNCTION public.refuse_statement() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = TG_ARGV[0];
END
$$;

CREATE TRIGGER ticket_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.ticket_audit
FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_statement('The audit trail is append-only.');

CREATE TRIGGER ticket_messages_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.ticket_messages
FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_statement('The timeline is append-only.');

CREATE TRIGGER ticket_timeline_heads_kept BEFORE DELETE OR TRUNCATE ON public.ticket_timeline_heads
FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_statement('The end of an audit chain is part of its proof.');

CREATE TRIGGER ticket_watchers_audited BEFORE TRUNCATE ON public.ticket_watchers
FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_statement('Watchers are removed one by one, and audited.');

CREATE TRIGGER tickets_kept BEFORE DELETE OR TRUNCATE ON public.tickets
FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_statement('Tickets are archived, never deleted.');
