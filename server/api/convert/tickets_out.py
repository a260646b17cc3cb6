"""Tickets and what is found, counted and suggested about them, as messages."""

from collections.abc import Iterable
from datetime import UTC, datetime

import google.type.date_pb2

from rodistaa.tickets.v1 import directory_service_pb2, ticket_bulk_pb2, ticket_pb2, ticket_reads_pb2
from rodistaa.tickets.v1.errors_pb2 import ErrorReason
from server.api.convert.directory import from_member
from server.api.convert.enums import LINKED_TYPE, PRIORITY, ROLE, SEVERITY, SLA_STATUS, STATUS, TICKET_ACTION
from server.api.convert.values import set_struct, set_timestamp
from server.api.errors import code_of
from server.application.repositories import Found, Highlight, TicketStats
from server.application.tickets.bulk_update_tickets import BulkOutcome, BulkReport
from server.domain.directory import OwnerSuggestion
from server.domain.fsm import DONE
from server.domain.offers import TicketOffer
from server.domain.terms import TermCount
from server.domain.ticket_clock import first_response_is_late, percent_left_of, sla_status_of
from server.domain.tickets import PROTECTED_FIELDS, Ticket, TicketView, make_etag, withheld_view


def from_view(view: TicketView, *, now: datetime | None = None) -> ticket_pb2.Ticket:
    """A ticket as one caller gets it; the state of its clock is that of ``now``, by default this very moment."""
    ticket = view.ticket
    now = now or datetime.now(UTC)
    wire = ticket_pb2.Ticket(
        id=ticket.id,
        title=ticket.title,
        created_by_id=ticket.created_by_id,
        created_by_role=ROLE.to_wire[ticket.created_by_role],
        owner_id=ticket.owner_id or "",
        owner_role=ROLE.to_wire[ticket.owner_role],
        assigned_franchise_id=ticket.assigned_franchise_id or "",
        priority=PRIORITY.to_wire[ticket.priority],
        status=STATUS.to_wire[ticket.status],
        severity=SEVERITY.to_wire[ticket.severity],
        linked_type=LINKED_TYPE.to_wire[ticket.linked_type],
        linked_id=ticket.linked_id or "",
        sla_escalation_level=ticket.sla_escalation_level,
        sla_breached=ticket.sla_breached,
        sla_status=SLA_STATUS.to_wire[sla_status_of(ticket, now)],
        first_response_breached=first_response_is_late(ticket, now),
        tags=ticket.tags,
        is_sensitive=ticket.is_sensitive,
        archived=ticket.archived,
        etag=make_etag(ticket.version),
        version=ticket.version,
    )
    set_timestamp(wire.created_at, ticket.created_at)
    set_timestamp(wire.updated_at, ticket.updated_at)
    if ticket.sla_due_at is not None:
        set_timestamp(wire.sla_due_at, ticket.sla_due_at)
        if ticket.status not in DONE:
            if ticket.sla_paused_at is not None:
                set_timestamp(wire.sla_paused_at, ticket.sla_paused_at)
            wire.sla_percent_left = percent_left_of(ticket, now) or 0.0
    if ticket.first_response_due_at is not None:
        set_timestamp(wire.first_response_due_at, ticket.first_response_due_at)
    if ticket.first_responded_at is not None:
        set_timestamp(wire.first_responded_at, ticket.first_responded_at)
    if ticket.resolved_at is not None:
        set_timestamp(wire.resolved_at, ticket.resolved_at)
    if ticket.closed_at is not None:
        set_timestamp(wire.closed_at, ticket.closed_at)
    if view.withheld:
        wire.redacted = True
        wire.redacted_fields.extend(PROTECTED_FIELDS)
        return wire
    wire.description = ticket.description
    if ticket.resolution_summary is not None:
        wire.resolution_summary = ticket.resolution_summary
    if ticket.metadata:
        set_struct(wire.metadata, ticket.metadata)
    return wire


def from_ticket(ticket: Ticket) -> ticket_pb2.Ticket:
    """A ticket in an answer that carries no access reason."""
    return from_view(withheld_view(ticket))


def from_found(found: Found) -> ticket_reads_pb2.SearchResult:
    """A ticket found by words."""
    return ticket_reads_pb2.SearchResult(
        ticket=from_ticket(found.ticket),
        rank=found.rank,
        title_highlight=_segments(found.title),
        snippet=_segments(found.snippet),
    )


def _segments(pieces: Iterable[Highlight]) -> list[ticket_reads_pb2.HighlightSegment]:
    return [ticket_reads_pb2.HighlightSegment(text=piece.text, is_match=piece.is_match) for piece in pieces]


def from_stats(stats: TicketStats) -> ticket_reads_pb2.GetTicketStatsResponse:
    """Counts; zeros are absent already."""
    wire = ticket_reads_pb2.GetTicketStatsResponse(
        total_count=stats.total,
        unassigned_count=stats.unassigned,
        breach_rate=stats.breach_rate,
    )
    for status, count in stats.by_status.items():
        wire.status_counts.add(status=STATUS.to_wire[status], count=count)
    for priority, count in stats.by_priority.items():
        wire.priority_counts.add(priority=PRIORITY.to_wire[priority], count=count)
    for clock, count in stats.by_sla_status.items():
        wire.sla_status_counts.add(sla_status=SLA_STATUS.to_wire[clock], count=count)
    for role, count in stats.by_owner_role.items():
        wire.owner_role_counts.add(owner_role=ROLE.to_wire[role], count=count)
    if stats.average_first_response is not None:
        wire.average_first_response_time.FromTimedelta(stats.average_first_response)
    if stats.average_resolution is not None:
        wire.average_resolution_time.FromTimedelta(stats.average_resolution)
    for day in stats.trend:
        date = google.type.date_pb2.Date(year=day.day.year, month=day.day.month, day=day.day.day)
        wire.trend.add(date=date, created_count=day.created, resolved_count=day.resolved)
    set_timestamp(wire.as_of, stats.as_of)
    return wire


def from_offer(offer: TicketOffer) -> ticket_reads_pb2.GetTicketActionsResponse:
    """What a caller may do to a ticket."""
    return ticket_reads_pb2.GetTicketActionsResponse(
        ticket_id=offer.ticket.id,
        etag=make_etag(offer.ticket.version),
        transitions=[STATUS.to_wire[status] for status in offer.transitions],
        actions=[TICKET_ACTION.to_wire[action] for action in offer.actions],
    )


def from_suggestion(suggestion: OwnerSuggestion) -> ticket_reads_pb2.OwnerSuggestion:
    """A suggestion; contact addresses are for admin's directory only."""
    member: directory_service_pb2.Member = from_member(suggestion.member)
    member.ClearField("email")
    member.ClearField("phone")
    wire = ticket_reads_pb2.OwnerSuggestion(member=member, open_ticket_count=suggestion.open_ticket_count)
    if suggestion.average_resolution_time is not None:
        wire.average_resolution_time.FromTimedelta(suggestion.average_resolution_time)
    return wire


def from_terms(terms: Iterable[TermCount]) -> ticket_reads_pb2.SuggestTermsResponse:
    """What a term may be completed to."""
    return ticket_reads_pb2.SuggestTermsResponse(
        terms=[ticket_reads_pb2.TermSuggestion(term=each.term, ticket_count=each.ticket_count) for each in terms]
    )


def from_report(report: BulkReport) -> ticket_bulk_pb2.BulkUpdateTicketsResponse:
    """What became of each ticket of a bulk change."""
    results = [_result(outcome, validate_only=report.validate_only) for outcome in report.outcomes]
    failed = sum(outcome.error is not None for outcome in report.outcomes)
    return ticket_bulk_pb2.BulkUpdateTicketsResponse(
        results=results,
        succeeded_count=len(results) - failed,
        failed_count=failed,
        validate_only=report.validate_only,
    )


def _result(outcome: BulkOutcome, *, validate_only: bool) -> ticket_bulk_pb2.BulkResult:
    if outcome.error is not None:
        return ticket_bulk_pb2.BulkResult(
            ticket_id=outcome.ticket_id,
            error=ticket_bulk_pb2.BulkError(
                code=code_of(outcome.error).value[0],
                reason=ErrorReason.Value(f"ERROR_REASON_{outcome.error.reason}"),
                message=outcome.error.message,
                metadata=outcome.error.metadata,
            ),
        )
    result = ticket_bulk_pb2.BulkResult(ticket_id=outcome.ticket_id)
    if outcome.ticket is not None:
        result.status = STATUS.to_wire[outcome.ticket.status]
        if not validate_only:
            result.etag = make_etag(outcome.ticket.version)
    return result
