"""Entering or replacing a member of staff."""

from dataclasses import dataclass
from typing import TypeVar

from server.application.answers import Answer
from server.application.call import Call
from server.application.unit_of_work import Repositories, UnitOfWork
from server.domain.directory import Member, MemberDraft
from server.domain.errors import Reason
from server.domain.permissions import require_admin
from server.domain.preconditions import Precondition
from server.domain.tickets import make_etag

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class UpsertMember:
    """admin only."""

    uow: UnitOfWork

    def __call__(self, call: Call, draft: MemberDraft, only_if: Precondition, answer: Answer[Member, A]) -> A:
        """The member as stored. Raises PermissionDenied, Aborted, AlreadyExists (MEMBER_EXISTS), NotFound
        (MEMBER_NOT_FOUND)."""
        require_admin(call.principal, "The directory is")

        def body(repositories: Repositories) -> Member:
            present = repositories.members.lock(draft.user_id)
            etag = None if present is None else make_etag(present.version)
            only_if.require(
                etag, name=f"Member {draft.user_id}", taken=Reason.MEMBER_EXISTS, missing=Reason.MEMBER_NOT_FOUND
            )
            return repositories.members.put(draft)

        return self.uow.answer_once(call, answer, body)
