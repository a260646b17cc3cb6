"""Showing the policies in force."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.unit_of_work import UnitOfWork
from server.domain.permissions import require_staff
from server.domain.sla import SlaPolicy


@dataclass(frozen=True, slots=True)
class ListSlaPolicies:
    """Staff only. As they are stored, not as a server may still remember them."""

    uow: UnitOfWork

    def __call__(self, call: Call) -> list[SlaPolicy]:
        """Lowest priority first. Raises PermissionDenied."""
        require_staff(call.principal, "SLA policies are")
        return self.uow.read(call, lambda repositories: repositories.sla_policies.all())
