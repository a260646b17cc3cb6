"""docs/grpcurl.md, run from top to bottom as its reader would, against everything that `make run` starts."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rodistaa.tickets.client import TicketsClient, connect
from rodistaa.tickets.v1 import notification_service_pb2 as notifications
from rodistaa.tickets.v1 import sla_policy_service_pb2 as sla
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from tests.e2e.test_front_door import Running, instances
from tests.e2e.test_grpcurl import program

__all__ = ["program"]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "grpcurl.md"


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """An instance whose SLA sweeps do not change what the page works on, between two of its lines."""
    monkeypatch.setenv("TICKETS_SLA_ALARM_SECONDS", "0")
    monkeypatch.setenv("TICKETS_SLA_BREACH_SWEEP_SECONDS", "86400")
    monkeypatch.setenv("TICKETS_EXPORT_SWEEP_SECONDS", "1")
    with instances() as make:
        instance: Running = make()
        instance.start()
        yield instance


def recipes(instance: Running) -> str:
    """The page's commands, with this instance's address."""
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    script, hosts = re.subn(r"^HOST=.*$", f"HOST=127.0.0.1:{instance.port}", script, flags=re.MULTILINE)
    assert hosts == 1
    return script.replace(".venv/bin/tickets", f"{shlex.quote(sys.executable)} -m server.cli")


@pytest.fixture
def client(running: Running) -> Iterator[TicketsClient]:
    with connect(f"127.0.0.1:{running.port}", token=running.token("admin"), tls=False) as client:
        yield client


@pytest.mark.usefixtures("program")
def test_every_command_of_the_page_works(running: Running, client: TicketsClient) -> None:
    done = subprocess.run(
        ["sh", "-eu"],
        input=recipes(running),
        cwd=ROOT,
        env=running.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr}"
    assert '"intact": true' in done.stdout
    assert "tickets checked, 0 findings" in done.stdout
    assert '"reason": "INVALID_REQUEST"' in done.stderr

    assert ('"snapshot": {' in done.stdout, '"complete": true' in done.stdout) == (True, True)
    assert '"progress": {' in done.stdout, "the replayed timeline ends with a mark"

    assert done.stdout.count('"secret": "whsec_') == 1, "shown by the rotation; the one before was cut out by the shell"
    policies = client.sla_policies.ListSlaPolicies(sla.ListSlaPoliciesRequest()).sla_policies
    assert [(policy.version, policy.calendar_id) for policy in policies] == [(3, ""), (1, ""), (1, ""), (1, "")]
    hooks = client.notifications.ListWebhooks(notifications.ListWebhooksRequest())
    assert not hooks.webhooks

    assert done.stdout.count('"fileName": "rates.csv"') == 2, "complete, and listed"
    assert "/tickets.csv: OK\n" in done.stdout, "the export is what its manifest says"
    assert '"status": "EXPORT_STATUS_COMPLETED"' in done.stdout

    admin = client.tickets
    ticket = admin.GetTicket(reads.GetTicketRequest(id="TKT-1001")).ticket
    assert (ticket.status, ticket.severity) == (t.TICKET_STATUS_ESCALATED, t.TICKET_SEVERITY_MAJOR)
    assert (ticket.title, list(ticket.tags)) == ("Balance freight of BKG-123 came back", ["payment", "neft"])
    booking = reads.ListTicketsRequest()
    booking.filter.linked_id, booking.filter.linked_type = "BKG-123", t.LINKED_TYPE_BOOKING
    assert not any("steel" in found.tags for found in admin.ListTickets(booking).tickets), "it was to be validated only"
    assert "quarter-end" in admin.GetTicket(reads.GetTicketRequest(id="TKT-1002")).ticket.tags
