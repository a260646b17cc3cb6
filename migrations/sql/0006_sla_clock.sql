-- What the SLA clock rests on: versions of policies and calendars, its readings on each ticket, and each escalation.
--
-- Columns are added without a rewrite. Tickets that are there already are marked stale, and a sweep reads their clock
-- anew in batches.

CREATE TABLE public.sla_calendars (
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    display_name text NOT NULL,
    time_zone text NOT NULL,
    windows jsonb NOT NULL,
    holidays jsonb NOT NULL DEFAULT '[]',
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by_id text COLLATE "C" NOT NULL DEFAULT 'SYSTEM',
    CONSTRAINT sla_calendars_pkey PRIMARY KEY (id, version),
    CONSTRAINT sla_calendars_version_check CHECK (version > 0),
    CONSTRAINT sla_calendars_windows_check CHECK (jsonb_typeof(windows) = 'array' AND jsonb_array_length(windows) > 0),
    CONSTRAINT sla_calendars_holidays_check CHECK (jsonb_typeof(holidays) = 'array')
);
COMMENT ON TABLE public.sla_calendars IS
    'Business hours, every version. windows: [{"day": 1 (Monday) to 7, "opens": minute, "closes": minute up to 1440}]; '
    'holidays: [{"year": number or null for every year, "month", "day", "name"}]';

ALTER TABLE public.sla_config
    ADD COLUMN calendar_version integer,
    ADD COLUMN updated_by_id text COLLATE "C" NOT NULL DEFAULT 'SYSTEM',
    ADD CONSTRAINT sla_config_escalation_roles_check CHECK (
        escalation_chain <@ '["franchise_agent", "ops_agent", "ops_manager", "regional_manager", "hq_support",
            "ceo_oncall", "admin", "finance", "compliance_officer"]'
    ),
    ADD CONSTRAINT sla_config_paused_statuses_check CHECK (array_position(paused_statuses, NULL) IS NULL),
    ADD CONSTRAINT sla_config_calendar_fkey
        FOREIGN KEY (calendar_id, calendar_version) REFERENCES public.sla_calendars (id, version) MATCH FULL;

CREATE TABLE public.sla_policy_versions (
    priority public.ticket_priority NOT NULL,
    version integer NOT NULL,
    response_time_minutes integer NOT NULL,
    resolution_time_minutes integer NOT NULL,
    escalation_interval_minutes integer,
    escalation_chain jsonb NOT NULL,
    paused_statuses public.ticket_status[] NOT NULL,
    calendar_id text COLLATE "C",
    calendar_version integer,
    updated_at timestamptz NOT NULL,
    updated_by_id text COLLATE "C" NOT NULL,
    CONSTRAINT sla_policy_versions_pkey PRIMARY KEY (priority, version),
    CONSTRAINT sla_policy_versions_calendar_fkey
        FOREIGN KEY (calendar_id, calendar_version) REFERENCES public.sla_calendars (id, version) MATCH FULL
);
COMMENT ON TABLE public.sla_policy_versions IS 'Every version that sla_config has had, written by its trigger';

-- Whoever edits a policy, in psql too, makes a new version of it.
CREATE FUNCTION public.sla_config_version() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.calendar_id IS DISTINCT FROM OLD.calendar_id AND NEW.calendar_version IS NOT DISTINCT FROM OLD.calendar_version
    THEN
        NEW.calendar_version := (SELECT max(version) FROM public.sla_calendars WHERE id = NEW.calendar_id);
    END IF;
    NEW.version := OLD.version;
    NEW.updated_at := OLD.updated_at;
    NEW.updated_by_id := OLD.updated_by_id;
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.version := OLD.version + 1;
        NEW.updated_at := clock_timestamp();
        NEW.updated_by_id := (public.ticket_context()).actor_id;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER sla_config_version BEFORE UPDATE ON public.sla_config
FOR EACH ROW EXECUTE FUNCTION public.sla_config_version();

-- A policy that was deleted and made anew goes on with its numbers: tickets are pinned to the old ones.
CREATE FUNCTION public.sla_config_first_version() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := greatest(
        NEW.version,
        1 + (SELECT max(kept.version) FROM public.sla_policy_versions AS kept WHERE kept.priority = NEW.priority)
    );
    IF NEW.calendar_id IS NOT NULL AND NEW.calendar_version IS NULL THEN
        NEW.calendar_version := (SELECT max(version) FROM public.sla_calendars WHERE id = NEW.calendar_id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER sla_config_first_version BEFORE INSERT ON public.sla_config
FOR EACH ROW EXECUTE FUNCTION public.sla_config_first_version();

CREATE FUNCTION public.sla_config_keep_version() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.sla_policy_versions
    VALUES (
        NEW.priority, NEW.version, NEW.response_time_minutes, NEW.resolution_time_minutes,
        NEW.escalation_interval_minutes, NEW.escalation_chain, NEW.paused_statuses, NEW.calendar_id,
        NEW.calendar_version, NEW.updated_at, NEW.updated_by_id
    )
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER sla_config_keep_version AFTER INSERT OR UPDATE ON public.sla_config
FOR EACH ROW EXECUTE FUNCTION public.sla_config_keep_version();

INSERT INTO public.sla_policy_versions
SELECT
    priority, version, response_time_minutes, resolution_time_minutes, escalation_interval_minutes, escalation_chain,
    paused_statuses, calendar_id, calendar_version, updated_at, updated_by_id
FROM public.sla_config;

CREATE TRIGGER sla_policy_versions_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON public.sla_policy_versions
FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_statement('Tickets are pinned to policy versions.');

CREATE TRIGGER sla_calendars_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON public.sla_calendars
FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_statement('Policies are pinned to calendar versions.');

ALTER TABLE public.tickets
    ADD COLUMN sla_changed_at timestamptz,
    ADD COLUMN sla_near_breach_at timestamptz,
    ADD COLUMN sla_near_breach_notified boolean NOT NULL DEFAULT false,
    ADD COLUMN sla_paused_at timestamptz,
    ADD COLUMN sla_next_escalation_at timestamptz,
    ADD COLUMN sla_cycle integer NOT NULL DEFAULT 1,
    ADD COLUMN sla_stale boolean NOT NULL DEFAULT true,
    ADD COLUMN sla_put_off_until timestamptz;
ALTER TABLE public.tickets ALTER COLUMN sla_stale SET DEFAULT false;
COMMENT ON COLUMN public.tickets.sla_changed_at IS
    'When state, priority, policy version or level last changed: the instant the clock counts by, kept in the audit with each change';
COMMENT ON COLUMN public.tickets.sla_near_breach_at IS 'When a fifth of the resolution time is left';
COMMENT ON COLUMN public.tickets.sla_near_breach_notified IS 'SLA_NEAR_BREACH was made, and sla_near_breach_at has not moved into the future since';
COMMENT ON COLUMN public.tickets.sla_paused_at IS
    'Since when the state stops the clock; NULL while it runs. The deadline is then the one as if it went on at once';
COMMENT ON COLUMN public.tickets.sla_next_escalation_at IS 'When the sweep has to move it up next; NULL for never as things are';
COMMENT ON COLUMN public.tickets.sla_cycle IS '1 from creation, one more with each reopening; levels count from 0 in each';
COMMENT ON COLUMN public.tickets.sla_stale IS
    'Somebody in psql changed what the clock rests on: the columns above and the deadlines wait to be derived anew';

COMMENT ON COLUMN public.tickets.sla_put_off_until IS
    'Until when sweeps leave it alone for which something failed on it, so that it does not stand in the way of others';

CREATE TABLE public.ticket_escalations (
    ticket_id text COLLATE "C" NOT NULL,
    cycle integer NOT NULL,
    level integer NOT NULL,
    from_role text COLLATE "C",
    to_role text COLLATE "C",
    due_at timestamptz,
    escalated_at timestamptz NOT NULL,
    automatic boolean NOT NULL,
    actor_id text COLLATE "C" NOT NULL,
    reason text,
    CONSTRAINT ticket_escalations_pkey PRIMARY KEY (ticket_id, cycle, level),
    CONSTRAINT ticket_escalations_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets (id)
);
COMMENT ON TABLE public.ticket_escalations IS
    'Each move up the chain, written by trigger in the transaction that makes it. The primary key is what makes it once';
COMMENT ON COLUMN public.ticket_escalations.due_at IS 'The instant that had passed; NULL for an escalation by hand';

INSERT INTO public.ticket_escalations
SELECT
    ticket_id, 1, (payload -> 'new' ->> 'sla_escalation_level')::int, payload -> 'old' ->> 'owner_role',
    payload -> 'new' ->> 'owner_role', NULL, created_at, action = 'AUTO_ESCALATED', actor_id, payload ->> 'reason'
FROM public.ticket_audit
WHERE (payload -> 'old' ->> 'sla_escalation_level')::int < (payload -> 'new' ->> 'sla_escalation_level')::int
ON CONFLICT DO NOTHING;

CREATE TRIGGER ticket_escalations_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON public.ticket_escalations
FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_statement('An escalation stays made.');

-- Columns that follow from the audited ones; server/domain/sla_clock.py derives them.
CREATE FUNCTION public.ticket_derived_columns() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{sla_near_breach_at,sla_paused_at,sla_next_escalation_at,sla_stale,sla_put_off_until}'::text[];

CREATE OR REPLACE FUNCTION public.ticket_before_insert() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    policy record;
BEGIN
    NEW.version := 1;
    NEW.sla_changed_at := coalesce(NEW.sla_changed_at, NEW.created_at);
    IF NEW.sla_due_at IS NULL OR NEW.first_response_due_at IS NULL OR NEW.sla_policy_version IS NULL THEN
        SELECT sla.version, make_interval(mins => sla.response_time_minutes) AS response,
            make_interval(mins => sla.resolution_time_minutes) AS resolution, sla.calendar_id, sla.paused_statuses
        INTO policy
        FROM public.sla_config AS sla
        WHERE sla.priority = NEW.priority;
        NEW.sla_due_at := coalesce(NEW.sla_due_at, NEW.created_at + policy.resolution);
        NEW.first_response_due_at := coalesce(NEW.first_response_due_at, NEW.created_at + policy.response);
        NEW.sla_policy_version := coalesce(NEW.sla_policy_version, policy.version);
        -- Business hours are the domain's to count.
        NEW.sla_stale := policy.calendar_id IS NOT NULL;
        IF NEW.status IN ('RESOLVED', 'CLOSED') OR NEW.status = ANY (policy.paused_statuses) THEN
            NEW.sla_paused_at := coalesce(NEW.sla_paused_at, NEW.sla_changed_at);
        END IF;
    END IF;
    IF NEW.sla_near_breach_at IS NULL AND isfinite(NEW.sla_due_at) THEN
        NEW.sla_near_breach_at := NEW.sla_due_at - (NEW.sla_due_at - NEW.created_at) / 5;
    END IF;
    IF NEW.sla_next_escalation_at IS NULL AND NOT NEW.sla_breached AND NEW.sla_paused_at IS NULL
        AND NEW.status NOT IN ('RESOLVED', 'CLOSED') AND isfinite(NEW.sla_due_at)
    THEN
        NEW.sla_next_escalation_at := NEW.sla_due_at;
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
    -- The application moves sla_changed_at with each of these. Whoever does not has not read the clock either.
    IF (NEW.status, NEW.priority, NEW.sla_policy_version, NEW.sla_escalation_level) IS DISTINCT FROM
        (OLD.status, OLD.priority, OLD.sla_policy_version, OLD.sla_escalation_level)
        AND NEW.sla_changed_at IS NOT DISTINCT FROM OLD.sla_changed_at
    THEN
        NEW.sla_changed_at := greatest(clock_timestamp(), OLD.sla_changed_at + interval '1 microsecond');
        NEW.sla_stale := true;
        IF NEW.priority <> OLD.priority AND NEW.sla_policy_version IS NOT DISTINCT FROM OLD.sla_policy_version THEN
            NEW.sla_policy_version := (SELECT sla.version FROM public.sla_config AS sla WHERE sla.priority = NEW.priority);
        END IF;
        IF NEW.status = 'REOPENED' AND OLD.status IN ('RESOLVED', 'CLOSED') AND NEW.sla_cycle = OLD.sla_cycle THEN
            NEW.sla_cycle := OLD.sla_cycle + 1;
            NEW.sla_escalation_level := 0;
        END IF;
        -- Nobody derives it while it is done, so this is its final record. The deadline is the one that was derived.
        IF NEW.status IN ('RESOLVED', 'CLOSED') AND OLD.status NOT IN ('RESOLVED', 'CLOSED')
            AND NOT OLD.sla_stale AND OLD.sla_paused_at IS NULL AND OLD.sla_due_at <= NEW.sla_changed_at
            AND (NEW.priority, NEW.sla_policy_version) IS NOT DISTINCT FROM (OLD.priority, OLD.sla_policy_version)
        THEN
            NEW.sla_breached := true;
        END IF;
        becomes := NEW;
        becomes.search := NULL;
    END IF;
    -- Its row in ticket_escalations would refuse the next one, and the ticket could never move up again.
    IF (NEW.sla_cycle, NEW.sla_escalation_level) < (OLD.sla_cycle, OLD.sla_escalation_level) THEN
        RAISE EXCEPTION 'an escalation stays made: a level does not go down within its cycle, nor a cycle'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at);
    becomes.first_responded_at := OLD.first_responded_at;
    becomes.sla_near_breach_at := OLD.sla_near_breach_at;
    becomes.sla_paused_at := OLD.sla_paused_at;
    becomes.sla_next_escalation_at := OLD.sla_next_escalation_at;
    becomes.sla_stale := OLD.sla_stale;
    becomes.sla_put_off_until := OLD.sla_put_off_until;
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
            jsonb_strip_nulls(
                to_jsonb(NEW) - '{version,updated_at,metadata}'::text[] - public.ticket_derived_columns()
            )
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
    due_at CONSTANT timestamptz := OLD.sla_next_escalation_at;
    was jsonb;
    payload jsonb;
BEGIN
    OLD.search := NULL;
    NEW.search := NULL;
    NEW.version := OLD.version;
    NEW.updated_at := OLD.updated_at;
    NEW.first_responded_at := OLD.first_responded_at;
    NEW.sla_near_breach_at := OLD.sla_near_breach_at;
    NEW.sla_paused_at := OLD.sla_paused_at;
    NEW.sla_next_escalation_at := OLD.sla_next_escalation_at;
    NEW.sla_stale := OLD.sla_stale;
    NEW.sla_put_off_until := OLD.sla_put_off_until;
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
            WHEN NEW.first_response_breached AND NOT OLD.first_response_breached THEN 'FIRST_RESPONSE_BREACHED'
            ELSE 'TICKET_UPDATED'
        END,
        payload
        || jsonb_strip_nulls(jsonb_build_object('reason', context.reason, 'request_id', context.request_id))
    );

    IF NEW.sla_escalation_level > OLD.sla_escalation_level THEN
        INSERT INTO public.ticket_escalations
        VALUES (
            NEW.id, NEW.sla_cycle, NEW.sla_escalation_level, OLD.owner_role, NEW.owner_role,
            CASE WHEN context.action = 'AUTO_ESCALATED' THEN due_at END,
            NEW.sla_changed_at, coalesce(context.action = 'AUTO_ESCALATED', false),
            context.actor_id, context.reason
        );
    END IF;
    RETURN NULL;
END
$$;

-- Business hours are the domain's to count: an answer that leaves them out would be wrong.
CREATE OR REPLACE FUNCTION public.calculate_sla_due_at(
    priority public.ticket_priority, created_at timestamptz DEFAULT now()
) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN (
    SELECT $2 + make_interval(mins => policy.resolution_time_minutes)
    FROM public.sla_config AS policy
    WHERE policy.priority = $1 AND policy.calendar_id IS NULL
);
COMMENT ON FUNCTION public.calculate_sla_due_at IS
    'Resolution deadline of a ticket of this priority; NULL when no policy covers it, or one that keeps business hours';
