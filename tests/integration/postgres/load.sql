-- Rows enough for the planner to want indexes, spread as in life: most tickets are done, few are sensitive.
-- Loaded behind the triggers, which have tests of their own.
SET session_replication_role = replica;
SELECT setseed(0.5);

INSERT INTO tickets (
    id, title, description, created_by_id, created_by_role, owner_id, owner_role, assigned_franchise_id, priority,
    status, linked_type, linked_id, sla_due_at, sla_escalation_level, sla_breached, first_response_due_at,
    first_responded_at, tags, is_sensitive, archived, created_at, updated_at, resolved_at, sla_changed_at,
    sla_near_breach_at, sla_near_breach_notified, sla_paused_at, sla_next_escalation_at, sla_stale
)
SELECT
    'TKT-' || n,
    (ARRAY['Shipment delayed on the way', 'Truck document expired', 'Delivery proof mismatch'])[1 + n % 3]
        || CASE WHEN n % 50 = 0 THEN ', payment issue' ELSE '' END,
    'Reported by the control room, load number ' || n || '.',
    'shipper-' || n % 500,
    'shipper',
    CASE WHEN n % 10 > 0 THEN 'u-' || n % 300 END,
    (ARRAY['franchise_agent', 'ops_agent', 'ops_manager', 'regional_manager', 'hq_support', 'finance'])[1 + n % 6],
    'FR-' || lpad((n % 200)::text, 3, '0'),
    (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']::ticket_priority[])[1 + n % 4],
    CASE WHEN done THEN (ARRAY['RESOLVED', 'CLOSED']::ticket_status[])[1 + n % 2]
        ELSE (ARRAY['NEW', 'OPEN', 'IN_PROGRESS', 'AWAITING_SHIPPER', 'ESCALATED']::ticket_status[])[1 + n / 5 % 5] END,
    'booking',
    'BKG-' || n % 10000,
    created + interval '48 hours',
    CASE WHEN n % 90 = 0 THEN 1 ELSE 0 END,
    n % 4 > 0 OR done,
    created + interval '8 hours',
    CASE WHEN n % 7 > 0 THEN created + interval '1 hour' END,
    ARRAY['region-' || n % 40, 'lane-' || n % 1000],
    n % 60 = 0,
    n % 25 = 0,
    created,
    created + interval '3 hours',
    CASE WHEN done THEN created + interval '3 hours' END,
    created + interval '3 hours',
    created + interval '38 hours 24 minutes',
    n % 4 > 0 OR done,
    CASE WHEN done OR n / 5 % 5 = 3 THEN created + interval '3 hours' END,
    CASE WHEN NOT done AND n / 5 % 5 <> 3 AND n % 8 > 0 THEN now() - n * interval '3 minutes' + interval '96 hours' END,
    n % 9999 = 0
FROM (
    SELECT n, n % 5 > 0 AS done, now() - n * interval '3 minutes' AS created FROM generate_series(1, 40000) AS n
) AS numbered;

INSERT INTO ticket_messages (ticket_id, seq, actor_id, actor_role, message, created_at, attachments)
SELECT 'TKT-' || n % 4000, 1 + n / 4000, 'u-1', 'ops_agent', 'x', now(),
    CASE WHEN n % 50 = 0 THEN ARRAY[uuidv7()] ELSE '{}' END
FROM generate_series(0, 19999) AS n;

-- One that is talked about all day, with hardly a file.
INSERT INTO ticket_messages (ticket_id, seq, actor_id, actor_role, message, created_at, is_internal_note, attachments)
SELECT 'TKT-7000', n, 'u-1', 'ops_agent', 'x', now(), n = 9000,
    CASE WHEN n IN (70, 9000, 19990) THEN ARRAY['01a2074e-1fa7-7f03-8bda-8cfecba65f99']::uuid[] ELSE '{}' END
FROM generate_series(1, 20000) AS n;

INSERT INTO ticket_audit (ticket_id, chain_no, seq, actor_id, actor_role, action, created_at, hash)
SELECT 'TKT-' || n % 4000, 1 + n / 4000, CASE WHEN n % 9 > 0 THEN 1 + n / 4000 END, 'u-' || n % 500, 'ops_agent', 'x',
    now() - interval '30 days' + n * interval '1 minute', '\x00'
FROM generate_series(0, 39999) AS n;

-- Three changes of it among the rows that tell of messages.
INSERT INTO ticket_audit (ticket_id, chain_no, seq, actor_id, actor_role, action, created_at, hash)
SELECT 'TKT-7000', n, CASE WHEN n IN (1, 2, 15000) THEN n END, 'u-1', 'ops_agent', 'x', now(), '\x00'
FROM generate_series(1, 20000) AS n;

INSERT INTO ticket_watchers (ticket_id, user_id) SELECT 'TKT-' || n, 'u-' || n % 700 FROM generate_series(1, 20000) AS n;

INSERT INTO ticket_attachments (
    ticket_id, uploaded_by_id, file_name, object_key, file_type, file_size_bytes, status, created_at
)
SELECT 'TKT-' || n, 'u-1', 'pod.pdf', 'k-' || n, 'application/pdf', 1,
    CASE WHEN n % 100 = 0 THEN 'pending' ELSE 'completed' END, now() - n * interval '1 minute'
FROM generate_series(1, 10000) AS n;

INSERT INTO ticket_export_jobs (requested_by_id, requested_by_role, status, created_at, object_key, expires_at)
SELECT 'u-' || n % 300, 'ops_manager', CASE WHEN n % 500 = 0 THEN 'pending' ELSE 'completed' END,
    now() - n * interval '1h', CASE WHEN n <= 72 AND n % 500 > 0 THEN 'exports/' || n END, now() + (72 - n) * interval '1h'
FROM generate_series(1, 10000) AS n;

INSERT INTO object_deletions (object_key, delete_after)
SELECT 'k-' || n, now() - interval '2 days' + n * interval '1 minute' FROM generate_series(1, 10000) AS n;

INSERT INTO idempotency_keys (principal_id, request_id, method, fingerprint, created_at)
SELECT 'u-' || n % 100, gen_random_uuid(), 'm', '\x00', now() - n * interval '10s' FROM generate_series(1, 20000) AS n;

INSERT INTO staff_members (user_id, role, display_name, franchise_ids, active)
SELECT 'u-' || n, CASE WHEN n % 50 = 0 THEN 'hq_support' ELSE 'franchise_agent' END, 'Asha', ARRAY['FR-' || n % 400],
    n % 9 > 0
FROM generate_series(1, 10000) AS n;

INSERT INTO saved_views (owner_id, name, is_shared)
SELECT 'u-' || n, 'mine', n % 100 = 0 FROM generate_series(1, 10000) AS n;

INSERT INTO notifications (
    id, user_id, ticket_id, kind, title, body, is_critical, gathering, gather_until, created_at, read_at
)
SELECT uuidv7(n * interval '-5 minutes'), 'u-' || n % 300, 'TKT-' || n, 'ASSIGNED', 'x', 'x', n % 50 = 0, n <= 200,
    now() - n * interval '5 minutes', now() - n * interval '5 minutes', CASE WHEN n % 20 > 0 THEN now() END
FROM generate_series(1, 40000) AS n;

INSERT INTO notification_deliveries (
    notification_id, channel, address, is_critical, status, next_attempt_at, created_at
)
SELECT id, (ARRAY['email', 'push', 'sms'])[1 + n % 3], 'x', n % 540 = 0,
    CASE WHEN n % 100 = 0 THEN 'dead' WHEN n % 90 = 0 THEN 'pending' ELSE 'delivered' END, created_at, created_at
FROM (SELECT id, created_at, row_number() OVER () AS n FROM notifications) AS numbered;

INSERT INTO webhooks (id, display_name, url, secret, created_by_id)
SELECT CASE WHEN n = 1 THEN '01a2074e-1fa7-7f03-8bda-8cfecba65f99' ELSE uuidv7() END, 'x', 'https://example.com', 'x', 'u-1'
FROM generate_series(1, 20) AS n;

INSERT INTO webhook_deliveries (
    webhook_id, xid, outbox_id, event_type, ticket_id, payload, status, next_attempt_at, created_at
)
SELECT webhook.id, '1', n, 'STATUS_CHANGED', 'TKT-' || n, '{}',
    CASE WHEN n % 80 = 0 THEN 'dead' WHEN n % 80 = 1 THEN 'pending' ELSE 'delivered' END,
    now() - n * interval '1 minute', now() - n * interval '1 minute'
FROM generate_series(1, 2000) AS n CROSS JOIN webhooks AS webhook;

VACUUM ANALYZE;
