"""deploy/prometheus/alerts.yml speaks of what the processes say, and of nothing else."""

import re
import subprocess
from typing import Any

import pytest

from server.settings import Settings
from tests.integration.processes.series import ROOT, RULES, Exported, assert_exported, assert_leads_somewhere
from workers.factory import all_work

PAGE = (ROOT / "docs" / "operations.md").read_text()


def test_every_series_of_the_rules_is_exported_with_its_labels(exported: Exported) -> None:
    for rule in RULES:
        assert_exported(rule["expr"], exported, where=rule["alert"])


def test_rules_are_read_by_prometheus(promtool: str) -> None:
    file = ROOT / "deploy" / "prometheus" / "alerts.yml"
    checked = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_the_processes_export_is_explained(exported: Exported) -> None:
    ours = {name.removesuffix("_created") for name in exported if name.startswith("tickets_")}
    bases = {re.sub(r"_(bucket|count|sum)$", "", name) for name in ours}
    assert not {name for name in bases if f"`{name}" not in PAGE}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_every_rule_says_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["summary"]
    assert_leads_somewhere(rule["annotations"]["runbook"])
    assert f"`{rule['alert']}`" in PAGE, "it stands in the table"


def test_tasks_in_the_rules_exist() -> None:
    names = {work.name for work in all_work(Settings())}
    for rule in RULES:
        for pattern in re.findall(r'task=~"([^"]+)"', rule["expr"]):
            assert all(any(re.fullmatch(part, name) for name in names) for part in pattern.split("|"))


def test_the_table_names_only_rules_that_exist() -> None:
    assert set(re.findall(r"`(Tickets[A-Z]\w+)`", PAGE)) == {rule["alert"] for rule in RULES}
