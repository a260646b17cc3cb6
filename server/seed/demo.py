"""Thirty tickets, the people around them and a few views: enough to click through everything on the first day."""

import time
from datetime import UTC, datetime

import psycopg
from psycopg.types.json import Jsonb

from server.adapters.postgres.filter_json import filter_to_json, order_to_text
from server.adapters.postgres.sla_rows import policies_in, to_policy
from server.adapters.postgres.statements import Statement
from server.adapters.postgres.tables import sla_config
from server.domain.sla import SlaPolicies
from server.seed.dating import date_back
from server.seed.loader import may_bypass_triggers
from server.seed.player import MARK, Player
from server.seed.report import SeedReport
from server.seed.scenes import ALL_SCENES
from server.seed.staff import DEMO_STAFF, add_staff
from server.seed.views import SHARED_VIEWS


def seed_demo(dsn: str, *, now: datetime | None = None) -> SeedReport:
    """Add the demonstration's staff, tickets and shared views, each where it is missing.

    All in one transaction, so the tickets are there either all or not at all; the first one, which is linked to
    the same booking for ever and carries the mark in its metadata, tells. Running it twice adds nothing, running it
    twice at once neither. Ages are counted from ``now`` (default: this moment). On an empty database the first ticket
    is TKT-1001. Audit and last changes are dated as the scenes tell where the database's role may do without triggers,
    else by the moment of seeding; the report says which. Expects the seeded SLA policies: with other escalation chains
    a scene may raise FailedPrecondition.
    """
    started = time.monotonic()
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('tickets seed --demo', 0))")
        staff = add_staff(connection, DEMO_STAFF)
        _add_views(connection)
        tickets: list[str] = []
        dated = may_bypass_triggers(connection)
        if not _is_seeded(connection):
            player = Player(connection, _policies(connection), now or datetime.now(UTC))
            # Oldest first would give the numbers in order of creation; the order of the scenes puts the best known
            # ticket, the first one of the booking BKG-123, under TKT-1001.
            tickets = [player.play(scene) for scene in ALL_SCENES]
            if dated:
                date_back(connection, player.moments)
        return SeedReport(
            tickets=len(tickets),
            messages=_count(connection, "ticket_messages", tickets),
            audit_entries=_count(connection, "ticket_audit", tickets),
            staff=staff,
            seconds=time.monotonic() - started,
            dated_as_told=dated,
        )


def _is_seeded(connection: psycopg.Connection) -> bool:
    linked_type, linked_id = ALL_SCENES[0].linked
    row = connection.execute(
        """
        SELECT EXISTS (
            SELECT FROM public.tickets WHERE linked_id = %s AND linked_type = %s AND metadata ->> 'seed' = %s
        )
        """,
        [linked_id, linked_type, MARK],
    ).fetchone()
    return row is not None and bool(row[0])


def _policies(connection: psycopg.Connection) -> SlaPolicies:
    rows = connection.execute(Statement(policies_in(sla_config)).sql)
    return {policy.priority: policy for policy in map(to_policy, rows)}


def _add_views(connection: psycopg.Connection) -> None:
    for view in SHARED_VIEWS:
        connection.execute(
            """
            INSERT INTO public.saved_views (owner_id, name, filter, order_by, is_shared)
            VALUES (%s, %s, %s, %s, true)
            ON CONFLICT (owner_id, name) DO NOTHING
            """,
            [view.owner.user_id, view.name, Jsonb(filter_to_json(view.filter)), order_to_text(view.order)],
        )


def _count(connection: psycopg.Connection, table: str, tickets: list[str]) -> int:
    row = connection.execute(
        psycopg.sql.SQL("SELECT count(*) FROM {} WHERE ticket_id = ANY (%s)").format(
            psycopg.sql.Identifier("public", table)
        ),
        [tickets],
    ).fetchone()
    return 0 if row is None else int(row[0])
