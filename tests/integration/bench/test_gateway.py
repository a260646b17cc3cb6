"""The benchmarks of the gateway run, and lose nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench.load import Load
from bench.plan import Plan
from bench.scenarios.gateway import gateway_calls, gateway_streams
from bench.stack import Stack, running_stack

TICKETS = 400


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    # Not below pytest's, which is closed to the user that PostgreSQL runs as where that is not our own.
    with TemporaryDirectory(prefix="tickets-bench-") as directory:
        yield Path(directory)


@pytest.fixture
def stack(directory: Path) -> Iterator[Stack]:
    with running_stack(directory) as stack:
        yield stack


def test_calls_by_the_gateway_and_directly(stack: Stack) -> None:
    with Load() as load:
        rows = gateway_calls(Plan(stack, load, TICKETS, TICKETS, 1, 0.3))
    assert len(rows) == 6
    assert all(row.met is not None for row in rows if "16 callers" not in row.what)


def test_streams_by_the_gateway(stack: Stack) -> None:
    with Load() as load:
        rows = gateway_streams(Plan(stack, load, TICKETS, TICKETS, 1, 0.5, 320))
    assert len(rows) == 5
    assert all(row.value > 0 for row in rows[1:])
