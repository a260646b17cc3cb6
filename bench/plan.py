"""What all scenarios are given."""

from dataclasses import dataclass

from bench.load import Load
from bench.stack import Stack


@dataclass(frozen=True, slots=True)
class Plan:
    """The stack, the callers, and how much of everything."""

    stack: Stack
    load: Load
    small: int
    """Tickets of the small database."""
    large: int
    rounds: int
    seconds: float
    """Of one round of throughput; rounds of latency take a part of it."""
    streams: int = 2000
    """Timelines followed at once; the other live streams, and the rate of writing, are in proportion."""
