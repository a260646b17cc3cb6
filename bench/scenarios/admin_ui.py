"""The list of the admin UI in a browser: how soon it can be worked with, and how soon another filter shows."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.plan import Plan
from bench.rounds import Row
from bench.stack import token_for
from server.domain.roles import Role

_ROOT = Path(__file__).resolve().parents[2]
_ADMIN = _ROOT / "admin"
_USABLE_MS = 800.0
_CHANGE_MS = 300.0
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def admin_ui(plan: Plan) -> list[Row]:
    """What admin/tests/list.bench.ts measures; nothing, and a word why, where there is no browser."""
    why = _missing()
    if why:
        print(f"admin_ui is left out: {why}", file=sys.stderr)
        return []
    subprocess.run([sys.executable, str(_ROOT / "scripts" / "admin_ui.py"), "build"], check=True)
    server = plan.stack.server(plan.stack.seeded(plan.large), redis_url=plan.stack.redis())
    # Its cookie then does without HTTPS, which is all that differs.
    gateway = plan.stack.gateway(server, dev_login="true")
    found = _measure(gateway.target, token_for(Role.OPS_MANAGER, "bench-manager"))
    rows = [
        _row(
            f"admin UI, the list usable, {name}: p50 among {plan.large:,}",
            [run["usable"] for run in found[key]],
            _USABLE_MS,
            f"rows drawn after {median(run['rows'] for run in found[key]):.0f} ms, a page without scripts after "
            f"{median(found['floor']):.0f} ms",
        )
        for key, name in (("cold", "first visit"), ("warm", "later visits"))
    ]
    changes = found["changes"]
    return [*rows, _row(f"admin UI, another filter shown: p50 among {plan.large:,}", changes, _CHANGE_MS, "")]


def _missing() -> str:
    if not (_ADMIN / "node_modules" / ".bin" / "playwright").exists():
        return "the admin UI's Node packages are not installed (scripts/node_packages.sh)"
    if "CHROMIUM" not in os.environ and not any(map(shutil.which, _BROWSERS)):
        return "there is no Chromium on the PATH"
    return ""


def _measure(target: str, token: str) -> dict[str, Any]:
    results = _ADMIN / "test-results" / "bench.json"
    results.parent.mkdir(exist_ok=True)
    results.unlink(missing_ok=True)
    done = subprocess.run(
        [str(_ROOT / "scripts" / "npm.sh"), "run", "--silent", "bench"],
        cwd=_ADMIN,
        env={
            **os.environ,
            "TICKETS_URL": f"http://{target}",
            "TICKETS_TOKEN": token,
            "BENCH_RESULTS": str(results),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stdout)
    found: dict[str, Any] = json.loads(results.read_text())
    return found


def _row(what: str, times: Sequence[float], at_most: float, detail: str) -> Row:
    value = median(times)
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return Row(
        what,
        f"≤ {at_most:g} ms",
        value,
        "ms",
        value <= at_most,
        ordered[0],
        ordered[-1],
        len(ordered),
        "; ".join(filter(None, (detail, f"p95 {p95:.0f} ms"))),
        {"ms": list(times)},
    )
