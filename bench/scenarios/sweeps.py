"""The breach sweep against a hundred thousand overdue tickets, and all sweeps where nothing is due."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median, quantiles
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool
from pydantic import SecretStr

from bench.falling_due import born_to_fall_due
from bench.plan import Plan
from bench.rounds import Row
from server.adapters.postgres.due_work import PostgresDueWork
from server.adapters.postgres.sessions import Sessions
from server.adapters.postgres.unit_of_work import PostgresUnitOfWork
from server.application.call import Call
from server.application.sla.draining import drain
from server.application.sla.sweep_clock_events import SweepClockEvents
from server.domain.clock_events import ClockEventKind
from server.domain.principal import SYSTEM
from server.settings import Settings
from workers.use_cases import worker_pool

_AT_LEAST_A_SECOND = 5_000.0
_AT_LEAST_OF_BARE = 0.6
_IDLE_AT_MOST_MS = 10.0
_IDLE_CALLS = 200
"""Of a round."""
_MOST_ROUNDS = 3
"""Each works off all tickets twice."""

# What the sweep writes, through the same triggers, with the tickets and their new values known to the statement.
_BARE: LiteralString = """
UPDATE public.tickets AS ticket SET
    status = 'ESCALATED', owner_id = NULL, owner_role = policy.escalation_chain ->> 1,
    sla_escalation_level = ticket.sla_escalation_level + 1, sla_breached = true, sla_changed_at = now(),
    sla_next_escalation_at = now() + make_interval(mins => policy.response_time_minutes)
FROM public.sla_config AS policy
WHERE policy.priority = ticket.priority AND ticket.id IN (
    SELECT id FROM public.tickets WHERE mod(hashtext(id)::bigint + 2147483648, %(shares)s) = %(share)s
)
"""
_CONTEXT = '{"actor_id": "SYSTEM", "actor_role": "system", "action": "AUTO_ESCALATED"}'


def escalation(plan: Plan) -> list[Row]:
    """Every round on a copy of its own; the sweep as a worker runs it, with its number of connections and others."""
    tickets = plan.large // 10
    now = _now()
    overdue = f"tickets_overdue_{tickets}"
    plan.stack.prepared(overdue, tickets, partial(born_to_fall_due, first=now - timedelta(days=1), last=now))

    def rate(work: Callable[[str], None]) -> float:
        dsn = plan.stack.copy(overdue, "tickets_escalated")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        begun = time.perf_counter()
        work(dsn)
        seconds = time.perf_counter() - begun
        with psycopg.connect(dsn) as connection:
            row = connection.execute("SELECT count(*) FROM ticket_escalations").fetchone()
        if row != (tickets,):
            raise RuntimeError(f"{row} of {tickets} tickets were escalated")
        return tickets / seconds

    default = _settings("").worker_database_connections
    rates: dict[int, list[float]] = {}
    bare: list[float] = []
    for connections in sorted({1, 2, 4} - {default}):
        rates[connections] = [rate(partial(sweep_all, connections=connections))]
    rates[default] = []
    for _ in range(min(plan.rounds, _MOST_ROUNDS)):
        rates[default].append(rate(partial(sweep_all, connections=default)))
        bare.append(rate(partial(update_all, connections=default)))
    ratios = [sweep / update for sweep, update in zip(rates[default], bare, strict=True)]
    others = ", ".join(f"{found[0]:,.0f}/s on {count}" for count, found in rates.items() if count != default)
    return [
        Row(
            f"escalations, {default} connections: {tickets:,} overdue tickets",
            f"≥ {_AT_LEAST_A_SECOND:,.0f} /s",
            median(rates[default]),
            "/s",
            median(rates[default]) >= _AT_LEAST_A_SECOND,
            min(rates[default]),
            max(rates[default]),
            len(rates[default]),
            others,
            {"rates": {str(count): found for count, found in rates.items()}},
        ),
        Row(
            f"escalations, {default} connections, against bare UPDATEs",
            f"≥ {_AT_LEAST_OF_BARE} x bare",
            median(ratios),
            "x",
            median(ratios) >= _AT_LEAST_OF_BARE,
            min(ratios),
            max(ratios),
            len(ratios),
            f"{median(rates[default]):,.0f}/s against {median(bare):,.0f}/s",
            {"ratios": ratios, "bare": bare},
        ),
    ]


def idle_sweep(plan: Plan) -> list[Row]:
    """Every ticket open, none of them due: each sweep, and the question that an alarm asks each second."""
    # Far enough ahead for a database that is kept.
    first = _now() + timedelta(days=365)
    dsn = plan.stack.prepared(
        f"tickets_idle_{plan.large}",
        plan.large,
        partial(born_to_fall_due, first=first, last=first + timedelta(days=30)),
    )
    with _pool(dsn, 1) as pool:
        batch = _settings(dsn).sla_sweep_batch
        asked: Mapping[str, Callable[[], object]] = {
            "breach sweep": partial(_sweep(pool, ClockEventKind.BREACH), batch),
            "near-breach sweep": partial(_sweep(pool, ClockEventKind.NEAR_BREACH), batch),
            "first-response sweep": partial(_sweep(pool, ClockEventKind.FIRST_RESPONSE_BREACHED), batch),
            "an alarm's question": PostgresDueWork(pool).due,
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
        for ask in asked.values():
            if work := ask():
                raise RuntimeError(f"something is due: {work}")
        for _ in range(plan.rounds):
            for name, ask in asked.items():
                milliseconds = [_milliseconds(ask) for _ in range(_IDLE_CALLS)]
                found[name].append((median(milliseconds), quantiles(milliseconds, n=100)[98]))
    return [_idle_row(f"{name}, nothing due: p99 among {plan.large:,} open", each) for name, each in found.items()]


def _idle_row(what: str, found: list[tuple[float, float]]) -> Row:
    p99 = [each for _, each in found]
    return Row(
        what,
        f"≤ {_IDLE_AT_MOST_MS:g} ms",
        median(p99),
        "ms",
        median(p99) <= _IDLE_AT_MOST_MS,
        min(p99),
        max(p99),
        len(p99),
        f"p50 {median(each for each, _ in found):.1f} ms",
    )


def _milliseconds(ask: Callable[[], object]) -> float:
    before = time.perf_counter()
    ask()
    return 1000 * (time.perf_counter() - before)


def sweep_all(dsn: str, *, connections: int) -> None:
    """What is due, as a task of a worker does it."""
    with _pool(dsn, connections) as pool:
        sweep = _sweep(pool, ClockEventKind.BREACH)
        drain(sweep, limit=_settings(dsn).sla_sweep_batch, threads=connections, go_on=lambda: True)


def _sweep(pool: "ConnectionPool[psycopg.Connection[TupleRow]]", kind: ClockEventKind) -> Callable[[int], int]:
    uow = PostgresUnitOfWork(Sessions(pool, session_settings=True, default_timeout_ms=60_000))
    sweep = SweepClockEvents(uow, _now, kind)
    return lambda limit: sweep(Call(SYSTEM), limit=limit)


def update_all(dsn: str, *, connections: int) -> None:
    """The same to every ticket, by nothing but one statement on each connection, all at once."""

    def update(share: int) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("SELECT set_config('tickets.context', %s, false)", [_CONTEXT])
            connection.execute(_BARE, {"shares": connections, "share": share})

    with ThreadPoolExecutor(connections) as threads:
        list(threads.map(update, range(connections)))


@contextmanager
def _pool(dsn: str, connections: int) -> "Iterator[ConnectionPool[psycopg.Connection[TupleRow]]]":
    with worker_pool(_settings(dsn), connections) as pool:
        yield pool


def _settings(dsn: str) -> Settings:
    return Settings(database_url=SecretStr(dsn))


def _now() -> datetime:
    return datetime.now(UTC)
