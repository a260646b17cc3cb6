"""The benchmarks of live streams run, and lose nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench.load import Load
from bench.plan import Plan
from bench.rounds import Row
from bench.scenarios import watching
from bench.stack import Stack, running_stack

TICKETS = 400
STREAMS = 80


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    # Not below pytest's, which is closed to the user that PostgreSQL runs as where that is not our own.
    with TemporaryDirectory(prefix="tickets-bench-") as directory:
        yield Path(directory)


@pytest.fixture
def stack(directory: Path) -> Iterator[Stack]:
    with running_stack(directory) as stack:
        yield stack


@pytest.mark.parametrize(
    ("scenario", "rows"), [(watching.streams, 4), (watching.list_streams, 4), (watching.idle_streams, 3)]
)
def test_a_scenario_runs(stack: Stack, scenario: Callable[[Plan], list[Row]], rows: int) -> None:
    with Load() as load:
        found = scenario(Plan(stack, load, TICKETS, TICKETS, 1, 0.5, STREAMS))
    assert len(found) == rows
    assert all(row.value > 0 for row in found)
