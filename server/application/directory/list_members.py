"""Listing the staff."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.directory import Member, MemberFilter
from server.domain.ids import UserId
from server.domain.permissions import require_admin


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Members by user id, and the id after which the next page begins."""

    members: list[Member]
    next: UserId | None


@dataclass(frozen=True, slots=True)
class ListMembers:
    """admin only: it shows contact addresses."""

    uow: UnitOfWork

    def __call__(self, call: Call, where: MemberFilter, *, after: UserId | None, limit: int) -> MemberPage:
        """One page. Raises PermissionDenied."""
        require_admin(call.principal, "The directory is")

        def body(repositories: Repositories) -> MemberPage:
            found = repositories.members.page(where, after=after, limit=limit + 1)
            page = found[:limit]
            return MemberPage(page, page[-1].user_id if len(found) > limit else None)

        return self.uow.read(call, body)
