-- One partition a day (UTC), made ahead of time and dropped whole: no vacuum, no long delete. Rows that
-- find no partition go to outbox_default, so a maintenance job that is down loses nothing.
--
-- Call it in a transaction of its own: dropping holds a lock that readers and writers wait for, short as
-- it is. A lock that is not free within a second is left for the next call.
CREATE FUNCTION public.outbox_maintain(ahead_days integer DEFAULT 3, retention interval DEFAULT '7 days')
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
COMMENT ON FUNCTION public.outbox_maintain IS
    'Makes the outbox partitions of today and the coming days, and drops those older than the retention';

SELECT * FROM public.outbox_maintain();
