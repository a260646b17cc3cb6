"""What the SLA clock makes due. See docs/sla.md for the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from server.settings import Settings
from workers.use_cases import UseCases
from workers.work import Work

QUEUE = "sla"
NEAR_BREACH = "sla.near_breach"
BREACH = "sla.breach"
FIRST_RESPONSE = "sla.first_response"
STALE = "sla.stale"
"""Tickets that were changed in psql, whose deadlines are derived anew."""


def sla_work(settings: Settings) -> Sequence[Work[UseCases]]:
    """All sweeps; the cadence is that of beat, beside the alarm."""
    often = timedelta(seconds=settings.sla_near_breach_sweep_seconds)
    breach = timedelta(seconds=settings.sla_breach_sweep_seconds)
    batch, threads = settings.sla_sweep_batch, settings.worker_database_connections
    return (
        Work(NEAR_BREACH, QUEUE, often, batch, lambda uses: uses.sweep_near_breaches, threads=threads),
        Work(BREACH, QUEUE, breach, batch, lambda uses: uses.sweep_breaches, threads=threads),
        Work(FIRST_RESPONSE, QUEUE, often, batch, lambda uses: uses.sweep_first_responses, threads=threads),
        Work(STALE, QUEUE, often, batch, lambda uses: uses.derive_stale_clocks),
    )
