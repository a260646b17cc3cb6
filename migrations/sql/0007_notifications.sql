-- From the outbox to people and programs: how far it was read, what each person was told, and every way out.
--
-- Nothing here references tickets, which are never deleted: a foreign key would lock a ticket's row for each notification.

CREATE TABLE public.outbox_cursors (
    consumer text COLLATE "C" NOT NULL,
    xid xid8 NOT NULL,
    id bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT outbox_cursors_pkey PRIMARY KEY (consumer)
) WITH (fillfactor = 50);
COMMENT ON TABLE public.outbox_cursors IS
    'The last outbox row that each consumer has dealt with, in the order (xid, id). Its row lock is the right to read on';

-- What happened before this migration is history, not news.
INSERT INTO public.outbox_cursors (consumer, xid, id) VALUES ('relay', pg_snapshot_xmin(pg_current_snapshot()), 0);

CREATE TABLE public.outbox_failures (
    consumer text COLLATE "C" NOT NULL,
    xid xid8 NOT NULL,
    id bigint NOT NULL,
    ticket_id text COLLATE "C" NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    first_failed_at timestamptz NOT NULL DEFAULT now(),
    last_failed_at timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    CONSTRAINT outbox_failures_pkey PRIMARY KEY (consumer, xid, id)
);
COMMENT ON TABLE public.outbox_failures IS 'Events that a consumer could not deal with and passed over';

CREATE TABLE public.notifications (
    id uuid NOT NULL DEFAULT uuidv7(),
    user_id text COLLATE "C" NOT NULL,
    ticket_id text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    event_count integer NOT NULL DEFAULT 1,
    is_critical boolean NOT NULL DEFAULT false,
    for_staff boolean NOT NULL DEFAULT false,
    channels text[] COLLATE "C" NOT NULL DEFAULT '{}',
    gathering boolean NOT NULL DEFAULT false,
    gather_until timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    CONSTRAINT notifications_pkey PRIMARY KEY (id),
    CONSTRAINT notifications_kind_check CHECK (kind IN (
        'ASSIGNED', 'MESSAGE_ADDED', 'STATUS_CHANGED', 'TICKET_UPDATED', 'NEAR_BREACH', 'FIRST_RESPONSE_BREACHED',
        'ESCALATED', 'EXPORT_FINISHED'
    )),
    CONSTRAINT notifications_event_count_check CHECK (event_count >= 1),
    CONSTRAINT notifications_channels_check CHECK (channels <@ '{email,push,sms}')
);
COMMENT ON COLUMN public.notifications.ticket_id IS 'NULL for what is about no ticket, such as an export';
COMMENT ON COLUMN public.notifications.for_staff IS
    'Told to a member of the staff, internal notes and all: nobody with the role of an outside person sees it';
COMMENT ON COLUMN public.notifications.channels IS
    'By which of email, push and sms it leaves once it gathers no more, as far as the directory then has an address';
COMMENT ON COLUMN public.notifications.gathering IS
    'Further events on the ticket still join it; it is shown in the app, and sent by no channel yet';

CREATE TABLE public.notification_deliveries (
    id uuid NOT NULL DEFAULT uuidv7(),
    notification_id uuid NOT NULL,
    channel text COLLATE "C" NOT NULL,
    address text NOT NULL,
    is_critical boolean NOT NULL DEFAULT false,
    status text COLLATE "C" NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz,
    CONSTRAINT notification_deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT notification_deliveries_channel_key UNIQUE (notification_id, channel),
    CONSTRAINT notification_deliveries_notification_id_fkey
        FOREIGN KEY (notification_id) REFERENCES public.notifications (id) ON DELETE CASCADE,
    CONSTRAINT notification_deliveries_channel_check CHECK (channel IN ('email', 'push', 'sms')),
    CONSTRAINT notification_deliveries_status_check CHECK (status IN ('pending', 'delivered', 'dead'))
);
COMMENT ON COLUMN public.notification_deliveries.address IS 'The directory''s at the last attempt';
COMMENT ON COLUMN public.notification_deliveries.is_critical IS 'The notification''s: goes before all that is not';
COMMENT ON COLUMN public.notification_deliveries.next_attempt_at IS
    'While pending: when it may be tried. Whoever tries moves it ahead by a lease, so that a crash is made good later';

CREATE TABLE public.webhooks (
    id uuid NOT NULL DEFAULT uuidv7(),
    display_name text NOT NULL,
    url text NOT NULL,
    event_types text[] COLLATE "C" NOT NULL DEFAULT '{}',
    filter jsonb,
    enabled boolean NOT NULL DEFAULT true,
    secret text NOT NULL,
    previous_secret text,
    previous_secret_until timestamptz,
    failing_since timestamptz,
    slow_since timestamptz,
    served_at timestamptz,
    created_by_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhooks_pkey PRIMARY KEY (id),
    CONSTRAINT webhooks_filter_check CHECK (jsonb_typeof(filter) = 'object'),
    CONSTRAINT webhooks_previous_secret_check CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL))
);
COMMENT ON COLUMN public.webhooks.failing_since IS
    'NULL after a success. One that fails is tried by one delivery at a time, so that it takes no room from others';
COMMENT ON COLUMN public.webhooks.slow_since IS
    'NULL after a quick success. Those that are slow or fail share a part of the posting threads, and leave the rest';
COMMENT ON COLUMN public.webhooks.served_at IS 'When a delivery was last claimed: the longest waiting has its turn';

CREATE TABLE public.webhook_deliveries (
    id uuid NOT NULL DEFAULT uuidv7(),
    webhook_id uuid NOT NULL,
    xid xid8 NOT NULL,
    outbox_id bigint NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    ticket_id text COLLATE "C" NOT NULL,
    payload jsonb NOT NULL,
    status text COLLATE "C" NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    last_response_code integer,
    last_error text,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL,
    delivered_at timestamptz,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_deliveries_event_key UNIQUE (webhook_id, xid, outbox_id),
    CONSTRAINT webhook_deliveries_webhook_id_fkey
        FOREIGN KEY (webhook_id) REFERENCES public.webhooks (id) ON DELETE CASCADE,
    CONSTRAINT webhook_deliveries_status_check CHECK (status IN ('pending', 'delivered', 'dead'))
);
COMMENT ON COLUMN public.webhook_deliveries.created_at IS 'When the event happened';
COMMENT ON COLUMN public.webhook_deliveries.xid IS 'With outbox_id the event; one read twice is delivered once';

-- The tables are new, so each index is built in an instant.

CREATE INDEX notifications_user_idx ON public.notifications (user_id, created_at, id);
COMMENT ON INDEX public.notifications_user_idx IS 'one person''s notifications, newest first';

CREATE INDEX notifications_unread_idx ON public.notifications (user_id, created_at, id)
    WHERE read_at IS NULL;
COMMENT ON INDEX public.notifications_unread_idx IS 'what one person has not read, newest first; how much that is';

CREATE UNIQUE INDEX notifications_gathering_idx ON public.notifications (user_id, ticket_id)
    WHERE gathering;
COMMENT ON INDEX public.notifications_gathering_idx IS
    'the one notification of a person and a ticket that further events join';

CREATE INDEX notifications_window_idx ON public.notifications (gather_until)
    WHERE gathering;
COMMENT ON INDEX public.notifications_window_idx IS 'notifications whose window has passed, to be sent';

CREATE INDEX notifications_critical_window_idx ON public.notifications (gather_until)
    WHERE gathering AND is_critical;
COMMENT ON INDEX public.notifications_critical_window_idx IS 'critical ones whose window has passed, which go first';

CREATE INDEX notification_deliveries_due_idx ON public.notification_deliveries (channel, next_attempt_at)
    WHERE status = 'pending';
COMMENT ON INDEX public.notification_deliveries_due_idx IS 'what a channel has to send now; how much waits';

CREATE INDEX notification_deliveries_critical_idx ON public.notification_deliveries (channel, next_attempt_at)
    WHERE status = 'pending' AND is_critical;
COMMENT ON INDEX public.notification_deliveries_critical_idx IS 'what of a channel''s goes first';

CREATE INDEX notification_deliveries_dead_idx ON public.notification_deliveries (channel, id)
    WHERE status = 'dead';
COMMENT ON INDEX public.notification_deliveries_dead_idx IS 'what a channel has given up, to be listed and tried again';

CREATE INDEX webhook_deliveries_webhook_idx ON public.webhook_deliveries (webhook_id, created_at, id);
COMMENT ON INDEX public.webhook_deliveries_webhook_idx IS 'deliveries of one webhook, newest first';

CREATE INDEX webhook_deliveries_due_idx ON public.webhook_deliveries (webhook_id, next_attempt_at)
    WHERE status = 'pending';
COMMENT ON INDEX public.webhook_deliveries_due_idx IS 'what is to be posted to one webhook now; how much waits';

CREATE INDEX webhook_deliveries_dead_idx ON public.webhook_deliveries (webhook_id, created_at, id)
    WHERE status = 'dead';
COMMENT ON INDEX public.webhook_deliveries_dead_idx IS 'dead letters of one webhook, newest first';
