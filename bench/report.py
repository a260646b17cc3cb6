"""The table, which is Markdown and reads well as it is, and the same as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.rounds import Row

_HEADINGS = ("what", "measured", "target", "", "spread", "rounds", "detail")


def table(rows: Sequence[Row]) -> str:
    """All rows, columns aligned."""
    lines = [_HEADINGS, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    aligned = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    aligned.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(aligned)


def machine() -> dict[str, object]:
    """Where and when."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def write_json(path: Path, about: dict[str, object], rows: Sequence[Row]) -> None:
    """Every figure, each round's ratio among them."""
    path.write_text(json.dumps({**about, "rows": [asdict(row) for row in rows]}, indent=2) + "\n")


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.what,
        _figure(row.value, row.unit),
        row.target,
        {True: "met", False: "MISSED", None: ""}[row.met],
        f"{_figure(row.low, row.unit)} to {_figure(row.high, row.unit)}",
        str(row.rounds),
        row.detail,
    )


def _figure(value: float, unit: str) -> str:
    return f"{value:.2f} {unit}" if unit == "x" else f"{value:.1f} {unit}"
