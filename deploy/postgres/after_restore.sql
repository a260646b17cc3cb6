-- Once, in a database that comes from a backup, before the first server or worker starts on it; for a dump and for a base
-- backup alike. docs/operations.md says when and why. psql, as the owner of the tables, not through PgBouncer:
--
--     psql --set ON_ERROR_STOP=1 --file deploy/postgres/after_restore.sql "$TICKETS_DATABASE_URL"
--
-- How much may have been written after the backup and is lost, generously:
--     --set lost_tickets=N (100000)   --set lost_transactions=N (1000000)

\if :{?lost_tickets}
\else
    \set lost_tickets 100000
\endif
\if :{?lost_transactions}
\else
    \set lost_transactions 1000000
\endif

-- Transaction ids that the lost time has used are used up: a cursor of that time would otherwise be taken for one of this
-- time, and its client would miss what happens until then. A million takes some seconds. After a dump the ids begin anew;
-- where they are further behind than 10 million, cursors of then stay ahead of them for as long as they last.
SET synchronous_commit = off;
SELECT set_config('tickets.lost_transactions', :'lost_transactions', false) \g /dev/null
DO $$
DECLARE
    used bigint;
    id bigint := pg_current_xact_id()::text::bigint;
BEGIN
    SELECT max(place.xid::text::bigint) + current_setting('tickets.lost_transactions')::bigint INTO used
    FROM (
        SELECT xid FROM public.outbox_cursors
        UNION ALL SELECT xid FROM public.outbox_horizon
        UNION ALL (SELECT xid FROM public.outbox ORDER BY outbox.xid DESC LIMIT 1)
    ) AS place;
    used := greatest(used, id + current_setting('tickets.lost_transactions')::bigint);
    IF used - id > 10000000 THEN
        used := id + current_setting('tickets.lost_transactions')::bigint;
    END IF;
    WHILE id < used LOOP
        COMMIT;
        id := pg_current_xact_id()::text::bigint;
    END LOOP;
END
$$;
RESET synchronous_commit;

BEGIN;

-- The outbox is read in the order of transaction ids. What nobody had read at the time of the backup, and what was passed
-- over, is put in again under ids of this cluster.
CREATE TEMPORARY TABLE unread ON COMMIT DROP AS
    SELECT event.ticket_id, event.seq, event.kind, event.event_type, event.created_at, event.payload
    FROM public.outbox AS event
    WHERE EXISTS (
            SELECT FROM public.outbox_cursors AS place
            WHERE place.consumer = 'relay' AND (event.xid, event.id) > (place.xid, place.id)
        )
        OR EXISTS (
            SELECT FROM public.outbox_failures AS failure
            WHERE failure.resolved_at IS NULL AND failure.xid = event.xid AND failure.id = event.id
        )
    ORDER BY event.xid, event.id;
UPDATE public.outbox_failures SET resolved_at = now() WHERE resolved_at IS NULL;
TRUNCATE public.outbox;
INSERT INTO public.outbox (ticket_id, seq, kind, event_type, created_at, payload)
    SELECT ticket_id, seq, kind, event_type, created_at, payload FROM unread;

-- The relay goes on before the first of them. No live stream goes on from a cursor of the time before: what happened
-- after the backup is gone, so its client has to list again.
UPDATE public.outbox_cursors SET xid = pg_current_xact_id(), id = 0, updated_at = now();
UPDATE public.outbox_horizon SET xid = pg_current_xact_id(), id = 0;

-- Numbers that tickets were given after the backup stand in mails and in other systems: they are not given out again.
SELECT setval('public.ticket_number_seq', last_value + :lost_tickets) AS last_ticket_number
FROM public.ticket_number_seq;

SELECT count(*) AS events_to_be_read_again FROM public.outbox;

COMMIT;
