"""What a worker says of itself over HTTP."""

import os
import signal
import urllib.error
import urllib.request

import pytest

from tests.database import Database
from tests.integration.notifications.pipeline import webhook
from tests.integration.sla.conftest import INSERT
from tests.integration.workers.jobs import Jobs
from tests.integration.workers.scratch import FAILING, GATED, QUICK
from tests.redis_process import RedisProcess
from tests.running import free_port
from tests.waiting import eventually
from tests.worker_processes import CeleryProcesses, StartCelery
from workers import health

QUEUES = "sla,outbox,email"


@pytest.fixture
def port() -> int:
    return free_port()


def read(port: int, path: str) -> tuple[int, str]:
    """Status and text; status 0 when nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""
    except urllib.error.URLError:
        return 0, ""


def is_well(port: int) -> bool:
    """Said over HTTP, and by the command of the health check alike."""
    status, _ = read(port, "/healthz")
    return status == 200 and health.main([f"127.0.0.1:{port}"]) == 0


def value(port: int, series: str) -> float:
    """Of one line of the metrics; 0 where it is not there."""
    lines = dict(line.rsplit(" ", 1) for line in read(port, "/metrics")[1].splitlines() if not line.startswith("#"))
    return float(lines.get(series, 0))


def ended(task: str, outcome: str) -> str:
    return f'tickets_worker_tasks_total{{outcome="{outcome}",task="{task}"}}'


def test_tasks_are_counted_however_they_end(jobs: Jobs, scratch: CeleryProcesses, port: int) -> None:
    jobs.add(QUICK, 5)
    jobs.add(FAILING)
    worker = scratch.worker(QUEUES, worker_metrics_port=port)
    jobs.wait_done(QUICK)
    eventually(lambda: value(port, ended(QUICK, "succeeded")) >= 1, what="a success")
    eventually(lambda: value(port, ended(FAILING, "failed")) >= 1, what="a failure")
    assert value(port, ended(FAILING, "succeeded")) == 0
    assert value(port, f'tickets_worker_task_seconds_count{{task="{QUICK}"}}') >= 1
    jobs.add(GATED)
    with jobs.gate_shut():
        jobs.wait_hanging()
        for child in worker.children():
            os.kill(child, signal.SIGKILL)
        eventually(lambda: value(port, ended(GATED, "lost")) >= 1, within=30, what="a lost task")
    jobs.wait_done(GATED)


def test_a_worker_is_well_while_it_has_redis_and_postgresql(
    jobs: Jobs, scratch: CeleryProcesses, port: int, redis_process: RedisProcess
) -> None:
    assert not is_well(port)
    scratch.worker(QUEUES, worker_metrics_port=port)
    eventually(lambda: is_well(port), within=30, what="a worker that is well")
    redis_process.stop()
    eventually(lambda: not is_well(port), what="one that is not")
    assert read(port, "/healthz")[0] == 503
    redis_process.start()
    eventually(lambda: is_well(port), within=30, what="one that is well again")


def test_gauges_of_what_waits(database: Database, celery_processes: StartCelery, port: int) -> None:
    with database.connect() as connection:
        connection.execute(INSERT, {"age": "25 hours", "count": 3, "priority": "HIGH", "status": "OPEN"})
        webhook(connection, enabled=False)
    # A worker that does nothing about it.
    celery_processes(database).worker("housekeeping", worker_metrics_port=port)
    eventually(lambda: value(port, "tickets_database_up") == 1, within=30, what="a reading")
    assert value(port, 'tickets_sla_overdue_seconds{event="breach"}') >= 3600
    assert value(port, 'tickets_outbox_lag_rows{consumer="relay"}') >= 3
    assert value(port, 'tickets_deliveries_dead{way="webhooks"}') == 0
    assert value(port, "tickets_webhooks_disabled") == 1
