"""A missed deadline, live: everything that `make run` starts, and nobody who helps the clock along.

The policy is shortened to a minute, and a ticket brought in that is fifty seconds old already. Then its near breach,
its breach, the climb to the end of its chain and what people and other systems are told of it happen by themselves.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import pytest

from rodistaa.tickets.client import connect
from rodistaa.tickets.v1 import notification_service_pb2 as notices
from rodistaa.tickets.v1 import sla_pb2, sla_policy_service_pb2, webhook_pb2
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from server.embedded.address import running_database_url
from tests.e2e.test_front_door import Running, instances
from tests.waiting import eventually

KIND = notices.NotificationKind


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("TICKETS_NOTIFICATION_WINDOW_SECONDS", "2")
    with instances() as make:
        instance: Running = make()
        instance.start()
        yield instance


@pytest.fixture
def received() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A system that webhooks are sent to: its address, and what it was told."""
    told: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tickets", told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


INSERT = """
    INSERT INTO tickets (title, description, created_by_id, created_by_role, owner_role, priority, created_at)
    VALUES ('Truck did not arrive', 'The truck for BKG-123 never arrived at the gate.', 'shipper-1', 'shipper',
        'ops_manager', 'HIGH', now() - interval '50 seconds')
    RETURNING id
"""


def test_a_ticket_nears_its_deadline_misses_it_and_climbs_its_chain(
    running: Running, received: tuple[str, list[dict[str, Any]]]
) -> None:
    url, told = received
    target = f"127.0.0.1:{running.port}"
    with (
        connect(target, token=running.token("admin"), tls=False) as admin,
        connect(target, token=running.token("regional_manager"), tls=False) as regional,
    ):
        change = sla_policy_service_pb2.UpdateSlaPolicyRequest(
            sla_policy=sla_pb2.SlaPolicy(
                priority=t.TICKET_PRIORITY_HIGH,
                response_time_minutes=1,
                resolution_time_minutes=1,
                escalation_interval_minutes=1,
            )
        )
        change.update_mask.paths.extend(
            ["response_time_minutes", "resolution_time_minutes", "escalation_interval_minutes"]
        )
        admin.sla_policies.UpdateSlaPolicy(change)
        webhook = webhook_pb2.Webhook(display_name="Control tower", url=url, event_types=["AUTO_ESCALATED"])
        admin.notifications.CreateWebhook(notices.CreateWebhookRequest(webhook=webhook))
        database = running_database_url(running.data_dir)
        assert database is not None
        with psycopg.connect(database, autocommit=True) as connection:
            row = connection.execute(INSERT).fetchone()
        assert row is not None
        ticket_id: str = row[0]

        def ticket() -> t.Ticket:
            return admin.tickets.GetTicket(reads.GetTicketRequest(id=ticket_id)).ticket

        def actions() -> list[str]:
            request = timeline.ListAuditEntriesRequest(ticket_id=ticket_id, page_size=200)
            return [entry.action for entry in admin.tickets.ListAuditEntries(request).audit_entries]

        def heard_of(kind: notices.NotificationKind.ValueType) -> Callable[[], list[notices.Notification]]:
            def look() -> list[notices.Notification]:
                answer = regional.notifications.ListNotifications(notices.ListNotificationsRequest(page_size=200))
                return [each for each in answer.notifications if (each.ticket_id, each.kind) == (ticket_id, kind)]

            return look

        eventually(lambda: "SLA_NEAR_BREACH" in actions(), within=60, what="the near breach")
        eventually(lambda: ticket().sla_breached, within=60, what="the breach")
        assert ticket().status == t.TICKET_STATUS_ESCALATED
        assert ticket().owner_role == t.ROLE_REGIONAL_MANAGER
        (notification,) = eventually(heard_of(KIND.NOTIFICATION_KIND_ESCALATED), within=30, what="the notification")
        assert notification.is_critical
        recorded = running.data_dir / "notifications" / "email.jsonl"
        eventually(
            lambda: recorded.exists() and notification.id in recorded.read_text(encoding="utf-8"),
            within=60,
            what="the e-mail with the notification's id as dedupe key",
        )
        eventually(lambda: ticket().owner_role == t.ROLE_HQ_SUPPORT, within=120, what="the second level")
        eventually(
            lambda: len({each["timestamp"] for each in told if each["data"]["ticket_id"] == ticket_id}) == 2,
            within=60,
            what=f"the second of two webhook deliveries among {told}",
        )
        assert sorted(actions()) == [
            "AUTO_ESCALATED",
            "AUTO_ESCALATED",
            "FIRST_RESPONSE_BREACHED",
            "SLA_NEAR_BREACH",
            "TICKET_CREATED",
        ]
        explained = admin.tickets.ExplainSla(reads.ExplainSlaRequest(ticket_id=ticket_id)).explanation
        assert [(each.level, each.automatic, each.actor_id) for each in explained.escalations] == [
            (1, True, "SYSTEM"),
            (2, True, "SYSTEM"),
        ]
