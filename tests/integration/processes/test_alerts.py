"""deploy/prometheus/alerts.yml speaks of what the processes say, and of nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from rodistaa.tickets.client import connect
from server.domain.roles import Role
from server.settings import Settings
from tests.database import Database
from tests.gateway_process import StartGateway
from tests.integration.gateway.requests import request
from tests.running import StartServer, free_port, token_for
from tests.ticket_requests import new_ticket
from tests.waiting import eventually
from tests.worker_processes import StartCelery
from workers.factory import all_work

ROOT = Path(__file__).resolve().parents[3]
GROUPS = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text())["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
PAGE = (ROOT / "docs" / "operations.md").read_text()
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
OF_PROMETHEUS = {"up": {"job", "instance"}, "process_max_fds": {"job", "instance"}}
ANYWHERE = {"job", "instance", "le"}

Exported = dict[str, set[str]]
"""Names of series, with the labels that they have."""


def scraped(port: int) -> Exported:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found: Exported = {}
    for family in text_string_to_metric_families(text):
        labels = {label for sample in family.samples for label in sample.labels}
        for suffix in SUFFIXES.get(family.type, ("",)):
            found[f"{family.name}{suffix}"] = labels
    return found


@pytest.fixture
def exported(
    database: Database,
    server_processes: StartServer,
    gateway_processes: StartGateway,
    celery_processes: StartCelery,
) -> Exported:
    """By a server that has answered a call, a gateway that has passed one on and refused one, and by a worker that has
    done a task."""
    server_port, gateway_port, worker_port = free_port(), free_port(), free_port()
    served = server_processes(TICKETS_METRICS_PORT=str(server_port))
    celery = celery_processes(database)
    celery.worker("sla,outbox,housekeeping", worker_metrics_port=worker_port)
    celery.beat()
    served.wait_ready()
    with connect(served.target, token=token_for(Role.OPS_MANAGER), tls=False) as client:
        client.tickets.CreateTicket(new_ticket())
    gateway = gateway_processes(
        TICKETS_GATEWAY_TARGET=served.target,
        TICKETS_HTTP_METRICS_PORT=str(gateway_port),
        TICKETS_METRICS_HOST="127.0.0.1",
    )
    assert request("GET", f"{gateway.url}/admin/me").status == 401
    assert request("GET", f"{gateway.url}/admin/{'x' * 40_000}").status == 414

    def of_gateway() -> Exported:
        found = scraped(gateway_port)
        needed = ("tickets_http_requests_total", "tickets_http_upstream_errors_total", "tickets_http_refused_total")
        return found if all(found.get(name) for name in needed) else {}

    def of_worker() -> Exported:
        try:
            found = scraped(worker_port)
        except OSError:
            return {}
        return found if "task" in found.get("tickets_worker_tasks_total", ()) else {}

    of_others = scraped(server_port) | eventually(of_gateway, what="requests that were counted")
    return of_others | eventually(of_worker, within=60, what="a task that was counted")


def series_of(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each series that is named, with the labels that it is chosen by."""
    for name, chosen in re.findall(r"\b(up|process_\w+|tickets_\w+)(?:\{([^}]*)\})?", expression):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", chosen))


def test_every_series_of_the_rules_is_exported_with_its_labels(exported: Exported) -> None:
    known = OF_PROMETHEUS | exported
    for rule in RULES:
        names = set()
        for name, labels in series_of(rule["expr"]):
            assert name in known, f"{rule['alert']}: nobody exports {name}"
            assert labels <= known[name] | ANYWHERE, f"{rule['alert']}: {name} has no {labels - known[name]}"
            names.add(name)
        assert names, f"{rule['alert']} looks at nothing"
        for labels in re.findall(r"\bby \(([^)]*)\)", rule["expr"]):
            given = {label.strip() for label in labels.split(",")}
            assert all(given <= known[name] | ANYWHERE for name in names), f"{rule['alert']}: {given}"


def test_what_the_processes_export_is_explained(exported: Exported) -> None:
    ours = {name.removesuffix("_created") for name in exported if name.startswith("tickets_")}
    bases = {re.sub(r"_(bucket|count|sum)$", "", name) for name in ours}
    assert not {name for name in bases if f"`{name}" not in PAGE}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_every_rule_says_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    text = (ROOT / page).read_text()
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    assert not anchor or anchor in headings, f"{page} has no {anchor}"
    assert f"`{rule['alert']}`" in PAGE, "it stands in the table"


def test_tasks_in_the_rules_exist() -> None:
    names = {work.name for work in all_work(Settings())}
    for rule in RULES:
        for pattern in re.findall(r'task=~"([^"]+)"', rule["expr"]):
            assert all(any(re.fullmatch(part, name) for name in names) for part in pattern.split("|"))


def test_the_table_names_only_rules_that_exist() -> None:
    assert set(re.findall(r"`(Tickets[A-Z]\w+)`", PAGE)) == {rule["alert"] for rule in RULES}
