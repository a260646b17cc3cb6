"""What a server, a gateway and a worker export, each having done something."""

import os
import shutil

import pytest

from rodistaa.tickets.client import connect
from server.domain.roles import Role
from tests.database import Database
from tests.gateway_process import StartGateway
from tests.integration.gateway.requests import request
from tests.integration.processes.series import Exported, scraped
from tests.running import StartServer, free_port, token_for
from tests.ticket_requests import new_ticket
from tests.waiting import eventually
from tests.worker_processes import StartCelery


@pytest.fixture
def promtool() -> str:
    """The path of Prometheus' tool; skipped where it is not installed, but in CI, which installs it."""
    path = shutil.which("promtool")
    if path is None and os.environ.get("CI"):
        pytest.fail("promtool is not installed; .ci/run does it")
    if path is None:
        pytest.skip("promtool is not installed (Debian has it in the package prometheus)")
    return path


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
