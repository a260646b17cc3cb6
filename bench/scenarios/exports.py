"""A file of a million tickets against COPY that is thrown away, and what callers notice of it."""

import time
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import psycopg

from bench.exporter import Exporter, Made
from bench.load import Sample, Work
from bench.plan import Plan
from bench.rounds import Row
from bench.scenarios.throughput import some_ids
from bench.stack import token_for
from server.domain.export_cells import COLUMNS
from server.domain.roles import Role

_AT_LEAST_OF_COPY = 0.5
_GROWTH_AT_MOST_MIB = 100.0
_LATENCY_AT_MOST = 1.5
_CALLERS = 4
_DERIVED = frozenset({"sla_status", "redacted"})
_MOST_ROUNDS = 5

# The same tickets and columns, as they are stored and in whatever order they lie.
_BARE = f"""
    COPY (SELECT {", ".join(name for name in COLUMNS if name not in _DERIVED)} FROM tickets WHERE NOT archived)
    TO STDOUT (FORMAT csv, HEADER)
"""


def exports(plan: Plan) -> list[Row]:
    """CSV against bare COPY in turn; memory; GetTicket beside it and without it; the other formats once."""
    dsn = plan.stack.seeded(plan.large)
    with TemporaryDirectory(prefix="tickets-bench-") as home:
        with Exporter(dsn, plan.stack.seeded(plan.small), Path(home)) as exporter:
            bare(dsn)
            exporter.make("csv")
            pairs = [(bare(dsn), exporter.make("csv")) for _ in range(min(plan.rounds, _MOST_ROUNDS))]
            rows = [_against_copy(pairs), _memory([made for _, made in pairs])]
            rows.append(_beside(plan, dsn, exporter))
            rows += [_alone(kind, exporter.make(kind)) for kind in ("jsonl", "xlsx")]
        return rows


def bare(dsn: str) -> float:
    """Seconds of a COPY whose output is read and thrown away."""
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        begun = time.perf_counter()
        with cursor.copy(_BARE) as copy:
            for _ in copy:
                pass
        return time.perf_counter() - begun


def _against_copy(pairs: list[tuple[float, Made]]) -> Row:
    ratios = [seconds / made.seconds for seconds, made in pairs]
    value = median(ratios)
    took, copied = median(made.seconds for _, made in pairs), median(seconds for seconds, _ in pairs)
    last = pairs[-1][1]
    return Row(
        f"export of {last.rows:,} tickets to CSV",
        f"≥ {_AT_LEAST_OF_COPY} x COPY",
        value,
        "x",
        value >= _AT_LEAST_OF_COPY,
        min(ratios),
        max(ratios),
        len(ratios),
        f"{took:.1f} s ({last.rows / took:,.0f}/s, {last.megabytes / took:.0f} MB/s), COPY {copied:.1f} s",
        {"ratios": ratios},
    )


def _memory(made: list[Made]) -> Row:
    growths = [each.growth_mib for each in made]
    most = max(growths)
    return Row(
        "its worker's growth of memory",
        f"≤ {_GROWTH_AT_MOST_MIB:.0f} MiB",
        most,
        "MiB",
        most <= _GROWTH_AT_MOST_MIB,
        min(growths),
        most,
        len(growths),
        "highest resident size over that before",
    )


def _beside(plan: Plan, dsn: str, exporter: Exporter) -> Row:
    server = plan.stack.server(dsn)
    work = Work(server.target, "GetTicket", token_for(Role.OPS_MANAGER, "bench-manager"), some_ids(dsn))

    def sample() -> Sample:
        return plan.load.run(work, seconds=plan.seconds, callers=_CALLERS)

    sample()
    alone, together = [], []
    for _ in range(min(plan.rounds, _MOST_ROUNDS)):
        alone.append(sample())
        exporter.begin("csv")
        together.append(sample())
        exporter.end()
    ratios = [beside.p50 / without.p50 for beside, without in zip(together, alone, strict=True)]
    value = median(ratios)
    return Row(
        "GetTicket's p50 while a CSV export runs",
        f"≤ {_LATENCY_AT_MOST} x without",
        value,
        "x",
        value <= _LATENCY_AT_MOST,
        min(ratios),
        max(ratios),
        len(ratios),
        f"{_CALLERS} callers; p50 {_ms(together, 50)} against {_ms(alone, 50)}, p99 {_ms(together, 99)} against"
        f" {_ms(alone, 99)}",
        {"ratios": ratios},
    )


def _alone(kind: str, made: Made) -> Row:
    return Row(
        f"export of {made.rows:,} tickets to {kind}",
        "",
        made.rows / made.seconds,
        "rows/s",
        None,
        made.rows / made.seconds,
        made.rows / made.seconds,
        1,
        f"{made.seconds:.1f} s, {made.megabytes:.0f} MB, memory + {made.growth_mib:.0f} MiB",
    )


def _ms(samples: list[Sample], percentile: int) -> str:
    values = [quantiles(sample.latencies, n=100)[percentile - 1] for sample in samples]
    return f"{1000 * median(values):.1f} ms"
