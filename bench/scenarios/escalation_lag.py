"""How long after its deadline a ticket has moved up: real workers, beat and Redis, one deadline after another."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import quantiles
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow

from bench.falling_due import born_to_fall_due, fall_due
from bench.plan import Plan
from bench.rounds import Row

_SPAN = timedelta(seconds=60)
_AHEAD = timedelta(seconds=10)
"""Time to write the deadlines in, before the first one comes."""
_AT_MOST_SECONDS = 5.0
_START_SECONDS = 90.0
_PATIENCE_SECONDS = 120.0
"""For the last ticket after the last deadline."""

# The commit is when everybody can see it. What the row itself tells, escalated_at, is when its batch began.
_LAGS: LiteralString = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - due_at)::float8 FROM public.ticket_escalations
WHERE due_at >= %s
"""


def escalation_lag(plan: Plan) -> list[Row]:
    """Ten thousand deadlines spread over a minute, on workers as `make run` starts them."""
    tickets = plan.small
    source = f"tickets_idle_{tickets}"
    later = datetime.now(UTC) + timedelta(days=365)
    plan.stack.prepared(source, tickets, partial(born_to_fall_due, first=later, last=later + timedelta(days=30)))
    dsn = plan.stack.copy(source, "tickets_lag")
    plan.stack.workers(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        _wait_for_first(connection)
        first = datetime.now(UTC) + _AHEAD
        fall_due(dsn, first, first + _SPAN)
        if datetime.now(UTC) >= first:
            raise RuntimeError("writing the deadlines took longer than they were ahead")
        lags = _wait_for_all(connection, first, tickets)
    cuts = quantiles(lags, n=100)
    return [
        Row(
            f"lag of an escalation: p99 of {tickets:,} deadlines within {_SPAN.seconds} s",
            f"≤ {_AT_MOST_SECONDS:g} s",
            cuts[98],
            "s",
            cuts[98] <= _AT_MOST_SECONDS,
            min(lags),
            max(lags),
            1,
            f"p50 {cuts[49]:.1f} s; spread is that of the tickets",
        )
    ]


def _wait_for_first(connection: psycopg.Connection[TupleRow]) -> None:
    """A ticket that is due at once says when the workers are at work. It is in another cycle, so that it may move up
    again with the others."""
    connection.execute(
        "UPDATE public.tickets SET sla_next_escalation_at = now(), sla_cycle = 2"
        " WHERE id = (SELECT min(id) FROM public.tickets)"
    )
    deadline = time.monotonic() + _START_SECONDS
    while connection.execute("SELECT 1 FROM public.ticket_escalations LIMIT 1").fetchone() is None:
        if time.monotonic() > deadline:
            raise RuntimeError("the workers do not escalate; see their logs beside the database")
        time.sleep(0.1)


def _wait_for_all(connection: psycopg.Connection[TupleRow], first: datetime, tickets: int) -> list[float]:
    deadline = first + _SPAN + timedelta(seconds=_PATIENCE_SECONDS)
    lags: list[float] = []
    while len(lags) < tickets:
        if datetime.now(UTC) > deadline:
            raise RuntimeError(f"{len(lags)} of {tickets} tickets were escalated in time")
        time.sleep(1.0)
        lags = [lag for (lag,) in connection.execute(_LAGS, [first]).fetchall()]
    return lags
