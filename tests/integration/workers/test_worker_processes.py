"""Workers and beats that are killed, doubled, held up and asked to stop."""

import json
import os
import signal

import pytest

from tests.integration.workers.jobs import Jobs
from tests.integration.workers.scratch import FAILING, GATED, NOBODY_CALLS, QUICK
from tests.redis_process import RedisProcess
from tests.waiting import eventually
from tests.worker_processes import CeleryProcesses

QUEUES = "sla,outbox,email,housekeeping"


def test_work_is_done_soon_after_it_is_due(jobs: Jobs, scratch: CeleryProcesses) -> None:
    jobs.add(QUICK, 25)
    jobs.add(QUICK, 25, delay="3 s")
    scratch.worker(QUEUES)
    jobs.wait_done(QUICK)
    assert jobs.turns(QUICK) < 50  # it is not asked about all the time


def test_beat_finds_what_no_alarm_calls_for_and_two_beats_do_no_harm(jobs: Jobs, scratch: CeleryProcesses) -> None:
    jobs.add(NOBODY_CALLS, 25)
    for _ in range(2):
        scratch.worker(QUEUES)
        scratch.beat()
    jobs.wait_done(NOBODY_CALLS)
    jobs.add(NOBODY_CALLS, 25)
    jobs.wait_done(NOBODY_CALLS)


def test_beat_keeps_nothing_on_disk_and_begins_at_once(jobs: Jobs, scratch: CeleryProcesses) -> None:
    """A beat that is killed every minute would otherwise never come to what is done every hour."""
    scratch.worker(QUEUES, sla_alarm_seconds=0)
    jobs.add(QUICK)
    scratch.beat()
    jobs.wait_done(QUICK)


def test_the_work_of_a_killed_worker_is_done_by_another(jobs: Jobs, scratch: CeleryProcesses) -> None:
    jobs.add(GATED, 5)
    first = scratch.worker(QUEUES)
    with jobs.gate_shut():
        jobs.wait_hanging()
        turns = jobs.turns(GATED)
        first.kill()
        scratch.worker(QUEUES)
        jobs.wait_begun(GATED, turns + 1)
    jobs.wait_done(GATED)


def test_the_work_of_a_killed_child_is_done_by_another(jobs: Jobs, scratch: CeleryProcesses) -> None:
    jobs.add(GATED, 5)
    worker = scratch.worker(QUEUES)
    with jobs.gate_shut():
        jobs.wait_hanging()
        turns = jobs.turns(GATED)
        for child in worker.children():
            os.kill(child, signal.SIGKILL)
        jobs.wait_begun(GATED, turns + 1)
    jobs.wait_done(GATED)


def test_what_hangs_holds_up_nothing_else_and_does_not_pile_up(
    jobs: Jobs, scratch: CeleryProcesses, redis_process: RedisProcess
) -> None:
    jobs.add(GATED, 500)
    scratch.worker("sla,outbox,housekeeping", concurrency=1)
    scratch.worker("email", concurrency=2)
    with jobs.gate_shut():
        jobs.wait_hanging()
        for turn in range(1, 6):
            jobs.add(QUICK, 10)
            jobs.wait_done(QUICK)
            assert jobs.turns(QUICK) >= turn
        assert jobs.turns(GATED) == 1
        with redis_process.client() as client:
            assert client.llen("tickets:celery:email") == 0
    jobs.wait_done(GATED)


def test_a_stop_lets_the_task_under_way_finish(jobs: Jobs, scratch: CeleryProcesses) -> None:
    jobs.add(GATED, 5)
    worker = scratch.worker(QUEUES)
    with jobs.gate_shut():
        jobs.wait_hanging()
        worker.process.terminate()
        eventually(lambda: "Warm shutdown" in worker.log, what="the shutdown")
        assert jobs.left(GATED) == 5
    assert worker.process.wait(30) == 0
    assert jobs.left(GATED) == 0


def test_a_failure_is_logged_and_comes_again(jobs: Jobs, scratch: CeleryProcesses) -> None:
    jobs.add(FAILING)
    worker = scratch.worker(QUEUES)
    jobs.wait_begun(FAILING, 3)
    failures = [json.loads(line) for line in worker.log.splitlines() if "a defect of the test's own" in line]
    assert failures
    assert failures[0]["level"] == "error"
    assert "in step" in failures[0]["exception"]
    assert jobs.left(FAILING) == 1


@pytest.mark.parametrize("kind", ["worker", "beat"])
def test_routine_is_not_logged(jobs: Jobs, scratch: CeleryProcesses, kind: str) -> None:
    worker, beat = scratch.worker(QUEUES), scratch.beat()
    jobs.wait_begun(NOBODY_CALLS, 3)
    log = {"worker": worker, "beat": beat}[kind].log
    assert NOBODY_CALLS not in log
    # A worker of root's says on plain stderr what it thinks of that, before any log is set up.
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert {line["level"] for line in lines} <= {"info"}, log
