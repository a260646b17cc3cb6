"""Entering or replacing a member of staff."""

from dataclasses import dataclass
from typing import TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.directory import Member, MemberDraft
from server.domain.errors import Aborted
from server.domain.permissions import require_admin
from server.domain.tickets import make_etag

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class UpsertMember:
    """admin only."""

    uow: UnitOfWork

    def __call__(self, call: Call, draft: MemberDraft, etag: str | None, answer: Answer[Member, A]) -> A:
        """The member as stored. Raises PermissionDenied, Aborted when the etag names another state."""
        require_admin(call.principal, "The directory is")

        def body(repositories: Repositories) -> Member:
            present = repositories.members.lock(draft.user_id)
            if etag is not None and (present is None or etag != make_etag(present.version)):
                raise Aborted(f"Member {draft.user_id} has changed since it was read. Read it again.")
            return repositories.members.put(draft)

        return self.uow.answer_once(call, answer, body)
