"""Requests that read a ticket's timeline, audit trail and watchers, and their pages."""

from dataclasses import dataclass

from rodistaa.tickets.v1 import ticket_reads_pb2
from rodistaa.tickets.v1 import timeline_reads_pb2 as pb
from server.api.convert.enums import TIMELINE_KIND
from server.api.convert.page_tokens import PageToken, fitting, invalid_token
from server.api.convert.timeline_out import from_audit, from_item, from_watcher
from server.application.timeline.list_audit_entries import AuditPage
from server.application.timeline.list_timeline import TimelinePage
from server.application.timeline.list_watchers import WatcherPage
from server.domain.ids import ChainNo, Seq, TicketId, UserId
from server.domain.timeline import ALL_KINDS, TimelineKind
from server.domain.validation import Checker

_MAX_NUMBER = 2**63 - 1
_DESCENDING = {"seq": False, "seq asc": False, "seq desc": True}


@dataclass(frozen=True, slots=True)
class TimelineQuery:
    """A page of a timeline; ``after`` is None at the beginning of the order, ``kinds`` is never empty."""

    ticket_id: TicketId
    after: Seq | None
    descending: bool
    kinds: frozenset[TimelineKind]
    limit: int
    access_reason: str | None


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """A page of an audit trail."""

    ticket_id: TicketId
    after: ChainNo
    limit: int
    access_reason: str | None


def to_timeline_query(request: pb.ListTimelineRequest, token: PageToken) -> TimelineQuery:
    """One page of a timeline."""
    check = Checker()
    ticket_id = TicketId(check.ticket_id("ticket_id", request.ticket_id))
    limit = check.page_size("page_size", request.page_size)
    access_reason = check.access_reason("access_reason", request.access_reason)
    if request.after_seq < 0:
        check.fail("after_seq", "must not be negative")
    descending = _is_descending(check, "order_by", request.order_by)
    kinds = frozenset(TIMELINE_KIND.many(check, "kinds", request.kinds)) or ALL_KINDS
    check.done()
    reached = _number(token)
    after = Seq(request.after_seq if reached is None else reached) or None
    return TimelineQuery(ticket_id, after, descending, kinds, limit, access_reason)


def _is_descending(check: Checker, field: str, text: str) -> bool:
    """AIP-132's order_by, of numbers alone; empty is upwards."""
    if not text:
        return False
    descending = _DESCENDING.get(" ".join(text.split()))
    if descending is None:
        check.fail(field, 'must be seq, then " asc" or " desc"')
    return descending or False


def to_audit_query(request: pb.ListAuditEntriesRequest, token: PageToken) -> AuditQuery:
    """One page of an audit trail."""
    check = Checker()
    ticket_id = TicketId(check.ticket_id("ticket_id", request.ticket_id))
    limit = check.page_size("page_size", request.page_size)
    access_reason = check.access_reason("access_reason", request.access_reason)
    check.done()
    return AuditQuery(ticket_id, ChainNo(_number(token) or 0), limit, access_reason)


def _number(token: PageToken) -> int | None:
    parts = token.read(1)
    if parts is None:
        return None
    (text,) = parts
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= _MAX_NUMBER):
        raise invalid_token()
    return int(text)


def timeline_response(page: TimelinePage, token: PageToken) -> pb.ListTimelineResponse:
    """The entries that fit into one message."""
    entries = fitting(from_item(item) for item in page.items)
    following = entries[-1].seq if len(entries) < len(page.items) else page.next
    return pb.ListTimelineResponse(
        entries=entries, next_page_token=token.write(None if following is None else (str(following),))
    )


def audit_response(page: AuditPage, token: PageToken) -> pb.ListAuditEntriesResponse:
    """The rows that fit into one message."""
    entries = fitting(from_audit(item) for item in page.items)
    following = entries[-1].chain_no if len(entries) < len(page.items) else page.next
    return pb.ListAuditEntriesResponse(
        audit_entries=entries, next_page_token=token.write(None if following is None else (str(following),))
    )


def to_ticket_id(request: pb.VerifyAuditRequest) -> TicketId:
    """The ticket whose chain is checked."""
    check = Checker()
    ticket_id = TicketId(check.ticket_id("ticket_id", request.ticket_id))
    check.done()
    return ticket_id


def to_watcher_query(
    request: ticket_reads_pb2.ListWatchersRequest, token: PageToken
) -> tuple[TicketId, UserId | None, int]:
    """One page of watchers."""
    check = Checker()
    ticket_id = TicketId(check.ticket_id("ticket_id", request.ticket_id))
    limit = check.page_size("page_size", request.page_size)
    check.done()
    return ticket_id, user_after(token), limit


def user_after(token: PageToken) -> UserId | None:
    """The user id after which a page begins."""
    parts = token.read(1)
    if parts is None:
        return None
    return UserId(parts[0])


def watcher_response(page: WatcherPage, token: PageToken) -> ticket_reads_pb2.ListWatchersResponse:
    """A page of watchers."""
    return ticket_reads_pb2.ListWatchersResponse(
        watchers=[from_watcher(watcher) for watcher in page.watchers],
        next_page_token=token.write(None if page.next is None else (page.next,)),
    )
