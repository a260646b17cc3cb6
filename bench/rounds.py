"""Two things measured in turn, A B A B …, so that whatever else the machine does falls on both alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.load import Sample

Round = Callable[[], Sample]
Figure = Callable[[Sample], float]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    what: str
    target: str
    value: float
    unit: str
    met: bool | None
    """None where there is no target."""
    low: float = 0.0
    high: float = 0.0
    """Spread of the rounds."""
    rounds: int = 0
    detail: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    """What the JSON has besides."""


def in_turn(first: Round, second: Round, rounds: int) -> list[tuple[Sample, Sample]]:
    """One round of each to warm up, then so many pairs."""
    first(), second()
    return [(first(), second()) for _ in range(rounds)]


def ratio_row(
    what: str,
    pairs: Sequence[tuple[Sample, Sample]],
    figure: Figure,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    against: str = "",
    detail: str,
    figures: dict[str, Any] | None = None,
) -> Row:
    """The median of the pairs' ratios, against a bound if there is one."""
    ratios = [figure(first) / figure(second) for first, second in pairs]
    value = median(ratios)
    target, met = "", None
    if at_least is not None:
        target, met = f"≥ {at_least} x {against}".rstrip(), value >= at_least
    elif at_most is not None:
        target, met = f"≤ {at_most} x {against}".rstrip(), value <= at_most
    return Row(
        what,
        target,
        value,
        "x",
        met,
        min(ratios),
        max(ratios),
        len(ratios),
        detail,
        {"ratios": ratios, **(figures or {})},
    )


def middle(pairs: Sequence[tuple[Sample, Sample]], place: int, figure: Figure) -> float:
    """The median round of one side."""
    return median(figure(pair[place]) for pair in pairs)
