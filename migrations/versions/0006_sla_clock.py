"""The SLA clock: versions of policies and calendars, its readings on each ticket, escalations.

Revision ID: 0006
Revises: 0005
"""

from migrations.online import create_index, drop_index
from migrations.sql import execute, execute_file

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN = "status NOT IN ('RESOLVED', 'CLOSED') AND NOT archived"
SWEEPS = {
    "tickets_near_breach_sweep_idx": (
        f"(sla_near_breach_at, id) WHERE NOT sla_near_breach_notified AND sla_paused_at IS NULL AND {OPEN}",
        "near-breach sweep: a fifth of the time left and nobody told yet",
    ),
    "tickets_escalation_sweep_idx": (
        f"(sla_next_escalation_at, id) WHERE sla_next_escalation_at IS NOT NULL AND {OPEN}",
        "breach sweep: the next instant at which a ticket has to move up",
    ),
    "tickets_stale_idx": (
        f"(id) WHERE sla_stale AND {OPEN}",
        "tickets whose clock has to be derived anew; nearly always empty",
    ),
}
REPLACED = {
    "tickets_breach_sweep_idx": (
        f"(sla_due_at, id) WHERE NOT sla_breached AND {OPEN}",
        "breach sweep: overdue and not yet marked, empty when all is done",
    ),
    "tickets_escalated_idx": (
        f"(sla_escalation_level, sla_due_at, id) WHERE sla_breached AND {OPEN}",
        "next-level sweep: breached tickets still unresolved",
    ),
}


def upgrade() -> None:
    execute_file("0006_sla_clock.sql")
    for name, (definition, purpose) in SWEEPS.items():
        create_index(name, f"ON public.tickets {definition}")
        execute(f"COMMENT ON INDEX public.{name} IS '{purpose}'")
    for name in REPLACED:
        drop_index(name)
    execute("COMMENT ON INDEX public.tickets_open_due_idx IS 'open tickets due within the next hour, or overdue'")


def downgrade() -> None:
    # The indexes of the sweeps go with their columns.
    execute_file("0006_sla_clock_down.sql")
    before = "open tickets due within the next hour; near-breach sweep"
    execute(f"COMMENT ON INDEX public.tickets_open_due_idx IS '{before}'")
    for name, (definition, purpose) in REPLACED.items():
        create_index(name, f"ON public.tickets {definition}")
        execute(f"COMMENT ON INDEX public.{name} IS '{purpose}'")
