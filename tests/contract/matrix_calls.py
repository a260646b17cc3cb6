"""The calls of the role matrix: each RPC as it is used, the ticket it is used on, and the rules that hold for it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import psycopg

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
from rodistaa.tickets.v1.timeline_pb2 import TIMELINE_KIND_AUDIT_ENTRY
from tests.contract.matrix import ABSENT, NOT_FOUND, OK, OUTSIDE
from tests.contract.streams import list_of, timeline_of

FRANCHISE = "FR-MATRIX"
REASON = "The rules of the specification are tried out"


@dataclass(frozen=True, slots=True)
class Case:
    """One call: who makes it, and the ticket that was made for it."""

    client: TicketsClient
    caller: str
    ticket_id: str
    word: str
    """A word of the title, and a tag, that no other ticket has."""
    connection: psycopg.Connection

    @property
    def filter(self) -> filter_pb2.TicketFilter:
        """Matches this ticket alone."""
        return filter_pb2.TicketFilter(tags_any=[self.word])


Call = Callable[[Case], str | None]
"""Makes the call; None stands for OK, and errors are raised."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A use of an RPC. ``unseen`` and ``by_role_alone`` as in ``matrix.expected``; the rest describes the ticket."""

    name: str
    rules: tuple[str, ...]
    call: Call
    unseen: str | None = NOT_FOUND
    by_role_alone: bool = False
    status: str = "OPEN"
    payment: bool = False
    sensitive: bool = False
    archived: bool = False
    queue: str | None = None

    @property
    def rpc(self) -> str:
        """The method's name."""
        return self.name.partition(" ")[0]


def _get(case: Case) -> None:
    assert case.client.tickets.GetTicket(reads.GetTicketRequest(id=case.ticket_id)).ticket.id == case.ticket_id


def _get_disclosed(case: Case) -> None:
    request = reads.GetTicketRequest(id=case.ticket_id, access_reason=REASON)
    assert not case.client.tickets.GetTicket(request).ticket.redacted


def _list(case: Case) -> str:
    answer = case.client.tickets.ListTickets(reads.ListTicketsRequest(filter=case.filter, include_total=True))
    assert answer.total_size == len(answer.tickets)
    return OK if [ticket.id for ticket in answer.tickets] == [case.ticket_id] else ABSENT


def _search(case: Case) -> str:
    answer = case.client.tickets.SearchTickets(reads.SearchTicketsRequest(query=case.word, include_total=True))
    assert answer.total_size == len(answer.results)
    return OK if [result.ticket.id for result in answer.results] == [case.ticket_id] else ABSENT


def _stats(case: Case) -> str:
    answer = case.client.tickets.GetTicketStats(reads.GetTicketStatsRequest(filter=case.filter, trend_days=2))
    counts = {
        answer.total_count,
        sum(each.count for each in answer.status_counts),
        sum(each.count for each in answer.priority_counts),
        sum(each.created_count for each in answer.trend),
    }
    assert counts in ({0}, {1})
    return OK if answer.total_count else ABSENT


def _timeline(case: Case) -> None:
    case.client.tickets.ListTimeline(timeline.ListTimelineRequest(ticket_id=case.ticket_id))


def _changes_alone(case: Case) -> None:
    request = timeline.ListTimelineRequest(ticket_id=case.ticket_id, kinds=[TIMELINE_KIND_AUDIT_ENTRY])
    actions = [entry.audit_entry.action for entry in case.client.tickets.ListTimeline(request).entries]
    assert actions == ([] if case.caller.removeprefix("matrix-") in OUTSIDE else ["TICKET_CREATED"])


def _watch_timeline(case: Case) -> None:
    with timeline_of(case.client.tickets, case.ticket_id) as stream:
        entries, end = stream.replayed()
    assert end == 1
    assert [entry.audit_entry.action for entry in entries] in ([], ["TICKET_CREATED"])


def _watch_timeline_disclosed(case: Case) -> None:
    with timeline_of(case.client.tickets, case.ticket_id, access_reason=REASON) as stream:
        entries, _ = stream.replayed()
    assert not any(entry.audit_entry.redacted for entry in entries)


def _watch_tickets(case: Case) -> str:
    request = watch.WatchTicketsRequest(filter=case.filter, snapshot_size=200)
    with list_of(case.client.tickets, request) as stream:
        ids = [ticket.id for ticket in stream.snapshot()]
    assert ids in ([], [case.ticket_id])
    return OK if ids else ABSENT


def _audit(case: Case) -> None:
    case.client.tickets.ListAuditEntries(timeline.ListAuditEntriesRequest(ticket_id=case.ticket_id))


def _verify(case: Case) -> None:
    assert case.client.tickets.VerifyAudit(timeline.VerifyAuditRequest(ticket_id=case.ticket_id)).intact


def _explain(case: Case) -> None:
    request = reads.ExplainSlaRequest(ticket_id=case.ticket_id)
    assert case.client.tickets.ExplainSla(request).explanation.ticket_id == case.ticket_id


def _watchers(case: Case) -> None:
    case.client.tickets.ListWatchers(reads.ListWatchersRequest(ticket_id=case.ticket_id))


def _suggest(case: Case) -> None:
    case.client.tickets.SuggestOwners(reads.SuggestOwnersRequest(ticket_id=case.ticket_id, role=t.ROLE_OPS_AGENT))


def _terms(case: Case) -> str:
    request = reads.SuggestTermsRequest(kind=reads.TERM_KIND_TAG, prefix=case.word)
    terms = [term.term for term in case.client.tickets.SuggestTerms(request).terms]
    assert terms in ([], [case.word])
    return OK if terms else ABSENT


def _actions(case: Case) -> None:
    request = reads.GetTicketActionsRequest(ticket_id=case.ticket_id)
    assert case.client.tickets.GetTicketActions(request).ticket_id == case.ticket_id


def _create(**fields: object) -> Call:
    def call(case: Case) -> None:
        ticket = t.Ticket(title="Made by the matrix", description="A ticket that the role matrix made.", **fields)  # type: ignore[arg-type] # fields of the message
        case.client.tickets.CreateTicket(writes.CreateTicketRequest(ticket=ticket))

    return call


def _update(**fields: object) -> Call:
    def call(case: Case) -> None:
        request = writes.UpdateTicketRequest(ticket=t.Ticket(id=case.ticket_id, **fields), reason=REASON)  # type: ignore[arg-type] # fields of the message
        request.update_mask.paths.extend(fields)
        case.client.tickets.UpdateTicket(request)

    return call


def _transition(status: str) -> Call:
    def call(case: Case) -> None:
        summary = "It was settled by telephone." if status == "RESOLVED" else ""
        case.client.tickets.TransitionTicket(
            writes.TransitionTicketRequest(
                id=case.ticket_id,
                status=t.TicketStatus.Value(f"TICKET_STATUS_{status}"),
                resolution_summary=summary,
                reason=REASON,
            )
        )

    return call


def _assign(case: Case) -> None:
    case.client.tickets.AssignTicket(
        writes.AssignTicketRequest(id=case.ticket_id, owner_role=t.ROLE_OPS_AGENT, reason=REASON)
    )


def _escalate(case: Case) -> None:
    case.client.tickets.EscalateTicket(writes.EscalateTicketRequest(id=case.ticket_id, reason=REASON))


def _archive(*, archived: bool) -> Call:
    def call(case: Case) -> None:
        case.client.tickets.ArchiveTicket(writes.ArchiveTicketRequest(id=case.ticket_id, archived=archived))

    return call


def _message(*, internal: bool) -> Call:
    def call(case: Case) -> None:
        case.client.tickets.AddMessage(
            writes.AddMessageRequest(ticket_id=case.ticket_id, message="A word.", is_internal_note=internal)
        )

    return call


def _watch(user_id: str, *, watching: bool) -> Call:
    def call(case: Case) -> None:
        case.client.tickets.SetWatch(
            writes.SetWatchRequest(ticket_id=case.ticket_id, user_id=user_id, watching=watching)
        )

    return call


def _bulk(*, validate_only: bool) -> Call:
    def call(case: Case) -> str:
        answer = case.client.tickets.BulkUpdateTickets(
            bulk.BulkUpdateTicketsRequest(
                ids=[case.ticket_id], tags=bulk.BulkTags(add=["seen"]), reason=REASON, validate_only=validate_only
            )
        )
        return OK if answer.succeeded_count == 1 else ABSENT

    return call


def _list_members(case: Case) -> None:
    case.client.directory.ListMembers(directory.ListMembersRequest())


def _lookup_members(case: Case) -> None:
    case.client.directory.LookupMembers(directory.LookupMembersRequest(user_ids=[case.caller]))


def _get_caller(case: Case) -> None:
    assert case.client.directory.GetCaller(directory.GetCallerRequest()).caller.user_id == case.caller


def _upsert_member(case: Case) -> None:
    member = directory.Member(user_id="matrix-member", role=t.ROLE_OPS_AGENT, display_name="Member")
    case.client.directory.UpsertMember(directory.UpsertMemberRequest(member=member))


def _create_view(case: Case) -> None:
    view = views.SavedView(name=f"matrix {uuid4()}")
    case.client.saved_views.CreateSavedView(views.CreateSavedViewRequest(saved_view=view))


def _list_views(case: Case) -> None:
    case.client.saved_views.ListSavedViews(views.ListSavedViewsRequest())


def _view_of(case: Case, *, own: bool, shared: bool) -> str:
    row = case.connection.execute(
        "INSERT INTO saved_views (owner_id, name, is_shared) VALUES (%s, %s, %s) RETURNING id",
        [case.caller if own else "matrix-somebody", f"matrix {uuid4()}", shared],
    ).fetchone()
    assert row is not None
    return str(row[0])


def _update_view(*, own: bool, shared: bool) -> Call:
    def call(case: Case) -> None:
        view = views.SavedView(id=_view_of(case, own=own, shared=shared), order_by="priority desc")
        request = views.UpdateSavedViewRequest(saved_view=view)
        request.update_mask.paths.append("order_by")
        case.client.saved_views.UpdateSavedView(request)

    return call


def _delete_view(*, own: bool, shared: bool) -> Call:
    def call(case: Case) -> None:
        view_id = _view_of(case, own=own, shared=shared)
        case.client.saved_views.DeleteSavedView(views.DeleteSavedViewRequest(id=view_id))

    return call


_READS = (
    Operation("GetTicket", ("read",), _get),
    Operation("GetTicket with an access reason", ("read",), _get_disclosed, sensitive=True),
    Operation("GetTicket of an archived ticket", ("read",), _get, archived=True),
    Operation("ListTickets", ("read",), _list, unseen=ABSENT),
    Operation("SearchTickets", ("read",), _search, unseen=ABSENT),
    Operation("GetTicketStats", ("statistics",), _stats, unseen=ABSENT, by_role_alone=True),
    Operation("ListTimeline", ("read",), _timeline),
    Operation("ListTimeline of changes alone", ("read",), _changes_alone),
    Operation("WatchTimeline", ("read",), _watch_timeline),
    Operation("WatchTimeline with an access reason", ("read",), _watch_timeline_disclosed, sensitive=True),
    Operation("WatchTimeline of an archived ticket", ("read",), _watch_timeline, archived=True),
    Operation("WatchTickets", ("read",), _watch_tickets, unseen=ABSENT),
    Operation("ListAuditEntries", ("internal",), _audit),
    Operation("VerifyAudit", ("internal",), _verify),
    Operation("ExplainSla", ("explain",), _explain),
    Operation("ListWatchers", ("read",), _watchers),
    Operation("SuggestTerms", ("read",), _terms, unseen=ABSENT),
    Operation("GetTicketActions", ("read",), _actions),
    Operation("GetTicketActions of an archived ticket", ("read",), _actions, archived=True),
    Operation("SuggestOwners", ("statistics",), _suggest, by_role_alone=True),
)
_EDITS = (
    Operation("UpdateTicket title", ("edit",), _update(title="Another title for it")),
    Operation("UpdateTicket title while NEW", ("edit_new",), _update(title="Another title for it"), status="NEW"),
    Operation(
        "UpdateTicket link of a payment",
        ("edit", "payment_link"),
        _update(linked_type=t.LINKED_TYPE_BOOKING, linked_id="BKG-1"),
        payment=True,
    ),
    Operation("UpdateTicket sensitivity", ("edit", "clear_sensitivity"), _update(is_sensitive=False), sensitive=True),
    Operation("UpdateTicket priority", ("priority",), _update(priority=t.TICKET_PRIORITY_LOW)),
    Operation("UpdateTicket owner", ("assign",), _update(owner_id="matrix-new", owner_role=t.ROLE_OPS_AGENT)),
    Operation("UpdateTicket franchise", ("assign",), _update(assigned_franchise_id="FR-NEW", owner_role=t.ROLE_ADMIN)),
    Operation("UpdateTicket status", ("move",), _update(status=t.TICKET_STATUS_IN_PROGRESS)),
    Operation(
        "UpdateTicket status and title",
        ("edit", "move"),
        _update(title="Another title", status=t.TICKET_STATUS_IN_PROGRESS),
    ),
    Operation("UpdateTicket to CLOSED", ("close",), _update(status=t.TICKET_STATUS_CLOSED), status="RESOLVED"),
    Operation("UpdateTicket to REOPENED", ("reopen",), _update(status=t.TICKET_STATUS_REOPENED), status="RESOLVED"),
    Operation("UpdateTicket to ESCALATED", ("escalate_unqueued",), _update(status=t.TICKET_STATUS_ESCALATED)),
    Operation(
        "UpdateTicket to RESOLVED",
        ("edit", "resolve"),
        _update(status=t.TICKET_STATUS_RESOLVED, resolution_summary="It was settled."),
    ),
    Operation(
        "UpdateTicket to RESOLVED of a payment",
        ("edit", "resolve_payment"),
        _update(status=t.TICKET_STATUS_RESOLVED, resolution_summary="It was settled."),
        payment=True,
    ),
    Operation(
        "UpdateTicket to unlink and resolve a payment",
        ("edit", "payment_link", "resolve"),
        _update(
            linked_type=t.LINKED_TYPE_UNSPECIFIED,
            linked_id="",
            status=t.TICKET_STATUS_RESOLVED,
            resolution_summary="It was settled.",
        ),
        payment=True,
    ),
)
_MOVES = (
    Operation("TransitionTicket to OPEN", ("move",), _transition("OPEN"), status="NEW"),
    *(
        Operation(f"TransitionTicket to {target}", ("move",), _transition(target))
        for target in ("IN_PROGRESS", "AWAITING_SHIPPER", "AWAITING_OPERATOR", "AWAITING_FRANCHISE", "AWAITING_FINANCE")
    ),
    Operation("TransitionTicket to RESOLVED", ("resolve",), _transition("RESOLVED")),
    Operation("TransitionTicket to RESOLVED of a payment", ("resolve_payment",), _transition("RESOLVED"), payment=True),
    Operation("TransitionTicket to CLOSED", ("close",), _transition("CLOSED"), status="RESOLVED"),
    Operation(
        "TransitionTicket to CLOSED of a payment", ("close",), _transition("CLOSED"), status="RESOLVED", payment=True
    ),
    Operation("TransitionTicket to REOPENED", ("reopen",), _transition("REOPENED"), status="RESOLVED"),
    Operation("TransitionTicket to ESCALATED", ("escalate_unqueued",), _transition("ESCALATED")),
    *(
        Operation(
            f"TransitionTicket to ESCALATED from {queue}",
            (f"escalate_{queue}",),
            _transition("ESCALATED"),
            queue=queue,
        )
        for queue in ("ops_agent", "hq_support", "finance")
    ),
    Operation("EscalateTicket", ("escalate_unqueued",), _escalate),
    *(
        Operation(f"EscalateTicket from {queue}", (f"escalate_{queue}",), _escalate, queue=queue)
        for queue in ("ops_agent", "hq_support", "finance")
    ),
    Operation("AssignTicket", ("assign",), _assign),
    Operation("AssignTicket of a NEW ticket", ("assign",), _assign, status="NEW"),
    Operation("ArchiveTicket", ("archive",), _archive(archived=True)),
    Operation("ArchiveTicket to take it out", ("archive",), _archive(archived=False), archived=True),
    Operation("AddMessage", ("message",), _message(internal=False)),
    Operation("AddMessage as internal note", ("note",), _message(internal=True)),
    Operation("SetWatch", ("watch",), _watch("", watching=True)),
    Operation("SetWatch to stop", ("watch",), _watch("", watching=False)),
    Operation("SetWatch for somebody else", ("watch_for_others",), _watch("matrix-new", watching=True)),
    Operation("SetWatch to stop somebody else", ("watch_for_others",), _watch("matrix-watcher", watching=False)),
)
_WITHOUT_A_TICKET = (
    Operation("CreateTicket", ("create",), _create(), unseen=None),
    Operation("CreateTicket in a queue", ("create_in_queue",), _create(owner_role=t.ROLE_HQ_SUPPORT), unseen=None),
    Operation("CreateTicket as CRITICAL", ("create",), _create(priority=t.TICKET_PRIORITY_CRITICAL), unseen=None),
    Operation("BulkUpdateTickets", ("bulk",), _bulk(validate_only=False), unseen=None),
    Operation("BulkUpdateTickets to validate", ("bulk",), _bulk(validate_only=True), unseen=None),
    Operation("ListMembers", ("directory",), _list_members, unseen=None),
    Operation("LookupMembers", ("names",), _lookup_members, unseen=None),
    Operation("GetCaller", ("caller",), _get_caller, unseen=None),
    Operation("UpsertMember", ("directory",), _upsert_member, unseen=None),
    Operation("CreateSavedView", ("views",), _create_view, unseen=None),
    Operation("ListSavedViews", ("views",), _list_views, unseen=None),
    Operation("UpdateSavedView", ("views",), _update_view(own=True, shared=False), unseen=None),
    Operation(
        "UpdateSavedView shared by another",
        ("views", "others_views"),
        _update_view(own=False, shared=True),
        unseen=None,
    ),
    Operation("DeleteSavedView", ("views",), _delete_view(own=True, shared=False), unseen=None),
    Operation(
        "DeleteSavedView shared by another",
        ("views", "delete_others_views"),
        _delete_view(own=False, shared=True),
        unseen=None,
    ),
)
TICKET_OPERATIONS = (*_READS, *_EDITS, *_MOVES, *_WITHOUT_A_TICKET)
