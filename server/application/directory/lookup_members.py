"""Finding members by id, name or role."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.unit_of_work import UnitOfWork
from server.domain.directory import Member, MemberFilter
from server.domain.permissions import require_staff


@dataclass(frozen=True, slots=True)
class LookupMembers:
    """Staff only. Contact addresses are the presenter's to leave out: they are admin's alone."""

    uow: UnitOfWork

    def __call__(self, call: Call, where: MemberFilter, limit: int) -> list[Member]:
        """Members by user id, inactive ones too. Raises PermissionDenied."""
        require_staff(call.principal, "Names of members are")
        return self.uow.read(call, lambda repositories: repositories.members.page(where, after=None, limit=limit))
