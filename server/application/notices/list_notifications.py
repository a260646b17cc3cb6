"""Listing what oneself was told."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.notification_repositories import NoticeReader, Position
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.notices import UNREAD_CAP, Notice
from server.domain.roles import OUTSIDE


@dataclass(frozen=True, slots=True)
class NoticePage:
    """Notifications, newest first, where the next page begins, and how many are unread, up to UNREAD_CAP."""

    notices: list[Notice]
    next: Position | None
    unread_count: int


def reader_of(call: Call) -> NoticeReader:
    """The caller. Whoever was staff, or is by another login, may be outside by this one."""
    return NoticeReader(call.principal.user_id, is_outside=call.principal.role in OUTSIDE)


def position_of(notice: Notice) -> Position:
    """Where a page that ends with it ends."""
    return notice.created_at, notice.id


@dataclass(frozen=True, slots=True)
class ListNotifications:
    """Everybody their own; in the role of an outside person, nothing that they were told as staff."""

    uow: UnitOfWork

    def __call__(self, call: Call, *, unread_only: bool, after: Position | None, limit: int) -> NoticePage:
        """One page."""
        reader = reader_of(call)

        def body(repositories: Repositories) -> NoticePage:
            found = repositories.notices.page(reader, unread_only=unread_only, after=after, limit=limit + 1)
            page = found[:limit]
            return NoticePage(
                page,
                position_of(page[-1]) if len(found) > limit else None,
                repositories.notices.count_unread(reader, at_most=UNREAD_CAP),
            )

        return self.uow.read(call, body)
