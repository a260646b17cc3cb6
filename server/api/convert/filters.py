"""TicketFilter and order_by."""

from google.protobuf.timestamp_pb2 import Timestamp

from rodistaa.tickets.v1 import filter_pb2
from server.api.convert.enums import LINKED_TYPE, PRIORITY, ROLE, SLA_STATUS, STATUS
from server.api.convert.values import set_timestamp, to_datetime
from server.domain.filters import NEWEST_FIRST, Order, OrderField, TicketFilter, TimeRange
from server.domain.validation import MAX_LIST_VALUES, Checker


def to_filter(check: Checker, field: str, wire: filter_pb2.TicketFilter) -> TicketFilter:
    """A checked filter; ``field`` is its path in the request."""
    linked_type = LINKED_TYPE.optional(check, f"{field}.linked_type", wire.linked_type)
    if wire.linked_id and linked_type is None:
        check.fail(f"{field}.linked_id", "needs linked_type")
    return TicketFilter(
        statuses=STATUS.many(check, f"{field}.statuses", wire.statuses),
        priorities=PRIORITY.many(check, f"{field}.priorities", wire.priorities),
        owner_id=check.optional_identifier(f"{field}.owner_id", wire.owner_id),
        owner_roles=ROLE.many(check, f"{field}.owner_roles", wire.owner_roles),
        unassigned=wire.unassigned if wire.HasField("unassigned") else None,
        franchise_ids=tuple(
            check.identifier(f"{field}.franchise_ids[{i}]", value)
            for i, value in enumerate(check.few(f"{field}.franchise_ids", wire.franchise_ids))
        ),
        linked_type=linked_type,
        linked_id=check.optional_identifier(f"{field}.linked_id", wire.linked_id),
        created_by_id=check.optional_identifier(f"{field}.created_by_id", wire.created_by_id),
        tags_any=check.tags(f"{field}.tags_any", wire.tags_any, most=MAX_LIST_VALUES),
        tags_all=check.tags(f"{field}.tags_all", wire.tags_all, most=MAX_LIST_VALUES),
        sla_statuses=SLA_STATUS.many(check, f"{field}.sla_statuses", wire.sla_statuses),
        created=_range(check, f"{field}.created", wire.created) if wire.HasField("created") else None,
        updated=_range(check, f"{field}.updated", wire.updated) if wire.HasField("updated") else None,
        due=_range(check, f"{field}.due", wire.due) if wire.HasField("due") else None,
        archived=wire.archived,
        sensitive=wire.sensitive if wire.HasField("sensitive") else None,
        text=check.query(f"{field}.text", wire.text) if wire.text else None,
    )


def _range(check: Checker, field: str, wire: filter_pb2.TimeRange) -> TimeRange:
    start = to_datetime(check, f"{field}.start", wire.start) if wire.HasField("start") else None
    end = to_datetime(check, f"{field}.end", wire.end) if wire.HasField("end") else None
    if start is not None and end is not None and end <= start:
        check.fail(f"{field}.end", "must be after start")
    return TimeRange(start, end)


def from_filter(where: TicketFilter) -> filter_pb2.TicketFilter:
    """The inverse of ``to_filter``."""
    wire = filter_pb2.TicketFilter(
        statuses=[STATUS.to_wire[status] for status in where.statuses],
        priorities=[PRIORITY.to_wire[priority] for priority in where.priorities],
        owner_id=where.owner_id or "",
        owner_roles=[ROLE.to_wire[role] for role in where.owner_roles],
        unassigned=where.unassigned,
        franchise_ids=where.franchise_ids,
        linked_type=LINKED_TYPE.to_wire[where.linked_type],
        linked_id=where.linked_id or "",
        created_by_id=where.created_by_id or "",
        tags_any=where.tags_any,
        tags_all=where.tags_all,
        sla_statuses=[SLA_STATUS.to_wire[status] for status in where.sla_statuses],
        archived=where.archived or None,
        sensitive=where.sensitive,
        text=where.text or "",
    )
    for target, window in ((wire.created, where.created), (wire.updated, where.updated), (wire.due, where.due)):
        if window is not None:
            target.SetInParent()
            _set_end(target.start, window, "start")
            _set_end(target.end, window, "end")
    return wire


def _set_end(target: Timestamp, window: TimeRange, end: str) -> None:
    moment = getattr(window, end)
    if moment is not None:
        set_timestamp(target, moment)


_ORDERS = {
    f"{field}{suffix}": Order(field, descending=suffix == " desc")
    for field in OrderField
    for suffix in ("", " asc", " desc")
}


def to_order(check: Checker, field: str, text: str) -> Order:
    """AIP-132's order_by, of one field; empty is newest first."""
    if not text:
        return NEWEST_FIRST
    order = _ORDERS.get(" ".join(text.split()))
    if order is None:
        check.fail(field, f'must be one of {", ".join(OrderField)}, then " asc" or " desc"')
        return NEWEST_FIRST
    return order


def from_order(order: Order) -> str:
    """The inverse of ``to_order``."""
    return f"{order.field} {'desc' if order.descending else 'asc'}"
