"""Requests that read tickets, checked."""

from datetime import datetime

from rodistaa.tickets.v1 import ticket_reads_pb2 as pb
from server.api.convert.enums import LINKED_TYPE, ROLE, TERM_KIND
from server.api.convert.filters import to_filter, to_order
from server.api.convert.page_tokens import PageToken, invalid_token
from server.api.convert.time_zones import time_zones
from server.application.repositories import ListPosition, SearchPosition, StatsQuery
from server.application.tickets.list_tickets import ListQuery
from server.application.tickets.search_tickets import SearchQuery
from server.application.tickets.suggest_owners import Wanted
from server.domain.filters import Order, OrderField
from server.domain.ids import TicketId
from server.domain.terms import TermKind, TermQuery
from server.domain.tickets import TicketPriority
from server.domain.validation import Checker

MAX_TREND_DAYS = 90
MAX_SUGGESTIONS = 50
DEFAULT_SUGGESTIONS = 10
TERM_PREFIX = (1, 100)
DEFAULT_TIME_ZONE = "Asia/Kolkata"


def to_get(request: pb.GetTicketRequest) -> tuple[TicketId, str | None]:
    """The ticket and the reason for reading its protected fields."""
    check = Checker()
    ticket_id = TicketId(check.ticket_id("id", request.id))
    access_reason = check.access_reason("access_reason", request.access_reason)
    check.done()
    return ticket_id, access_reason


def to_ticket_id(request: pb.ExplainSlaRequest | pb.GetTicketActionsRequest) -> TicketId:
    """The ticket that is asked about."""
    check = Checker()
    ticket_id = TicketId(check.ticket_id("ticket_id", request.ticket_id))
    check.done()
    return ticket_id


def to_list_query(request: pb.ListTicketsRequest, token: PageToken) -> ListQuery:
    """One page of a list."""
    check = Checker()
    where = to_filter(check, "filter", request.filter)
    order = to_order(check, "order_by", request.order_by)
    limit = check.page_size("page_size", request.page_size)
    check.done()
    return ListQuery(where, order, _list_position(token, order), limit, request.include_total)


def _list_position(token: PageToken, order: Order) -> ListPosition | None:
    parts = token.read(3)
    if parts is None:
        return None
    value, created_at, ticket_id = parts
    try:
        position = _order_value(value, order)
        if position is None and order.field is not OrderField.SLA_DUE_AT:
            raise invalid_token()
        return ListPosition(position, _aware(created_at), TicketId(_printable(ticket_id)))
    except ValueError:
        raise invalid_token() from None


def _order_value(text: str, order: Order) -> datetime | TicketPriority | None:
    if order.field is OrderField.PRIORITY:
        return TicketPriority(text)
    return _aware(text) if text else None


def from_list_position(position: ListPosition | None) -> tuple[str, ...] | None:
    """What ``_list_position`` reads back."""
    if position is None:
        return None
    value = position.value
    text = "" if value is None else value.isoformat() if isinstance(value, datetime) else value.value
    return text, position.created_at.isoformat(), position.id


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _printable(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError(text)
    return text


def to_search_query(request: pb.SearchTicketsRequest, token: PageToken) -> SearchQuery:
    """One page of a search."""
    check = Checker()
    words = check.query("query", request.query)
    where = to_filter(check, "filter", request.filter)
    limit = check.page_size("page_size", request.page_size)
    check.done()
    return SearchQuery(words, where, _search_position(token), limit, request.include_total)


def _search_position(token: PageToken) -> SearchPosition | None:
    parts = token.read(3)
    if parts is None:
        return None
    created_at, ticket_id, offset = parts
    try:
        position = SearchPosition(_aware(created_at), TicketId(_printable(ticket_id)), int(offset))
    except ValueError:
        raise invalid_token() from None
    if not 0 <= position.offset < 2**31:
        raise invalid_token()
    return position


def from_search_position(position: SearchPosition | None) -> tuple[str, ...] | None:
    """What ``_search_position`` reads back."""
    if position is None:
        return None
    return position.block_created_at.isoformat(), position.block_id, str(position.offset)


def to_wanted(request: pb.SuggestOwnersRequest) -> Wanted:
    """Whom to suggest."""
    check = Checker()
    ticket_id = TicketId(check.ticket_id("ticket_id", request.ticket_id)) if request.ticket_id else None
    wanted = Wanted(
        role=ROLE.optional(check, "role", request.role),
        franchise_id=check.optional_identifier("franchise_id", request.franchise_id),
        ticket_id=ticket_id,
        limit=check.page_size("limit", request.limit, default=DEFAULT_SUGGESTIONS, most=MAX_SUGGESTIONS),
    )
    check.done()
    return wanted


def to_term_query(request: pb.SuggestTermsRequest) -> TermQuery:
    """What to complete."""
    check = Checker()
    kind = TERM_KIND.required(check, "kind", request.kind, TermKind.TAG)
    linked_type = LINKED_TYPE.optional(check, "linked_type", request.linked_type)
    if kind is TermKind.LINKED_ID and not request.linked_type:
        check.fail("linked_type", "is required for TERM_KIND_LINKED_ID")
    if kind is not TermKind.LINKED_ID and request.kind and request.linked_type:
        check.fail("linked_type", "goes with TERM_KIND_LINKED_ID only")
    wanted = TermQuery(
        kind=kind,
        prefix=check.optional_text("prefix", request.prefix, TERM_PREFIX) or "",
        linked_type=linked_type,
        limit=check.page_size("limit", request.limit, default=DEFAULT_SUGGESTIONS, most=MAX_SUGGESTIONS),
    )
    check.done()
    return wanted


def to_stats_query(request: pb.GetTicketStatsRequest) -> StatsQuery:
    """Which tickets to count, the days of the trend, and the zone whose days they are."""
    check = Checker()
    where = to_filter(check, "filter", request.filter)
    days = check.page_size("trend_days", request.trend_days, default=0, most=MAX_TREND_DAYS)
    zone = request.time_zone or DEFAULT_TIME_ZONE
    if zone not in time_zones():
        check.fail("time_zone", 'must be an IANA time zone such as "Asia/Kolkata"')
    check.done()
    return StatsQuery(where, days, zone, trend_only=request.trend_only)
