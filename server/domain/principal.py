"""Who is calling."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.ids import FranchiseId, UserId
from server.domain.roles import Role, is_staff


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified identity. Built by an identity adapter only, never from a request's fields."""

    user_id: UserId
    role: Role
    franchise_ids: frozenset[FranchiseId] = frozenset()
    expires_at: datetime | None = None
    """When the credential ends (aware, UTC); None for a client certificate, which the channel renews."""

    @property
    def is_staff(self) -> bool:
        """Whether internal notes and the audit trail are open to this caller."""
        return is_staff(self.role)


SYSTEM = Principal(UserId("SYSTEM"), Role.SYSTEM)
"""The ticket system itself: sweeps, seeds, maintenance."""


def is_reserved(user_id: str) -> bool:
    """Whether the id is the ticket system's own, in any case of its letters: a person must not be audited under it."""
    return user_id.upper() == SYSTEM.user_id
