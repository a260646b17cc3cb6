"""One batch of loaded tickets as SQL: drawn, inserted, audited and chained by a few statements over sets of rows.

The database makes the rows itself from a handful of wordings, since a client could not send them as fast. Everything
that varies comes from a hash of the ticket's number and the seed number, so the same numbers always give the same
tickets; only their dates move with the moment of the load.

What the triggers would do row by row is done here for the whole batch: deadlines, the TICKET_CREATED row with all
values of the ticket, the MESSAGE_ADDED row, both hashed by the same SQL function, and the head. A test holds the two
together by loading the same tickets both ways.
"""

from collections.abc import Iterable

from psycopg import sql

TICKET_COLUMNS = (
    "id",
    "title",
    "description",
    "created_by_id",
    "created_by_role",
    "owner_id",
    "owner_role",
    "assigned_franchise_id",
    "priority",
    "status",
    "severity",
    "linked_type",
    "linked_id",
    "sla_due_at",
    "sla_escalation_level",
    "sla_breached",
    "sla_policy_version",
    "first_response_due_at",
    "first_responded_at",
    "first_response_breached",
    "tags",
    "is_sensitive",
    "archived",
    "resolution_summary",
    "metadata",
    "created_at",
    "updated_at",
    "resolved_at",
    "closed_at",
    "sla_changed_at",
    "sla_near_breach_at",
    "sla_near_breach_notified",
    "sla_paused_at",
    "sla_next_escalation_at",
    "sla_cycle",
)
_TICKET_COLUMNS = sql.SQL(", ").join(map(sql.Identifier, TICKET_COLUMNS))

PREPARE = sql.SQL("""
CREATE TEMPORARY TABLE seed_story (
    no bigint PRIMARY KEY, template_no int, title text, opening text, priority public.ticket_priority, severity text,
    linked_type public.ticket_linked_type, link_prefix text, link_population int, creator_role text,
    creator_population int, service text, tags text[], reply text, resolution text, sensitive_per_mille int,
    metadata jsonb
);
CREATE TEMPORARY TABLE seed_ending (template_no int, no bigint, words text, PRIMARY KEY (template_no, no));
CREATE TEMPORARY TABLE seed_staff (role text, no bigint, user_id text, PRIMARY KEY (role, no));
CREATE TEMPORARY TABLE seed_batch ON COMMIT DELETE ROWS AS
SELECT {columns}, '' AS message, '' AS message_by_id, '' AS message_by_role, true AS message_is_internal,
    now() AS message_at, gen_random_uuid() AS message_id
FROM public.tickets WITH NO DATA;
""").format(columns=_TICKET_COLUMNS)
"""Tables of the session: what tickets are drawn from, and the batch in hand."""

# Nearly all recent tickets are open, few old ones; a tenth in all. Open tickets past their deadline stand at the end of
# their escalation chain already, so that the sweeps find nothing left to do. Bookings and the like are numbered in
# time, two tickets to each, and a ticket is about a recent one; trucks and people last, some with many tickets.
DRAW = """
INSERT INTO seed_batch
WITH policy AS (
    SELECT
        priority, version,
        make_interval(mins => response_time_minutes) AS response_time,
        make_interval(mins => resolution_time_minutes) AS resolution_time,
        ARRAY(SELECT jsonb_array_elements_text(escalation_chain)) AS chain
    FROM public.sla_config
),
hashed AS (
    SELECT
        n,
        hashint8extended(n, 4 * %(seed)s::bigint) AS h1,
        hashint8extended(n, 4 * %(seed)s::bigint + 1) AS h2,
        hashint8extended(n, 4 * %(seed)s::bigint + 2) AS h3,
        hashint8extended(n, 4 * %(seed)s::bigint + 3) AS h4
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
),
rolled AS MATERIALIZED (
    SELECT
        n,
        h1 & %(stories)s - 1 AS story_no,
        h1 >> 16 & %(endings)s - 1 AS ending_no,
        (h1 >> 32 & 65535) / 65536::float8 AS roll_done,
        (h1 >> 48 & 65535) / 65536::float8 AS roll_state,
        (h2 & 65535) / 65536::float8 AS roll_pace,
        (h2 >> 16 & 65535) / 65536::float8 AS roll_moment,
        h2 >> 32 & 65535 AS owner_pick,
        (h2 >> 48 & 65535) / 65536::float8 AS roll_message,
        (h3 & 65535) / 65536::float8 AS roll_link,
        (h3 >> 16 & 1023) / 1024::float8 AS roll_sensitive,
        (h3 >> 32 & 1023) / 1024::float8 AS roll_rare,
        1 + floor(%(franchises)s * power((h3 >> 48 & 65535) / 65536::float8, 1.7))::int AS franchise_no,
        (h4 & 16777215) / 16777216::float8 AS roll_creator,
        n - %(origin)s::bigint AS place,
        %(begin)s::timestamptz + %(step)s::interval * (n - %(origin)s::bigint + (h4 >> 32 & 255) / 256::float8)
            AS created_at
    FROM hashed
),
drawn AS MATERIALIZED (
    SELECT
        r.*, s.template_no, s.priority, s.linked_type, s.creator_role, s.creator_population, s.service,
        policy.version AS policy_version, policy.chain,
        CASE s.linked_type
            WHEN 'franchise' THEN 'FR-' || to_char(r.franchise_no, 'FM000')
            ELSE s.link_prefix || '-' || 100 + CASE
                WHEN s.link_population IS NULL THEN greatest(0, place / 2 - floor(2000 * power(roll_link, 3))::bigint)
                ELSE floor(s.link_population * power(roll_link, 2))::bigint
            END
        END AS linked_id,
        r.created_at + policy.response_time AS response_due_at,
        r.created_at + policy.resolution_time AS due_at,
        r.roll_done >= CASE
            WHEN r.created_at > %(now)s - interval '2 days' THEN 0.85
            WHEN r.created_at > %(now)s - interval '7 days' THEN 0.45
            WHEN r.created_at > %(now)s - interval '30 days' THEN 0.18
            ELSE 0.066
        END AS is_done
    FROM rolled AS r
    JOIN seed_story AS s ON s.no = r.story_no
    LEFT JOIN policy ON policy.priority = s.priority
),
ended AS MATERIALIZED (
    SELECT
        *,
        CASE WHEN is_done THEN
            created_at + least(
                (due_at - created_at) * (0.05 + 1.15 * roll_pace * roll_pace),
                (%(now)s - created_at) * 0.97
            )
        END AS resolved_at
    FROM drawn
),
stated AS MATERIALIZED (
    SELECT
        *,
        coalesce(resolved_at, %(now)s) >= due_at AS is_breached,
        (CASE
            WHEN is_done AND (roll_state < 0.1 OR resolved_at > %(now)s - interval '3 days') THEN 'RESOLVED'
            WHEN is_done THEN 'CLOSED'
            WHEN created_at > %(now)s - interval '6 hours' AND due_at > %(now)s AND roll_state < 0.45 THEN 'NEW'
            WHEN due_at <= %(now)s AND roll_state < 0.45 THEN 'ESCALATED'
            WHEN roll_state < 0.48 THEN 'ESCALATED'
            WHEN roll_state < 0.50 THEN 'REOPENED'
            WHEN roll_state < 0.60 THEN 'AWAITING_SHIPPER'
            WHEN roll_state < 0.68 THEN 'AWAITING_OPERATOR'
            WHEN roll_state < 0.74 THEN 'AWAITING_FRANCHISE'
            WHEN roll_state < 0.80 THEN 'AWAITING_FINANCE'
            WHEN roll_state < 0.95 THEN 'IN_PROGRESS'
            ELSE 'OPEN'
        END)::public.ticket_status AS status
    FROM ended
),
queued AS MATERIALIZED (
    SELECT
        *,
        CASE
            WHEN is_breached AND NOT is_done THEN greatest(cardinality(chain) - 1, 0)
            WHEN is_breached OR status = 'ESCALATED' THEN 1
            ELSE 0
        END AS level,
        CASE WHEN status = 'CLOSED' THEN
            resolved_at + least(interval '72 hours' * (0.02 + roll_moment), (%(now)s - resolved_at) * 0.97)
        END AS closed_at,
        CASE WHEN CASE WHEN is_done THEN roll_message < 0.155 ELSE status <> 'NEW' AND roll_message < 0.62 END THEN
            created_at + least(
                (response_due_at - created_at) * (0.2 + 1.2 * roll_moment),
                (coalesce(resolved_at, %(now)s) - created_at) * 0.9
            )
        END AS message_at
    FROM stated
),
owned AS MATERIALIZED (
    SELECT q.*, role.name AS owner_role, staff.user_id AS owner_id
    FROM queued AS q
    CROSS JOIN LATERAL (
        SELECT CASE WHEN is_done AND linked_type = 'payment' THEN 'finance' ELSE chain[level + 1] END AS name
    ) AS role
    LEFT JOIN (SELECT role, count(*) AS members FROM seed_staff GROUP BY role) AS size ON size.role = role.name
    LEFT JOIN seed_staff AS staff ON
        staff.role = role.name
        AND staff.no = CASE role.name
            WHEN 'franchise_agent' THEN 2 * (franchise_no - 1) + owner_pick %% 2 ELSE owner_pick %% size.members
        END
        AND status NOT IN ('NEW', 'ESCALATED')
        AND NOT (status = 'OPEN' AND owner_pick %% 4 = 0)
),
timed AS MATERIALIZED (
    SELECT
        *,
        due_at - (due_at - created_at) / 5 AS near_breach_at,
        -- Since when its state stops the clock; before that it was open all the time.
        CASE
            WHEN is_done THEN resolved_at
            WHEN status NOT IN ('AWAITING_SHIPPER', 'AWAITING_OPERATOR') THEN NULL
            WHEN is_breached THEN %(now)s
            ELSE created_at + (%(now)s - created_at) * 0.9
        END AS paused_at
    FROM owned
),
created AS MATERIALIZED (
    SELECT
        *,
        CASE creator_role
            WHEN 'system' THEN service
            ELSE creator_role || '-' || to_char(1 + floor(creator_population * power(roll_creator, 2.5)), 'FM00000')
        END AS creator_id,
        message_at IS NOT NULL AND owner_id IS NOT NULL AND roll_rare < 0.3 AS is_internal
    FROM timed
)
SELECT
    'TKT-' || n, replace(title, '{ref}', linked_id), replace(opening, '{ref}', linked_id) || ' ' || words,
    creator_id, c.creator_role, owner_id, owner_role,
    CASE WHEN owner_role = 'franchise_agent' OR owner_pick %% 8 > 0 THEN 'FR-' || to_char(franchise_no, 'FM000') END,
    c.priority, status, severity, c.linked_type, linked_id, due_at, level, is_breached, policy_version,
    response_due_at,
    CASE WHEN owner_id IS NOT NULL AND NOT is_internal THEN message_at END,
    response_due_at < CASE
        WHEN owner_id IS NOT NULL AND NOT is_internal AND message_at IS NOT NULL THEN message_at
        ELSE coalesce(resolved_at, %(now)s)
    END,
    tags,
    roll_sensitive * 1000 < sensitive_per_mille,
    status = 'CLOSED' AND roll_rare > 0.988,
    CASE WHEN is_done THEN resolution END,
    metadata,
    created_at,
    greatest(created_at, message_at, resolved_at, closed_at),
    resolved_at,
    closed_at,
    coalesce(paused_at, created_at),
    near_breach_at,
    coalesce(paused_at, %(now)s) >= near_breach_at,
    paused_at,
    CASE WHEN paused_at IS NULL AND NOT is_breached THEN due_at END,
    CASE status WHEN 'REOPENED' THEN 2 ELSE 1 END,
    CASE
        WHEN message_at IS NULL THEN NULL
        WHEN owner_id IS NULL THEN 'Is there any news? We have heard nothing so far.'
        ELSE reply
    END,
    CASE WHEN message_at IS NOT NULL THEN coalesce(owner_id, creator_id) END,
    CASE WHEN message_at IS NULL THEN NULL WHEN owner_id IS NULL THEN c.creator_role ELSE owner_role END,
    is_internal,
    message_at,
    CASE WHEN message_at IS NOT NULL THEN
        overlay(overlay(md5(n || '/' || %(seed)s) PLACING '8' FROM 13) PLACING 'a' FROM 17)::uuid
    END
FROM created AS c
JOIN seed_story AS story ON story.no = story_no
JOIN seed_ending AS ending ON ending.template_no = c.template_no AND ending.no = ending_no
"""
"""Fills seed_batch with the tickets of the numbers first to last."""

INSERT_TICKETS = sql.SQL("INSERT INTO public.tickets ({columns}) SELECT {columns} FROM seed_batch").format(
    columns=_TICKET_COLUMNS
)

INSERT_MESSAGES = """
INSERT INTO public.ticket_messages
    (id, ticket_id, seq, actor_id, actor_role, message, is_internal_note, created_at)
SELECT message_id, id, 2, message_by_id, message_by_role, message, message_is_internal, message_at
FROM seed_batch
WHERE message_at IS NOT NULL
"""

_INSERT_TICKETS_WITH_AUDIT = sql.SQL("""
WITH loaded AS (
    {insert_tickets}
    RETURNING {audited_columns}
),
opening AS MATERIALIZED (
    SELECT
        batch.id, batch.created_by_id, batch.created_by_role, batch.created_at, batch.message_id, batch.message_at,
        batch.message_by_id, batch.message_by_role,
        jsonb_build_object(
            'new',
            jsonb_strip_nulls(to_jsonb(loaded) - 'metadata') || jsonb_build_object('metadata', batch.metadata)
        ) AS payload,
        CASE WHEN batch.message_at IS NOT NULL THEN
            jsonb_build_object('new', jsonb_build_object(
                'message_id', batch.message_id, 'is_internal_note', batch.message_is_internal
            ))
        END AS message_payload
    FROM loaded
    JOIN seed_batch AS batch USING (id)
),
hashed AS MATERIALIZED (
    SELECT
        *,
        public.ticket_audit_hash(
            id, 1, 1, created_by_id, created_by_role, 'TICKET_CREATED', payload::text, NULL, created_at, NULL
        ) AS hash
    FROM opening
),
chained AS MATERIALIZED (
    SELECT
        *,
        CASE WHEN message_at IS NOT NULL THEN
            public.ticket_audit_hash(
                id, 2, NULL, message_by_id, message_by_role, 'MESSAGE_ADDED', message_payload::text, NULL, message_at,
                hash
            )
        END AS message_hash
    FROM hashed
),
audited AS (
    INSERT INTO public.ticket_audit
        (ticket_id, chain_no, seq, actor_id, actor_role, action, payload, created_at, prev_hash, hash)
    SELECT id, 1, 1, created_by_id, created_by_role, 'TICKET_CREATED', payload, created_at, NULL, hash
    FROM chained
    UNION ALL
    SELECT id, 2, NULL, message_by_id, message_by_role, 'MESSAGE_ADDED', message_payload, message_at, hash, message_hash
    FROM chained
    WHERE message_at IS NOT NULL
)
INSERT INTO public.ticket_timeline_heads (ticket_id, last_seq, last_chain_no, last_at, last_hash)
SELECT
    id,
    CASE WHEN message_at IS NULL THEN 1 ELSE 2 END,
    CASE WHEN message_at IS NULL THEN 1 ELSE 2 END,
    coalesce(message_at, created_at),
    coalesce(message_hash, hash)
FROM chained
""")


def insert_tickets_with_audit(audited_columns: Iterable[str]) -> sql.Composed:
    """The batch's tickets, their audit and their heads, for a session whose triggers are off.

    ``audited_columns`` are those that `ticket_after_insert` puts into the audit, columns unknown here among them.
    """
    return _INSERT_TICKETS_WITH_AUDIT.format(
        insert_tickets=INSERT_TICKETS, audited_columns=sql.SQL(", ").join(map(sql.Identifier, audited_columns))
    )
