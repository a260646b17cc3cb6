"""Workers and beats of the scratch app."""

import pytest

from tests.database import Database
from tests.integration.workers.jobs import Jobs
from tests.worker_processes import CeleryProcesses, StartCelery

SCRATCH = "tests.integration.workers.scratch:app"


@pytest.fixture
def jobs(database: Database) -> Jobs:
    """None yet."""
    jobs = Jobs(database)
    jobs.create()
    return jobs


@pytest.fixture
def scratch(jobs: Jobs, celery_processes: StartCelery) -> CeleryProcesses:
    """No process yet."""
    return celery_processes(jobs.database, app=SCRATCH, sla_alarm_seconds=0.1)
