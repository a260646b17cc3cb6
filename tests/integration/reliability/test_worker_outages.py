"""Redis and PostgreSQL go away and come back under workers at work: nothing is lost, and nothing is done twice."""

import json
import os
import signal

import pytest

from tests.integration.reliability.conftest import OwnPostgres
from tests.integration.workers.jobs import Jobs
from tests.integration.workers.scratch import GATED, NOBODY_CALLS, QUICK
from tests.redis_process import RedisProcess
from tests.waiting import eventually
from tests.worker_processes import CeleryProcess, CeleryProcesses, StartCelery

QUEUES = "sla,outbox,email,housekeeping"


@pytest.fixture
def jobs(own_postgres: OwnPostgres) -> Jobs:
    """On a PostgreSQL of its own."""
    jobs = Jobs(own_postgres.database)
    jobs.create()
    return jobs


@pytest.fixture
def scratch(jobs: Jobs, celery_processes: StartCelery) -> CeleryProcesses:
    """No process yet."""
    return celery_processes(jobs.database, app="tests.integration.workers.scratch:app", sla_alarm_seconds=0.1)


def works(jobs: Jobs, *names: str) -> None:
    """New jobs are done."""
    for name in names:
        jobs.add(name, 25)
    for name in names:
        jobs.wait_done(name, within=60)


def said(worker: CeleryProcess, event: str) -> int:
    """How often the worker logged it."""
    lines = [json.loads(line) for line in worker.log.splitlines() if line.startswith("{")]
    return sum(line["event"] == event for line in lines)


def wait_for_attempt(process: CeleryProcess) -> None:
    eventually(lambda: "rying again" in process.log, within=30, what="an attempt to connect")


def test_redis_is_flushed_while_nothing_and_while_something_is_done(
    jobs: Jobs, scratch: CeleryProcesses, redis_process: RedisProcess
) -> None:
    scratch.worker("sla,outbox,housekeeping")
    scratch.worker("email")
    scratch.beat()
    works(jobs, QUICK, NOBODY_CALLS)
    redis_process.flush()  # consumers wait for messages just now
    works(jobs, QUICK, NOBODY_CALLS)
    jobs.add(GATED, 25)
    with jobs.gate_shut():
        jobs.wait_hanging()
        redis_process.flush()  # message and lock of the task under way are gone
        works(jobs, QUICK, NOBODY_CALLS)
    jobs.wait_done(GATED)


def test_redis_stops_and_what_became_due_meanwhile_is_done_on_its_return(
    jobs: Jobs, scratch: CeleryProcesses, redis_process: RedisProcess
) -> None:
    worker = scratch.worker(QUEUES)
    scratch.beat()
    works(jobs, QUICK, NOBODY_CALLS)
    jobs.add(GATED, 25)
    with jobs.gate_shut():
        jobs.wait_hanging()
        redis_process.stop()
    # What was under way needs no Redis.
    jobs.wait_done(GATED)
    jobs.add(QUICK, 25)
    jobs.add(NOBODY_CALLS, 25)
    eventually(lambda: said(worker, "away") == 1, what="word of the outage")
    redis_process.start()
    jobs.wait_done(QUICK, within=60)
    jobs.wait_done(NOBODY_CALLS, within=60)
    eventually(lambda: said(worker, "back again") == 1, what="word of its end")
    assert said(worker, "away") == 1


def test_a_worker_and_a_beat_start_before_their_redis(
    jobs: Jobs, scratch: CeleryProcesses, redis_process: RedisProcess
) -> None:
    redis_process.stop()
    worker, beat = scratch.worker(QUEUES), scratch.beat()
    for process in (worker, beat):
        wait_for_attempt(process)
    jobs.add(QUICK, 25)
    redis_process.start()
    works(jobs, QUICK, NOBODY_CALLS)


def test_postgresql_restarts(jobs: Jobs, scratch: CeleryProcesses, own_postgres: OwnPostgres) -> None:
    worker = scratch.worker(QUEUES)
    scratch.beat()
    works(jobs, QUICK, NOBODY_CALLS)
    own_postgres.cluster.stop()
    eventually(lambda: said(worker, "away") == 1, what="word of the outage")
    own_postgres.cluster.start()
    works(jobs, QUICK, NOBODY_CALLS)
    assert (said(worker, "away"), said(worker, "back again")) == (1, 1)


def test_a_new_child_leaves_the_alarms_connection_whole(jobs: Jobs, scratch: CeleryProcesses) -> None:
    """Children forked while the main process is connected to PostgreSQL and Redis inherit both, and end."""
    worker = scratch.worker(QUEUES)
    works(jobs, QUICK)
    for _ in range(3):
        for child in worker.children():
            os.kill(child, signal.SIGKILL)
        works(jobs, QUICK)
    assert said(worker, "away") == 0
