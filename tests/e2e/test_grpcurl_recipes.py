"""docs/grpcurl.md, run from top to bottom as its reader would, against a server with the demonstration's data."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from rodistaa.tickets.v1 import notification_service_pb2 as notifications
from rodistaa.tickets.v1 import sla_policy_service_pb2 as sla
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from server.demo_users import demo_franchises, demo_user
from server.domain.roles import Role
from server.seed import seed_demo
from tests.e2e.test_grpcurl import program
from tests.running import Running, token_for

__all__ = ["program"]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "grpcurl.md"


def recipes(server: Running) -> str:
    """The page's commands, with this server's address and this test's tokens in place of an instance's."""

    def token(found: re.Match[str]) -> str:
        role = Role(found[1])
        return token_for(role, demo_user(role), demo_franchises(role))

    script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    script, hosts = re.subn(r"^HOST=.*$", f"HOST={server.target}", script, flags=re.MULTILINE)
    script, tokens = re.subn(r"\$\(\.venv/bin/tickets token --role (\w+)\)", token, script)
    assert (hosts, tokens) == (1, 2)
    return script.replace(".venv/bin/tickets", f"{shlex.quote(sys.executable)} -m server.cli")


@pytest.mark.usefixtures("program")
def test_every_command_of_the_page_works(fresh_server: Running) -> None:
    seed_demo(fresh_server.database.dsn)
    done = subprocess.run(
        ["sh", "-eu"],
        input=recipes(fresh_server),
        cwd=ROOT,
        env={**os.environ, "TICKETS_DATABASE_URL": fresh_server.database.dsn},
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
    policies = fresh_server.client(Role.ADMIN).sla_policies.ListSlaPolicies(sla.ListSlaPoliciesRequest()).sla_policies
    assert [(policy.version, policy.calendar_id) for policy in policies] == [(3, ""), (1, ""), (1, ""), (1, "")]
    hooks = fresh_server.client(Role.ADMIN).notifications.ListWebhooks(notifications.ListWebhooksRequest())
    assert not hooks.webhooks

    admin = fresh_server.client(Role.ADMIN).tickets
    ticket = admin.GetTicket(reads.GetTicketRequest(id="TKT-1001")).ticket
    assert (ticket.status, ticket.severity) == (t.TICKET_STATUS_ESCALATED, t.TICKET_SEVERITY_MAJOR)
    assert (ticket.title, list(ticket.tags)) == ("Balance freight of BKG-123 came back", ["payment", "neft"])
    booking = reads.ListTicketsRequest()
    booking.filter.linked_id, booking.filter.linked_type = "BKG-123", t.LINKED_TYPE_BOOKING
    assert not any("steel" in found.tags for found in admin.ListTickets(booking).tickets), "it was to be validated only"
    assert "quarter-end" in admin.GetTicket(reads.GetTicketRequest(id="TKT-1002")).ticket.tags
