"""deploy/grafana/tickets.json shows what the processes say, with the thresholds and runbooks of the alerts."""

import itertools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.settings import Settings
from tests.integration.processes.series import (
    ROOT,
    RULES,
    Exported,
    assert_exported,
    assert_leads_somewhere,
    labels_of,
)
from workers.factory import all_work

TEXT = (ROOT / "deploy" / "grafana" / "tickets.json").read_text()
DASHBOARD: dict[str, Any] = json.loads(TEXT)
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
VARIABLES = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
ALERTS = {rule["alert"]: rule for rule in RULES}
UNITS = {"none", "short", "s", "ops", "reqps", "percentunit"}
COLOURS = {"warning": "orange", "critical": "red"}
SOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}

each_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["title"]))


def alerts_of(panel: dict[str, Any]) -> set[str]:
    return set(re.findall(r"\bTickets[A-Z]\w+", panel["description"]))


def runbooks_of(panel: dict[str, Any]) -> set[str]:
    _, _, named = panel["description"].rpartition("Runbook: ")
    return set(re.findall(r"docs/[\w/]+\.md(?:#[\w-]+)?", named))


def limits_of(alert: str) -> set[float]:
    """The numbers that its rule compares with; a count that is too many above 0 is drawn at 1."""
    numbers = {float(number) for number in re.findall(r"[<>=] (\d+(?:\.\d+)?)", ALERTS[alert]["expr"])}
    return numbers | ({1.0} if 0.0 in numbers else set())


def test_every_series_of_the_panels_is_exported_with_its_labels(exported: Exported) -> None:
    assert_exported(VARIABLES["instance"]["definition"], exported, where="the variable instance")
    for panel in PANELS:
        for target in panel["targets"]:
            assert_exported(target["expr"], exported, where=panel["title"])
            shown = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            assert shown <= labels_of(target["expr"], exported), f"{panel['title']}: {target['legendFormat']}"


def test_expressions_are_read_by_prometheus(promtool: str, tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expr.replace("$__rate_interval", "1m").replace("$instance", ".*")}
        for number, (_, expr) in enumerate(EXPRESSIONS)
    ]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    checked = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@each_panel
def test_every_panel_says_what_it_shows_and_what_to_do(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert all(target["legendFormat"] for target in panel["targets"])
    assert "Normal: " in panel["description"]
    assert runbooks_of(panel)
    for address in re.findall(r"docs/[\w/]+\.md(?:#[\w-]+)?", panel["description"]):
        assert_leads_somewhere(address)


@each_panel
def test_thresholds_are_those_of_the_alerts(panel: dict[str, Any]) -> None:
    alerts = alerts_of(panel)
    assert alerts <= ALERTS.keys()
    assert {ALERTS[alert]["annotations"]["runbook"] for alert in alerts} <= runbooks_of(panel)
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert {step["value"] for step in steps[1:]} <= {limit for alert in alerts for limit in limits_of(alert)}
    colours = {COLOURS[ALERTS[alert]["labels"]["severity"]] for alert in alerts}
    assert {step["color"] for step in steps} <= colours | {"green"}


def test_every_alert_has_a_panel() -> None:
    assert {alert for panel in PANELS for alert in alerts_of(panel)} == ALERTS.keys()


def test_tasks_in_the_panels_exist() -> None:
    names = {work.name for work in all_work(Settings())}
    for title, expr in EXPRESSIONS:
        for pattern in re.findall(r'task(?:=~|!=)"([^"]+)"', expr):
            assert all(any(re.fullmatch(part, name) for name in names) for part in pattern.split("|")), title


def test_it_can_be_imported_anywhere() -> None:
    assert DASHBOARD["id"] is None
    assert DASHBOARD["refresh"] == "30s"
    assert "__inputs" not in DASHBOARD, "they are filled in by a person alone, not by provisioning"
    assert VARIABLES["DS_PROMETHEUS"]["type"] == "datasource"
    assert VARIABLES["DS_PROMETHEUS"]["query"] == "prometheus"
    assert VARIABLES["instance"]["datasource"] == SOURCE
    for panel in PANELS:
        assert panel["datasource"] == SOURCE
        assert all(target["datasource"] == SOURCE for target in panel["targets"])
    assert set(re.findall(r"\$\{?(\w+)", TEXT)) <= {*VARIABLES, "__rate_interval", "__all"}


def test_panels_have_a_place_of_their_own() -> None:
    everything = DASHBOARD["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    assert len({panel["title"] for panel in everything}) == len(everything)
    taken = [
        cell
        for place in (panel["gridPos"] for panel in everything)
        for cell in itertools.product(
            range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        )
    ]
    assert len(set(taken)) == len(taken)
    assert all(column < 24 for column, _ in taken)
