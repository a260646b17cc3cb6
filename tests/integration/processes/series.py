"""What our processes export to Prometheus, and what an expression asks of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import yaml
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[3]
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
ANYWHERE = {"job", "instance", "le"}
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
_OF_PROMETHEUS = {
    "up": {"job", "instance"},
    "process_max_fds": {"job", "instance"},
    "ALERTS": {"alertname", "alertstate", "severity"},
}

Exported = dict[str, set[str]]
"""Names of series, with the labels that they have."""


def scraped(port: int) -> Exported:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found: Exported = {}
    for family in text_string_to_metric_families(text):
        labels = {label for sample in family.samples for label in sample.labels}
        for suffix in _SUFFIXES.get(family.type, ("",)):
            found[f"{family.name}{suffix}"] = labels
    return found


def series_of(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each series that is named, with the labels that it is chosen by."""
    for name, chosen in re.findall(r"\b(up|ALERTS|process_\w+|tickets_\w+)(?:\{([^}]*)\})?", expression):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", chosen))


def grouped_by(expression: str) -> set[str]:
    """The labels that its aggregations keep."""
    kept = re.findall(r"\bby\s*\(([^)]*)\)", expression)
    return {label.strip() for labels in kept for label in labels.split(",")}


def assert_exported(expression: str, exported: Exported, *, where: str) -> None:
    """That each series and label in the expression is there, and that it looks at something."""
    known = _OF_PROMETHEUS | exported
    names = set()
    for name, labels in series_of(expression):
        assert name in known, f"{where}: nobody exports {name}"
        assert labels <= known[name] | ANYWHERE, f"{where}: {name} has no {labels - known[name]}"
        names.add(name)
    assert names, f"{where} looks at nothing"
    assert all(grouped_by(expression) <= known[name] | ANYWHERE for name in names), f"{where}: {expression}"


def labels_of(expression: str, exported: Exported) -> set[str]:
    """Those that its result may have."""
    known = _OF_PROMETHEUS | exported
    return grouped_by(expression) or {
        label for name, _ in series_of(expression) for label in known[name] | {"job", "instance"}
    }


def assert_leads_somewhere(address: str) -> None:
    """That the page of the documents is there, and has the heading that follows the #."""
    page, _, anchor = address.partition("#")
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    }
    assert not anchor or anchor in headings, f"{page} has no {anchor}"
