-- SLA arithmetic for people with psql. The domain's clock is the authority; these agree with it for
-- round-the-clock policies. Minutes are added as exact time, so daylight saving changes nothing.

CREATE FUNCTION public.calculate_sla_due_at(
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

CREATE FUNCTION public.get_sla_status(
    sla_due_at timestamptz, status public.ticket_status, window_start timestamptz, at timestamptz
) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN $2 IN ('RESOLVED', 'CLOSED') THEN 'completed'
    WHEN $1 IS NULL THEN 'no_sla'
    WHEN $4 >= $1 THEN 'breached'
    WHEN NOT isfinite($1) THEN 'on_track'
    WHEN ($1 - $4) * 5 <= $1 - coalesce($3, $1 - interval '24 hours') THEN 'near_breach'
    ELSE 'on_track'
END;
COMMENT ON FUNCTION public.get_sla_status(timestamptz, public.ticket_status, timestamptz, timestamptz) IS
    'SLA status at a given moment. Breached from the deadline itself on; near_breach when at most one fifth of '
    'the window [window_start, sla_due_at] is left, that moment included; a NULL start means 24 hours before';

CREATE FUNCTION public.get_sla_status(
    sla_due_at timestamptz, status public.ticket_status, window_start timestamptz DEFAULT NULL
) RETURNS text
LANGUAGE sql STABLE
RETURN public.get_sla_status($1, $2, $3, now());
COMMENT ON FUNCTION public.get_sla_status(timestamptz, public.ticket_status, timestamptz) IS
    'SLA status now, where now is the start of the transaction';
