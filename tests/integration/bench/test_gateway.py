"""The benchmark of the gateway runs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.load import Load
from bench.plan import Plan
from bench.scenarios.gateway import gateway_calls
from bench.stack import running_stack

TICKETS = 400


def test_calls_by_the_gateway_and_directly() -> None:
    # Not below pytest's, which is closed to the user that PostgreSQL runs as where that is not our own.
    with (
        TemporaryDirectory(prefix="tickets-bench-") as directory,
        running_stack(Path(directory)) as stack,
        Load() as load,
    ):
        rows = gateway_calls(Plan(stack, load, TICKETS, TICKETS, 1, 0.3))
    assert len(rows) == 6
    assert all(row.met is not None for row in rows if "16 callers" not in row.what)
