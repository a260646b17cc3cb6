"""Notifications of the caller."""

from uuid import UUID

from rodistaa.tickets.v1 import notification_service_pb2 as pb
from server.api.convert.enums import EnumPair
from server.api.convert.page_tokens import PageToken, fitting
from server.api.convert.positions import from_position
from server.api.convert.values import set_timestamp, to_datetime
from server.application.notices.list_notifications import NoticePage, position_of
from server.application.notices.mark_notifications_read import Which
from server.domain.notices import Notice, NotificationKind
from server.domain.validation import Checker

MAX_MARKED = 500
_KIND = EnumPair(pb.NotificationKind, "NOTIFICATION_KIND_", NotificationKind)


def from_notice(notice: Notice) -> pb.Notification:
    """A notification."""
    wire = pb.Notification(
        id=str(notice.id),
        kind=_KIND.to_wire[notice.kind],
        ticket_id=notice.ticket_id or "",
        title=notice.title,
        body=notice.body,
        event_count=notice.event_count,
        is_critical=notice.is_critical,
    )
    set_timestamp(wire.created_at, notice.created_at)
    if notice.read_at is not None:
        set_timestamp(wire.read_at, notice.read_at)
    return wire


def notifications_response(page: NoticePage, token: PageToken) -> pb.ListNotificationsResponse:
    """The notifications that fit into one message."""
    notices = fitting(from_notice(notice) for notice in page.notices)
    following = position_of(page.notices[len(notices) - 1]) if len(notices) < len(page.notices) else page.next
    return pb.ListNotificationsResponse(
        notifications=notices,
        next_page_token=token.write(from_position(following)),
        unread_count=page.unread_count,
    )


def to_which(request: pb.MarkNotificationsReadRequest) -> Which:
    """What to mark as read."""
    check = Checker()
    by_time = request.HasField("read_until")
    if by_time and request.ids:
        check.fail("read_until", "cannot go with ids")
    elif not by_time and not request.ids:
        check.fail("ids", "is required, or read_until")
    ids = [check.uuid(f"ids[{index}]", text) for index, text in enumerate(check.few("ids", request.ids, MAX_MARKED))]
    until = to_datetime(check, "read_until", request.read_until) if by_time else None
    check.done()
    return Which(tuple[UUID, ...](dict.fromkeys(ids)), until)
