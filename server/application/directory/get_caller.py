"""Telling callers who they are."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.unit_of_work import UnitOfWork
from server.domain.file_types import UploadRules
from server.domain.offers import Permission, permissions_of
from server.domain.principal import Principal


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls; ``display_name`` is None for who is not in the directory."""

    principal: Principal
    display_name: str | None
    permissions: tuple[Permission, ...]
    uploads: UploadRules


@dataclass(frozen=True, slots=True)
class GetCaller:
    """Everybody may ask. Rights come from the token; the directory gives the name and nothing else."""

    uow: UnitOfWork
    uploads: UploadRules

    def __call__(self, call: Call) -> Caller:
        """The caller."""
        principal = call.principal
        member = self.uow.read(call, lambda repositories: repositories.members.get(principal.user_id))
        name = None if member is None else member.display_name
        return Caller(principal, name, permissions_of(principal), self.uploads)
