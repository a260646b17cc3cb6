"""A valid, fully set request of every method that this server offers: what tests break one piece of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, cast
from uuid import uuid4

import google.api.field_behavior_pb2 as behavior
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from rodistaa.tickets.client import TicketsClient
from rodistaa.tickets.v1 import directory_service_pb2 as directory
from rodistaa.tickets.v1 import filter_pb2
from rodistaa.tickets.v1 import saved_view_service_pb2 as views
from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_pb2 as t
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from rodistaa.tickets.v1.timeline_pb2 import TIMELINE_KIND_AUDIT_ENTRY, TIMELINE_KIND_MESSAGE
from server.domain.roles import Role
from tests.contract import attachment_requests, export_requests
from tests.contract import sla_and_notification_requests as others
from tests.contract.expectations import Rpc
from tests.contract.streams import STREAMING, first_of
from tests.running import Running

REASON = "The operator asked for it on the phone"
UPDATABLE = (
    "title",
    "description",
    "priority",
    "severity",
    "status",
    "owner_id",
    "owner_role",
    "assigned_franchise_id",
    "linked_type",
    "linked_id",
    "tags",
    "is_sensitive",
    "resolution_summary",
    "metadata",
)
OFFERED = (
    "TicketService/CreateTicket",
    "TicketService/GetTicket",
    "TicketService/ListTickets",
    "TicketService/SearchTickets",
    "TicketService/UpdateTicket",
    "TicketService/TransitionTicket",
    "TicketService/AssignTicket",
    "TicketService/EscalateTicket",
    "TicketService/ArchiveTicket",
    "TicketService/BulkUpdateTickets",
    "TicketService/AddMessage",
    "TicketService/ListTimeline",
    "TicketService/WatchTimeline",
    "TicketService/WatchTickets",
    "TicketService/ListAuditEntries",
    "TicketService/VerifyAudit",
    "TicketService/SetWatch",
    "TicketService/ListWatchers",
    "TicketService/SuggestOwners",
    "TicketService/GetTicketStats",
    "TicketService/ExplainSla",
    "TicketService/SuggestTerms",
    "TicketService/GetTicketActions",
    "DirectoryService/UpsertMember",
    "DirectoryService/ListMembers",
    "DirectoryService/LookupMembers",
    "DirectoryService/GetCaller",
    "SavedViewService/CreateSavedView",
    "SavedViewService/ListSavedViews",
    "SavedViewService/UpdateSavedView",
    "SavedViewService/DeleteSavedView",
    *others.OFFERED,
    *attachment_requests.OFFERED,
    *export_requests.OFFERED,
)
"""The methods that this version of the server serves."""

ADMIN = "contract-admin"
_numbers = count(1)


def moment(year: int, month: int = 1, day: int = 1) -> Timestamp:
    """Midnight of a day in UTC."""
    stamp = Timestamp()
    stamp.FromDatetime(datetime(year, month, day, tzinfo=UTC))
    return stamp


def ticket(**fields: Any) -> t.Ticket:
    """The least that a new ticket needs, and what is given."""
    values: dict[str, Any] = {
        "title": "Payment for a trip not received",
        "description": "The booking was delivered on Monday, the money has not come.",
        **fields,
    }
    return t.Ticket(**values)


def full_ticket(**fields: Any) -> t.Ticket:
    """A new ticket with every field that a caller may set at creation."""
    made = ticket(
        **{
            "owner_role": t.ROLE_OPS_AGENT,
            "assigned_franchise_id": "FR-001",
            "priority": t.TICKET_PRIORITY_HIGH,
            "severity": t.TICKET_SEVERITY_MAJOR,
            "linked_type": t.LINKED_TYPE_BOOKING,
            "linked_id": "BKG-123",
            "tags": ["payment", "urgent"],
            **fields,
        }
    )
    made.metadata.update({"source": "booking", "attempts": 3})
    return made


def full_filter(**fields: Any) -> filter_pb2.TicketFilter:
    """Every field of a filter."""
    window = filter_pb2.TimeRange(start=moment(2020, 1, 1), end=moment(2100, 1, 1))
    values: dict[str, Any] = {
        "statuses": [t.TICKET_STATUS_NEW, t.TICKET_STATUS_OPEN],
        "priorities": [t.TICKET_PRIORITY_HIGH],
        "owner_id": "asha",
        "owner_roles": [t.ROLE_OPS_AGENT],
        "unassigned": False,
        "franchise_ids": ["FR-001"],
        "linked_type": t.LINKED_TYPE_BOOKING,
        "linked_id": "BKG-123",
        "created_by_id": "ravi",
        "tags_any": ["payment"],
        "tags_all": ["urgent", "payment"],
        "sla_statuses": [t.SLA_STATUS_ON_TRACK, t.SLA_STATUS_BREACHED],
        "created": window,
        "updated": window,
        "due": window,
        "archived": True,
        "sensitive": False,
        "text": "payment -refund",
        **fields,
    }
    return filter_pb2.TicketFilter(**values)


def full_member(**fields: Any) -> directory.Member:
    """A member with every field that an admin sets."""
    values: dict[str, Any] = {
        "user_id": f"member-{next(_numbers)}",
        "role": t.ROLE_OPS_AGENT,
        "display_name": "आशा Rao",
        "franchise_ids": ["FR-001", "FR-002"],
        "email": "asha@example.com",
        "phone": "+919812345678",
        "push_token": "token",
        "active": True,
        **fields,
    }
    return directory.Member(**values)


@dataclass
class World:
    """A server, and somebody who may do everything on it."""

    running: Running
    admin: TicketsClient = field(init=False)

    def __post_init__(self) -> None:
        self.admin = self.running.client(Role.ADMIN, ADMIN)

    def new_ticket(self, **fields: Any) -> t.Ticket:
        """A ticket of this test alone."""
        return self.admin.tickets.CreateTicket(writes.CreateTicketRequest(ticket=ticket(**fields))).ticket

    def open_ticket(self, **fields: Any) -> t.Ticket:
        """The same, in a state from which most others are reached."""
        made = self.new_ticket(**fields)
        request = writes.TransitionTicketRequest(id=made.id, status=t.TICKET_STATUS_OPEN)
        return self.admin.tickets.TransitionTicket(request).ticket

    def view(self) -> views.SavedView:
        """A saved view of the admin's."""
        view = views.SavedView(name=f"view {next(_numbers)}", filter=full_filter(), order_by="priority desc")
        return self.admin.saved_views.CreateSavedView(views.CreateSavedViewRequest(saved_view=view)).saved_view

    def valid_requests(self) -> dict[str, Message]:
        """By ``Service/Method``. Each has all fields set that may be set together."""
        ticket_id = self.open_ticket().id
        view = self.view()
        changed = full_ticket(
            id=self.open_ticket().id,
            status=t.TICKET_STATUS_IN_PROGRESS,
            owner_id="asha",
            resolution_summary="The bank has sent the money again.",
        )
        requests: dict[str, Message] = {
            "TicketService/CreateTicket": writes.CreateTicketRequest(ticket=full_ticket(is_sensitive=True)),
            "TicketService/GetTicket": reads.GetTicketRequest(id=ticket_id, access_reason=REASON),
            "TicketService/ListTickets": reads.ListTicketsRequest(
                filter=full_filter(), page_size=10, order_by="sla_due_at asc", include_total=True
            ),
            "TicketService/SearchTickets": reads.SearchTicketsRequest(
                query='"payment" or trip', filter=full_filter(), page_size=10, include_total=True
            ),
            "TicketService/UpdateTicket": writes.UpdateTicketRequest(
                ticket=changed, update_mask=FieldMask(paths=UPDATABLE), reason=REASON
            ),
            "TicketService/TransitionTicket": writes.TransitionTicketRequest(
                id=ticket_id, status=t.TICKET_STATUS_RESOLVED, resolution_summary="Paid.", reason=REASON
            ),
            "TicketService/AssignTicket": writes.AssignTicketRequest(
                id=self.new_ticket().id,
                owner_id="asha",
                owner_role=t.ROLE_OPS_AGENT,
                assigned_franchise_id="FR-001",
                reason=REASON,
            ),
            "TicketService/EscalateTicket": writes.EscalateTicketRequest(id=self.new_ticket().id, reason=REASON),
            "TicketService/ArchiveTicket": writes.ArchiveTicketRequest(
                id=self.new_ticket().id, archived=True, reason=REASON
            ),
            "TicketService/BulkUpdateTickets": bulk.BulkUpdateTicketsRequest(
                ids=[self.new_ticket().id, self.new_ticket().id],
                assign=bulk.BulkAssign(owner_id="asha", owner_role=t.ROLE_OPS_AGENT, assigned_franchise_id="FR-001"),
                reason=REASON,
            ),
            "TicketService/AddMessage": writes.AddMessageRequest(
                ticket_id=ticket_id, message="We are looking into it.", is_internal_note=True
            ),
            "TicketService/ListTimeline": timeline.ListTimelineRequest(
                ticket_id=ticket_id,
                after_seq=1,
                page_size=10,
                access_reason=REASON,
                order_by="seq desc",
                kinds=[TIMELINE_KIND_MESSAGE, TIMELINE_KIND_AUDIT_ENTRY],
            ),
            "TicketService/WatchTimeline": timeline.WatchTimelineRequest(
                ticket_id=ticket_id, after_seq=1, access_reason=REASON
            ),
            "TicketService/WatchTickets": watch.WatchTicketsRequest(filter=full_filter(), snapshot_size=10),
            "TicketService/ListAuditEntries": timeline.ListAuditEntriesRequest(
                ticket_id=ticket_id, page_size=10, access_reason=REASON
            ),
            "TicketService/VerifyAudit": timeline.VerifyAuditRequest(ticket_id=ticket_id),
            "TicketService/SetWatch": writes.SetWatchRequest(
                ticket_id=ticket_id,
                user_id="asha",
                watching=True,
                notify_email=False,
                notify_push=True,
                notify_sms=True,
            ),
            "TicketService/ListWatchers": reads.ListWatchersRequest(ticket_id=ticket_id, page_size=10),
            "TicketService/SuggestOwners": reads.SuggestOwnersRequest(
                role=t.ROLE_OPS_AGENT, franchise_id="FR-001", ticket_id=ticket_id, limit=5
            ),
            "TicketService/GetTicketStats": reads.GetTicketStatsRequest(
                filter=full_filter(), trend_days=7, time_zone="Asia/Kolkata", trend_only=True
            ),
            "TicketService/ExplainSla": reads.ExplainSlaRequest(ticket_id=ticket_id),
            "TicketService/SuggestTerms": reads.SuggestTermsRequest(
                kind=reads.TERM_KIND_LINKED_ID, prefix="BKG", linked_type=t.LINKED_TYPE_BOOKING, limit=5
            ),
            "TicketService/GetTicketActions": reads.GetTicketActionsRequest(ticket_id=ticket_id),
            "DirectoryService/UpsertMember": directory.UpsertMemberRequest(member=full_member()),
            "DirectoryService/ListMembers": directory.ListMembersRequest(
                roles=[t.ROLE_OPS_AGENT], franchise_id="FR-001", active=True, query="asha", page_size=10
            ),
            "DirectoryService/LookupMembers": directory.LookupMembersRequest(
                user_ids=["asha", ADMIN], query="a", roles=[t.ROLE_OPS_AGENT, t.ROLE_ADMIN], limit=10
            ),
            "DirectoryService/GetCaller": directory.GetCallerRequest(),
            "SavedViewService/CreateSavedView": views.CreateSavedViewRequest(
                saved_view=views.SavedView(
                    name=f"another view {next(_numbers)}", filter=full_filter(), order_by="created_at", is_shared=True
                )
            ),
            "SavedViewService/ListSavedViews": views.ListSavedViewsRequest(page_size=10),
            "SavedViewService/UpdateSavedView": views.UpdateSavedViewRequest(
                saved_view=views.SavedView(
                    id=view.id,
                    name=f"changed view {next(_numbers)}",
                    filter=full_filter(),
                    order_by="priority",
                    etag=view.etag,
                ),
                update_mask=FieldMask(paths=["name", "filter", "order_by", "is_shared"]),
            ),
            "SavedViewService/DeleteSavedView": views.DeleteSavedViewRequest(id=self.view().id),
            **others.valid_requests(self.admin, ADMIN, self.running.database, full_filter()),
            **attachment_requests.valid_requests(self.admin, ADMIN, self.running.database, self.open_ticket().id),
            **export_requests.valid_requests(self.admin, ADMIN, full_filter()),
        }
        for request in requests.values():
            if "request_id" in request.DESCRIPTOR.fields_by_name:
                setattr(request, "request_id", str(uuid4()))  # noqa: B010 - not every message has it
        return requests

    def rpc(self, name: str) -> Rpc:
        """The method of a name, as the admin."""
        return rpc_of(self.admin, name)


def rpc_of(client: TicketsClient, name: str) -> Rpc:
    """The method ``Service/Method`` of a client; of a stream the first event."""
    service, _, method = name.partition("/")
    stub = {
        "TicketService": client.tickets,
        "DirectoryService": client.directory,
        "SavedViewService": client.saved_views,
        "SlaPolicyService": client.sla_policies,
        "NotificationService": client.notifications,
        "AttachmentService": client.attachments,
        "ExportService": client.exports,
    }[service]
    rpc = getattr(stub, method)
    return first_of(rpc) if method in STREAMING else cast("Rpc", rpc)


def raw_rpc(client: TicketsClient, path: str) -> Callable[[bytes], Any]:
    """The method of a path, called with bytes; of a stream the first event."""
    if path.rpartition("/")[2] in STREAMING:
        return first_of(client.channel.unary_stream(path))
    return cast("Callable[[bytes], Any]", client.channel.unary_unary(path))


def path_of(name: str) -> str:
    """Where ``Service/Method`` is served."""
    return f"/rodistaa.tickets.v1.{name}"


def is_input(field: FieldDescriptor) -> bool:
    """Whether the server reads the field of a request at all."""
    options: Any = field.GetOptions()
    return behavior.OUTPUT_ONLY not in options.Extensions[behavior.field_behavior]
