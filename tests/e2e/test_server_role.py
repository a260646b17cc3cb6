"""deploy/postgres/server_role.sql: a server that owns nothing does its work, and can undo nothing of what was done."""

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from psycopg import sql
from psycopg.conninfo import make_conninfo

from rodistaa.tickets.v1 import attachment_pb2
from rodistaa.tickets.v1 import attachment_service_pb2 as attachments
from rodistaa.tickets.v1 import directory_service_pb2 as directory
from rodistaa.tickets.v1 import export_service_pb2 as exports
from rodistaa.tickets.v1 import notification_service_pb2 as notifications
from rodistaa.tickets.v1 import saved_view_service_pb2 as views
from rodistaa.tickets.v1 import sla_policy_service_pb2 as policies
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import webhook_pb2 as webhooks
from rodistaa.tickets.v1.sla_pb2 import SlaPolicy
from server.domain.roles import Role
from server.embedded.postgres import binaries
from tests.database import Database
from tests.running import Running, running
from tests.ticket_requests import REASON, new_ticket, retitle

RIGHTS = Path(__file__).resolve().parents[2] / "deploy" / "postgres" / "server_role.sql"


@pytest.fixture
def role(database: Database) -> Iterator[str]:
    """With the rights of the script on the test's database. Roles are the cluster's: the name is the test's own."""
    name = f"tickets_server_{secrets.token_hex(4)}"
    with database.connect() as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        arguments = ["--set", "ON_ERROR_STOP=1", "--quiet", "--set", f"role={name}", "--file", str(RIGHTS)]
        for _ in range(2):  # after each migration
            subprocess.run([str(binaries() / "psql"), *arguments, database.dsn], check=True)
        yield name
        admin.execute(sql.SQL("DROP OWNED BY {0}").format(sql.Identifier(name)))
        admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@pytest.fixture
def limited(database: Database, role: str) -> Database:
    return Database(make_conninfo(database.dsn, user=role))


@pytest.fixture
def served(limited: Database) -> Iterator[Running]:
    with running(limited) as server:
        yield server


def test_every_kind_of_change_works(served: Running) -> None:
    admin = served.client(Role.ADMIN)
    request_id = "0d8f5f5e-6d0c-4a57-8f4e-9a4be4f3a111"
    ticket = admin.tickets.CreateTicket(new_ticket(request_id=request_id)).ticket
    assert admin.tickets.CreateTicket(new_ticket(request_id=request_id)).ticket.id == ticket.id
    admin.directory.UpsertMember(
        directory.UpsertMemberRequest(
            member=directory.Member(user_id="asha", role=t.ROLE_OPS_AGENT, display_name="Asha", active=True)
        )
    )
    admin.tickets.AssignTicket(writes.AssignTicketRequest(id=ticket.id, owner_id="asha", reason=REASON))
    admin.tickets.UpdateTicket(retitle(ticket.id, "Payment has still not come"))
    admin.tickets.AddMessage(writes.AddMessageRequest(ticket_id=ticket.id, message="We look into it."))
    admin.tickets.EscalateTicket(writes.EscalateTicketRequest(id=ticket.id, reason=REASON))
    for watching in (True, False):
        admin.tickets.SetWatch(writes.SetWatchRequest(ticket_id=ticket.id, watching=watching))
    admin.tickets.TransitionTicket(
        writes.TransitionTicketRequest(
            id=ticket.id, status=t.TICKET_STATUS_RESOLVED, resolution_summary="Paid on Tuesday, and confirmed."
        )
    )
    announced = attachments.CreateAttachmentRequest(
        ticket_id=ticket.id,
        attachment=attachment_pb2.Attachment(
            file_name="a.txt", file_type="text/plain", file_size_bytes=1, sha256="0" * 64
        ),
    )
    assert admin.attachments.CreateAttachment(announced).upload.url
    view = views.CreateSavedViewRequest(saved_view=views.SavedView(name="Mine"))
    made = admin.saved_views.CreateSavedView(view).saved_view
    admin.saved_views.DeleteSavedView(views.DeleteSavedViewRequest(id=made.id))
    policy = SlaPolicy(priority=t.TICKET_PRIORITY_LOW, response_time_minutes=120)
    admin.sla_policies.UpdateSlaPolicy(
        policies.UpdateSlaPolicyRequest(sla_policy=policy, update_mask=FieldMask(paths=["response_time_minutes"]))
    )
    hook = webhooks.Webhook(display_name="Booking", url="https://hooks.example.com/x")
    hooked = admin.notifications.CreateWebhook(notifications.CreateWebhookRequest(webhook=hook)).webhook
    admin.notifications.DeleteWebhook(notifications.DeleteWebhookRequest(id=hooked.id))
    admin.notifications.ListNotifications(notifications.ListNotificationsRequest())
    job = exports.ExportJob(format=exports.EXPORT_FORMAT_CSV)
    asked = admin.exports.CreateExportJob(exports.CreateExportJobRequest(export_job=job)).export_job
    admin.exports.CancelExportJob(exports.CancelExportJobRequest(id=asked.id))


@pytest.mark.parametrize(
    "statement",
    [
        b"UPDATE ticket_audit SET actor_id = 'somebody-else'",
        b"DELETE FROM ticket_audit",
        b"UPDATE ticket_messages SET message = 'never said'",
        b"TRUNCATE ticket_audit",
        b"ALTER TABLE ticket_audit DISABLE TRIGGER ALL",
        b"SET session_replication_role = replica",
        b"DELETE FROM tickets",
        b"UPDATE ticket_escalations SET level = 0",
        b"UPDATE outbox_cursors SET id = 0",
        b"UPDATE sla_policy_versions SET response_time_minutes = 1",
        b"DROP TABLE ticket_audit",
    ],
)
def test_the_past_is_out_of_its_reach(limited: Database, statement: bytes) -> None:
    with limited.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
