-- Back to tickets without a clock: the triggers of 0003, and none of the columns and tables of 0006.

CREATE OR REPLACE FUNCTION public.ticket_before_insert() RETURNS trigger
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

CREATE OR REPLACE FUNCTION public.ticket_before_update() RETURNS trigger
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

CREATE OR REPLACE FUNCTION public.ticket_after_insert() RETURNS trigger
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

CREATE OR REPLACE FUNCTION public.ticket_after_update() RETURNS trigger
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

DROP FUNCTION public.ticket_derived_columns();
DROP TABLE public.ticket_escalations;
ALTER TABLE public.tickets
    DROP COLUMN sla_put_off_until,
    DROP COLUMN sla_stale,
    DROP COLUMN sla_cycle,
    DROP COLUMN sla_next_escalation_at,
    DROP COLUMN sla_paused_at,
    DROP COLUMN sla_near_breach_notified,
    DROP COLUMN sla_near_breach_at,
    DROP COLUMN sla_changed_at;
DROP TRIGGER sla_config_keep_version ON public.sla_config;
DROP TRIGGER sla_config_first_version ON public.sla_config;
DROP TRIGGER sla_config_version ON public.sla_config;
DROP FUNCTION public.sla_config_keep_version();
DROP FUNCTION public.sla_config_first_version();
DROP FUNCTION public.sla_config_version();
DROP TABLE public.sla_policy_versions;
ALTER TABLE public.sla_config
    DROP CONSTRAINT sla_config_escalation_roles_check,
    DROP CONSTRAINT sla_config_paused_statuses_check,
    DROP COLUMN updated_by_id,
    DROP COLUMN calendar_version;
DROP TABLE public.sla_calendars;

CREATE OR REPLACE FUNCTION public.calculate_sla_due_at(
    priority public.ticket_priority, created_at timestamptz DEFAULT now()
) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN (
    SELECT $2 + make_interval(mins => policy.resolution_time_minutes)
    FROM public.sla_config AS policy
    WHERE policy.priority = $1
);
COMMENT ON FUNCTION public.calculate_sla_due_at IS
    'Resolution deadline of a ticket of this priority; NULL when no policy covers it';
