"""Mutations of tickets, members and views, each with what a test of its repetition needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message

from rodistaa.tickets.v1 import directory_service_pb2 as directory
from rodistaa.tickets.v1 import saved_view_service_pb2 as views
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from server.domain.roles import Role
from tests.running import Running
from tests.ticket_requests import REASON, new_ticket, retitle

Rpc = Callable[[Any], Message]


@dataclass(frozen=True)
class Mutation:
    """A call that changes something, the same call with another body, and a later change of the same thing."""

    rpc: Rpc
    request: Any
    other: Any
    change_meanwhile: str
    """SQL; ``%(id)s`` is ``changed_id``."""
    changed_id: str


CHANGE_TICKET = "UPDATE tickets SET tags = tags || 'meanwhile'::text WHERE id = %(id)s"
CHANGE_VIEW = "UPDATE saved_views SET name = name || '*', version = version + 1 WHERE id::text = %(id)s"
CHANGE_MEMBER = "UPDATE staff_members SET display_name = 'Meanwhile', version = version + 1 WHERE user_id = %(id)s"


def manager_of(server: Running) -> Any:
    return server.client(Role.OPS_MANAGER, "once-manager").tickets


def a_ticket(server: Running) -> t.Ticket:
    """OPEN, and owned by the manager."""
    manager = manager_of(server)
    created = manager.CreateTicket(new_ticket()).ticket
    request = writes.AssignTicketRequest(
        id=created.id, owner_id="once-manager", owner_role=t.ROLE_OPS_MANAGER, reason=REASON
    )
    ticket: t.Ticket = manager.AssignTicket(request).ticket
    return ticket


def a_view(server: Running) -> views.SavedView:
    request = views.CreateSavedViewRequest(saved_view=views.SavedView(name=f"Late {uuid4()}"))
    return server.client(Role.OPS_MANAGER, "once-manager").saved_views.CreateSavedView(request).saved_view


def create_ticket(server: Running) -> Mutation:
    title = f"Truck KYC expired {uuid4()}"
    return Mutation(
        manager_of(server).CreateTicket,
        new_ticket(title=title),
        new_ticket(title=f"{title} again"),
        "UPDATE tickets SET tags = tags || 'meanwhile'::text WHERE title = %(id)s",
        title,
    )


def update_ticket(server: Running) -> Mutation:
    ticket = a_ticket(server)
    return Mutation(
        manager_of(server).UpdateTicket,
        retitle(ticket.id, "Payment is late", etag=ticket.etag),
        retitle(ticket.id, "Payment is very late", etag=ticket.etag),
        CHANGE_TICKET,
        ticket.id,
    )


def transition_ticket(server: Running) -> Mutation:
    ticket = a_ticket(server)
    return Mutation(
        manager_of(server).TransitionTicket,
        writes.TransitionTicketRequest(id=ticket.id, status=t.TICKET_STATUS_IN_PROGRESS),
        writes.TransitionTicketRequest(id=ticket.id, status=t.TICKET_STATUS_AWAITING_SHIPPER),
        "UPDATE tickets SET status = 'AWAITING_OPERATOR' WHERE id = %(id)s",
        ticket.id,
    )


def assign_ticket(server: Running) -> Mutation:
    ticket = a_ticket(server)
    return Mutation(
        manager_of(server).AssignTicket,
        writes.AssignTicketRequest(id=ticket.id, owner_role=t.ROLE_OPS_AGENT, reason=REASON),
        writes.AssignTicketRequest(id=ticket.id, owner_role=t.ROLE_HQ_SUPPORT, reason=REASON),
        CHANGE_TICKET,
        ticket.id,
    )


def escalate_ticket(server: Running) -> Mutation:
    ticket = a_ticket(server)
    return Mutation(
        manager_of(server).EscalateTicket,
        writes.EscalateTicketRequest(id=ticket.id, reason=REASON),
        writes.EscalateTicketRequest(id=ticket.id, reason=REASON + " today"),
        CHANGE_TICKET,
        ticket.id,
    )


def archive_ticket(server: Running) -> Mutation:
    ticket = a_ticket(server)
    return Mutation(
        manager_of(server).ArchiveTicket,
        writes.ArchiveTicketRequest(id=ticket.id, reason="A duplicate"),
        writes.ArchiveTicketRequest(id=ticket.id, archived=False),
        "UPDATE tickets SET archived = false WHERE id = %(id)s",
        ticket.id,
    )


def bulk_update_tickets(server: Running) -> Mutation:
    ticket = a_ticket(server)

    def request(tag: str) -> bulk.BulkUpdateTicketsRequest:
        # One of the two is not there, so the answer tells of a failure as well.
        return bulk.BulkUpdateTicketsRequest(
            ids=[ticket.id, "TKT-999999999"], tags=bulk.BulkTags(add=[tag]), reason=REASON
        )

    admin = server.client(Role.ADMIN, "once-admin").tickets
    return Mutation(admin.BulkUpdateTickets, request("fraud"), request("delay"), CHANGE_TICKET, ticket.id)


def add_message(server: Running) -> Mutation:
    ticket = a_ticket(server)
    return Mutation(
        manager_of(server).AddMessage,
        writes.AddMessageRequest(ticket_id=ticket.id, message="We are looking into it."),
        writes.AddMessageRequest(ticket_id=ticket.id, message="We are still looking into it."),
        CHANGE_TICKET,
        ticket.id,
    )


def set_watch(server: Running) -> Mutation:
    ticket = a_ticket(server)
    return Mutation(
        manager_of(server).SetWatch,
        writes.SetWatchRequest(ticket_id=ticket.id, notify_sms=True),
        writes.SetWatchRequest(ticket_id=ticket.id, notify_sms=False),
        "UPDATE ticket_watchers SET notify_sms = false, notify_email = false WHERE ticket_id = %(id)s",
        ticket.id,
    )


def upsert_member(server: Running) -> Mutation:
    def request(name: str) -> directory.UpsertMemberRequest:
        member = directory.Member(user_id="once-member", role=t.ROLE_OPS_AGENT, display_name=name)
        return directory.UpsertMemberRequest(member=member)

    admin = server.client(Role.ADMIN, "once-admin").directory
    return Mutation(admin.UpsertMember, request("Asha"), request("Ravi"), CHANGE_MEMBER, "once-member")


def create_saved_view(server: Running) -> Mutation:
    def request(name: str) -> views.CreateSavedViewRequest:
        return views.CreateSavedViewRequest(saved_view=views.SavedView(name=name))

    client = server.client(Role.OPS_MANAGER, "once-manager").saved_views
    name = f"Payments {uuid4()}"
    return Mutation(
        client.CreateSavedView,
        request(name),
        request(f"{name} of the month"),
        "DELETE FROM saved_views WHERE name = %(id)s",
        name,
    )


def update_saved_view(server: Running) -> Mutation:
    view = a_view(server)

    def request(name: str) -> views.UpdateSavedViewRequest:
        changed = views.UpdateSavedViewRequest(saved_view=views.SavedView(id=view.id, name=f"{name} {view.id}"))
        changed.update_mask.paths.append("name")
        return changed

    client = server.client(Role.OPS_MANAGER, "once-manager").saved_views
    return Mutation(client.UpdateSavedView, request("Overdue"), request("Very overdue"), CHANGE_VIEW, view.id)


def delete_saved_view(server: Running) -> Mutation:
    view = a_view(server)
    client = server.client(Role.OPS_MANAGER, "once-manager").saved_views
    return Mutation(
        client.DeleteSavedView,
        views.DeleteSavedViewRequest(id=view.id),
        views.DeleteSavedViewRequest(id=view.id, etag=view.etag),
        "SELECT %(id)s",
        view.id,
    )


TICKET_AND_VIEW_MUTATIONS = {
    "CreateTicket": create_ticket,
    "UpdateTicket": update_ticket,
    "TransitionTicket": transition_ticket,
    "AssignTicket": assign_ticket,
    "EscalateTicket": escalate_ticket,
    "ArchiveTicket": archive_ticket,
    "BulkUpdateTickets": bulk_update_tickets,
    "AddMessage": add_message,
    "SetWatch": set_watch,
    "UpsertMember": upsert_member,
    "CreateSavedView": create_saved_view,
    "UpdateSavedView": update_saved_view,
    "DeleteSavedView": delete_saved_view,
}
