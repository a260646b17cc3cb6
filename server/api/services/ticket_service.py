"""TicketService."""

from dataclasses import dataclass

import grpc

from rodistaa.tickets.v1 import ticket_bulk_pb2 as bulk
from rodistaa.tickets.v1 import ticket_reads_pb2 as reads
from rodistaa.tickets.v1 import ticket_watch_pb2 as watch
from rodistaa.tickets.v1 import ticket_writes_pb2 as writes
from rodistaa.tickets.v1 import timeline_reads_pb2 as timeline
from rodistaa.tickets.v1.ticket_service_pb2_grpc import TicketServiceServicer
from server.api.calls import call_of, credentials_of, state_of
from server.api.convert import ticket_changes_in as changes_in
from server.api.convert import ticket_reads_in as reads_in
from server.api.convert import tickets_out as out
from server.api.convert import timeline_in, timeline_out
from server.api.convert.answers import answer_for
from server.api.convert.bulk_in import SingleChanges, to_bulk
from server.api.convert.page_tokens import PageToken
from server.api.convert.sla_out import from_account
from server.api.convert.ticket_pages import list_response, search_response
from server.api.convert.watching import ListWire, TimelineWire, to_followed, to_followed_list
from server.api.outlets import Bounds, outlet_of
from server.api.streams import threadless
from server.application.tickets.archive_ticket import ArchiveTicket
from server.application.tickets.assign_ticket import AssignTicket
from server.application.tickets.bulk_update_tickets import BulkReport, BulkUpdateTickets
from server.application.tickets.create_ticket import CreateTicket
from server.application.tickets.escalate_ticket import EscalateTicket
from server.application.tickets.explain_sla import ExplainSla
from server.application.tickets.get_ticket import GetTicket
from server.application.tickets.get_ticket_actions import GetTicketActions
from server.application.tickets.get_ticket_stats import GetTicketStats
from server.application.tickets.list_tickets import ListTickets
from server.application.tickets.reapply_sla import ReapplySla
from server.application.tickets.search_tickets import SearchTickets
from server.application.tickets.suggest_owners import SuggestOwners
from server.application.tickets.suggest_terms import SuggestTerms
from server.application.tickets.transition_ticket import TransitionTicket
from server.application.tickets.update_ticket import UpdateTicket
from server.application.timeline.add_message import AddMessage
from server.application.timeline.list_audit_entries import ListAuditEntries
from server.application.timeline.list_timeline import ListTimeline
from server.application.timeline.list_watchers import ListWatchers
from server.application.timeline.set_watch import SetWatch
from server.application.timeline.verify_audit import VerifyAudit
from server.application.watching.watch_tickets import WatchTickets
from server.application.watching.watch_timeline import WatchTimeline
from server.domain.tickets import Ticket
from server.domain.timeline import MessageView, Watcher

Context = grpc.ServicerContext


@dataclass(frozen=True, slots=True)
class TicketUseCases:
    """What TicketService does, one use case an RPC."""

    create: CreateTicket
    get: GetTicket
    list: ListTickets
    search: SearchTickets
    update: UpdateTicket
    transition: TransitionTicket
    assign: AssignTicket
    escalate: EscalateTicket
    archive: ArchiveTicket
    bulk: BulkUpdateTickets
    add_message: AddMessage
    list_timeline: ListTimeline
    list_audit_entries: ListAuditEntries
    verify_audit: VerifyAudit
    set_watch: SetWatch
    list_watchers: ListWatchers
    suggest_owners: SuggestOwners
    suggest_terms: SuggestTerms
    get_actions: GetTicketActions
    stats: GetTicketStats
    explain_sla: ExplainSla
    reapply_sla: ReapplySla
    watch_timeline: WatchTimeline
    watch_tickets: WatchTickets


class TicketService(TicketServiceServicer):
    """Documented in the contract."""

    def __init__(self, use_cases: TicketUseCases) -> None:
        self._do = use_cases
        self._single = SingleChanges(
            use_cases.assign,
            use_cases.transition,
            use_cases.update,
            use_cases.archive,
            use_cases.escalate,
            use_cases.reapply_sla,
        )

    def CreateTicket(self, request: writes.CreateTicketRequest, context: Context) -> writes.CreateTicketResponse:
        def present(ticket: Ticket) -> writes.CreateTicketResponse:
            return writes.CreateTicketResponse(ticket=out.from_ticket(ticket))

        draft = changes_in.to_draft(request)
        return self._do.create(call_of(context), draft, answer_for(request, writes.CreateTicketResponse, present))

    def GetTicket(self, request: reads.GetTicketRequest, context: Context) -> reads.GetTicketResponse:
        view = self._do.get(call_of(context), *reads_in.to_get(request))
        return reads.GetTicketResponse(ticket=out.from_view(view))

    def ListTickets(self, request: reads.ListTicketsRequest, context: Context) -> reads.ListTicketsResponse:
        call = call_of(context)
        token = PageToken(call, request)
        query = reads_in.to_list_query(request, token)
        return list_response(self._do.list(call, query), query, token)

    def SearchTickets(self, request: reads.SearchTicketsRequest, context: Context) -> reads.SearchTicketsResponse:
        call = call_of(context)
        token = PageToken(call, request)
        query = reads_in.to_search_query(request, token)
        return search_response(self._do.search(call, query), query, token)

    def UpdateTicket(self, request: writes.UpdateTicketRequest, context: Context) -> writes.UpdateTicketResponse:
        def present(ticket: Ticket) -> writes.UpdateTicketResponse:
            return writes.UpdateTicketResponse(ticket=out.from_ticket(ticket))

        target, patch = changes_in.to_patch(request)
        answer = answer_for(request, writes.UpdateTicketResponse, present)
        return self._do.update(call_of(context), target.ticket_id, patch, target.etag, answer)

    def TransitionTicket(
        self, request: writes.TransitionTicketRequest, context: Context
    ) -> writes.TransitionTicketResponse:
        def present(ticket: Ticket) -> writes.TransitionTicketResponse:
            return writes.TransitionTicketResponse(ticket=out.from_ticket(ticket))

        target, command = changes_in.to_transition(request)
        answer = answer_for(request, writes.TransitionTicketResponse, present)
        return self._do.transition(call_of(context), target.ticket_id, command, target.etag, answer)

    def AssignTicket(self, request: writes.AssignTicketRequest, context: Context) -> writes.AssignTicketResponse:
        def present(ticket: Ticket) -> writes.AssignTicketResponse:
            return writes.AssignTicketResponse(ticket=out.from_ticket(ticket))

        target, command = changes_in.to_assignment(request)
        answer = answer_for(request, writes.AssignTicketResponse, present)
        return self._do.assign(call_of(context), target.ticket_id, command, target.etag, answer)

    def EscalateTicket(self, request: writes.EscalateTicketRequest, context: Context) -> writes.EscalateTicketResponse:
        def present(ticket: Ticket) -> writes.EscalateTicketResponse:
            return writes.EscalateTicketResponse(ticket=out.from_ticket(ticket))

        target, reason = changes_in.to_escalation(request)
        answer = answer_for(request, writes.EscalateTicketResponse, present)
        return self._do.escalate(call_of(context), target.ticket_id, reason, target.etag, answer)

    def ArchiveTicket(self, request: writes.ArchiveTicketRequest, context: Context) -> writes.ArchiveTicketResponse:
        def present(ticket: Ticket) -> writes.ArchiveTicketResponse:
            return writes.ArchiveTicketResponse(ticket=out.from_ticket(ticket))

        target, command = changes_in.to_archiving(request)
        answer = answer_for(request, writes.ArchiveTicketResponse, present)
        return self._do.archive(
            call_of(context),
            target.ticket_id,
            archived=command.archived,
            reason=command.reason,
            etag=target.etag,
            answer=answer,
        )

    def BulkUpdateTickets(
        self, request: bulk.BulkUpdateTicketsRequest, context: Context
    ) -> bulk.BulkUpdateTicketsResponse:
        def present(report: BulkReport) -> bulk.BulkUpdateTicketsResponse:
            return out.from_report(report)

        command = to_bulk(request, self._single)
        return self._do.bulk(call_of(context), command, answer_for(request, bulk.BulkUpdateTicketsResponse, present))

    def AddMessage(self, request: writes.AddMessageRequest, context: Context) -> writes.AddMessageResponse:
        def present(view: MessageView) -> writes.AddMessageResponse:
            return writes.AddMessageResponse(message=timeline_out.from_message(view))

        ticket_id, new = changes_in.to_message(request)
        answer = answer_for(request, writes.AddMessageResponse, present)
        return self._do.add_message(call_of(context), ticket_id, new, answer)

    def ListTimeline(self, request: timeline.ListTimelineRequest, context: Context) -> timeline.ListTimelineResponse:
        call = call_of(context)
        token = PageToken(call, request)
        query = timeline_in.to_timeline_query(request, token)
        page = self._do.list_timeline(
            call,
            query.ticket_id,
            after=query.after,
            descending=query.descending,
            kinds=query.kinds,
            limit=query.limit,
            access_reason=query.access_reason,
        )
        return timeline_in.timeline_response(page, token)

    def ListAuditEntries(
        self, request: timeline.ListAuditEntriesRequest, context: Context
    ) -> timeline.ListAuditEntriesResponse:
        call = call_of(context)
        token = PageToken(call, request)
        query = timeline_in.to_audit_query(request, token)
        page = self._do.list_audit_entries(
            call, query.ticket_id, after=query.after, limit=query.limit, access_reason=query.access_reason
        )
        return timeline_in.audit_response(page, token)

    def VerifyAudit(self, request: timeline.VerifyAuditRequest, context: Context) -> timeline.VerifyAuditResponse:
        ticket_id = timeline_in.to_ticket_id(request)
        return timeline_out.from_verdict(self._do.verify_audit(call_of(context), ticket_id))

    def SetWatch(self, request: writes.SetWatchRequest, context: Context) -> writes.SetWatchResponse:
        def present(watcher: Watcher | None) -> writes.SetWatchResponse:
            if watcher is None:
                return writes.SetWatchResponse(watching=False)
            return writes.SetWatchResponse(watching=True, watcher=timeline_out.from_watcher(watcher))

        answer = answer_for(request, writes.SetWatchResponse, present)
        return self._do.set_watch(call_of(context), *changes_in.to_watch(request), answer)

    def ListWatchers(self, request: reads.ListWatchersRequest, context: Context) -> reads.ListWatchersResponse:
        call = call_of(context)
        token = PageToken(call, request)
        ticket_id, after, limit = timeline_in.to_watcher_query(request, token)
        page = self._do.list_watchers(call, ticket_id, after=after, limit=limit)
        return timeline_in.watcher_response(page, token)

    def SuggestOwners(self, request: reads.SuggestOwnersRequest, context: Context) -> reads.SuggestOwnersResponse:
        suggestions = self._do.suggest_owners(call_of(context), reads_in.to_wanted(request))
        return reads.SuggestOwnersResponse(suggestions=[out.from_suggestion(suggestion) for suggestion in suggestions])

    def SuggestTerms(self, request: reads.SuggestTermsRequest, context: Context) -> reads.SuggestTermsResponse:
        wanted = reads_in.to_term_query(request)
        return out.from_terms(self._do.suggest_terms(call_of(context), wanted))

    def GetTicketActions(
        self, request: reads.GetTicketActionsRequest, context: Context
    ) -> reads.GetTicketActionsResponse:
        ticket_id = reads_in.to_ticket_id(request)
        return out.from_offer(self._do.get_actions(call_of(context), ticket_id))

    def GetTicketStats(self, request: reads.GetTicketStatsRequest, context: Context) -> reads.GetTicketStatsResponse:
        query = reads_in.to_stats_query(request)
        return out.from_stats(self._do.stats(call_of(context), query))

    def ExplainSla(self, request: reads.ExplainSlaRequest, context: Context) -> reads.ExplainSlaResponse:
        ticket_id = reads_in.to_ticket_id(request)
        return reads.ExplainSlaResponse(explanation=from_account(self._do.explain_sla(call_of(context), ticket_id)))

    @threadless
    def WatchTimeline(self, request: timeline.WatchTimelineRequest, context: Context) -> None:
        ticket_id, after, access_reason = to_followed(request)
        close = self._do.watch_timeline(
            call_of(context),
            ticket_id,
            lambda: TimelineWire(outlet_of(context, Bounds())),
            after=after,
            access_reason=access_reason,
            still_valid=credentials_of(context),
        )
        state_of(context).when_done.append(lambda _: close())

    @threadless
    def WatchTickets(self, request: watch.WatchTicketsRequest, context: Context) -> None:
        call = call_of(context)
        followed = to_followed_list(request, call)
        close = self._do.watch_tickets(
            call,
            followed.audience,
            lambda: ListWire(outlet_of(context, Bounds()), followed.cursors),
            after=followed.after,
            snapshot_size=followed.snapshot_size,
            still_valid=credentials_of(context),
        )
        state_of(context).when_done.append(lambda _: close())
